"""A pod as get shows it."""

from __future__ import annotations

from dataclasses import dataclass

from minisets.app.shapes import Object, shown_labels, timestamp
from minisets.app.view import address_of_pod, status_word
from minisets.app.world import pod_of
from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus


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


def pod_view(container: ContainerSeen, restarts: int, *, is_ready: bool) -> PodView:
    """Show a pod."""
    got = container.labels
    namespace = got[labels.NAMESPACE]
    address = address_of_pod(container, namespace) or ""
    status = status_word(container)
    shown = shown_labels(got)
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
                "creationTimestamp": timestamp(container.created),
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
