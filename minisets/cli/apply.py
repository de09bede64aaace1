"""The command apply."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from minisets.cli.command import DURATION, BareOption, Settings, pass_settings
from minisets.cli.manifests import FileCommand, file_options, load_objects
from minisets.cli.outcome import name_option
from minisets.cli.session import open_context, open_screen
from minisets.core import naming
from minisets.core.query.kinds import SET, of_kind
from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.cli.progress import Screen
    from minisets.core.input.load import LoadedObject, UnknownFields
    from minisets.core.network.publishing import PublishFlags
    from minisets.core.query.selectors import LabelSelector

DryRun = Literal["auto", "client", "server", "none"]
Pull = Literal["always", "missing", "never"]

_MOST_PLACES = 12

_EXAMPLES = (
    "minisets apply -f web.yaml",
    "minisets apply -f manifests/ -R --timeout=5m",
    "minisets apply -f web.yaml --dry-run",
    "minisets apply -f web.yaml --publish 8080:80",
    "minisets apply -f web.yaml --prune -l app=web",
    "helm template my-release chart | minisets apply -n team-1 -f -",
)


# As kubectl takes them; a word for a truth value is from before there was a warning.
_UNKNOWN_FIELDS: dict[str, UnknownFields] = {
    "false": "ignore",
    "ignore": "ignore",
    "strict": "strict",
    "true": "strict",
    "warn": "warn",
}


def _refuse_force(_ctx: click.Context, _param: click.Parameter, value: object) -> None:
    if value:
        raise InputError(
            "--force is not supported: nothing is deleted that a manifest does not ask for",
            hint="where a field cannot be changed: minisets delete sts NAME, then apply again; "
            "volumes stay",
        )


@click.command("apply", cls=FileCommand, examples=_EXAMPLES)
@file_options(is_required=True)
@click.option(
    "--dry-run",
    cls=BareOption,
    bare="auto",
    default="none",
    type=click.Choice(["auto", "client", "server", "none"]),
    help="Print every step and do none: against what lives (server), as if nothing lived "
    "(client), or server if an Engine answers (--dry-run alone).",
)
@click.option(
    "--validate",
    cls=BareOption,
    bare="strict",
    default="strict",
    show_default=True,
    type=click.Choice(["strict", "warn", "ignore", "true", "false"]),
    help="What becomes of fields that Kubernetes does not know: an error, a notice, nothing.",
)
@click.option(
    "--prune",
    is_flag=True,
    help="Delete what was applied before and is in the files no more; volumes stay. "
    "With -l LABELS or --all.",
)
@click.option("-l", "--selector", metavar="LABELS", help="With --prune: among these objects.")
@click.option("--all", "is_all", is_flag=True, help="With --prune: among all of the namespace.")
@name_option(hint="afterwards: minisets get -f FILE -o yaml")
@click.option(
    "--force",
    is_flag=True,
    hidden=True,
    callback=_refuse_force,
    expose_value=False,
    help="Refused: nothing is deleted that a manifest does not ask for.",
)
@click.option("--wait/--no-wait", default=True, help="Wait until everything is ready.")
@click.option(
    "--timeout",
    type=DURATION,
    default="10m",
    show_default=True,
    help="Longest wait, as 90s or 2h.",
)
@click.option(
    "--pull",
    type=click.Choice(["always", "missing", "never"]),
    help="When to pull images, whatever the manifests say.",
)
@click.option(
    "--platform",
    metavar="OS/ARCH",
    help="Platform of images that this command pulls; later ones do not know of it.",
)
@click.option(
    "--refresh-images", is_flag=True, help="Replace pods whose image tag means another image now."
)
@click.option(
    "--publish",
    "publish",
    multiple=True,
    metavar="[SET=]HOST_PORT:PORT",
    help="Let pod i answer at HOST_PORT + i of this machine; stays until --publish none.",
)
@click.option(
    "--publish-address",
    metavar="ADDRESS",
    envvar="MINISETS_PUBLISH_ADDRESS",
    show_envvar=True,
    help="Address to publish ports on, such as 0.0.0.0; 127.0.0.1 if it was never given.",
)
@pass_settings
def apply(
    settings: Settings,
    files: tuple[str, ...],
    recursive: bool,
    dry_run: DryRun,
    validate: str,
    prune: bool,
    selector: str | None,
    is_all: bool,
    is_named: bool,
    wait: bool,
    timeout: float,
    pull: Pull | None,
    platform: str | None,
    refresh_images: bool,
    publish: tuple[str, ...],
    publish_address: str | None,
) -> None:
    """Bring what the files describe to life, in order, and wait until it is ready.

    Run it again at any time: it changes what is different and repairs what is broken.
    """
    with open_screen(settings) as screen:
        unknown_fields = _UNKNOWN_FIELDS[validate]
        objects = load_objects(
            settings, screen, files, recursive=recursive, unknown_fields=unknown_fields
        )
        from minisets.core.network.publishing import PublishFlags

        flags = PublishFlags(ports=publish, address=publish_address or "")
        pruning = _parse_prune(selector, prune=prune, is_all=is_all, has_objects=bool(objects))
        if dry_run != "none":
            _print_dry_run(settings, screen, objects, dry_run, flags, is_named=is_named)
            if pruning is not None and dry_run != "client":
                verb = "" if is_named else " pruned (dry run)"
                with open_context(settings, screen) as context:
                    _prune(context, screen, objects, pruning, verb, is_dry=True)
            return
        from minisets.app import apply as use_case

        options = use_case.ApplyOptions(
            timeout_seconds=timeout,
            wait=wait,
            pull=pull,
            platform=platform,
            refresh_images=refresh_images,
            publish=flags,
            applied_from=_origin(files[0]),
        )
        with open_context(settings, screen) as context:
            applied = use_case.apply(
                context,
                objects,
                options,
                lambda kind, name, verb: screen.result(
                    f"{of_kind(kind).printed}/{name}" + ("" if is_named else f" {verb}")
                ),
            )
            if pruning is not None:
                _prune(context, screen, objects, pruning, "" if is_named else " pruned")
        for line in _shortened(applied.places):
            screen.remark(line)
        if applied.is_done and objects:
            _suggest(screen, objects)


def _parse_prune(
    selector: str | None, *, prune: bool, is_all: bool, has_objects: bool
) -> LabelSelector | None:
    """Return which objects may be pruned; None if none are.

    Raises:
        InputError: The options say too little, or too much.
    """
    from minisets.core.query.selectors import parse_labels

    if not prune:
        if selector or is_all:
            raise InputError("-l and --all say what --prune may delete: --prune is not given")
        return None
    if bool(selector) == is_all:
        raise InputError(
            "all resources selected for prune without explicitly passing --all. To prune all "
            "resources, pass the --all flag. If you did not mean to prune all resources, "
            "specify a label selector"
            if not is_all
            else "cannot set --all and --selector at the same time"
        )
    if not has_objects:
        raise InputError("the files hold no object: with --prune, all would be deleted")
    return parse_labels(selector or "")


def _prune(
    context: Context,
    screen: Screen,
    objects: Sequence[LoadedObject],
    selector: LabelSelector,
    verb: str,
    *,
    is_dry: bool = False,
) -> None:
    from minisets.app.prune import prune as use_case

    use_case(
        context,
        objects,
        selector,
        lambda key: screen.result(f"{of_kind(key[0]).printed}/{key[2]}{verb}"),
        is_dry=is_dry,
    )


def _print_dry_run(
    settings: Settings,
    screen: Screen,
    objects: Sequence[LoadedObject],
    mode: DryRun,
    flags: PublishFlags,
    *,
    is_named: bool,
) -> None:
    from minisets.app.dry_run import dry_run as use_case
    from minisets.core.input.notice_groups import group_notices
    from minisets.errors import EngineUnreachable

    if mode != "client":
        try:
            with open_context(settings, screen) as context:
                found = use_case(context, objects, flags)
        except EngineUnreachable as error:
            if mode == "server":
                raise
            screen.notice(f"{error}; these are the steps from nothing")
            found = use_case(None, objects, flags)
    else:
        found = use_case(None, objects, flags)
    for line in group_notices(notice for item in found for notice in item.notices):
        screen.notice(line)
    given = {(item.kind, item.name) for item in objects}
    for item in found:
        title = f"{of_kind(item.kind).printed}/{item.name}"
        if not is_named:
            screen.result(f"{title} {item.verb} (dry run)")
            for line in item.steps:
                screen.result(f"  {line}")
        elif (item.kind, item.name) in given:
            screen.result(title)


def _origin(given: str) -> str:
    """Return where a manifest came from, for the record."""
    if given == "-":
        return ""
    return given if "://" in given else str(Path(given).resolve())


def _shortened(lines: Sequence[str]) -> list[str]:
    """Return the first lines, and where to see the rest."""
    if len(lines) <= _MOST_PLACES:
        return list(lines)
    rest = len(lines) - _MOST_PLACES
    return [*lines[:_MOST_PLACES], f"and {rest} more: minisets get pods -o wide"]


def _suggest(screen: Screen, objects: Sequence[LoadedObject]) -> None:
    """Say what to type next."""
    spaces = sorted({item.namespace for item in objects if item.namespace})
    flag = " -A" if len(spaces) > 1 else "".join(naming.flag(space) for space in spaces)
    kinds = {item.kind for item in objects}
    words = sorted(min(of_kind(kind).words, key=len) for kind in kinds)
    shown = "all" if SET.kind in kinds else ",".join(words)
    screen.remark(f"next: minisets get {shown}{flag}")
