"""Records that cannot be read: which they are, why, and what to type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from minisets.core import naming
from minisets.core.input.decode import decode
from minisets.core.manifest import KINDS
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_object, parse_set
from minisets.errors import ManifestError


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that holds what no object of its kind can be.

    Attributes:
        reason: With the field.
    """

    record: Record
    reason: str

    @property
    def message(self) -> str:
        """What is wrong, by the object's name."""
        one = self.record
        space = f" in namespace {one.namespace}" if one.namespace else ""
        return f"the record of {one.kind.lower()}/{one.name}{space} cannot be read: {self.reason}"

    @property
    def skipped(self) -> str:
        """The notice of who goes on without it."""
        return f"{self.message}; it is left out ({self.remedy})"

    @property
    def remedy(self) -> str:
        """The command that removes it; claims and their data stay."""
        one = self.record
        flag = naming.flag(one.namespace) if one.namespace else ""
        return f"minisets delete {one.kind.lower()} {one.name}{flag}, then apply it again"


def find_unreadable(records: Iterable[Record]) -> tuple[Unreadable, ...]:
    """Return those of the records that cannot be read, by key."""
    found = ((record, _why(record)) for record in sorted(records, key=lambda one: one.key))
    return tuple(Unreadable(record, reason) for record, reason in found if reason)


def _why(record: Record) -> str:
    if record.kind not in KINDS:
        return ""
    parse = parse_set if record.kind == "StatefulSet" else parse_object
    try:
        obj = parse(record.data).object
        if obj.get("kind") != record.kind:
            return f"it holds a {obj.get('kind')}"
        decode(obj)
    except (msgspec.ValidationError, ManifestError) as error:
        return str(error)
    return ""
