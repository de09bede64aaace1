"""Which containers still live: liveness probes, run only while somebody watches."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from minisets.app.context import Context
from minisets.app.loop.readiness import Watched, WatchedPod, probe_target
from minisets.core.manifest import Probe
from minisets.core.observed import ContainerStatus
from minisets.core.pod.probe_state import (
    ProbeResult,
    ProbeState,
    ProbeTiming,
    begin,
    next_due,
    step,
    to_timing,
)
from minisets.core.pod.probe_words import in_one_line

_WORKERS = 8
_NEVER = 3600.0

_Attempt = Future[tuple[ProbeResult, float, float]]


@dataclass(slots=True, kw_only=True)
class _Entry:
    watched: Watched
    probe: Probe
    timing: ProbeTiming
    state: ProbeState
    attempt: _Attempt | None = None


class Liveness:
    """Judges whether containers live; acts on nothing."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clock = context.clock
        self._entries: dict[str, _Entry] = {}
        self._pool = ThreadPoolExecutor(_WORKERS)

    def __enter__(self) -> Self:
        """Return itself; leaving stops the probes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Start no further probe."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def update(self, pods: Iterable[WatchedPod], started: Collection[str]) -> None:
        """Take the pods as they are now.

        Kubernetes rule: liveness is asked for once the startup probe has succeeded, and a
        container counts as alive until its probe has failed for the whole threshold.

        Args:
            pods: As a look shows them.
            started: Ids of the containers that have started.
        """
        found = {
            watched.container.id: watched
            for pod in pods
            for watched in pod.containers
            if watched.spec.liveness_probe is not None
            and watched.container.id in started
            and watched.container.status is ContainerStatus.RUNNING
        }
        for gone in self._entries.keys() - found.keys():
            del self._entries[gone]
        for container_id, watched in found.items():
            probe = watched.spec.liveness_probe
            if container_id in self._entries or probe is None:
                continue
            timing = to_timing(probe)
            state = begin(timing, self._clock.now(), ready=True)
            self._entries[container_id] = _Entry(
                watched=watched, probe=probe, timing=timing, state=state
            )

    def poll(self) -> float:
        """Take what has been answered, ask what is due; return seconds until the next is due."""
        now, pause = self._clock.now(), _NEVER
        for entry in self._entries.values():
            if entry.attempt is not None and entry.attempt.done():
                result, ended, duration = entry.attempt.result()
                entry.attempt = None
                entry.state = step(entry.state, entry.timing, result, ended, duration)
            if entry.attempt is None:
                due = next_due(entry.state, entry.timing, now)
                if due <= now:
                    entry.attempt = self._pool.submit(self._ask, entry)
                else:
                    pause = min(pause, due - now)
        return pause

    def unwell(self) -> dict[str, str]:
        """Return the containers that have to be restarted, by id, and why."""
        return {
            container_id: f"its liveness probe failed: {_output(entry.state)}"
            for container_id, entry in self._entries.items()
            if not entry.state.ready
        }

    def forget(self, container_id: str) -> None:
        """Begin anew with a container that was restarted."""
        self._entries.pop(container_id, None)

    def _ask(self, entry: _Entry) -> tuple[ProbeResult, float, float]:
        began = self._clock.now()
        result = self._context.prober.probe(
            probe_target(entry.watched), entry.probe, timeout=float(entry.timing.timeout)
        )
        ended = self._clock.now()
        return result, ended, ended - began


def _output(state: ProbeState) -> str:
    return in_one_line(state.last_result.output) if state.last_result else ""
