"""Which pods are ready, and since when: probes run in the background, verdicts collected here."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import TYPE_CHECKING, Self

import msgspec

from minisets.app.context import Context
from minisets.core import labels
from minisets.core.manifest import Container, Probe
from minisets.core.observed import ContainerSeen, ContainerStatus, PublishedPort
from minisets.core.pod.probe_state import PodProbes, ProbeResult, begin_pod, next_due_pod, step_pod
from minisets.errors import EngineMissing

if TYPE_CHECKING:
    from minisets.engine.prober import ProbeTarget

_WORKERS = 8
# Seconds over which attempts must fail before a pod that once ran well counts as failing.
_HICCUP = 1.0
# Less than a clock's own rounding.
_INSTANT = 0.001


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A container whose readiness is asked for.

    Attributes:
        spec: The container as its revision's template has it.
        address: Of the pod on the namespace's network.
        network_id: Of that network.
        known_since: When it became ready, if a record tells; seconds since the epoch.
        published: Ports of the pod that the Engine's host answers for.
        is_on_host: It is on the host's network.
    """

    container: ContainerSeen
    spec: Container
    address: str | None = None
    network_id: str = ""
    known_since: float | None = None
    published: tuple[PublishedPort, ...] = ()
    is_on_host: bool = False


class WatchedPod(msgspec.Struct, frozen=True, kw_only=True):
    """A pod with those of its containers that count for its readiness and are there.

    Attributes:
        id: Of the pod.
        is_whole: All its containers are there, and none waits for another one.
    """

    id: str
    containers: tuple[Watched, ...]
    is_whole: bool = True


class _Entry(msgspec.Struct, kw_only=True):
    watched: Watched
    probes: PodProbes
    is_new: bool
    ready_since: float | None = None
    attempt: Future[tuple[ProbeResult, float, float]] | None = None
    last: ProbeResult | None = None
    first_attempt: float | None = None
    last_attempt: float = 0.0
    # What an entry was told about: one probe of a kind per entry.
    handlers: dict[str, Probe] = msgspec.field(default_factory=dict)


