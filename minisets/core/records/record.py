"""Records: mutable facts kept as the labels of empty volumes, one volume per generation.

The Engine keeps the first writer's labels when two create a volume of one name, so creating
generation n+1 is the compare-and-swap (minisets.engine.records does it). Pure translation here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from minisets.core import labels
from minisets.core.observed import VolumeSeen

# The Engine fails on volume names over 255 characters; ours stay far below.
_LONGEST_NAME = 120


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of one object's facts.

    Attributes:
        kind: Kind of the object, for example ``StatefulSet``.
        generation: From 1; grows with each write. Not Kubernetes' metadata.generation.
        nonce: Tells this write apart from any other.
        data: Plain JSON.
        files: Name of the volume with what is not to be seen in labels; empty if there is none.
        volume: Name of the volume that holds it.
    """

    kind: str
    namespace: str
    name: str
    generation: int
    nonce: str
    data: dict[str, Any]
    files: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name: what the generations of one object share."""
        return (self.kind, self.namespace, self.name)

    @property
    def volume(self) -> str:
        """Name of the volume that holds this generation."""
        return f"{self._stem}.{self.generation}"

    @property
    def new_files(self) -> str:
        """Name for a volume with files of this generation; of each of several writers another."""
        return f"{self.volume}.{self.nonce.split('.')[0]}"

    @property
    def _stem(self) -> str:
        stem = f"minisets_{self.namespace}_{self.kind.lower()}_{self.name}"
        if len(stem) > _LONGEST_NAME:
            # Imported for the few: reading commands are to start fast.
            import hashlib

            stem = f"{stem[:80]}_{hashlib.sha256(stem.encode()).hexdigest()[:32]}"
        return stem


def files_labels(record: Record) -> dict[str, str]:
    """Return the labels of the volume with the record's files: all but the data."""
    return labels.base(labels.KIND_FILES, record.namespace) | {
        labels.RECORD_KIND: record.kind,
        labels.RECORD_NAME: record.name,
        labels.GENERATION: str(record.generation),
        labels.NONCE: record.nonce,
    }


def to_labels(record: Record) -> dict[str, str]:
    """Return the labels of the volume that holds the record."""
    files = {labels.FILES: record.files} if record.files else {}
    return (
        labels.base(labels.KIND_RECORD, record.namespace)
        | files
        | {
            labels.RECORD_KIND: record.kind,
            labels.RECORD_NAME: record.name,
            labels.GENERATION: str(record.generation),
            labels.NONCE: record.nonce,
            labels.DATA: json.dumps(record.data, separators=(",", ":"), sort_keys=True),
        }
    )


def parse_record(volume: VolumeSeen) -> Record | None:
    """Read a record from a volume; None if the volume holds none."""
    got = volume.labels
    if not labels.is_ours(got) or got.get(labels.KIND) != labels.KIND_RECORD:
        return None
    return Record(
        kind=got[labels.RECORD_KIND],
        namespace=got[labels.NAMESPACE],
        name=got[labels.RECORD_NAME],
        generation=int(got[labels.GENERATION]),
        nonce=got[labels.NONCE],
        data=json.loads(got[labels.DATA]),
        files=got.get(labels.FILES, ""),
    )


def newest(volumes: Iterable[VolumeSeen]) -> dict[tuple[str, str, str], Record]:
    """Return the highest generation of each record among the volumes, by its key."""
    found: dict[tuple[str, str, str], Record] = {}
    for volume in volumes:
        record = parse_record(volume)
        if record is None:
            continue
        known = found.get(record.key)
        if known is None or known.generation < record.generation:
            found[record.key] = record
    return found
