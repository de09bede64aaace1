"""What the commands that change sets share: which sets, how long to wait, and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from minisets.cli.command import DURATION, Settings
from minisets.cli.selection import Given, Thing
from minisets.core import naming
from minisets.core.query.kinds import SET
from minisets.errors import NotFound

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.app.loop.images import Images
    from minisets.cli.progress import Screen
    from minisets.cli.selection import Selection

SETS_METAVAR = "TYPE/NAME... | TYPE NAME... | TYPE"


def waiting_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --wait and --timeout to a command that changes a set."""
    for option in (
        click.option(
            "--timeout",
            type=DURATION,
            default="10m",
            show_default=True,
            help="Longest wait, as 90s or 2h.",
        ),
        click.option("--wait/--no-wait", default=True, help="Wait until it is done."),
    ):
        function = option(function)
    return function


def select_sets(
    given: Given, settings: Settings, screen: Screen, *, words: Sequence[str] | None = None
) -> Selection:
    """Return the sets that are meant; of files the sets alone.

    Raises:
        InputError: The words or options are wrong.
    """
    return given.select(settings, screen, (SET,), words=words)


def found_sets(selection: Selection, context: Context) -> list[Thing]:
    """Return the sets of a selection.

    Raises:
        NotFound: There are none.
    """
    things = selection.things(context)
    if not things:
        raise NotFound("no matching resources found", hint="minisets get sts")
    return things


def each_in_turn(things: Sequence[Thing], settings: Settings) -> Iterator[Thing]:
    """Yield sets that are changed one after the other, each to be marked when it is changed.

    So who is interrupted is told which ones are left.
    """
    settings.left = [f"sts/{thing.name}" for thing in things]
    yield from things


def mark_begun(thing: Thing, settings: Settings) -> None:
    """Note that a set is changed: the same words would change it once more."""
    where = f"sts/{thing.name}{naming.flag(thing.namespace)}"
    settings.begun.append(f"minisets rollout status {where}")
    settings.left.remove(f"sts/{thing.name}")


def finish(
    context: Context,
    screen: Screen,
    thing: Thing,
    provider: Images | None = None,
    *,
    wait: bool,
    timeout: float,
) -> None:
    """Drive a set to what it should be now, or say how to go on."""
    from minisets.app import rollout as use_case

    where = f"sts/{thing.name}{naming.flag(thing.namespace)}"
    if use_case.finish(
        context,
        thing.namespace,
        thing.name,
        wait=wait,
        timeout_seconds=timeout,
        provider=provider,
    ):
        screen.remark(f"next: minisets rollout history {where}")
    else:
        screen.remark(f"still to come; go on: minisets rollout status {where}")
