"""Which pods a repair may take: in a crash loop, past their allowance, or not to be completed."""

from __future__ import annotations

from collections.abc import Collection

from minisets.app.context import Context
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.targets import Target
from minisets.app.loop.world import Key, World
from minisets.core import labels
from minisets.core.manifest import Container
from minisets.core.observed import ContainerStatus
from minisets.core.pod.seen import PodSeen
from minisets.errors import EngineMissing


class Repairs:
    """Judges pods over the time of one command; acts on nothing.

    Args:
        context: Of the command.
        readiness: What the probes say.
        is_brief: Each probe is asked only once: who does not drive does not wait for a second
            failure, which would tell a pod that is broken from one that hiccups.
    """

    def __init__(self, context: Context, readiness: Readiness, *, is_brief: bool) -> None:
        self._context = context
        self._readiness = readiness
        self._is_brief = is_brief
        self._started: dict[str, float] = {}

    def pods(
        self, target: Target, world: World, failed: Collection[tuple[Key, str]]
    ) -> frozenset[str]:
        """Return the ids of a set's pods that a repair may take.

        Args:
            target: The set.
            world: The look.
            failed: Set and pod of those that could not be completed.
        """
        return frozenset(
            pod.id
            for pod in world.pods(*target.key)
            if pod.status is ContainerStatus.RESTARTING
            or (target.key, pod.name) in failed
            or self._readiness.is_hopeless(pod.id)
            or (
                self._readiness.is_failing(pod.id, at_once=self._is_brief)
                and self._age(pod) > _allowance(target, pod)
            )
        )

    def _age(self, pod: PodSeen) -> float:
        """Return the seconds since a pod's start: after a reboot that is not its creation."""
        if pod.id not in self._started:
            last = pod.containers[-1].id
            try:
                self._started[pod.id] = self._context.engine.inspect(last).started_at
            except EngineMissing:
                # Removed this moment by somebody else: the next look tells.
                return 0.0
        return self._context.clock.now() - self._started[pod.id]


def _allowance(target: Target, pod: PodSeen) -> float:
    """Return the seconds that a pod has to get ready before it counts as broken."""
    template = target.template_of(pod.labels.get(labels.REVISION, ""))
    return max(float(_grant(container)) for container in template.spec.containers)


def _grant(container: Container) -> int:
    probes = (container.startup_probe, container.readiness_probe)
    return sum(
        probe.initial_delay_seconds + probe.period_seconds * probe.failure_threshold
        for probe in probes
        if probe is not None
    )
