"""What a command body works with: the screen, and the use cases' context on the chosen Engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from minisets.cli.command import Settings

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.cli.progress import Screen


@contextmanager
def open_screen(settings: Settings) -> Iterator[Screen]:
    """Make the screen that the user asked for, and leave the terminal tidy in the end."""
    from minisets.cli.advice import AdvisingScreen
    from minisets.cli.progress import make_screen

    style = settings.progress
    if style == "auto":
        is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        # Between the lines of -v a live view could not stand still.
        style = "tty" if is_terminal and not settings.verbose else "plain"
    screen = AdvisingScreen(make_screen(style), settings.advice)
    try:
        yield screen
    finally:
        screen.close()


@contextmanager
def open_context(settings: Settings, screen: Screen) -> Iterator[Context]:
    """Connect to the Engine.

    Raises:
        InputError: The Docker context does not exist.
        EngineUnreachable: It does not answer.
    """
    from minisets.app.context import make_context
    from minisets.engine.clock import SystemClock
    from minisets.engine.docker_engine import connect
    from minisets.engine.endpoint import find_endpoint

    on_call = screen.trace if settings.verbose else None
    engine = connect(find_endpoint(settings.context), on_call=on_call)
    try:
        yield make_context(engine, SystemClock(), screen)
    finally:
        engine.close()
