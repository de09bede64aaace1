"""Tables of the user's own (``-o custom-columns=``) and the order of lists (``--sort-by=``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minisets.core.quantity import parse_quantity
from minisets.core.query.jsonpath import Template, parse_path, select, to_text
from minisets.errors import InputError

Json = Any
"""A value as JSON has it."""

MISSING = "<none>"
"""What a cell shows whose path leads to nothing."""

_RUN = re.compile(r"[0-9]+|.", re.DOTALL)
_SortKey = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A header and the path to what stands under it."""

    header: str
    path: Template


def parse_columns(text: str) -> tuple[Column, ...]:
    """Read ``NAME:.metadata.name,READY:.status.readyReplicas``.

    Raises:
        InputError: There are no columns, or one has no path or a wrong one.
    """
    if not text:
        raise InputError("custom-columns format specified but no custom columns given")
    columns = []
    at = 0
    for written in text.split(","):
        header, colon, path = written.partition(":")
        if not colon or not path:
            message = f"unexpected custom-columns spec: {written}"
            expected = "expected <header>:<json-path-expr>"
            raise InputError(f"{message} at position {at + 1}, {expected}")
        try:
            columns.append(Column(header=header, path=parse_path(path)))
        except InputError as error:
            raise InputError(f"column {header}: {error.message}") from error
        at += len(written) + 1
    return tuple(columns)


def parse_columns_file(text: str) -> tuple[Column, ...]:
    """Read a file of two lines: the headers, and under each its path.

    Raises:
        InputError: There are fewer than two lines, or not as many paths as headers.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        message = "custom-columns format requires a template of two lines: headers, and paths"
        raise InputError(message)
    names, paths = lines[0], lines[1]
    if len(names) != len(paths):
        message = f"number of headers ({len(names)}) and field specifications ({len(paths)})"
        raise InputError(f"{message} don't match")
    return parse_columns(",".join(map(":".join, zip(names, paths, strict=True))))


def headers(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return the first line of the table."""
    return tuple(column.header for column in columns)


def row(columns: Iterable[Column], value: Json) -> tuple[str, ...]:
    """Return an object's line of the table; several results share a cell, parted by commas.

    Raises:
        InputError: A path has an index outside its list.
    """
    return tuple(_cell(select(column.path, value)) for column in columns)


def sort_by(text: str, objects: Sequence[Json]) -> list[Json]:
    """Return the objects in the order of a field: numbers, amounts by value, or text.

    Objects without the field come first. Digits in text count as numbers, so ``web-10`` comes
    after ``web-9``.

    Raises:
        InputError: The path is wrong, no object has the field, or it cannot be sorted by.
    """
    path = parse_path(text)
    values = [next(iter(select(path, each)), None) for each in objects]
    if objects and all(value is None for value in values):
        written = text if text.startswith("{") else f"{{{text}}}"
        message = f'couldn\'t find any field with path "{written}" in the list of objects'
        raise InputError(message)
    keys = _sort_keys(text, values)
    order = sorted(range(len(objects)), key=keys.__getitem__)
    return [objects[index] for index in order]


def _cell(results: Sequence[Json]) -> str:
    text = ",".join(_go_text(result) for result in results) if results else MISSING
    # What comes from an object must not steer the terminal.
    return text.replace("\x1b", "^[").replace("\r", "\\r")


def _go_text(value: Json) -> str:
    # Columns show Go's own form of maps and lists, unlike -o jsonpath.
    match value:
        case None:
            return "<nil>"
        case Mapping():
            return f"map[{' '.join(f'{key}:{_go_text(value[key])}' for key in sorted(value))}]"
        case list() | tuple():
            return f"[{' '.join(_go_text(inner) for inner in value)}]"
        case _:
            return to_text(value)


def _sort_keys(text: str, values: Sequence[Json]) -> list[_SortKey]:
    present = [value for value in values if value is not None]
    if all(isinstance(value, str) for value in present):
        return [() if key is None else key for key in _text_keys(values)]
    for value in present:
        if isinstance(value, bool) or not isinstance(value, int | float):
            message = f"field {text} cannot be sorted by: unsortable value {to_text(value)}"
            raise InputError(message)
    return [() if value is None else (value,) for value in values]


def _text_keys(values: Sequence[str | None]) -> list[_SortKey | None]:
    try:
        return [None if value is None else (parse_quantity(value),) for value in values]
    except ValueError:
        return [None if value is None else _natural(value) for value in values]


def _natural(text: str) -> _SortKey:
    # A run of digits stands where a digit would, by value; `text` tells 01 from 1.
    runs = tuple(
        (ord("0"), len(run.lstrip("0")), run.lstrip("0")) if run.isdecimal() else (ord(run), 0, "")
        for run in _RUN.findall(text)
    )
    return (runs, text)
