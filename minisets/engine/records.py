"""Mutable facts kept in the Engine: records as generations of label-carrying volumes.

Creating generation n+1 is the compare-and-swap: the Engine keeps the first writer's labels. No
lock, so nothing stays locked. What the data means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minisets.core import labels
from minisets.core.record import Record, newest, parse_record, to_labels
from minisets.engine.ports import Clock, Engine
from minisets.errors import Overtaken

# A nonce carries those of the writes it builds on. A writer that lists late, and finds a higher
# generation, learns from it whether its own write was built upon or went past the truth.
_ANCESTORS = 32


class RecordStore:
    """Reads and writes records."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def all(self, namespace: str | None = None) -> tuple[Record, ...]:
        """Return the newest generation of every record, of one namespace or of all, by key.

        Raises:
            EngineError: A newer minisets wrote one of them.
        """
        wanted: dict[str, str | None] = {labels.KIND: labels.KIND_RECORD}
        if namespace is not None:
            wanted[labels.NAMESPACE] = namespace
        found = newest(self._engine.volumes(wanted))
        return tuple(found[key] for key in sorted(found))

    def create(self, kind: str, namespace: str, name: str, data: dict[str, Any]) -> Record:
        """Write the first generation of a record. Two Engine calls.

        Raises:
            Overtaken: The record exists.
        """
        record = Record(
            kind=kind,
            namespace=namespace,
            name=name,
            generation=1,
            nonce=self._clock.nonce(),
            data=data,
        )
        self._write(record)
        self._confirm(record, self._generations(record))
        return record

    def replace(self, record: Record, data: dict[str, Any]) -> Record:
        """Write the next generation of a record and remove the older ones. Three Engine calls.

        An interruption leaves older generations behind, which the next writer removes.

        Raises:
            Overtaken: It is no longer the newest, or was removed: read again.
        """
        ancestors = record.nonce.split(".")[: _ANCESTORS - 1]
        successor = Record(
            kind=record.kind,
            namespace=record.namespace,
            name=record.name,
            generation=record.generation + 1,
            nonce=".".join([self._clock.nonce(), *ancestors]),
            data=data,
        )
        self._write(successor)
        present = self._generations(successor)
        self._confirm(successor, present, base=record)
        self._remove(found for found in present if found.generation < successor.generation)
        return successor

    def remove(self, record: Record) -> None:
        """Remove all generations of a record; gone already is fine.

        Raises:
            Overtaken: Somebody has written it since it was read; then the record stays.
        """
        present = self._generations(record)
        if not present:
            return
        if not _is_same(present[-1], record):
            raise _overtaken(record)
        # The newest last: an interruption never brings an older generation back.
        self._remove(present)
        if any(found.generation > record.generation for found in self._generations(record)):
            raise _overtaken(record)

    def _write(self, record: Record) -> None:
        volume = self._engine.create_volume(record.volume, labels=to_labels(record))
        kept = parse_record(volume)
        if kept is None or not _is_same(kept, record):
            raise _overtaken(record)

    def _generations(self, record: Record) -> list[Record]:
        """Return what is there of a record, oldest first."""
        volumes = self._engine.volumes(
            {
                labels.KIND: labels.KIND_RECORD,
                labels.NAMESPACE: record.namespace,
                labels.RECORD_KIND: record.kind,
                labels.RECORD_NAME: record.name,
            }
        )
        found = [parsed for volume in volumes if (parsed := parse_record(volume)) is not None]
        return sorted(found, key=lambda one: one.generation)

    def _confirm(self, mine: Record, present: list[Record], *, base: Record | None = None) -> None:
        """Return if the write counts; else take it back and raise Overtaken."""
        last = present[-1] if present else None
        if last is not None and last.generation > mine.generation:
            if mine.nonce.split(".")[0] in last.nonce.split("."):
                return
        # Without its base this write would bring back a record that was removed, or whose newer
        # generations were.
        elif (last is not None and _is_same(last, mine)) and (
            base is None or any(_is_same(found, base) for found in present)
        ):
            return
        if any(_is_same(found, mine) for found in present):
            self._engine.remove_volume(mine.volume)
        raise _overtaken(mine)

    def _remove(self, records: Iterable[Record]) -> None:
        # One after the other and oldest first: what is left is always the newest.
        for record in records:
            self._engine.remove_volume(record.volume)


def _is_same(one: Record, other: Record) -> bool:
    return one.generation == other.generation and one.nonce == other.nonce


def _overtaken(record: Record) -> Overtaken:
    return Overtaken(
        f"{record.kind} {record.namespace}/{record.name} was changed by another command meanwhile",
        hint="run the command again",
    )
