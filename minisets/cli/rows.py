"""One step of progress as a line, and all of them as the rows of the live view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from minisets.core.events import Progress

if TYPE_CHECKING:
    from rich.text import Text

_SUBJECT_WIDTH = 10
_STATE_WIDTH = 12
_TIME_WIDTH = 6
_GAP = 2
# Less than this of a reason is not worth its room.
_LEAST_DETAIL = 8
# Rows of the terminal that stay free: the prompt, and the line that says what is not shown.
_SPARE_ROWS = 3
_BAR_WIDTH = 20
_UNITS = ("B", "kB", "MB", "GB", "TB")
_TROUBLE = frozenset({"crashing", "exited", "dead", "failed", "paused"})
_LEAVING = frozenset({"stopping", "removing"})


@dataclass(frozen=True, slots=True)
class Style:
    """What a terminal shows: characters, columns and rows."""

    is_ascii: bool
    width: int
    height: int = 24

    @property
    def frames(self) -> str:
        """Symbols of what is not finished, one after the other."""
        return "|/-\\" if self.is_ascii else "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

    @property
    def tick(self) -> str:
        """Symbol of what is finished."""
        return "*" if self.is_ascii else "✓"

    @property
    def rest(self) -> str:
        """Symbol of what was left unfinished."""
        return "-" if self.is_ascii else "·"

    @property
    def dots(self) -> str:
        """Stands for what was left out."""
        return ".." if self.is_ascii else "…"


def render_line(step: Progress, elapsed: float) -> str:
    """Return a step as one line: subject, state, detail, and the time where some has passed."""
    told = "; ".join(part for part in (_size_of(step), _reason(step)) if part)
    state = _state(step)
    parts = [step.subject, f"{state}: {told}" if told else state]
    if elapsed >= 0.05:
        parts.append(f"({render_seconds(elapsed)})")
    return "  ".join(parts)


def _size_of(step: Progress) -> str:
    return render_bytes(step) if step.is_done else ""


def render_rows(rows: list[tuple[Progress, float]], *, frame: int, style: Style) -> list[Text]:
    """Return the live view: one row per subject; finished ones give way when there are too many.

    Args:
        rows: Steps with the seconds that their subjects have taken.
        frame: Counts up, to turn the symbol of what is not finished.
        style: Of the terminal.
    """
    from rich.text import Text

    ordered = _under_owners(rows)
    shown = _most_telling(ordered, max(1, style.height - _SPARE_ROWS))
    subject_width, state_width = _widths([step for step, _ in shown], style)
    spinner = style.frames[frame % len(style.frames)]
    lines = [
        _render_row(
            step,
            elapsed,
            symbol=Text(style.tick, "green") if step.is_done else Text(spinner, "cyan"),
            widths=(subject_width, state_width),
            style=style,
        )
        for step, elapsed in shown
    ]
    if len(shown) < len(rows):
        lines.append(Text(f"  {style.dots} {len(rows) - len(shown)} more", "dim"))
    return lines


def broken_lines(drawn: list[int], width: int) -> int:
    """Return how many lines more rows take on a terminal that has become narrower.

    Args:
        drawn: Columns of each row.
        width: Columns of the terminal.
    """
    return sum(max(0, columns - 1) // width for columns in drawn) if width else 0


def render_rest(rows: list[tuple[Progress, float]], style: Style) -> list[Text]:
    """Return the lines that stay when the live view goes: how far each set has come."""
    from rich.text import Text

    steps = [step for step, _ in rows]
    widths = _widths(steps, style)
    return [
        _render_row(
            step,
            elapsed,
            symbol=Text(style.tick, "green") if step.is_done else Text(style.rest, "yellow"),
            widths=widths,
            style=style,
        )
        for step, elapsed in rows
    ]


def _under_owners(rows: list[tuple[Progress, float]]) -> list[tuple[Progress, float]]:
    """Return the rows with the parts of each thing below it, else in their order."""
    owners = {step.subject for step, _ in rows}
    parts: dict[str, list[tuple[Progress, float]]] = {}
    for row in rows:
        if row[0].owner in owners:
            parts.setdefault(row[0].owner, []).append(row)
    return [
        one
        for row in rows
        if row[0].owner not in owners
        for one in (row, *parts.get(row[0].subject, ()))
    ]


def _most_telling(rows: list[tuple[Progress, float]], room: int) -> list[tuple[Progress, float]]:
    """Return as many rows as there is room for, in their order."""
    if len(rows) <= room:
        return rows
    # What is at work first, whole sets above all; then what was finished last.
    ranks = {
        id(row): (row[0].is_done, row[0].unit != "pods", -place if row[0].is_done else place)
        for place, row in enumerate(rows)
    }
    kept = {id(row) for row in sorted(rows, key=lambda row: ranks[id(row)])[:room]}
    return [row for row in rows if id(row) in kept]


def _widths(steps: list[Progress], style: Style) -> tuple[int, int]:
    """Return the columns of subjects and states."""
    names = max((len(step.subject) for step in steps), default=0)
    states = max((len(_state(step)) for step in steps), default=0)
    if style.width >= 4 * _STATE_WIDTH:
        # Columns stand still while words change.
        states = max(states, _STATE_WIDTH)
    fixed = 2 + _GAP + states + _GAP + _TIME_WIDTH
    most = max(style.width // 3, style.width - fixed - _GAP - _LEAST_DETAIL * 4, 1)
    return min(max(names, _SUBJECT_WIDTH), most), states


def _render_row(
    step: Progress, elapsed: float, *, symbol: Text, widths: tuple[int, int], style: Style
) -> Text:
    """Return one row; by hand: rich would shorten all columns alike, the symbol first of all."""
    from rich.text import Text

    subject_width, state_width = widths
    subject = shorten(step.subject, subject_width, style.dots)
    state = Text(_state(step).ljust(state_width), _colour(step))
    took = Text(render_seconds(elapsed).rjust(_TIME_WIDTH), "dim")
    gap = " " * _GAP
    is_whole = step.unit == "pods"
    name = Text(subject.ljust(subject_width), "bold" if is_whole else "")
    row = Text.assemble(symbol, " ", name, gap, state, gap, took, no_wrap=True)
    room = style.width - row.cell_len - _GAP
    if room >= _LEAST_DETAIL:
        row.append(gap)
        row.append_text(_render_detail(step, room, style))
    row.rstrip()
    row.truncate(style.width, overflow="crop")
    return row


def _render_detail(step: Progress, room: int, style: Style) -> Text:
    from rich.text import Text

    size = render_bytes(step)
    if len(size) > room and step.total and not step.is_done:
        size = f"{100 * step.current // step.total} %"
    detail = Text(size or _reason(step), "dim" if not size else "")
    if size and step.total and not step.is_done and room >= _BAR_WIDTH + 1 + len(size):
        detail = Text.assemble(_render_bar(step.current / step.total, style), " ", detail)
    if detail.cell_len > room:
        detail.truncate(room - len(style.dots), overflow="crop")
        detail.append(style.dots)
    return detail


def _render_bar(share: float, style: Style) -> Text:
    from rich.text import Text

    full = min(_BAR_WIDTH, int(share * _BAR_WIDTH))
    done, rest = ("#", "-") if style.is_ascii else ("━", "─")
    return Text.assemble((done * full, "cyan"), (rest * (_BAR_WIDTH - full), "dim"))


def shorten(name: str, width: int, dots: str) -> str:
    """Cut a name in its middle: where it begins and its ordinal tell most."""
    if len(name) <= width:
        return name
    kind, slash, rest = name.partition("/")
    if "/" in rest and width > len(kind) + len(dots) + _LEAST_DETAIL:
        # Of an image, what stands before its own name can be missed first.
        return f"{kind}{slash}{dots}{rest[len(kind) + 1 + len(dots) - width :]}"
    tail = min(len(name.rpartition("-")[2]) + 3, width // 2)
    head = width - tail - len(dots)
    return name[:width] if head < 1 else f"{name[:head]}{dots}{name[len(name) - tail :]}"


def _state(step: Progress) -> str:
    if step.unit == "pods" and step.total:
        return f"{step.current}/{step.total} {step.state}"
    return step.state


def _reason(step: Progress) -> str:
    if step.unit == "bytes" and step.current:
        return ""
    return " ".join(step.detail.split())


def _colour(step: Progress) -> str:
    if step.is_done:
        return "green"
    if step.state in _TROUBLE:
        return "red"
    return "yellow" if step.state in _LEAVING else ""


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
    if step.unit != "bytes" or not (step.current or step.total):
        return ""
    here = _size(step.current)
    if step.is_done or not step.total:
        return here
    if step.current >= step.total:
        return f"{here}, unpacking"
    return f"{here} of {_size(step.total)}"


def _size(count: int) -> str:
    value = float(count)
    for unit in _UNITS[:-1]:
        if value < 1000:
            return f"{value:.0f} {unit}" if unit in {"B", "kB"} else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} {_UNITS[-1]}"
