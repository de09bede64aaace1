"""One step of progress as a line, and all of them as the rows of the live view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minisets.core.events import Progress

if TYPE_CHECKING:
    from rich.console import RenderableType

_SUBJECT_WIDTH = 12
_TIME_WIDTH = 6
_GAP = 2
# Rows of the terminal that stay free: the prompt, and the line that says what is not shown.
_SPARE_ROWS = 3
_UNITS = ("B", "kB", "MB", "GB", "TB")


def render_line(step: Progress, elapsed: float) -> str:
    """Return a step as one line: subject, state, detail, and the time where some has passed."""
    parts = [step.subject, f"{step.state}: {step.detail}" if step.detail else step.state]
    if elapsed >= 0.05:
        parts.append(f"({render_seconds(elapsed)})")
    return "  ".join(parts)


def render_rows(
    rows: list[tuple[Progress, float]],
    *,
    frame: int,
    is_ascii: bool,
    width: int,
    height: int,
) -> RenderableType:
    """Return the live view: one row per subject; finished ones give way when there are too many.

    Args:
        rows: Steps with the seconds that their subjects have taken.
        frame: Counts up, to turn the symbol of what is not finished.
        is_ascii: Use no other characters.
        width: Columns of the terminal.
        height: Rows of the terminal.
    """
    from rich.table import Table
    from rich.text import Text

    room = max(1, height - _SPARE_ROWS)
    shown = rows
    if len(rows) > room:
        waiting = [row for row in rows if not row[0].is_done]
        done = [row for row in rows if row[0].is_done]
        shown = [*done[len(done) - max(0, room - len(waiting)) :], *waiting][:room]
    frames, tick, dots = ("|/-\\", "*", "...") if is_ascii else ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "✓", "…")
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for _ in range(4):
        grid.add_column(no_wrap=True, overflow="crop")
    # By hand: rich would shorten all columns alike, the symbol and the time first of all.
    names = max((len(step.subject) for step, _ in shown), default=0)
    subject_width = min(max(names, _SUBJECT_WIDTH), max(1, width // 2))
    state_width = max(1, width - 1 - subject_width - _TIME_WIDTH - 3 * _GAP)
    grid.columns[1].width = subject_width
    for step, elapsed in shown:
        symbol = Text(tick, "green") if step.is_done else Text(frames[frame % len(frames)], "cyan")
        state = Text(step.state, "green" if step.is_done else "")
        detail = Text(" ".join(part for part in (render_bytes(step), step.detail) if part), "dim")
        state.append_text(Text.assemble("  ", detail) if detail else Text())
        subject = Text(step.subject)
        for text, most in ((subject, subject_width), (state, state_width)):
            text.truncate(most, overflow="crop" if is_ascii else "ellipsis")
        grid.add_row(symbol, subject, state, Text(render_seconds(elapsed), "dim"))
    if len(shown) < len(rows):
        hidden = len(rows) - len(shown)
        grid.add_row(Text(" "), Text(f"{dots} {hidden} more", "dim"), Text(), Text())
    return grid


def render_seconds(seconds: float) -> str:
    """Return a short time: ``0.4s``, ``12s``, ``3m05s``."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f}s"
    if seconds < 119.5:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s"


def render_bytes(step: Progress) -> str:
    """Return how much of a pull is here: ``12.3 MB of 45.0 MB``; empty if there is no number."""
    if not step.current and not step.total:
        return ""
    here = _size(step.current)
    return f"{here} of {_size(step.total)}" if step.total else here


def _size(count: int) -> str:
    value = float(count)
    for unit in _UNITS[:-1]:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit in {"B", "kB"} else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {_UNITS[-1]}"
