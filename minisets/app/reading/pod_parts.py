"""The containers that a pod should have, by its revision, and what is there of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from minisets.app.reading.look import Look
from minisets.app.reading.shapes import Object, shown_labels
from minisets.core.observed import ContainerDetail, ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Role
from minisets.core.pod.pod_status import ContainerKind, ContainerSight
from minisets.core.pod.seen import PodSeen, container_of, role_of
from minisets.core.pod.setback import NEVER_PULL, PULL, Setback, is_about, waiting_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPart:
    """One container of a pod's template, and what is there of it.

    Attributes:
        spec: As the template has it.
        container: None if it has not been made.
    """

    spec: Object
    sight: ContainerSight
    container: ContainerSeen | None = None
    detail: ContainerDetail | None = None


def own_template(pod: PodSeen) -> Object:
    """Return what a pod itself tells of its template, when its set is not known any more."""
    containers = [
        {"name": container_of(one), "image": one.image}
        for one in pod.containers
        if role_of(one) is Role.MAIN
    ]
    return {"metadata": {"labels": shown_labels(pod.labels)}, "spec": {"containers": containers}}


def read_parts(
    look: Look,
    spec: Object,
    pod: PodSeen | None,
    details: Mapping[str, ContainerDetail],
    setback: Setback | None = None,
) -> Iterator[PodPart]:
    """Yield the containers of a pod, init containers and sidecars first.

    Args:
        look: For their readiness.
        spec: Of the pod's template, as the API has it.
        pod: What is there of it; None if it could not be made.
        details: Container id → what an inspection told.
        setback: Why it could not be made or completed.
    """
    sandbox = pod.sandbox if pod else None
    # Without its sandbox, a container that runs is in a network that nobody reaches.
    is_connected = sandbox is None or sandbox.status is ContainerStatus.RUNNING
    wanted: list[tuple[ContainerKind, Object]] = [
        ("sidecar" if one.get("restartPolicy") == "Always" else "init", one)
        for one in spec.get("initContainers") or ()
    ]
    wanted += [("main", one) for one in spec["containers"]]
    for kind, one in wanted:
        container = pod.part(one["name"]) if pod else None
        detail = details.get(container.id) if container else None
        yield PodPart(
            spec=one,
            container=container,
            detail=detail,
            sight=_missing(look, kind, one, setback)
            if container is None or detail is None
            else _sight(look, kind, one, container, detail, is_connected=is_connected),
        )


def _sight(
    look: Look,
    kind: ContainerKind,
    spec: Object,
    container: ContainerSeen,
    detail: ContainerDetail,
    *,
    is_connected: bool,
) -> ContainerSight:
    is_over = detail.status not in {ContainerStatus.RUNNING, ContainerStatus.PAUSED}
    return ContainerSight(
        name=spec["name"],
        kind=kind,
        # Asked later than the list: what it says of the state fits what it says of the ends.
        status=detail.status,
        is_ready=is_connected and not is_over and container.id in look.ready_containers,
        restarts=detail.restart_count,
        exit_code=detail.exit_code if is_over and detail.finished_at else None,
        last_exit_code=look.memory.exit_codes.get(container.id),
        # Engines before 23 leave the mark on a container that runs again.
        oom_killed=detail.oom_killed and is_over,
        error=detail.error,
        started_at=detail.started_at,
        finished_at=detail.finished_at,
    )


def _missing(
    look: Look, kind: ContainerKind, spec: Object, setback: Setback | None
) -> ContainerSight:
    """Return what is seen of a container that has not been made: why, if anybody knows it."""
    name = spec["name"]
    if setback is not None:
        if not is_about(setback, name, is_main=kind == "main"):
            return ContainerSight(name=name, kind=kind)
        reason, message = waiting_reason(setback, look.context.clock.now())
        return ContainerSight(name=name, kind=kind, blocked=reason, blocked_message=message)
    if look.context.engine.image(spec["image"]) is not None:
        return ContainerSight(name=name, kind=kind)
    is_never = spec.get("imagePullPolicy") == "Never"
    return ContainerSight(
        name=name,
        kind=kind,
        blocked=NEVER_PULL if is_never else PULL,
        blocked_message=f"image {spec['image']} is not here"
        + (" and its pull policy is Never" if is_never else ""),
    )
