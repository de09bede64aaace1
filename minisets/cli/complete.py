"""What may stand at a place of the command line: types, and names that the Engine knows.

For the shells, which want an answer in an instant and no word of trouble: what cannot be known in
time is left out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, ShellComplete

from minisets.cli.command import Settings
from minisets.core.query import kinds
from minisets.core.query.kinds import Resource
from minisets.errors import MinisetsError

if TYPE_CHECKING:
    from minisets.app.loop.world import World

VARIABLE = "_MINISETS_COMPLETE"
"""Set by the scripts of ``minisets completion`` when a shell asks."""

# Longer, and a person has typed the name.
_LIMIT_SECONDS = 1.5
_POD_COMMANDS = frozenset({"attach", "cp", "exec", "logs", "port-forward", "top pod", "top pods"})
_SET_COMMANDS = frozenset({"scale", "set env", "set image", "set resources", "start", "stop"})
_FILE = "file"

# How cobra, whose protocol docker and kubectl speak to plugins, is told what to do with the names.
_COBRA_NO_FILES = ":4"
_COBRA_FILES = ":0"


def completions(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Return what may stand where a parameter is being typed."""
    match param.name:
        case "files":
            return [CompletionItem(incomplete, type=_FILE)]
        case "context":
            from minisets.engine.endpoint import context_names

            found: Iterable[str] = context_names()
        case "namespace_given":
            found = _ask(ctx, lambda world: world.namespaces(), is_everywhere=True)
        case "container":
            words = ctx.params.get("words") or ("",)
            pod = str(ctx.params.get("pod") or words[0]).rpartition("/")[2]
            found = _ask(ctx, lambda world: _containers(world, pod))
        case _ if isinstance(param, click.Argument):
            found = _words(ctx, param, incomplete)
        case _:
            found = ()
    return [CompletionItem(word) for word in sorted(set(found)) if word.startswith(incomplete)]


