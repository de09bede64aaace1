"""What a reading command sees at one moment; it asks the Engine only for what is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from minisets.app.context import Context
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.sets import read_sets
from minisets.app.loop.targets import Target
from minisets.app.loop.view import watched_pods
from minisets.app.loop.world import Key, World, observe
from minisets.core import labels
from minisets.core.observed import ContainerDetail, ContainerSeen, EventSeen
from minisets.core.pod.probe_state import ProbeResult
from minisets.core.pod.seen import PodSeen
from minisets.errors import EngineError, EngineMissing

if TYPE_CHECKING:
    from minisets.app.loop.planning import Planning
    from minisets.core.query.engine_memory import EngineMemory

# A reading command does not wait for slow probes: they count as not ready. On a busy machine a
# quick one may take a second.
_PROBE_SECONDS = 2.5
_WORKERS = 8
# Engines before 23 refuse a second measurement while one is under way.
_BUSY = "already running"
_BUSY_TRIES = 20
_BUSY_PAUSE_SECONDS = 0.25
# Events of other kinds tell of commands in containers and of their files: there are too many.
_ACTIONS = (
    "create",
    "destroy",
    "die",
    "health_status",
    "kill",
    "oom",
    "pause",
    "start",
    "unpause",
)


class Look:
    """One look at the Engine, from which objects of several kinds are read; writes nothing.

    Args:
        context: Of the command.
        namespace: To look at; None: all of them.
        is_whole: Objects are to be shown as a whole, not as rows of a table.
        has_sizes: Volumes are to be measured.
        readiness: Keeps what is known of probes between looks; its own, if none is given.
        details: Container id → what an inspection told, kept between looks.
    """

    def __init__(
        self,
        context: Context,
        namespace: str | None,
        *,
        is_whole: bool = False,
        has_sizes: bool = False,
        readiness: Readiness | None = None,
        details: dict[str, ContainerDetail] | None = None,
    ) -> None:
        self.context = context
        self.namespace = namespace
        self.is_whole = is_whole
        self.has_sizes = has_sizes
        self._readiness = readiness
        self._details = details if details is not None else {}

    @cached_property
    def world(self) -> World:
        """The lists of containers and volumes."""
        world = observe(self.context.engine, self.namespace)
        self.context.tell_once(one.skipped for one in world.unreadable)
        return world

    @cached_property
    def targets(self) -> list[Target]:
        """The sets, also those that were deleted and left their pods."""
        return read_sets(self.world, with_orphans=True)

    @cached_property
    def sets(self) -> list[Target]:
        """The sets that are there."""
        return read_sets(self.world)

    @cached_property
    def _targets_by_key(self) -> dict[Key, Target]:
        return {target.key: target for target in self.targets}

    def target_of(self, pod: PodSeen) -> Target | None:
        """Return the set of a pod; None if nothing is known of it."""
        key = (pod.labels[labels.NAMESPACE], pod.labels.get(labels.SET, ""))
        return self._targets_by_key.get(key)

    @cached_property
    def pods(self) -> list[PodSeen]:
        """The pods of all sets, by namespace and ordinal."""
        return [pod for space in sorted(self.world.namespaces()) for pod in self.world.pods(space)]

    @cached_property
    def ready(self) -> Mapping[str, float]:
        """Pod id → seconds since it became ready, for those that are."""
        return self._asked.ready_for()

    @cached_property
    def ready_containers(self) -> frozenset[str]:
        """Ids of the containers that are ready."""
        return self._asked.ready_containers()

    @cached_property
    def probed(self) -> Mapping[str, ProbeResult]:
        """Container id → what its probe said, for those that were asked."""
        return self._asked.results()

    @cached_property
    def planning(self) -> Planning:
        """What decides about the sets, by this look."""
        from minisets.app.loop.planning import Planning

        return Planning(self.context, self._asked, is_brief=True)

    @cached_property
    def _asked(self) -> Readiness:
        """The probes' verdicts."""
        if self._readiness is not None:
            return self._ask(self._readiness)
        with Readiness(self.context) as readiness:
            return self._ask(readiness)

    def _ask(self, readiness: Readiness) -> Readiness:
        readiness.update(watched_pods(self.world, self.targets))
        # Who keeps watching probes at the probes' own pace, once each was tried.
        readiness.settle(_PROBE_SECONDS)
        return readiness

    @cached_property
    def happened(self) -> list[EventSeen]:
        """What the Engine remembers of the containers of pods, oldest first."""
        place = self.namespace
        return list(
            self.context.engine.events(
                since=0.0,
                until=self.context.clock.now(),
                types=("container",),
                actions=_ACTIONS,
                labels={labels.SCHEMA: None} if place is None else {labels.NAMESPACE: place},
            )
        )

    @cached_property
    def memory(self) -> EngineMemory:
        """What these events tell of the containers that are there."""
        from minisets.core.query.engine_memory import recall

        return recall(self.happened)

    def inspect(self, containers: Iterable[ContainerSeen]) -> Mapping[str, ContainerDetail]:
        """Return container id → what an inspection tells; those that are gone are left out."""
        states = {container.id: container.status for container in containers}
        unknown = [
            one
            for one, status in states.items()
            if one not in self._details or self._details[one].status is not status
        ]
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = list(pool.map(self._inspect, unknown))
        self._details.update({detail.id: detail for detail in found if detail is not None})
        gone = set(unknown) - {detail.id for detail in found if detail is not None}
        return {one: self._details[one] for one in states if one not in gone}

    def _inspect(self, container_id: str) -> ContainerDetail | None:
        try:
            return self.context.engine.inspect(container_id)
        except EngineMissing:
            return None

    @cached_property
    def node(self) -> str:
        """Name of the Engine's machine; empty where nobody is to see it."""
        return self.context.engine.info().name if self.is_whole else ""

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Volume name → bytes, of those that can be measured; empty if none are to be."""
        for _ in range(_BUSY_TRIES if self.has_sizes else 0):
            try:
                return self.context.engine.volume_sizes()
            except EngineError as error:
                if _BUSY not in error.message:
                    raise
                self.context.clock.sleep(_BUSY_PAUSE_SECONDS)
        return {}
