"""Progress on standard error, in four styles; results on standard output, never between rows."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import click

from minisets.cli.rows import Style, broken_lines, render_line, render_rest, render_rows
from minisets.cli.terminal import has_unicode
from minisets.core.events import Progress, Reporter
from minisets.engine.clock import SystemClock

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

Write = Callable[[str], None]

_REFRESHES_PER_SECOND = 10


class Screen(Reporter, Protocol):
    """A reporter that commands print through, too."""

    def trace(self, method: str, path: str) -> None:
        """Take one answer of the Engine, for -v."""

    def remark(self, text: str) -> None:
        """Say something on standard error that is no notice, such as what to type next."""

    def result(self, text: str) -> None:
        """Print a result on standard output."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def make_screen(style: str) -> Screen:
    """Make the screen of a style: ``tty``, ``plain``, ``json`` or ``quiet``."""
    clock = SystemClock().monotonic
    match style:
        case "tty":
            return TtyScreen(_make_console, clock=clock, dress=_dress)
        case "json":
            return JsonScreen(clock=clock)
        case "quiet":
            return QuietScreen()
        case _:
            return PlainScreen(clock=clock)


def _make_console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _dress(text: str) -> str:
    from minisets.cli.problems import dress

    return "\n".join(dress([text]))


def write_out(text: str) -> None:
    """Write a line to standard output."""
    click.echo(text)


def write_error(text: str) -> None:
    """Write a line to standard error."""
    click.echo(text, err=True)


class QuietScreen:
    """Results only."""

    def __init__(self, out: Write = write_out) -> None:
        self._out = out

    def progress(self, step: Progress) -> None:
        """Show nothing."""

    def notice(self, text: str) -> None:
        """Show nothing."""

    def trace(self, method: str, path: str) -> None:
        """Show nothing."""

    def remark(self, text: str) -> None:
        """Show nothing."""

    def result(self, text: str) -> None:
        """Print a result."""
        self._out(text)

    def close(self) -> None:
        """Leave the terminal as it was."""


@dataclass(slots=True)
class Row:
    """What is known of one subject; ``since`` is when its present way began."""

    step: Progress
    since: float
    until: float | None = None

    def elapsed(self, now: float) -> float:
        """Seconds of its way, which ends when nothing more is expected."""
        return (now if self.until is None else self.until) - self.since


class Board:
    """Rows by subject, in the order in which they were first heard of."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.rows: dict[str, Row] = {}

    def take(self, step: Progress) -> tuple[Row, bool]:
        """Take a step; return its row, and whether it is news to a reader of lines."""
        now = self._clock()
        row = self.rows.get(step.subject)
        if row is None or (row.step.is_done and step.state != row.step.state):
            row = self.rows[step.subject] = Row(step=step, since=now)
            is_news = True
        else:
            is_news = (row.step.state, row.step.container) != (step.state, step.container)
            row.step = step
        if step.unit == "pods":
            # What each of them does has been said.
            is_news = step.is_done and row.until is None
        if not step.is_done:
            row.until = None
        elif row.until is None:
            row.until = now
        return row, is_news

    def elapsed(self, row: Row) -> float:
        """Seconds of a row's way until now."""
        return row.elapsed(self._clock())

    def timed(self) -> list[tuple[Progress, float]]:
        """Return all steps with the seconds of their ways."""
        return [(row.step, self.elapsed(row)) for row in self.rows.values()]

    def release(self, *, is_over: bool) -> list[tuple[Progress, float]]:
        """Let go of the sets that are done, with their pods, and return them.

        Args:
            is_over: Of all others, too.
        """
        found = [
            (step, seconds)
            for step, seconds in self.timed()
            if step.unit == "pods" and (step.is_done or is_over)
        ]
        gone = {step.subject for step, _ in found}
        self.rows = {
            subject: row
            for subject, row in self.rows.items()
            if not gone & {subject, row.step.owner} and not is_over
        }
        return found


class PlainScreen:
    """One line per change of state, for pipes and logs."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        out: Write = write_out,
        err: Write = write_error,
    ) -> None:
        self._board = Board(clock)
        self._out, self._err = out, err
        # Pulls and probes report from threads of their own.
        self._lock = threading.Lock()

    def progress(self, step: Progress) -> None:
        """Write a line if the state is another one now."""
        with self._lock:
            row, is_news = self._board.take(step)
            if is_news:
                self._err(render_line(step, self._board.elapsed(row)))

    def notice(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            self._err(f"notice: {text}")

    def trace(self, method: str, path: str) -> None:
        """Write a line."""
        with self._lock:
            self._err(f"engine: {method} {path}")

    def remark(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            self._err(text)

    def result(self, text: str) -> None:
        """Print a result."""
        with self._lock:
            self._out(text)

    def close(self) -> None:
        """Leave the terminal as it was."""


class JsonScreen:
    """One JSON object a line, for programs that show progress in their own way."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        out: Write = write_out,
        err: Write = write_error,
    ) -> None:
        self._board = Board(clock)
        self._out, self._err = out, err
        self._lock = threading.Lock()

    def progress(self, step: Progress) -> None:
        """Write every step, also those that change only a number."""
        with self._lock:
            row, _ = self._board.take(step)
            elapsed = round(self._board.elapsed(row), 3)
            self._write(
                type="progress",
                subject=step.subject,
                state=step.state,
                detail=step.detail,
                done=step.is_done,
                **_counted(step),
                container=step.container,
                owner=step.owner,
                elapsed=elapsed,
            )

    def notice(self, text: str) -> None:
        """Write an object."""
        with self._lock:
            self._write(type="notice", text=text)

    def trace(self, method: str, path: str) -> None:
        """Write an object."""
        with self._lock:
            self._write(type="engine", method=method, path=path)

    def remark(self, text: str) -> None:
        """Write an object."""
        with self._lock:
            self._write(type="remark", text=text)

    def result(self, text: str) -> None:
        """Print a result."""
        with self._lock:
            self._out(text)

    def close(self) -> None:
        """Leave the terminal as it was."""

    def _write(self, **fields: object) -> None:
        self._err(json.dumps(fields, ensure_ascii=False))


