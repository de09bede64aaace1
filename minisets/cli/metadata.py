"""The commands annotate and label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import click

from minisets.cli import kinds
from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.kinds import parse_words
from minisets.cli.session import open_context, open_screen
from minisets.errors import InputError

Part = Literal["annotations", "labels"]

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])

# Pods are containers, whose labels the Engine never changes.
_KEPT = tuple(resource for resource in kinds.RESOURCES if resource is not kinds.POD)
_OWN_PREFIX = "minisets.io/"


def _options(function: _FunctionT) -> _FunctionT:
    for option in (
        click.option(
            "--list", "is_list", is_flag=True, help="Print what there is, and change nothing."
        ),
        click.option("-l", "--selector", metavar="KEY=VALUE,...", help="Objects by their labels."),
        click.option("--all", "is_all", is_flag=True, help="All objects of the type."),
        click.option("--overwrite", is_flag=True, help="Change what has another value now, too."),
        click.argument("words", nargs=-1, required=True, metavar="TYPE/NAME... KEY=VALUE... KEY-"),
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
    words: tuple[str, ...],
    overwrite: bool,
    is_all: bool,
    selector: str | None,
    is_list: bool,
) -> None:
    values = parse_values([word for word in words if _is_value(word)])
    named = [word for word in words if not _is_value(word)]
    if not named:
        raise click.UsageError("name the object: TYPE/NAME, or TYPE NAME")
    if bool(values) == is_list:
        raise click.UsageError("give KEY=VALUE or KEY-, or --list alone")
    wanted = parse_words(named, _KEPT)
    is_many = is_all or selector is not None
    if is_many and any(wanted.values()):
        raise click.UsageError("names, and --all or -l, exclude each other")
    if not is_many and not all(wanted.values()):
        raise click.UsageError("name the object, or give --all or -l KEY=VALUE")
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import objects

        for resource, names in wanted.items():
            chosen = names or objects.names_of(
                context, resource.kind, settings.namespace, selector or ""
            )
            for name in chosen:
                reference = objects.Reference(
                    kind=resource.kind,
                    namespace=settings.namespace,
                    name=name,
                    printed=f"{resource.plural}{resource.group}",
                )
                if is_list:
                    record = objects.find_object(context, reference)
                    found = objects.metadata_of(record, part)
                    for key, value in sorted(found.items()):
                        screen.result(f"{key}={value}")
                    continue
                is_new = objects.change_metadata(
                    context, reference, part, values, overwrite=overwrite
                )
                screen.result(f"{resource.printed}/{name} {_verb(part, values, is_new=is_new)}")
                if is_new and resource is kinds.SET and _asks_for_more(values):
                    screen.remark(f"next: minisets start sts/{name}{settings.flag}")


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
