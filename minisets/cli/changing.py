"""What the commands that change sets share: which sets, how long to wait, and how to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
