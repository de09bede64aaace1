"""The commands annotate and label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.outcome import DRY_WORDS, DryRun, dry_run_option, name_option
from minisets.cli.selection import Given, Selection, Thing, selection_options
from minisets.cli.session import open_context, open_screen
from minisets.core import naming
from minisets.core.query import kinds
from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.app.objects import Reference
    from minisets.cli.progress import Screen

Part = Literal["annotations", "labels"]

# Pods are containers, whose labels the Engine never changes.
_KEPT = tuple(resource for resource in kinds.RESOURCES if resource is not kinds.POD)
_OWN_PREFIX = "minisets.io/"


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        name_option(),
        dry_run_option("Print what would change, and change nothing."),
        click.option(
            "--resource-version", metavar="N", help="Not supported: objects here have none."
        ),
        click.option(
            "--list", "is_list", is_flag=True, help="Print what there is, after any change."
        ),
        click.option("--overwrite", is_flag=True, help="Change what has another value now, too."),
        selection_options("TYPE/NAME... KEY=VALUE... KEY-"),
    ):
        function = option(function)
    return function


@click.command(
    "annotate",
    cls=Command,
    examples=(
        "minisets annotate sts/web kubernetes.io/change-cause='new image'",
        "minisets annotate sts web kubernetes.io/change-cause-",
        "minisets annotate sts/web --list",
    ),
)
@_options
@pass_settings
def annotate(settings: Settings, /, **given: Any) -> None:  # noqa: ANN401 - as click passes them
    """Set annotations of objects, or remove them with KEY-; pods stay as they are."""
    _change(settings, "annotations", **given)


@click.command(
    "label",
    cls=Command,
    examples=(
        "minisets label sts/web tier=backend",
        "minisets label svc --all team=a --overwrite",
        "minisets label sts web tier-",
    ),
)
@_options
@pass_settings
def label(settings: Settings, /, **given: Any) -> None:  # noqa: ANN401 - as click passes them
    """Set labels of objects, or remove them with KEY-; the labels of pods are in the template."""
    _change(settings, "labels", **given)


def _change(
    settings: Settings,
    part: Part,
    *,
    given: Given,
    overwrite: bool,
    is_list: bool,
    resource_version: str | None,
    dry_run: DryRun,
    is_named: bool,
) -> None:
    values = parse_values([word for word in given.words if _is_value(word)])
    named = [word for word in given.words if not _is_value(word)]
    if resource_version is not None:
        raise InputError(
            "--resource-version is not supported: objects here have no resourceVersion",
            hint="leave it out: of two commands that change an object, one is told to try again",
        )
    if not values and not is_list:
        raise click.UsageError(f"at least one {part.removesuffix('s')} update is required")
    with open_screen(settings) as screen:
        _refuse_pods(named, part)
        selection = given.select(settings, screen, _KEPT, words=named)
        with open_context(settings, screen) as context:
            change = _Change(
                context=context,
                screen=screen,
                part=part,
                values=values,
                overwrite=overwrite,
                dry_word=DRY_WORDS[dry_run],
                is_named=is_named,
            )
            change.run(selection, is_list=is_list)


def _refuse_pods(words: Sequence[str], part: Part) -> None:
    """Raise the error for pods, which are containers."""
    types = {word.partition("/")[0].lower() for word in ",".join(words[:1]).split(",")}
    types |= {word.partition("/")[0].lower() for word in words if "/" in word}
    if types & set(kinds.POD.words):
        raise InputError(
            f"the {part} of a pod are its container's, which the Engine never changes",
            hint="write them in the set's template: minisets edit sts/NAME; its pods roll",
        )


@dataclass(frozen=True, kw_only=True)
class _Change:
    """Changes the metadata of one object after the other."""

    context: Context
    screen: Screen
    part: Part
    values: Mapping[str, str | None]
    overwrite: bool
    dry_word: str
    is_named: bool

    def run(self, selection: Selection, *, is_list: bool) -> None:
        """Change all of them, and list what they have."""
        things = selection.things(self.context)
        if not things:
            self.screen.remark("No resources found")
        for thing in things:
            if self.values:
                self._one(thing)
            if is_list:
                self._list(thing, has_title=len(things) > 1)

    def _one(self, thing: Thing) -> None:
        from minisets.app import objects

        is_new = objects.change_metadata(
            self.context,
            _reference(thing),
            self.part,
            self.values,
            overwrite=self.overwrite,
            is_dry=bool(self.dry_word),
        )
        verb = _verb(self.part, self.values, is_new=is_new)
        self.screen.result(
            thing.title if self.is_named else f"{thing.title} {verb}{self.dry_word}"
        )
        is_set = thing.resource is kinds.SET
        if is_new and is_set and _asks_for_more(self.values) and not self.dry_word:
            flag = naming.flag(thing.namespace)
            self.screen.remark(f"next: minisets start sts/{thing.name}{flag}")

    def _list(self, thing: Thing, *, has_title: bool) -> None:
        from minisets.app import objects

        wanted = _reference(thing)
        record = objects.find_object(
            objects.observe_around(self.context, wanted, is_dry=True), wanted
        )
        if has_title:
            title = f"{thing.resource.kind}{thing.resource.group}/{thing.name}"
            self.screen.result(f"Listing {self.part} for {title}:")
        for key, value in sorted(objects.metadata_of(record, self.part).items()):
            self.screen.result(f"{' ' if has_title else ''}{key}={value}")


def _reference(thing: Thing) -> Reference:
    from minisets.app.objects import Reference

    return Reference(
        kind=thing.resource.kind,
        namespace=thing.namespace,
        name=thing.name,
        printed=thing.resource.full,
    )


def _is_value(word: str) -> bool:
    return "=" in word or word.endswith("-")


def parse_values(words: Sequence[str]) -> dict[str, str | None]:
    """Read ``KEY=VALUE`` and ``KEY-``, which is None.

    Raises:
        InputError: A key is set and removed, or set twice.
    """
    values: dict[str, str | None] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            key = key.removesuffix("-")
        if key in values:
            raise InputError(f'"{key}" is given twice')
        values[key] = value if equals else None
    return values


def _verb(part: Part, values: Mapping[str, str | None], *, is_new: bool) -> str:
    if part == "annotations":
        return "annotated"
    if not is_new:
        return "not labeled"
    return "unlabeled" if all(value is None for value in values.values()) else "labeled"


def _asks_for_more(values: Mapping[str, str | None]) -> bool:
    """Say whether one of our own annotations is among them, which change what runs."""
    return any(key.startswith(_OWN_PREFIX) for key in values)
