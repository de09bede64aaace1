"""What a pod does right now and what it waits for, in words for a command's progress."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Part, Role
from minisets.core.pod.probe_state import ProbeResult
from minisets.core.pod.probe_words import in_one_line
from minisets.core.pod.seen import PodSeen, is_completed

READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPhase:
    """One word, and what it is about.

    Attributes:
        state: ``initializing``, ``starting``, ``waiting``, ``crashing``, ``ready`` …
        container: Which of the pod's containers it is about; empty for the only one.
        detail: What the pod waits for; may be empty.
    """

    state: str
    container: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What probes have said, by container id.

    Attributes:
        ready: Those that are ready.
        started: Those whose startup probes have succeeded.
        results: Last attempts.
    """

    ready: Collection[str] = ()
    started: Collection[str] = ()
    results: Mapping[str, ProbeResult] = field(default_factory=dict)


def phase_of(pod: PodSeen, parts: Sequence[Part], verdicts: Verdicts) -> PodPhase:
    """Return what a pod does right now.

    Args:
        pod: As the Engine shows it.
        parts: The containers that it should have, by its revision.
        verdicts: Of its probes.
    """
    own = [part for part in parts if part.role is not Role.SANDBOX]
    crashing = next((part for part in own if _status(pod, part) in _CRASHED), None)
    if crashing is not None:
        return _crash(pod, crashing, own)
    if not pod.mains:
        return _beginning(pod, own, verdicts)
    lasting = [part for part in own if part.role is not Role.INIT]
    for part in lasting:
        status = _status(pod, part)
        if status is None:
            return PodPhase(state="starting", container=part.name, detail=_title(part, own))
        if status is not ContainerStatus.RUNNING:
            return PodPhase(state=status.value, container=part.name, detail=_title(part, own))
    return _running(pod, lasting, verdicts)


_CRASHED = (ContainerStatus.RESTARTING, ContainerStatus.DEAD)


def _crash(pod: PodSeen, part: Part, own: Sequence[Part]) -> PodPhase:
    container = pod.part(part.name)
    code = container.exit_code if container else None
    why = "it ended" if code is None else f"exit code {code}"
    return PodPhase(state="crashing", container=part.name, detail=_about(part, own, why))


def _beginning(pod: PodSeen, own: Sequence[Part], verdicts: Verdicts) -> PodPhase:
    """Return which of the containers before the pod's own ones is at work."""
    early = [part for part in own if part.role is not Role.MAIN]
    for place, part in enumerate(early, start=1):
        container = pod.part(part.name)
        if container is not None and _is_through(part, container, verdicts):
            continue
        what = "sidecar " if part.role is Role.SIDECAR else ""
        why = "" if container is None else _probe_output(container, verdicts)
        detail = f"{what}{part.name}, {place} of {len(early)}" + (f": {why}" if why else "")
        return PodPhase(state="initializing", container=part.name, detail=detail)
    return PodPhase(state="starting")


def _is_through(part: Part, container: ContainerSeen, verdicts: Verdicts) -> bool:
    if part.role is Role.INIT:
        return is_completed(container)
    has_probe = part.spec is not None and part.spec.startup_probe is not None
    is_running = container.status is ContainerStatus.RUNNING
    return is_running and (not has_probe or container.id in verdicts.started)


def _running(pod: PodSeen, lasting: Sequence[Part], verdicts: Verdicts) -> PodPhase:
    seen = [(part, container) for part in lasting if (container := pod.part(part.name))]
    unready = [item for item in seen if item[1].id not in verdicts.ready]
    if not unready:
        return PodPhase(state=READY)
    # One that has said why tells more than one that was not asked yet.
    telling = [item for item in unready if _probe_output(item[1], verdicts)]
    part, container = (telling or unready)[0]
    why = _probe_output(container, verdicts) or _expected(part, container, verdicts)
    if len(lasting) == 1:
        return PodPhase(state="waiting", detail=why)
    # The count last: it is what a narrow terminal can do without.
    told = f"{part.name}: {why}" if why else part.name
    count = f"{len(seen) - len(unready)} of {len(lasting)} ready"
    return PodPhase(state="waiting", container=part.name, detail=f"{told} ({count})")


def _expected(part: Part, container: ContainerSeen, verdicts: Verdicts) -> str:
    """Return what a container that runs waits for before it has said anything."""
    spec = part.spec
    if spec is None:
        return ""
    if container.id not in verdicts.started and spec.startup_probe is not None:
        probe, kind = spec.startup_probe, "startup"
    elif spec.readiness_probe is not None:
        probe, kind = spec.readiness_probe, "readiness"
    else:
        return "health check of its image" if container.health else ""
    delay = probe.initial_delay_seconds
    return f"{kind} probe" + (f", not before {delay}s" if delay else "")


def _probe_output(container: ContainerSeen, verdicts: Verdicts) -> str:
    result = verdicts.results.get(container.id)
    return "" if result is None or result.ok else in_one_line(result.output)


def _status(pod: PodSeen, part: Part) -> ContainerStatus | None:
    container = pod.part(part.name)
    return None if container is None else container.status


def _title(part: Part, own: Sequence[Part]) -> str:
    """Return what a container is called; nothing where there is only one."""
    if len(own) == 1:
        return ""
    match part.role:
        case Role.INIT:
            return f"init container {part.name}"
        case Role.SIDECAR:
            return f"sidecar {part.name}"
        case _:
            return f"container {part.name}"


def _about(part: Part, own: Sequence[Part], text: str) -> str:
    title = _title(part, own)
    return f"{title}: {text}" if title else text
