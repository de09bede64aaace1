"""The use case get: what there is, as views and Kubernetes-shaped objects; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from minisets.app.context import Context
from minisets.app.readiness import Readiness
from minisets.app.sets import read_sets
from minisets.app.targets import Target
from minisets.app.view import address_of_pod, status_word, watched_pods
from minisets.app.world import World, observe, pod_of
from minisets.core import labels, naming
from minisets.core.observed import ContainerSeen, ContainerStatus, VolumeSeen
from minisets.core.planner import plan
from minisets.core.record import Record
from minisets.core.set_record import parse_object, status_to_data
from minisets.core.snapshot import take_snapshot
from minisets.errors import EngineMissing, NotFound

# A reading command does not wait for slow probes: they count as not ready.
_PROBE_SECONDS = 1.0
_WORKERS = 8

Object = dict[str, Any]
ViewT = TypeVar("ViewT", "SetView", "PodView", "ClaimView", "ServiceView")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetView:
    """A StatefulSet; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it."""

    namespace: str
    name: str
    ready: int
    replicas: int
    created: float
    containers: tuple[str, ...]
    images: tuple[str, ...]
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class PodView:
    """A pod; see SetView."""

    namespace: str
    name: str
    ready: int
    containers: int
    status: str
    restarts: int
    created: float
    ip: str
    node: str
    revision: str
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """A claim and its volume; see SetView."""

    namespace: str
    name: str
    status: str
    volume: str
    capacity: str
    access_modes: str
    storage_class: str
    created: float
    object: Object


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A Service; see SetView."""

    namespace: str
    name: str
    type: str
    cluster_ip: str
    external_ip: str
    ports: str
    created: float
    selector: str
    object: Object


