"""A pod as get shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from minisets.app.shapes import Object, shown_labels, timestamp
from minisets.app.view import address_of_pod, status_word
from minisets.core import labels
from minisets.core.observed import ContainerStatus
from minisets.core.pod_layout import Part, Role
from minisets.core.pod_seen import PodSeen, container_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PodView:
    """A pod; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it."""

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
    places: tuple[str, ...] = ()


def pod_view(
    pod: PodSeen,
    restarts: Mapping[str, int],
    ready: Collection[str],
    parts: tuple[Part, ...],
    places: tuple[str, ...] = (),
) -> PodView:
    """Show a pod.

    Args:
        pod: As the Engine shows it.
        restarts: Container id → how often it was restarted.
        ready: Ids of the containers that are ready.
        parts: The containers that the pod should have.
        places: Where it is to be found from outside.
    """
    got = pod.labels
    namespace = got[labels.NAMESPACE]
    address = address_of_pod(pod, namespace) or ""
    lasting = [one for one in parts if one.role in {Role.MAIN, Role.SIDECAR}]
    there = [one for part in lasting if (one := pod.part(part.name)) is not None]
    are_ready = [one.id in ready for one in there]
    is_ready = all(are_ready) and len(there) == len(lasting)
    return PodView(
        namespace=namespace,
        name=pod.name,
        ready=sum(are_ready),
        containers=len(lasting),
        status=status_word(pod, parts),
        restarts=sum(restarts.get(one.id, 0) for one in there),
        created=pod.created,
        ip=address,
        node="",
        revision=got.get(labels.REVISION, ""),
        places=places,
        object={
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": pod.name,
                "namespace": namespace,
                "uid": pod.id,
                "labels": shown_labels(got),
                "creationTimestamp": timestamp(pod.created),
            },
            "spec": {
                "containers": [
                    {"name": part.name, "image": part.spec.image}
                    for part in parts
                    if part.role is Role.MAIN and part.spec
                ]
            },
            "status": {
                "phase": "Running"
                if pod.status is ContainerStatus.RUNNING and pod.mains
                else "Pending",
                "podIP": address,
                "conditions": [{"type": "Ready", "status": str(is_ready)}],
                "containerStatuses": [
                    {
                        "name": container_of(one),
                        "image": one.image,
                        "imageID": one.image_id,
                        "containerID": f"docker://{one.id}",
                        "ready": one.id in ready,
                        "restartCount": restarts.get(one.id, 0),
                    }
                    for one in there
                ],
            },
        },
    )
