"""Mutable facts kept in the Engine: records as generations of label-carrying volumes.

Creating generation n+1 is the compare-and-swap: the Engine keeps the first writer's labels. No
lock, so nothing stays locked. What the data means is not known here.

What is not to be seen in labels lies as files in a volume of its own, written before the record
that needs it: so a record that counts is whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from minisets.core import labels
from minisets.core.observed import ContainerDetail, VolumeSeen
from minisets.core.records.record import Record, files_labels, newest, parse_record, to_labels
from minisets.core.volumes.file_entry import FileEntry
from minisets.engine.ports import Clock, Engine
from minisets.errors import EngineConflict, EngineError, EngineMissing, Overtaken

if TYPE_CHECKING:
    from minisets.engine.porter import Porter

Files = Mapping[str, bytes]
"""Path → content."""

# A nonce carries those of the writes it builds on. A writer that lists late, and finds a higher
# generation, learns from it whether its own write was built upon or went past the truth.
_ANCESTORS = 32
# Another command may be reading the files of what is to go; that takes milliseconds.
_TRIES = 20
_TRY_SECONDS = 0.05
_FILES_MODE = 0o400


class RecordStore:
    """Reads and writes records.

    Args:
        engine: Where they are.
        clock: For nonces and pauses.
        porter: Gives what carries files for the volumes of a namespace.
    """

    def __init__(
        self, engine: Engine, clock: Clock, porter: Callable[[str], Porter] | None = None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._porter = porter or (lambda namespace: _make_porter(engine, namespace))
        # The files of a volume never change, so what was read once is true.
        self._files: dict[str, Files] = {}
        self._lock = threading.Lock()

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

    def files(self, records: Iterable[Record]) -> dict[tuple[str, str, str], Files]:
        """Return the files of records that have some, by the records' keys.

        Three Engine calls for each namespace, and none for what was read before. The volumes
        must be there: the Engine would make others in silence.
        """
        wanted = {record.files: record for record in records}
        with self._lock:
            for namespace in sorted({record.namespace for record in wanted.values()}):
                unread = [
                    name
                    for name, record in wanted.items()
                    if record.namespace == namespace and name not in self._files
                ]
                if unread:
                    self._files |= self._porter(namespace).read_all(unread)
            return {record.key: self._files[name] for name, record in wanted.items()}

    def create(
        self,
        kind: str,
        namespace: str,
        name: str,
        data: dict[str, Any],
        files: Files | None = None,
    ) -> Record:
        """Write the first generation of a record. Two Engine calls, six with files.

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
        return self._write_whole(record, files, base=None)

    def replace(self, record: Record, data: dict[str, Any], files: Files | None = None) -> Record:
        """Write the next generation of a record and remove the older ones. Three Engine calls.

        With files six more. Without, the record keeps those that it has.

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
            files=record.files,
        )
        return self._write_whole(successor, files, base=record)

    def remove(self, record: Record) -> None:
        """Remove all generations of a record; gone already is fine.

        Raises:
            Overtaken: Somebody has written it since it was read; then the record stays.
        """
        volumes = self._volumes(record)
        present = _records(volumes)
        if not present:
            return
        if not _is_same(present[-1], record):
            raise _overtaken(record)
        # The newest last: an interruption never brings an older generation back.
        names = [found.volume for found in present]
        # One after the other and oldest first: what is left is always the newest.
        for name in [*names, *_files_until(volumes, record.generation)]:
            self._remove_patiently(name, record.namespace)
        later = _records(self._volumes(record))
        if any(found.generation > record.generation for found in later):
            raise _overtaken(record)

    def _write_whole(self, record: Record, files: Files | None, *, base: Record | None) -> Record:
        """Write a record after its files; what does not count is taken back."""
        if files is not None:
            record = replace(record, files=record.new_files)
            self._write_files(record, files)
        try:
            self._write(record)
            volumes = self._volumes(record)
            self._confirm(record, _records(volumes), base=base)
        except Overtaken:
            if files is not None:
                self._engine.remove_volume(record.files)
            raise
        older = [one for one in _records(volumes) if one.generation < record.generation]
        self._remove_later(one.volume for one in older)
        outdated = _files_until(volumes, record.generation - 1)
        self._remove_later(name for name in outdated if name != record.files)
        return record

    def _write_files(self, record: Record, files: Files) -> None:
        self._engine.create_volume(record.files, labels=files_labels(record))
        entries = [
            FileEntry(path=path, content=content, mode=_FILES_MODE)
            for path, content in files.items()
        ]
        try:
            self._porter(record.namespace).write({record.files: entries})
        except EngineError:
            self._engine.remove_volume(record.files)
            raise
        with self._lock:
            self._files[record.files] = dict(files)

    def _write(self, record: Record) -> None:
        volume = self._engine.create_volume(record.volume, labels=to_labels(record))
        kept = parse_record(volume)
        if kept is None or not _is_same(kept, record):
            raise _overtaken(record)

    def _volumes(self, record: Record) -> tuple[VolumeSeen, ...]:
        """Return the volumes of all generations of a record, those with files too."""
        return self._engine.volumes(
            {
                labels.NAMESPACE: record.namespace,
                labels.RECORD_KIND: record.kind,
                labels.RECORD_NAME: record.name,
            }
        )

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

    def _remove_later(self, names: Iterable[str]) -> None:
        """Remove what is outdated; what is being read is left to the next writer."""
        for name in names:
            with suppress(EngineConflict):
                self._engine.remove_volume(name)

    def _remove_patiently(self, name: str, namespace: str) -> None:
        for _ in range(_TRIES):
            try:
                self._engine.remove_volume(name)
            except EngineConflict:
                self._clock.sleep(_TRY_SECONDS)
            else:
                return
        # Nobody reads as long as that: a command was killed while it did.
        leftovers = {labels.KIND: labels.KIND_PORTER, labels.NAMESPACE: namespace}
        for container in self._engine.containers(leftovers):
            with suppress(EngineMissing):
                if _mounts(self._engine.inspect(container.id), name):
                    self._engine.remove_container(container.id, force=True)
        self._engine.remove_volume(name)


def _mounts(container: ContainerDetail, volume: str) -> bool:
    mounts: Any = container.host_config.get("Mounts") or ()
    return any(mount.get("Source") == volume for mount in mounts)


def _records(volumes: Iterable[VolumeSeen]) -> list[Record]:
    """Return the generations of a record among its volumes, oldest first."""
    found = [record for volume in volumes if (record := parse_record(volume)) is not None]
    return sorted(found, key=lambda one: one.generation)


def _files_until(volumes: Iterable[VolumeSeen], generation: int) -> list[str]:
    """Return the volumes with files of generations up to one."""
    return [
        volume.name
        for volume in volumes
        if volume.labels.get(labels.KIND) == labels.KIND_FILES
        and int(volume.labels[labels.GENERATION]) <= generation
    ]


def _make_porter(engine: Engine, namespace: str) -> Porter:
    from minisets.engine.pause_image import ensure_pause_image
    from minisets.engine.porter import Porter

    return Porter(engine, namespace, lambda: ensure_pause_image(engine))


def _is_same(one: Record, other: Record) -> bool:
    return one.generation == other.generation and one.nonce == other.nonce


def _overtaken(record: Record) -> Overtaken:
    return Overtaken(
        f"{record.kind} {record.namespace}/{record.name} was changed by another command meanwhile",
        hint="run the command again",
    )
