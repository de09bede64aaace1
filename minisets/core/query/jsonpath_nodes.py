"""What a JSONPath template is made of, and how a fault in it is told."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from minisets.errors import InputError

Json = Any
"""A value as JSON has it."""

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""How a filter compares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A key of a map; a dotted key in quotes that is not there is read as a path."""

    name: str
    path: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wildcard:
    """Everything directly inside a map or a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """The value and all maps and lists inside it, at any depth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of a list; negative numbers count from its end."""

    index: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Some elements of a list; a bound that is not written is the list's own."""

    start: int | None
    stop: int | None
    step: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """The results of several alternatives, one after the other."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The elements of a list that pass a comparison, or have something (no operator)."""

    left: tuple[Node, ...]
    operator: str
    right: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A text, a number or a truth value."""

    value: str | float | bool


Node = Field | Wildcard | Descent | Element | Slice | Union | Filter | Constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Steps from the value at hand to what is printed."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A part that is printed once for each result of an expression."""

    nodes: tuple[Node, ...]
    body: tuple[Part, ...]


Part = Expression | Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A parsed template."""

    parts: tuple[Part, ...]


def fault(message: str, position: int) -> InputError:
    """Return the error for what is wrong at a position, which counts from 1."""
    return InputError(f"jsonpath: {message} at position {position}")