class TtyScreen:
    """Rows that change in place while something happens; of them, how far each set is stays.

    Args:
        make_console: Makes the console when the first row comes: many commands have none, and
            rich takes long to import.
        clock: Monotonic seconds.
        dress: Makes a notice fit for the terminal.
        out: Writes a result.
        err: Writes a line while there are no rows.
    """

    def __init__(
        self,
        make_console: Callable[[], Console],
        *,
        clock: Callable[[], float],
        dress: Callable[[str], str] = str,
        out: Write = write_out,
        err: Write = write_error,
    ) -> None:
        self._make_console = make_console
        self._board = Board(clock)
        self._clock = clock
        self._dress = dress
        self._out, self._err = out, err
        self._lock = threading.RLock()
        self._live: Live | None = None
        # The columns of each row that stands on the terminal.
        self._drawn: list[int] = []

    def progress(self, step: Progress) -> None:
        """Change the row of the subject at the next refresh."""
        with self._lock:
            self._board.take(step)
            if self._live is None:
                self._live = self._open()

    def notice(self, text: str) -> None:
        """Write a line above the rows."""
        self._print(self._dress(f"notice: {text}"))

    def trace(self, method: str, path: str) -> None:
        """Write a line above the rows."""
        self._print(f"engine: {method} {path}")

    def remark(self, text: str) -> None:
        """Write a line; the rows make room and come back with the next step."""
        self._pause()
        self._err(text)

    def result(self, text: str) -> None:
        """Print a result; the rows make room and come back with the next step."""
        self._pause()
        self._out(text)

    def close(self) -> None:
        """Take the rows away, but for those of the sets."""
        self._pause(is_over=True)

    def _pause(self, *, is_over: bool = False) -> None:
        with self._lock:
            live, self._live = self._live, None
            rest = self._board.release(is_over=is_over)
        if live is None and not rest:
            return
        # Not under the lock: stopping waits for the thread that draws, which wants the lock.
        if live is not None:
            live.stop()
            self._drawn = []
        console = live.console if live is not None else self._make_console()
        for line in render_rest(rest, _style(console)):
            console.print(line)

    def _open(self) -> Live:
        from rich.live import Live

        console = self._make_console()
        live = Live(
            get_renderable=lambda: self._render(console),
            console=console,
            transient=True,
            refresh_per_second=_REFRESHES_PER_SECOND,
            # Results may go to a file: rich would draw them on the terminal instead.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start()
        return live

    def _print(self, text: str) -> None:
        from rich.text import Text

        with self._lock:
            live = self._live
        if live is None:
            self._err(text)
        else:
            # Sees to a change of the terminal's size.
            live.refresh()
            live.console.print(Text.from_ansi(text), soft_wrap=True)

    def _render(self, console: Console) -> RenderableType:
        from rich.console import Group

        with self._lock:
            rows = self._board.timed()
        frame = int(self._clock() * _REFRESHES_PER_SECOND)
        style = _style(console)
        self._go_back(console, broken_lines(self._drawn, style.width))
        lines = render_rows(rows, frame=frame, style=style)
        self._drawn = [line.cell_len for line in lines]
        return Group(*lines)

    def _go_back(self, console: Console, lines: int) -> None:
        """Erase what the terminal made of rows that had become too long for it.

        Rich goes back over as many lines as it has written.
        """
        from rich.control import Control
        from rich.segment import ControlType

        # Terminals that do not break lines anew have cut them off.
        if lines and not os.environ.get("XTERM_VERSION"):
            erase = (ControlType.ERASE_IN_LINE, 2)
            up = ((ControlType.CURSOR_UP, 1), erase) * lines
            console.control(Control(ControlType.CARRIAGE_RETURN, erase, *up))


def _counted(step: Progress) -> dict[str, object]:
    """Return what a step counts, for a program; nothing if it counts nothing."""
    if not step.unit:
        return {}
    total = {"total": step.total} if step.total else {}
    return {"current": step.current, **total, "unit": step.unit}


def _style(console: Console) -> Style:
    return Style(
        is_ascii=not has_unicode(console.encoding), width=console.width, height=console.height
    )