def get_sets(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[SetView]:
    """Return the sets of a namespace (None: of all), in the order of the names if given.

    Raises:
        NotFound: One of the names is not there.
    """
    world = observe(context.engine, namespace)
    targets = read_sets(world)
    ready = _ready(context, world, targets)
    views = [_set_view(world, target, ready) for target in targets]
    return _named(views, names, "statefulsets.apps")


def get_pods(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[PodView]:
    """Return the pods of a namespace; see get_sets."""
    world = observe(context.engine, namespace)
    targets = read_sets(world, with_orphans=True)
    ready = _ready(context, world, targets)
    pods = [container for space in sorted(world.namespaces()) for container in world.pods(space)]
    with ThreadPoolExecutor(_WORKERS) as pool:
        restarts = list(pool.map(lambda pod: _restarts(context, pod), pods))
    views = [
        _pod_view(container, count, is_ready=container.id in ready)
        for container, count in zip(pods, restarts, strict=True)
        if count is not None
    ]
    return _named(views, names, "pods")


def get_claims(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ClaimView]:
    """Return the claims of a namespace; see get_sets."""
    world = observe(context.engine, namespace)
    views = [
        _claim_view(volume)
        for space in sorted(world.namespaces())
        for volume in world.claims(space)
    ]
    return _named(views, names, "persistentvolumeclaims")


def get_services(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ServiceView]:
    """Return the Services of a namespace; see get_sets."""
    world = observe(context.engine, namespace)
    views = [_service_view(record) for record in world.of_kind("Service")]
    return _named(views, names, "services")


def _named(views: list[ViewT], names: Sequence[str], resource: str) -> list[ViewT]:
    if not names:
        return views
    known = {view.name: view for view in views}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound(f'{resource} "{missing[0]}" not found')
    return [known[name] for name in names]


def _ready(context: Context, world: World, targets: Sequence[Target]) -> dict[str, float]:
    with Readiness(context) as readiness:
        readiness.update(watched_pods(world, targets))
        readiness.settle(_PROBE_SECONDS)
        return readiness.ready_for()


def _set_view(world: World, target: Target, ready: dict[str, float]) -> SetView:
    facts, manifest = target.facts, target.manifest
    snapshot = take_snapshot(
        facts,
        manifest,
        namespace=target.namespace,
        pods=world.pods(target.namespace, target.name),
        volumes=world.claims(target.namespace, target.name),
        ready_for=ready,
    )
    status = plan(snapshot).status
    live = facts.object
    containers = manifest.spec.template.spec.containers
    metadata = {
        **live["metadata"],
        "namespace": target.namespace,
        "uid": facts.uid,
        "generation": facts.generation,
        "creationTimestamp": _timestamp(facts.created),
    }
    return SetView(
        namespace=target.namespace,
        name=target.name,
        ready=status.ready_replicas,
        replicas=manifest.spec.replicas,
        created=facts.created,
        containers=tuple(container.name for container in containers),
        images=tuple(container.image for container in containers),
        object={**live, "metadata": metadata, "status": status_to_data(status)},
    )


def _restarts(context: Context, pod: ContainerSeen) -> int | None:
    """Return how often a pod was restarted, which the list does not tell; None if it is gone."""
    try:
        return context.engine.inspect(pod.id).restart_count
    except EngineMissing:
        return None


def _pod_view(container: ContainerSeen, restarts: int, *, is_ready: bool) -> PodView:
    got = container.labels
    namespace = got[labels.NAMESPACE]
    address = address_of_pod(container, namespace) or ""
    status = status_word(container)
    shown = {key: value for key, value in got.items() if not key.startswith(labels.PREFIX)}
    is_running = container.status is ContainerStatus.RUNNING
    return PodView(
        namespace=namespace,
        name=pod_of(container),
        ready=int(is_ready),
        containers=1,
        status=status,
        restarts=restarts,
        created=container.created,
        ip=address,
        node="",
        revision=got.get(labels.REVISION, ""),
        object={
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": pod_of(container),
                "namespace": namespace,
                "uid": container.id,
                "labels": shown,
                "creationTimestamp": _timestamp(container.created),
            },
            "spec": {
                "containers": [{"name": got.get(labels.CONTAINER, ""), "image": container.image}]
            },
            "status": {
                "phase": "Running" if is_running else "Pending",
                "podIP": address,
                "conditions": [{"type": "Ready", "status": str(is_ready)}],
                "containerStatuses": [
                    {
                        "name": got.get(labels.CONTAINER, ""),
                        "image": container.image,
                        "imageID": container.image_id,
                        "containerID": f"docker://{container.id}",
                        "ready": is_ready,
                        "restartCount": restarts,
                    }
                ],
            },
        },
    )


def _claim_view(volume: VolumeSeen) -> ClaimView:
    got = volume.labels
    namespace = got[labels.NAMESPACE]
    name = volume.name.removeprefix(naming.prefix(namespace))
    modes = [mode for mode in got.get(labels.ACCESS_MODES, "").split(",") if mode]
    storage = got.get(labels.STORAGE, "")
    storage_class = got.get(labels.STORAGE_CLASS, "")
    shown = {key: value for key, value in got.items() if not key.startswith(labels.PREFIX)}
    spec: Object = {
        "accessModes": modes,
        "resources": {"requests": {"storage": storage}},
        "volumeName": volume.name,
    }
    if storage_class:
        spec["storageClassName"] = storage_class
    return ClaimView(
        namespace=namespace,
        name=name,
        status="Bound",
        volume=volume.name,
        capacity=storage,
        access_modes=",".join(_SHORT_MODES.get(mode, mode) for mode in modes),
        storage_class=storage_class,
        created=_seconds(volume.created),
        object={
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": shown,
                "creationTimestamp": volume.created,
            },
            "spec": spec,
            "status": {"phase": "Bound", "accessModes": modes, "capacity": {"storage": storage}},
        },
    )


_SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _service_view(record: Record) -> ServiceView:
    facts = parse_object(record.data)
    spec = facts.object["spec"]
    ports = [f"{port['port']}/{port.get('protocol', 'TCP')}" for port in spec.get("ports", ())]
    selector = spec.get("selector", {})
    metadata = {
        **facts.object["metadata"],
        "namespace": record.namespace,
        "uid": facts.uid,
        "creationTimestamp": _timestamp(facts.created),
    }
    return ServiceView(
        namespace=record.namespace,
        name=record.name,
        type=spec.get("type", "ClusterIP"),
        cluster_ip=spec.get("clusterIP") or "<none>",
        external_ip=spec.get("externalName") or "<none>",
        ports=",".join(ports) or "<none>",
        created=facts.created,
        selector=",".join(f"{key}={value}" for key, value in selector.items()) or "<none>",
        object={**facts.object, "metadata": metadata},
    )


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> float:
    """Read RFC 3339 text; 0.0 if there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
