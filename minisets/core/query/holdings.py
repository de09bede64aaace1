"""All that an Engine holds, of minisets and of others, as one value to look for faults in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from minisets.core import labels, naming
from minisets.core.input.decode import decode
from minisets.core.manifest import StatefulSet
from minisets.core.observed import ContainerSeen, NetworkSeen, VolumeSeen
from minisets.core.pod.seen import gather
from minisets.core.pod.setback import Setback
from minisets.core.records.record import Record, newest
from minisets.core.records.set_record import SetRecord, parse_set
from minisets.core.records.standing import standing_setbacks
from minisets.core.records.unreadable import Unreadable, find_unreadable

_SET = "StatefulSet"


@dataclass(frozen=True)
class Holdings:
    """All containers, volumes and networks of an Engine, also those of others.

    Attributes:
        now: Seconds since the epoch, to tell what is left over from what is at work.
    """

    containers: tuple[ContainerSeen, ...]
    volumes: tuple[VolumeSeen, ...]
    networks: tuple[NetworkSeen, ...]
    now: float

    @cached_property
    def records(self) -> dict[tuple[str, str, str], Record]:
        """Newest generation of each record, by kind, namespace and name."""
        return newest(self.volumes)

    @cached_property
    def sets(self) -> tuple[LiveSet, ...]:
        """The sets that have a record, which can be read."""
        broken = {one.record.key for one in self.unreadable}
        return tuple(
            LiveSet(record.namespace, record.name, parse_set(record.data))
            for key, record in sorted(self.records.items())
            if key[0] == _SET and key not in broken
        )

    @cached_property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """Records that cannot be read."""
        return find_unreadable(self.records.values())

    @cached_property
    def ours(self) -> tuple[ContainerSeen, ...]:
        """The containers that minisets made."""
        return tuple(one for one in self.containers if labels.is_ours(one.labels))

    @cached_property
    def by_name(self) -> dict[str, ContainerSeen]:
        """All containers by name."""
        return {one.name: one for one in self.containers}

    def setbacks(self, live: LiveSet) -> dict[str, Setback]:
        """Return pod of a set → why it, or the one that is to follow it, could not be made."""
        own = {
            labels.KIND: labels.KIND_POD,
            labels.NAMESPACE: live.namespace,
            labels.SET: live.name,
        }.items()
        pods = gather(one for one in self.ours if own <= one.labels.items())
        return standing_setbacks(live.facts, live.manifest, {pod.name: pod for pod in pods})


@dataclass(frozen=True, slots=True)
class LiveSet:
    """A set with what is remembered of it."""

    namespace: str
    name: str
    facts: SetRecord

    @property
    def subject(self) -> str:
        """The set as a message names it."""
        place = "" if self.namespace == naming.DEFAULT_NAMESPACE else f" in {self.namespace}"
        return f"statefulset/{self.name}{place}"

    @property
    def manifest(self) -> StatefulSet:
        """The live object, typed.

        Raises:
            TypeError: The record holds another kind.
        """
        found = decode(self.facts.object)
        if not isinstance(found, StatefulSet):
            raise TypeError(self.name)
        return found

    @property
    def pods(self) -> tuple[str, ...]:
        """Names of the pods that it asks for."""
        return tuple(f"{self.name}-{ordinal}" for ordinal in self.manifest.spec.pod_ordinals)
