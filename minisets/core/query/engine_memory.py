"""What the Engine's events tell of pods and containers beyond the state that they are in now."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from minisets.core import labels
from minisets.core.observed import ContainerStatus, EventSeen
from minisets.core.pod.layout import Role
from minisets.core.pod.seen import PodSeen, role_of

STOP_SIGNALS = frozenset({"2", "3", "9", "15", "SIGINT", "SIGQUIT", "SIGKILL", "SIGTERM"})
"""By which a container is told to stop; the names are how newer Engines write them."""

# A pod whose containers have ended on request goes with them, unless nobody removes it.
_GOING_SECONDS = 3.0
_PodKey = tuple[str, str]


class EngineMemory(msgspec.Struct):
    """What is remembered: the Engine keeps its last 256 events only.

    Attributes:
        exit_codes: Container id → how its last run ended.
        stopping: Ids of the containers that were told to stop, and have not started since.
        last_stops: Namespace and pod → when last a container of it was told to stop, or ended so.
    """

    exit_codes: dict[str, int] = msgspec.field(default_factory=dict)
    stopping: set[str] = msgspec.field(default_factory=set)
    last_stops: dict[_PodKey, float] = msgspec.field(default_factory=dict)

    def is_leaving(self, pod: PodSeen, now: float) -> bool:
        """Say whether a pod is being removed: no state of its containers tells.

        Args:
            pod: As it is listed.
            now: Seconds since the epoch.
        """
        running = [
            one
            for one in pod.containers
            if one.status is ContainerStatus.RUNNING and role_of(one) is not Role.SANDBOX
        ]
        if running:
            return all(one.id in self.stopping for one in running)
        when = self.last_stops.get((pod.labels[labels.NAMESPACE], pod.name))
        return when is not None and now - when < _GOING_SECONDS


def recall(events: Iterable[EventSeen]) -> EngineMemory:
    """Return what events tell of the containers of pods.

    Args:
        events: Oldest first.
    """
    memory = EngineMemory()
    for event in events:
        found = event.attributes
        if event.type != "container" or found.get(labels.KIND) != labels.KIND_POD:
            continue
        if found.get(labels.ROLE) != Role.SANDBOX:
            pod = (found.get(labels.NAMESPACE, ""), found.get(labels.POD_NAME, event.name))
            _take(memory, event, pod)
    return memory


def _take(memory: EngineMemory, event: EventSeen, pod: _PodKey) -> None:
    match event.action:
        case "create" | "start":
            memory.stopping.discard(event.id)
            memory.last_stops.pop(pod, None)
        case "kill" if event.attributes.get("signal") in STOP_SIGNALS:
            memory.stopping.add(event.id)
            memory.last_stops[pod] = event.time
        case "die":
            memory.exit_codes[event.id] = int(event.attributes.get("exitCode") or 0)
            if event.id in memory.stopping:
                memory.last_stops[pod] = event.time
        case "destroy" if event.id in memory.stopping:
            memory.last_stops[pod] = event.time
        case _:
            pass
