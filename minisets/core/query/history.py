"""What happened to pods and sets, in the words of Kubernetes' events.

Nobody keeps such events here: they are derived from what the Engine still remembers of its own,
and from what it tells of each container as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from minisets.core import labels, naming
from minisets.core.observed import ContainerDetail, ContainerStatus, EventSeen
from minisets.core.pod.layout import Role
from minisets.core.pod.probe_words import in_one_line
from minisets.core.query.engine_memory import STOP_SIGNALS

EventType = Literal["Normal", "Warning"]

ENGINE = "engine"
MINISETS = "minisets"
# Two reports of one thing differ by less: one has whole seconds, the other the Engine's clock.
SAME_SECONDS = 2.0
_KILLING = {"9", "SIGKILL"}
# Reasons of which a container has one event, counted.
_ONGOING = {"BackOff", "Unhealthy"}
NOT_STARTED = "could not be started"
"""How events hint at a start that was refused: the Engine's own tell no reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, once or several times; times are seconds since the epoch.

    Attributes:
        kind: Of the object.
        name: Of the object.
        container: Name of the container in the pod's template; empty if it is not about one.
        container_id: Tells containers of one name apart.
        is_init: The container is an init container, maybe one that goes on running.
        source: Who reports it.
    """

    namespace: str
    kind: str
    name: str
    type: EventType
    reason: str
    message: str
    first: float
    last: float
    count: int = 1
    container: str = ""
    container_id: str = ""
    is_init: bool = False
    source: str = ENGINE


def from_engine(seen: Iterable[EventSeen]) -> list[Event]:
    """Translate what the Engine remembers of the containers of pods; other events are left out.

    Args:
        seen: Oldest first.
    """
    translator = _Translator()
    return [event for one in seen for event in translator.take(one)]


def from_inspection(
    namespace: str,
    pod: str,
    container: str,
    created: float,
    detail: ContainerDetail,
    *,
    check: str = "Health check",
) -> list[Event]:
    """Return what a container as it is tells of its past.

    Args:
        namespace: Of the pod.
        pod: Its name.
        container: Name of the container in the template.
        created: Seconds since the epoch.
        detail: What an inspection told.
        check: What the Engine's health check of the container is.
    """

    def event(
        reason: str, message: str, when: float, kind: EventType = "Normal", count: int = 1
    ) -> Event:
        return Event(
            namespace=namespace,
            kind="Pod",
            name=pod,
            type=kind,
            reason=reason,
            message=message,
            first=when,
            last=when,
            count=count,
            container=container,
            container_id=detail.id,
        )

    found = [event("Created", f"Created container {container}", created)]
    if detail.started_at:
        found.append(event("Started", f"Started container {container}", detail.started_at))
    if detail.error:
        found.append(event("Failed", f"Error: {detail.error}", created, "Warning"))
    is_up = detail.status in {ContainerStatus.RUNNING, ContainerStatus.PAUSED}
    if detail.oom_killed and not is_up:
        found.append(event("OOMKilled", _out_of_memory(container), detail.finished_at, "Warning"))
    if detail.restart_count:
        code = None if is_up else detail.exit_code
        message = _back_off(container, pod, code)
        ended = event("BackOff", message, detail.finished_at, "Warning", detail.restart_count)
        # When it ended for the first time, nobody keeps.
        first = created if detail.restart_count > 1 else detail.finished_at
        found.append(replace(ended, first=first))
    failed = [run for run in detail.health_runs if run.exit_code]
    if failed:
        last = failed[-1]
        found.append(
            replace(
                event(
                    "Unhealthy",
                    f"{check} failed: {in_one_line(last.output)}",
                    last.ended_at,
                    "Warning",
                    len(failed),
                ),
                first=failed[0].ended_at,
            )
        )
    return found


def probe_failed(
    namespace: str, pod: str, container: str, probe: str, output: str, now: float, since: float
) -> Event:
    """Return the event of a probe that fails at this moment.

    Args:
        namespace: Of the pod.
        pod: Its name.
        container: Name of the container in the template.
        probe: ``Readiness`` or ``Startup``.
        output: What the probe said.
        now: Seconds since the epoch.
        since: When the container started: one event, however often somebody looks.
    """
    return Event(
        namespace=namespace,
        kind="Pod",
        name=pod,
        type="Warning",
        reason="Unhealthy",
        message=f"{probe} probe failed: {in_one_line(output)}",
        first=since,
        last=now,
        container=container,
        source=MINISETS,
    )


def pod_created(namespace: str, set_name: str, pod: str, created: float) -> Event:
    """Return the event of a set that made a pod.

    Args:
        namespace: Of both.
        set_name: Name of the set.
        pod: Name of the pod.
        created: Seconds since the epoch.
    """
    return Event(
        namespace=namespace,
        kind="StatefulSet",
        name=set_name,
        type="Normal",
        reason="SuccessfulCreate",
        message=f"create Pod {pod} in StatefulSet {set_name} successful",
        first=created,
        last=created,
        source=MINISETS,
    )


def merge(remembered: Iterable[Event], present: Iterable[Event]) -> list[Event]:
    """Return all events in the order of time, equal ones counted.

    Args:
        remembered: By the Engine, oldest first.
        present: Derived from things as they are; left out where the Engine remembers the same.
    """
    found: dict[tuple[str, ...], Event] = {}
    for event in remembered:
        key = (*_subject(event), event.reason, event.message)
        known = found.get(key)
        found[key] = replace(known, last=event.last, count=known.count + 1) if known else event
    told = list(found.values())
    for event in present:
        same = next((one for one in told if _is_same(one, event)), None)
        if same is None:
            told.append(event)
            continue
        # The Engine forgets; the container's own count does not. What a check said, only its
        # container knows.
        message = event.message if event.reason == "Unhealthy" else same.message
        last = max(same.last, event.last) if event.reason in _ONGOING else same.last
        count = max(same.count, event.count)
        told[told.index(same)] = replace(same, message=message, last=last, count=count)
    return sorted(told, key=lambda event: event.last)


def _subject(event: Event) -> tuple[str, ...]:
    return (event.namespace, event.kind, event.name, event.container_id)


def _is_same(known: Event, event: Event) -> bool:
    if known.reason != event.reason or _subject(known) != _subject(event):
        return False
    if not event.container_id:
        # Of a set or of a pod as a whole: each is about something else.
        return known.message == event.message
    if event.reason in _ONGOING:
        return True
    return known.first - SAME_SECONDS <= event.last <= known.last + SAME_SECONDS


class _Translator:
    """Translates one event after the other; remembers what the next ones depend on."""

    def __init__(self) -> None:
        # Containers that somebody stops: their end is no crash.
        self._stopping: set[str] = set()
        # Containers that were made and have not started.
        self._waiting: set[str] = set()
        # Pod → its containers that are there, as far as these events tell.
        self._there: dict[tuple[str, str], set[str]] = {}
        # Pods whose first container is gone, which is the last one to be removed.
        self._ending: set[tuple[str, str]] = set()

    def take(self, seen: EventSeen) -> Iterator[Event]:
        """Yield what an event of the Engine means."""
        found = seen.attributes
        if seen.type != "container" or found.get(labels.KIND) != labels.KIND_POD:
            return
        match seen.action:
            case "create":
                yield from self._created(seen)
            case "start":
                self._stopping.discard(seen.id)
                self._waiting.discard(seen.id)
                if not _is_sandbox(seen):
                    yield _about(seen, "Started", f"Started container {_container(seen)}")
            case "kill":
                yield from self._killed(seen)
            case "die":
                yield from self._died(seen)
            case "destroy":
                yield from self._destroyed(seen)
            case _:
                yield from _noted(seen)

    def _created(self, seen: EventSeen) -> Iterator[Event]:
        there = self._there.setdefault(_pod_key(seen), set())
        if not there:
            yield _about_set(seen, "SuccessfulCreate", "create")
        there.add(seen.id)
        self._ending.discard(_pod_key(seen))
        self._waiting.add(seen.id)
        if not _is_sandbox(seen):
            yield _about(seen, "Created", f"Created container {_container(seen)}")

    def _destroyed(self, seen: EventSeen) -> Iterator[Event]:
        self._stopping.discard(seen.id)
        pod = _pod_key(seen)
        there = self._there.setdefault(pod, set())
        there.discard(seen.id)
        if labels.PLACE not in seen.attributes:
            self._ending.add(pod)
        has_failed = seen.id in self._waiting
        self._waiting.discard(seen.id)
        if has_failed:
            message = f"Error: container {_container(seen)} {NOT_STARTED}, and was removed"
            yield _about(seen, "Failed", message, "Warning")
        # Where the Engine has forgotten how they were made, others may be there all the same.
        if there or pod not in self._ending:
            return
        deleted = _about_set(seen, "SuccessfulDelete", "delete")
        yield _never_started(deleted, seen) if has_failed else deleted

    def _killed(self, seen: EventSeen) -> Iterator[Event]:
        signal = seen.attributes.get("signal", "")
        if signal not in STOP_SIGNALS:
            return
        if _is_sandbox(seen):
            # The last of a pod that goes; while others are there, it is taken from them.
            if not self._there.get(_pod_key(seen), set()) - {seen.id}:
                self._stopping.add(seen.id)
            return
        container = _container(seen)
        if signal in _KILLING and seen.id in self._stopping:
            message = f"Container {container} did not end in its grace period and was killed"
            yield _about(seen, "Killing", message, "Warning")
        elif seen.id not in self._stopping:
            yield _about(seen, "Killing", f"Stopping container {container}")
        self._stopping.add(seen.id)

    def _died(self, seen: EventSeen) -> Iterator[Event]:
        if seen.id in self._stopping:
            return
        pod, container = seen.attributes.get(labels.POD_NAME, ""), _container(seen)
        code = int(seen.attributes.get("exitCode") or 0)
        role = seen.attributes.get(labels.ROLE)
        if role == Role.SANDBOX:
            message = "The pod's sandbox ended: its containers have lost their network"
            yield _about(seen, "SandboxChanged", message, "Warning")
        elif role == Role.INIT and code == 0:
            yield _about(seen, "Completed", f"Init container {container} has done its work")
        else:
            yield _about(seen, "BackOff", _back_off(container, pod, code), "Warning")


def _noted(seen: EventSeen) -> Iterator[Event]:
    """Yield what an event means by itself, whatever was before."""
    container = _container(seen)
    match seen.action:
        case "oom":
            yield _about(seen, "OOMKilled", _out_of_memory(container), "Warning")
        case "pause":
            yield _about(seen, "Paused", f"Paused container {container}")
        case "unpause":
            yield _about(seen, "Resumed", f"Resumed container {container}")
        case "health_status" if seen.detail == "unhealthy":
            message = f"Health check of container {container} failed"
            yield _about(seen, "Unhealthy", message, "Warning")
        case _:
            pass


def _about(seen: EventSeen, reason: str, message: str, kind: EventType = "Normal") -> Event:
    return Event(
        namespace=seen.attributes.get(labels.NAMESPACE, naming.DEFAULT_NAMESPACE),
        kind="Pod",
        name=seen.attributes.get(labels.POD_NAME, seen.name),
        type=kind,
        reason=reason,
        message=message,
        first=seen.time,
        last=seen.time,
        container=_container(seen),
        container_id=seen.id,
        is_init=seen.attributes.get(labels.ROLE) in {Role.INIT, Role.SIDECAR},
    )


def _about_set(seen: EventSeen, reason: str, verb: str) -> Event:
    namespace, pod = _pod_key(seen)
    name = seen.attributes.get(labels.SET, "")
    return Event(
        namespace=namespace,
        kind="StatefulSet",
        name=name,
        type="Normal",
        reason=reason,
        message=f"{verb} Pod {pod} in StatefulSet {name} successful",
        first=seen.time,
        last=seen.time,
        source=MINISETS,
    )


def _never_started(deleted: Event, seen: EventSeen) -> Event:
    _, pod = _pod_key(seen)
    return replace(
        deleted,
        type="Warning",
        reason="FailedCreate",
        message=f"create Pod {pod} in StatefulSet {deleted.name} failed error: "
        f"container {_container(seen)} {NOT_STARTED}",
    )


def _pod_key(seen: EventSeen) -> tuple[str, str]:
    found = seen.attributes
    return (found.get(labels.NAMESPACE, ""), found.get(labels.POD_NAME, seen.name))


def _container(seen: EventSeen) -> str:
    return seen.attributes.get(labels.CONTAINER, "")


def _is_sandbox(seen: EventSeen) -> bool:
    return seen.attributes.get(labels.ROLE) == Role.SANDBOX


def _back_off(container: str, pod: str, exit_code: int | None) -> str:
    how = "" if exit_code is None else f": it ended with exit code {exit_code}"
    return f"Back-off restarting failed container {container} in pod {pod}{how}"


def _out_of_memory(container: str) -> str:
    return f"Container {container} was killed: it took more memory than its limit"