class Readiness:
    """Judges the readiness of pods over the time of one command."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clock = context.clock
        self._entries: dict[str, _Entry] = {}
        self._pods: dict[str, WatchedPod] = {}
        self._just_started: set[str] = set()
        # Started by this command, or seen to crash: whether they go on running is not known yet.
        self._unsteady: set[str] = set()
        self._deaths: Counter[str] = Counter()
        self._expected: dict[str, _Entry] = {}
        # Pods are created in several threads.
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_WORKERS)

    def __enter__(self) -> Self:
        """Return itself; leaving stops the probes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Start no further probe; one under way may end by its own time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def note_started(self, container_id: str) -> None:
        """Take note that this command started the container right now."""
        self._just_started.add(container_id)
        self._unsteady.add(container_id)
        self._entries.pop(container_id, None)

    def expect(self, pod: WatchedPod) -> None:
        """Take up a pod that this command created and started right now, before it is listed."""
        for watched in pod.containers:
            self.note_started(watched.container.id)
            entry = self._begin(watched)
            self._judge(entry)
            with self._lock:
                self._expected[watched.container.id] = entry
        with self._lock:
            self._pods[pod.id] = pod

    def wait_for_new(self, seconds: float) -> None:
        """Wait for the first of the expected pods to get ready, for at most so long."""
        with self._lock:
            expected, self._expected = self._expected, {}
        self._entries |= expected
        if expected and all(entry.ready_since is None for entry in expected.values()):
            self.wait(seconds)

    def prove(self, seconds: float) -> bool:
        """Let the pods that nothing probes run for so long; False if they all have already.

        They are ready as soon as they run, and only a second look tells whether they still do.
        """
        unproven = {
            container_id: entry
            for container_id, entry in self._entries.items()
            if container_id in self._unsteady
            and entry.ready_since is not None
            and entry.watched.spec.readiness_probe is None
        }
        now = self._clock.now()
        ages = [now - (entry.ready_since or now) for entry in unproven.values()]
        pause = max((seconds - age for age in ages), default=0.0)
        if pause <= _INSTANT:
            return False
        self._clock.sleep(pause)
        deaths = self._count_deaths()
        for container_id, entry in unproven.items():
            if deaths[container_id] > self._deaths[container_id]:
                # It runs again, so that no look would tell.
                entry.ready_since = self._clock.now()
        self._deaths = deaths
        return True

    def _count_deaths(self) -> Counter[str]:
        """Return how often each container has ended, as far as the Engine remembers."""
        found = self._context.engine.events(
            since=0.0,
            until=self._clock.now(),
            types=("container",),
            actions=("die",),
            labels={labels.SCHEMA: None},
        )
        return Counter(event.id for event in found)

    def update(self, pods: Iterable[WatchedPod]) -> None:
        """Take the pods as they are now; those that do not run are not ready."""
        self._pods = {pod.id: pod for pod in pods}
        containers = [one for pod in self._pods.values() for one in pod.containers]
        self._unsteady |= {
            watched.container.id
            for watched in containers
            if watched.container.status is ContainerStatus.RESTARTING
        }
        running = {
            watched.container.id: watched
            for watched in containers
            if watched.container.status is ContainerStatus.RUNNING
        }
        for gone in self._entries.keys() - running.keys():
            del self._entries[gone]
        for container_id, watched in running.items():
            entry = self._entries.get(container_id)
            if entry is None:
                self._entries[container_id] = entry = self._begin(watched)
            entry.watched = watched
            self._judge(entry)

    def ready_for(self) -> dict[str, float]:
        """Return pod id → seconds since it became ready, for those that are."""
        now = self._clock.now()
        return {pod_id: max(0.0, now - since) for pod_id, since in self.ready_since().items()}

    def ready_since(self) -> dict[str, float]:
        """Return pod id → when it became ready, in seconds since the epoch.

        Kubernetes rule: a pod is ready when all its containers are, sidecars among them.
        """
        found = {}
        for pod in self._pods.values():
            entries = [self._entries.get(one.container.id) for one in pod.containers]
            since = [one.ready_since for one in entries if one and one.ready_since is not None]
            if pod.is_whole and since and len(since) == len(entries):
                found[pod.id] = max(since)
        return found

    def ready_containers(self) -> frozenset[str]:
        """Return the ids of the containers that are ready."""
        return frozenset(
            container_id
            for container_id, entry in self._entries.items()
            if entry.ready_since is not None
        )

    def started(self) -> frozenset[str]:
        """Return the ids of the containers that run and whose startup probes have succeeded."""
        return frozenset(
            container_id
            for container_id, entry in self._entries.items()
            if entry.probes.has_started
        )

    def unwell(self) -> dict[str, str]:
        """Return the containers that have to be restarted, by id, and why.

        Kubernetes rule: one whose startup probe has failed for its whole threshold.
        """
        return {
            container_id: "its startup probe failed"
            for container_id, entry in self._entries.items()
            if entry.probes.startup_failed
        }

    def last_result(self, pod_id: str) -> ProbeResult | None:
        """Return the last attempt that failed among a pod's probes, else the last one."""
        results = [entry.last for entry in self._entries_of(pod_id) if entry.last is not None]
        return next((one for one in results if not one.ok), results[0] if results else None)

    def results(self) -> dict[str, ProbeResult]:
        """Return container id → the last attempt of its probe, for those that were asked."""
        return {
            container_id: entry.last
            for container_id, entry in self._entries.items()
            if entry.last is not None
        }

    def _entries_of(self, pod_id: str) -> list[_Entry]:
        pod = self._pods.get(pod_id)
        ids = [one.container.id for one in pod.containers] if pod else []
        return [self._entries[one] for one in ids if one in self._entries]

    def is_failing(self, pod_id: str, *, at_once: bool = False) -> bool:
        """Say whether a pod was probed for a while and never succeeded: it is no hiccup.

        Args:
            pod_id: Of the pod.
            at_once: One failure is enough.
        """
        hiccup = 0.0 if at_once else _HICCUP
        return any(_is_failing(entry, hiccup) for entry in self._entries_of(pod_id))

    def is_hopeless(self, pod_id: str) -> bool:
        """Say whether no later attempt can succeed: the program is missing, for example."""
        return any(
            entry.last is not None and entry.last.hopeless for entry in self._entries_of(pod_id)
        )

    def wait(self, seconds: float) -> bool:
        """Probe what is due, for so long; True as soon as the readiness of a pod changed."""
        deadline = self._clock.monotonic() + seconds
        while True:
            pause = self._launch()
            left = deadline - self._clock.monotonic()
            if left <= 0:
                return False
            attempts = [entry.attempt for entry in self._entries.values() if entry.attempt]
            if attempts:
                wait_for(attempts, timeout=min(pause, left), return_when=FIRST_COMPLETED)
                if self._collect():
                    return True
            else:
                self._clock.sleep(max(0.0, min(pause, left)))

    def settle(self, seconds: float) -> None:
        """Try each probe that was not tried yet, now, for at most so long.

        A readiness probe follows its startup probe: whatever is ready is then seen to be.
        """
        deadline = self._clock.monotonic() + seconds
        while asked := self._ask_untried():
            _, slow = wait_for(asked, timeout=max(0.0, deadline - self._clock.monotonic()))
            self._collect()
            if slow:
                return

    def _ask_untried(self) -> list[Future[tuple[ProbeResult, float, float]]]:
        asked = []
        for entry in self._entries.values():
            state = entry.probes.current
            if entry.probes.due is None or state is None or state.attempts:
                continue
            if entry.attempt is None:
                entry.attempt = self._pool.submit(self._attempt, entry)
            asked.append(entry.attempt)
        return asked

    def _begin(self, watched: Watched) -> _Entry:
        is_new = watched.container.id in self._just_started
        self._just_started.discard(watched.container.id)
        readiness = watched.spec.readiness_probe
        startup = watched.spec.startup_probe
        if readiness is not None and not is_new:
            # Other commands have waited for it before: one success shows that it is still ready.
            readiness = msgspec.structs.replace(readiness, success_threshold=1)
        now = self._clock.now()
        if not is_new:
            # How often it is asked goes by the time that this command has waited.
            age = now - watched.container.created
            readiness, startup = _after(readiness, age), _after(startup, age)
        handlers = {"startup": startup, "readiness": readiness}
        return _Entry(
            watched=watched,
            probes=begin_pod(now, startup, readiness),
            is_new=is_new,
            handlers={name: probe for name, probe in handlers.items() if probe is not None},
        )

    def _judge(self, entry: _Entry) -> bool:
        """Derive the verdict; True if it changed."""
        ready = entry.probes.is_ready
        if entry.watched.spec.readiness_probe is None:
            # An image's own HEALTHCHECK counts as the probe that the manifest does not have.
            ready = ready and entry.watched.container.health in {"", "healthy"}
        if ready == (entry.ready_since is not None):
            return False
        entry.ready_since = self._since(entry) if ready else None
        return True

    def _since(self, entry: _Entry) -> float:
        watched = entry.watched
        if entry.is_new or watched.container.id in self._unsteady:
            return self._clock.now()
        entry.is_new = True
        if watched.known_since is not None:
            return watched.known_since
        # Ready when first seen: it counts from its start, which only an inspection tells.
        try:
            return self._context.engine.inspect(watched.container.id).started_at
        except EngineMissing:
            return self._clock.now()

    def _launch(self) -> float:
        """Start every attempt that is due; return the seconds until the next one is."""
        now = self._clock.now()
        pause = 3600.0
        for entry in self._entries.values():
            if entry.attempt is not None:
                continue
            due = next_due_pod(entry.probes, now)
            if due is None:
                continue
            if due <= now:
                entry.attempt = self._pool.submit(self._attempt, entry)
            else:
                pause = min(pause, due - now)
        return pause

    def _attempt(self, entry: _Entry) -> tuple[ProbeResult, float, float]:
        kind = entry.probes.due or "readiness"
        probe = entry.handlers[kind]
        began = self._clock.now()
        result = self._context.prober.probe(
            probe_target(entry.watched), probe, timeout=float(probe.timeout_seconds)
        )
        return result, self._clock.now(), self._clock.now() - began

    def _collect(self) -> bool:
        changed = False
        for entry in self._entries.values():
            if entry.attempt is None or not entry.attempt.done():
                continue
            result, now, duration = entry.attempt.result()
            entry.attempt = None
            entry.last, entry.last_attempt = result, now
            if entry.first_attempt is None:
                entry.first_attempt = now
            entry.probes = step_pod(entry.probes, result, now, duration)
            changed = self._judge(entry) or changed
        return changed


def _is_failing(entry: _Entry, hiccup: float) -> bool:
    if entry.ready_since is not None:
        return False
    if entry.last is None or entry.last.ok or entry.first_attempt is None:
        return False
    # From attempt to attempt: one that failed is a hiccup, however long ago it was.
    return entry.last_attempt - entry.first_attempt >= hiccup


def _after(probe: Probe | None, age: float) -> Probe | None:
    """Return the probe of a container that has run for so many seconds: some delay is over."""
    if probe is None:
        return None
    left = max(0, math.ceil(probe.initial_delay_seconds - age))
    return msgspec.structs.replace(probe, initial_delay_seconds=left)


def probe_target(watched: Watched) -> ProbeTarget:
    """Return what the prober has to know of a container."""
    # Imported when something is probed: reading commands are to start fast.
    from minisets.engine.prober import ProbeTarget

    ports: Mapping[str, int] = {
        port.name: port.container_port for port in watched.spec.ports if port.name
    }
    return ProbeTarget(
        container_id=watched.container.id,
        address=watched.address,
        network_id=watched.network_id,
        published=watched.published,
        port_names=ports,
        image_id=watched.container.image_id,
        is_on_host=watched.is_on_host,
    )
