"""Blocks of ``Key: value`` lines, as describe lays them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

NONE = "<none>"
_GAP = 2


@dataclass(frozen=True, slots=True)
class Block:
    """Keys and what stands behind each of them.

    Attributes:
        fields: A text stands behind its key, several lines below each other, a block or a table
            under the key and indented.
    """

    fields: Sequence[tuple[str, Value]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the same columns, under a line of dashes."""

    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Lines of their own, under a title that is underlined; they are not indented."""

    lines: Sequence[str]


Value = str | tuple[str, ...] | Block | Table | Chapter


def render_block(block: Block, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a block; values of one block begin in one column."""
    margin = " " * indent
    width = max(
        (len(key) for key, value in block.fields if isinstance(value, str | tuple)), default=0
    )
    for key, value in block.fields:
        match value:
            case Block():
                yield f"{margin}{key}:"
                yield from render_block(value, indent + _GAP)
            case Table():
                yield f"{margin}{key}:" if value.rows else f"{margin}{key}:  {NONE}"
                yield from (f"{margin}  {line}" for line in _table(value))
            case Chapter():
                yield from ("", key, "====", *value.lines)
            case _:
                first, *others = (value,) if isinstance(value, str) else value or (NONE,)
                start = f"{margin}{key + ':':<{width + 1 + _GAP}}"
                yield f"{start}{first}".rstrip()
                yield from (f"{' ' * len(start)}{line}".rstrip() for line in others)


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    headers = list(table.rows[0])
    lines = [headers, ["-" * len(header) for header in headers]]
    # What is of several lines would break the table; kubectl writes it on one.
    lines += [[" ".join(cell.split()) for cell in row.values()] for row in table.rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(headers))]
    for line in lines:
        cells = [cell.ljust(width + _GAP) for cell, width in zip(line, widths, strict=True)]
        yield "".join(cells).rstrip()


def pairs(found: Mapping[str, object] | None, *, sign: str = "=") -> tuple[str, ...]:
    """Return labels or annotations, one a line, in order."""
    return tuple(f"{key}{sign}{value}" for key, value in sorted((found or {}).items()))


def show_time(seconds: float) -> str:
    """Return a time as kubectl's describe has it."""
    if not seconds:
        return "<unknown>"
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
