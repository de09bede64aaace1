"""The command edit: a live object in the user's editor, checked and applied like a manifest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import click

from minisets.cli.command import DURATION, Command, Settings, pass_settings
from minisets.cli.session import open_context, open_screen
from minisets.core.query import kinds
from minisets.core.query.kinds import Resource, parse_words
from minisets.errors import InputError, ManifestError

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.cli.progress import Screen
    from minisets.core.input.load import LoadedObject

Format = Literal["yaml", "json"]

# Pods are made from their set's template.
_EDITABLE = tuple(resource for resource in kinds.RESOURCES if resource is not kinds.POD)
_HEAD = (
    "Edit the object below. Lines that begin with a '#' are ignored, and an empty file cancels",
    "the edit. If what is saved is not valid, the file opens again with the problems.",
)
_SET_BY_US = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


@click.command(
    "edit",
    cls=Command,
    examples=("minisets edit sts/web", "minisets edit svc nginx -o json"),
)
@click.argument("words", nargs=-1, required=True, metavar="TYPE/NAME | TYPE NAME")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="Format to edit in.",
)
@click.option("--wait/--no-wait", default=True, help="Wait until everything is ready.")
@click.option(
    "--timeout",
    type=DURATION,
    default="10m",
    show_default=True,
    help="Longest wait, as 90s or 2h.",
)
@pass_settings
def edit(
    settings: Settings, words: tuple[str, ...], output: Format, wait: bool, timeout: float
) -> None:
    """Change a live object in your editor: KUBE_EDITOR, VISUAL, EDITOR or vi.

    What is saved is checked like a manifest before anything is touched; pods roll as after apply.
    """
    wanted = parse_words(words, _EDITABLE)
    names = [(resource, name) for resource, found in wanted.items() for name in found]
    if len(names) != 1:
        raise click.UsageError("name one object: minisets edit sts/NAME")
    ((resource, name),) = names
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        live = _live(context, settings, resource, name)
        with _Edit(settings, context, screen, live, output) as session:
            objects = session.run()
            if objects:
                from minisets.app import apply as use_case

                def tell(kind: str, name: str, _: str) -> None:
                    session.is_done = True
                    screen.result(f"{kinds.of_kind(kind).printed}/{name} edited")

                options = use_case.ApplyOptions(is_edit=True, wait=wait, timeout_seconds=timeout)
                use_case.apply(context, objects, options, tell)


def _live(context: Context, settings: Settings, resource: Resource, name: str) -> dict[str, Any]:
    from minisets.app.loop.configuration import live_object
    from minisets.app.objects import Reference, find_object, observe_around

    wanted = Reference(
        kind=resource.kind,
        namespace=settings.namespace,
        name=name,
        printed=resource.full,
    )
    world = observe_around(context, wanted)
    record = find_object(world, wanted)
    live = live_object(context, world, record)
    live.pop("status", None)
    live["metadata"] = {
        key: value for key, value in live["metadata"].items() if key not in _SET_BY_US
    }
    return live


class _Edit:
    """One object in an editor, again and again until it is valid or given up.

    A context manager: what the user has saved is kept in the end, and the place told, unless it
    counts by then.

    Attributes:
        is_done: There is nothing to keep.
    """

    def __init__(
        self,
        settings: Settings,
        context: Context,
        screen: Screen,
        live: dict[str, Any],
        output: Format,
    ) -> None:
        from minisets.cli.output import to_json, to_yaml
        from minisets.engine.editor import Draft

        self._settings = settings
        self._context = context
        self._screen = screen
        self._live = live
        self._text = to_json(live) if output == "json" else to_yaml(live)
        self._original = _content(self._text)
        self._draft = Draft(live["metadata"]["name"], f".{output}")
        self.is_done = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        saved = _content(self._draft.saved())
        if self.is_done or not saved.strip() or saved == self._original:
            self._draft.discard()
        else:
            self._draft.keep()
            self._screen.remark(f"A copy of your changes has been stored to {self._draft.path}")

    def run(self) -> Sequence[LoadedObject]:
        """Return the edited object, checked; nothing if the edit was given up.

        Raises:
            MinisetsError: The editor failed, or what was saved stayed wrong.
        """
        from minisets.cli.problems import render_error

        text, problems = self._text, list[str]()
        while True:
            saved = _content(self._draft.edit(_with_head(text, problems)))
            if not saved.strip() or saved == self._original:
                self.is_done = True
                why = "no changes made" if saved.strip() else "saved file was empty"
                self._screen.remark(f"Edit cancelled, {why}.")
                return ()
            if problems and saved == _content(text):
                # The reason is in the stored copy alone, else.
                why = "".join(f"\n  {line.removeprefix('error: ')}" for line in problems)
                raise InputError(f"Edit cancelled, no valid changes were saved.{why}")
            try:
                return self._check(saved, self._draft.path)
            except ManifestError as error:
                problems = render_error(error, is_quoted=False)
                text = saved

    def _check(self, saved: str, file: Path) -> list[LoadedObject]:
        from minisets.app.changes import place, prepare
        from minisets.app.loop.sets import observe_whole
        from minisets.core.input.load import load
        from minisets.core.input.notice_groups import group_notices
        from minisets.engine.files import parse_manifests
        from minisets.errors import Problem

        found = load(parse_manifests(saved, str(file)))
        objects = place(found.objects, self._settings.namespace, is_explicit=False)
        if [_identity(item.raw, item.namespace) for item in objects] != [
            _identity(self._live, self._live["metadata"].get("namespace") or "")
        ]:
            problem = Problem(message="kind, name and namespace of an object cannot be edited")
            raise ManifestError((problem,))
        prepare(self._context, observe_whole(self._context, None), objects, is_whole=True)
        for line in group_notices(found.notices):
            self._screen.notice(line)
        return objects


def _identity(obj: dict[str, Any], namespace: str | None) -> tuple[str, str, str]:
    return (obj["kind"], namespace or "", obj["metadata"]["name"])


def _with_head(text: str, problems: Sequence[str]) -> str:
    lines = [*_HEAD, *problems]
    # JSON has no comments, but ours is read as YAML, which has.
    return "".join(f"# {line}\n" for line in lines) + text


def _content(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return "\n".join(lines).strip("\n") + "\n"