def run(command: Callable[[], int]) -> int:
    """Answer a shell; whatever goes wrong, nothing is said but what is known."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        return command()
    except Exception:  # noqa: BLE001 - a person is typing: an error would land on their line
        return 1


def print_for_cobra(cli: click.Command, words: Sequence[str]) -> None:
    """Answer as a program made with cobra does: a name a line, then a directive.

    Args:
        cli: All commands.
        words: Of the command line, without the program; the last one is being typed.
    """
    *args, incomplete = words or [""]
    items = ShellComplete(cli, {}, "minisets", VARIABLE).get_completions(args, incomplete)
    for item in items:
        if item.type == "plain":
            click.echo(f"{item.value}\t{item.help}" if item.help else item.value)
    click.echo(_COBRA_FILES if any(item.type == _FILE for item in items) else _COBRA_NO_FILES)


def _words(ctx: click.Context, param: click.Parameter, incomplete: str) -> Iterable[str]:
    command = ctx.command_path.partition(" ")[2]
    given = ctx.params.get(param.name or "") or ()
    before = tuple(map(str, given)) if isinstance(given, (tuple, list)) else ()
    if command == "explain":
        return _fields(incomplete)
    if command == "completion":
        return ()
    if param.name == "pod" or command in _POD_COMMANDS:
        return _ask(ctx, lambda world: _names(world, kinds.POD, _namespace(ctx)))
    if command in _SET_COMMANDS or command.startswith("rollout "):
        return _set_words(ctx, command, before)
    if param.name != "words":
        return ()
    return _typed_words(ctx, before, incomplete)


def _set_words(ctx: click.Context, command: str, before: Sequence[str]) -> Iterable[str]:
    """Return sets, or after a set its containers where they are what is changed."""
    is_named = bool(before) and ("/" in before[0] or len(before) > 1)
    if is_named and command == "set image":
        name = before[0].rpartition("/")[2] if "/" in before[0] else before[1]
        return _ask(ctx, lambda world: _images_of(world, name, _namespace(ctx)))
    is_prefixed = not before or "/" in before[0]
    return _names_of_type(ctx, kinds.SET, is_prefixed=is_prefixed, without=before)


def _typed_words(ctx: click.Context, before: Sequence[str], incomplete: str) -> Iterable[str]:
    """Return types, or names after a type: ``TYPE NAME`` and ``TYPE/NAME``."""
    if "/" in incomplete:
        resource = _resource(incomplete.partition("/")[0])
        if resource is None:
            return ()
        names = _names_of_type(ctx, resource, is_prefixed=False)
        return (f"{incomplete.partition('/')[0]}/{name}" for name in names)
    if not before:
        # After a comma stands one more type, and no type stands twice.
        typed, comma, _ = incomplete.rpartition(",")
        taken = [_resource(word) for word in typed.split(",")]
        types = [resource.plural for resource in kinds.RESOURCES if resource not in taken]
        return [f"{typed}{comma}{word}" for word in ([] if comma else [kinds.ALL]) + types]
    resource = _resource(before[0].split(",")[-1])
    return _names_of_type(ctx, resource, is_prefixed=False, without=before) if resource else ()


def _resource(word: str) -> Resource | None:
    return next((one for one in kinds.RESOURCES if word.lower() in one.words), None)


def _names_of_type(
    ctx: click.Context, resource: Resource, *, is_prefixed: bool, without: Sequence[str] = ()
) -> Iterable[str]:
    everywhere = resource in kinds.CLUSTER_SCOPED
    found = _ask(
        ctx,
        lambda world: _names(world, resource, _namespace(ctx)),
        is_everywhere=everywhere,
    )
    prefix = f"{min(resource.words, key=len)}/" if is_prefixed else ""
    # However its type was written.
    taken = {word.rpartition("/")[2] for word in without}
    return (f"{prefix}{name}" for name in found if name not in taken)


def _names(world: World, resource: Resource, namespace: str) -> Iterable[str]:
    from minisets.core import naming

    if resource is kinds.POD:
        from minisets.app.loop.sets import read_sets
        from minisets.app.loop.unmade import unmade_pods

        sets = [one for one in read_sets(world) if one.namespace == namespace]
        there = [pod.name for pod in world.pods(namespace)]
        return there + [pod.name for pod in unmade_pods(world, sets)]
    if resource is kinds.CLAIM:
        prefix = naming.prefix(namespace)
        return [volume.name.removeprefix(prefix) for volume in world.claims(namespace)]
    if resource is kinds.NAMESPACE:
        return world.namespaces()
    scope = "" if resource in kinds.CLUSTER_SCOPED else namespace
    return [record.name for record in world.of_kind(resource.kind, scope)]


def _containers(world: World, pod: str) -> Iterable[str]:
    """Return the containers of a pod; of all where click does not know the pod yet.

    Its sandbox is none of them: no command takes it.
    """
    from minisets.core import labels
    from minisets.core.pod.layout import Role
    from minisets.core.pod.seen import role_of

    return [
        container.labels[labels.CONTAINER]
        for container in world.containers
        if pod in {"", container.labels.get(labels.POD_NAME)}
        and labels.CONTAINER in container.labels
        and role_of(container) is not Role.SANDBOX
    ]


def _images_of(world: World, name: str, namespace: str) -> Iterable[str]:
    """Return what stands before the new image of each container of a set."""
    from minisets.app.loop.sets import read_sets

    return [
        f"{container.name}="
        for one in read_sets(world)
        if (one.namespace, one.name) == (namespace, name)
        for container in (
            *one.manifest.spec.template.spec.init_containers,
            *one.manifest.spec.template.spec.containers,
        )
    ]


def _fields(incomplete: str) -> Iterable[str]:
    kind, dot, rest = incomplete.partition(".")
    if not dot:
        return [resource.plural for resource in kinds.RESOURCES]
    resource = _resource(kind)
    if resource is None:
        return ()
    from minisets.core.input.explain import explain

    *path, _ = rest.split(".")
    try:
        found = explain(resource.kind, path)
    except (MinisetsError, KeyError):
        return ()
    return [".".join((kind, *path, field.name)) for field in found.fields]


def _namespace(ctx: click.Context) -> str:
    return (ctx.find_object(Settings) or Settings()).namespace


def _ask(
    ctx: click.Context, read: Callable[[World], Iterable[str]], *, is_everywhere: bool = False
) -> list[str]:
    """Look at the Engine, and give up when that takes too long."""
    settings = ctx.find_object(Settings) or Settings()
    found: list[str] = []

    def look() -> None:
        # Whatever is wrong there is no business of somebody who is typing.
        with suppress(Exception):
            from minisets.app.loop.world import observe
            from minisets.engine.docker_engine import connect
            from minisets.engine.endpoint import find_endpoint

            engine = connect(find_endpoint(settings.context))
            namespace = None if is_everywhere else settings.namespace
            found.extend(read(observe(engine, namespace)))
            engine.close()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(_LIMIT_SECONDS)
    return list(found)
