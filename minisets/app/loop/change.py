"""One object of the input beside what lives of it, merged: what an apply writes and drives to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from minisets.core.input.load import LoadedObject
from minisets.core.records.record import Record

Verb = Literal["created", "configured", "unchanged"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One object of the input beside what lives of it.

    Attributes:
        live: Its record; None if it is new.
        before: The live object, a Secret with its values; empty if it is new.
        applied: What the record is to keep of the file, without the values of a Secret.
        orphaned: The mark of a set of this name that was deleted and left its pods.
        merged: The object as it will be, defaulted, a Secret with its values.
    """

    loaded: LoadedObject
    namespace: str
    live: Record | None
    before: dict[str, Any]
    applied: dict[str, Any]
    merged: dict[str, Any]
    orphaned: Record | None = None

    @property
    def verb(self) -> Verb:
        """What apply does to the object."""
        if self.live is None:
            return "created"
        is_parked = self.live.data.get("deletion") or self.live.data.get("isStopped")
        return "unchanged" if self.before == self.merged and not is_parked else "configured"
