"""The command delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import click

from minisets.cli import kinds
from minisets.cli.command import (
    DURATION,
    BareOption,
    Command,
    Settings,
    namespace_flag,
    pass_settings,
)
from minisets.cli.kinds import Resource
from minisets.cli.manifests import file_options, load_objects
from minisets.cli.session import open_context, open_screen
from minisets.errors import InputError, NotFound

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.cli.progress import Screen
    from minisets.core.input.load import LoadedObject

Cascade = Literal["foreground", "background", "orphan"]
Doomed = tuple[Resource, str, str]
"""Resource, namespace and name."""

# The forms that kubectl has had before, and still takes.
_OLD_CASCADES: dict[str, Cascade] = {"true": "background", "false": "orphan"}
# kubectl's meaning of --now.
_NOW_GRACE_SECONDS = 1

_EXAMPLES = (
    "minisets delete sts web",
    "minisets delete -f web.yaml",
    "minisets delete pod web-1",
    "minisets delete pvc www-web-0 www-web-1",
    "minisets delete sts/web --volumes --now",
    "minisets delete namespace team-1",
)


@dataclass(frozen=True, kw_only=True)
class _Options:
    cascade: Cascade
    volumes: bool
    wait: bool
    timeout_seconds: float
    grace_seconds: int | None


@click.command("delete", cls=Command, examples=_EXAMPLES)
@click.argument("words", nargs=-1, metavar="[TYPE NAME... | TYPE/NAME...]")
@file_options(is_required=False)
@click.option("--all", "is_all", is_flag=True, help="Delete all objects of the type.")
@click.option("--volumes", is_flag=True, help="Delete the sets' claims and their data, too.")
@click.option("--now", is_flag=True, help="Give pods one second to end.")
@click.option(
    "--cascade",
    cls=BareOption,
    bare="background",
    default="foreground",
    show_default=True,
    type=click.Choice(["foreground", "background", "orphan", *_OLD_CASCADES]),
    help="Pods of a set go one after the other (foreground), all at once, or stay.",
)
@click.option("--ignore-not-found", is_flag=True, help="Be content with what is gone already.")
@click.option("--wait/--no-wait", default=True, help="Wait until a deleted pod is back.")
@click.option(
    "--timeout",
    type=DURATION,
    default="10m",
    show_default=True,
    help="Longest wait, as 90s or 2h.",
)
@pass_settings
def delete(
    settings: Settings,
    words: tuple[str, ...],
    files: tuple[str, ...],
    recursive: bool,
    is_all: bool,
    volumes: bool,
    now: bool,
    cascade: str,
    ignore_not_found: bool,
    wait: bool,
    timeout: float,
) -> None:
    """Delete sets, pods, claims and other objects.

    A set's pods go from the highest ordinal down, each with its grace period. Volumes stay,
    unless --volumes or the type pvc says otherwise.
    """
    if bool(words) == bool(files):
        raise click.UsageError("give either TYPE NAME... or -f FILE")
    options = _Options(
        cascade=_OLD_CASCADES.get(cascade) or _as_cascade(cascade),
        volumes=volumes,
        wait=wait,
        timeout_seconds=timeout,
        grace_seconds=_NOW_GRACE_SECONDS if now else None,
    )
    with open_screen(settings) as screen:
        if files:
            objects = load_objects(
                settings, screen, files, recursive=recursive, tell_notices=False
            )
            choose: Choose = lambda _: _of_objects(objects, screen, options)  # noqa: E731
        else:
            wanted = _parse(words, is_all=is_all)
            choose = lambda context: _of_words(context, settings.namespace, wanted)  # noqa: E731
        with open_context(settings, screen) as context:
            _Deletion(context, screen, options).run(
                choose(context), ignore_not_found=ignore_not_found
            )


Choose = Callable[["Context"], Iterator[Doomed]]


def _as_cascade(word: str) -> Cascade:
    return "orphan" if word == "orphan" else "background" if word == "background" else "foreground"


def _parse(words: Sequence[str], *, is_all: bool) -> kinds.Wanted:
    wanted = kinds.parse_words(words, kinds.DELETABLE)
    for resource, names in wanted.items():
        if is_all and names:
            raise InputError("names and --all exclude each other")
        if not is_all and not names:
            raise InputError(
                f"which {resource.plural}?",
                hint=f"minisets delete {resource.singular} NAME, or --all",
            )
        if is_all and resource is kinds.NAMESPACE:
            raise InputError("namespaces are deleted by name", hint="minisets get sts -A")
    return wanted


def _of_words(context: Context, namespace: str, wanted: kinds.Wanted) -> Iterator[Doomed]:
    for resource, names in wanted.items():
        for name in names or _names_of_all(context, namespace, resource):
            yield resource, "" if resource is kinds.NAMESPACE else namespace, name


def _names_of_all(context: Context, namespace: str, resource: Resource) -> list[str]:
    from minisets.app import query
    from minisets.app.loop.world import observe

    match resource:
        case kinds.POD:
            return [view.name for view in query.get_pods(context, namespace)]
        case kinds.CLAIM:
            return [view.name for view in query.get_claims(context, namespace)]
        case _:
            world = observe(context.engine, namespace)
            return [record.name for record in world.of_kind(resource.kind, namespace)]


def _of_objects(
    objects: Sequence[LoadedObject], screen: Screen, options: _Options
) -> Iterator[Doomed]:
    """Yield the objects of files in reverse order: sets first, namespaces last."""
    doomed = [
        (kinds.of_kind(item.kind), item.namespace or "", item.name) for item in reversed(objects)
    ]
    ranks = {kinds.SET: 0, kinds.NAMESPACE: 2}
    for resource, namespace, name in sorted(doomed, key=lambda item: ranks.get(item[0], 1)):
        if resource is kinds.CLAIM and not options.volumes:
            screen.notice(
                f"claim {name} is kept; remove it with: "
                f"minisets delete pvc {name}{namespace_flag(namespace)}"
            )
        else:
            yield resource, namespace, name


@dataclass
class _Deletion:
    """Deletes one object after the other, and tells in the end what was kept and not found."""

    context: Context
    screen: Screen
    options: _Options
    kept: dict[str, list[str]] = field(default_factory=dict)
    missing: list[NotFound] = field(default_factory=list)

    def run(self, doomed: Iterator[Doomed], *, ignore_not_found: bool) -> None:
        """Delete all of them.

        Raises:
            NotFound: After all others are gone: some were not there.
        """
        try:
            for resource, namespace, name in doomed:
                self._one(resource, namespace, name)
        finally:
            self._tell_kept()
        if self.missing and not ignore_not_found:
            messages = "\n".join(error.message for error in self.missing)
            raise NotFound(messages, hint=self.missing[0].hint)

    def _one(self, resource: Resource, namespace: str, name: str) -> None:
        try:
            self._delete(resource, namespace, name)
        except NotFound as error:
            self.missing.append(error)
            return
        place = f" from {namespace} namespace" if namespace else ""
        self.screen.result(f'{resource.printed} "{name}" deleted{place}')

    def _delete(self, resource: Resource, namespace: str, name: str) -> None:
        from minisets.app import delete as use_cases

        context, options = self.context, self.options
        match resource:
            case kinds.SET:
                kept = use_cases.delete_set(
                    context,
                    namespace,
                    name,
                    cascade=options.cascade,
                    volumes=options.volumes,
                    grace_seconds=options.grace_seconds,
                )
                # The volumes of pods that stay are in use, not kept.
                self._keep(namespace, kept if options.cascade != "orphan" else ())
            case kinds.POD:
                use_cases.delete_pod(
                    context,
                    namespace,
                    name,
                    wait=options.wait,
                    timeout_seconds=options.timeout_seconds,
                )
            case kinds.CLAIM:
                use_cases.delete_claim(context, namespace, name)
            case kinds.NAMESPACE:
                kept = use_cases.delete_namespace(context, name, volumes=options.volumes)
                self._keep(name, kept)
            case _:
                use_cases.delete_object(context, resource.kind, namespace, name)

    def _keep(self, namespace: str, volumes: Sequence[str]) -> None:
        from minisets.core import naming

        prefix = naming.prefix(namespace)
        claims = [volume.removeprefix(prefix) for volume in volumes]
        self.kept.setdefault(namespace, []).extend(claims)

    def _tell_kept(self) -> None:
        from minisets.core import naming

        for namespace, claims in self.kept.items():
            if claims and self.options.volumes:
                volumes = " ".join(naming.volume_name(namespace, claim) for claim in claims)
                self.screen.remark(
                    f"kept: volumes {', '.join(claims)}: their reclaim policy is Retain; remove "
                    f"them with: docker volume rm {volumes}"
                )
            elif claims:
                self.screen.remark(
                    f"kept: volumes {', '.join(claims)}; remove them with: "
                    f"minisets delete pvc {' '.join(claims)}{namespace_flag(namespace)}, "
                    "or --volumes next time"
                )
