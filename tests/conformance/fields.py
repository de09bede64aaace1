"""Reads fields of untyped JSON, and says which one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

Kind = TypeVar("Kind")


class TraceError(ValueError):
    """A trace file is not in one of the forms that recorded traces have."""


def field(record: object, name: str, kind: type[Kind]) -> Kind:
    """Return a field that has to be there and of a kind."""
    if not isinstance(record, Mapping):
        raise TraceError(f"a mapping with {name!r} was expected, not {record!r:.60}")
    if name not in record:
        raise TraceError(f"{name!r} is missing in {dict(record)!r:.60}")
    return checked(record[name], name, kind)


def optional(record: Mapping[str, Any], name: str, kind: type[Kind], default: Kind) -> Kind:
    """Return a field, or the default if it is absent or null."""
    value = record.get(name)
    return default if value is None else checked(value, name, kind)


def checked(value: object, name: str, kind: type[Kind]) -> Kind:
    """Return the value if it is of the kind; a boolean is no number here."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TraceError(f"{name!r} has to be of type {kind.__name__}, not {value!r:.60}")
    return value


def texts(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts, empty if it is absent or null."""
    return tuple(checked(one, name, str) for one in optional(record, name, list, []))
