"""A pod as Kubernetes has it: metadata, the spec of its revision, and a status as of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from minisets.app.loop.targets import Target
from minisets.app.reading.pod_parts import PodPart
from minisets.app.reading.shapes import Object
from minisets.core import labels
from minisets.core.observed import ContainerSeen
from minisets.core.pod.pod_status import (
    ContainerState,
    PodSummary,
    is_initialized,
    last_state_of,
    state_of,
)
from minisets.core.quantity import parse_quantity
from minisets.core.timestamps import timestamp

_POD_LABELS = (labels.POD_NAME, labels.POD_INDEX, labels.REVISION)
_CONDITION_REASONS = {
    "incomplete": "ContainersNotInitialized",
    "unready": "ContainersNotReady",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodHead:
    """Who a pod is, whether it has containers or not; ``created`` is seconds since the epoch.

    Attributes:
        uid: Identity: another pod of the name has another one.
        labels: Of its containers, or those that they would have.
    """

    name: str
    uid: str
    labels: Mapping[str, str]
    created: float


def pod_object(
    pod: PodHead,
    target: Target | None,
    template: Object,
    parts: tuple[PodPart, ...],
    summary: PodSummary,
    *,
    address: str,
    node: str,
    unplaced: str = "",
) -> Object:
    """Return the object.

    Args:
        pod: Who it is.
        target: Its set, if it is known.
        template: Of the pod's revision, as the API has it.
        parts: Its containers.
        summary: Of their states.
        address: Of the pod; may be empty.
        node: Name of the Engine's machine; may be empty.
        unplaced: Why its claims cannot be had; empty if they can.
    """
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(pod, template, set_name=target.name if target else ""),
        "spec": _spec(pod, template["spec"], target, node),
        "status": {
            **(
                _waiting_for_place(pod, unplaced)
                if unplaced
                else _status(pod, parts, summary, address)
            ),
            "qosClass": _qos_class([part.spec for part in parts]),
        },
    }


def _metadata(pod: PodHead, template: Object, *, set_name: str) -> Object:
    of_template = template.get("metadata") or {}
    own = {key: pod.labels[key] for key in _POD_LABELS if key in pod.labels}
    metadata: Object = {
        "name": pod.name,
        "namespace": pod.labels[labels.NAMESPACE],
        "uid": pod.uid,
        # The container's labels hold those of its image, too.
        "labels": {**(of_template.get("labels") or {}), **own},
        "creationTimestamp": timestamp(pod.created),
    }
    if of_template.get("annotations"):
        metadata["annotations"] = of_template["annotations"]
    if set_name:
        metadata["generateName"] = f"{set_name}-"
        metadata["ownerReferences"] = [
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "name": set_name,
                "uid": pod.labels.get(labels.SET_UID, ""),
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return metadata


def _spec(pod: PodHead, template: Object, target: Target | None, node: str) -> Object:
    claims = target.manifest.spec.volume_claim_templates if target else ()
    volumes = [
        {
            "name": claim.metadata.name,
            "persistentVolumeClaim": {"claimName": f"{claim.metadata.name}-{pod.name}"},
        }
        for claim in claims
    ]
    volumes += template.get("volumes") or []
    spec = {**template, "hostname": pod.name}
    if volumes:
        spec["volumes"] = volumes
    if target and target.manifest.spec.service_name:
        spec["subdomain"] = target.manifest.spec.service_name
    if node:
        spec["nodeName"] = node
    return spec


def _waiting_for_place(pod: PodHead, why: str) -> Object:
    """Return the status of a pod whose claims cannot be had: for Kubernetes it has no node yet."""
    return {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": timestamp(pod.created),
                "reason": "Unschedulable",
                "message": why,
            }
        ],
    }


def _status(pod: PodHead, parts: tuple[PodPart, ...], summary: PodSummary, address: str) -> Object:
    since = timestamp(pod.created)
    status: Object = {
        "phase": summary.phase,
        "conditions": [
            _condition("PodScheduled", (), "", since),
            _condition("Initialized", summary.incomplete, "incomplete", since),
            _condition("Ready", summary.unready, "unready", since),
            _condition("ContainersReady", summary.unready, "unready", since),
        ],
        **({"podIP": address, "podIPs": [{"ip": address}]} if address else {}),
        "startTime": since,
        "containerStatuses": _container_statuses(parts, {"main"}),
    }
    if inits := _container_statuses(parts, {"init", "sidecar"}):
        status["initContainerStatuses"] = inits
    return status


def _qos_class(containers: Sequence[Object]) -> str:
    """Return what Kubernetes calls the promise of memory and CPU to a pod."""
    amounts = [_amounts(one) for one in containers]
    if not any(limits or requests for limits, requests in amounts):
        return "BestEffort"
    is_promised = all(len(limits) == 2 and limits == requests for limits, requests in amounts)
    return "Guaranteed" if is_promised else "Burstable"


def _amounts(container: Object) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Return limits and requests of CPU and memory; a limit without a request is one."""
    written = container.get("resources") or {}
    limits, requests = (
        {
            key: amount
            for key, text in (written.get(part) or {}).items()
            if key in {"cpu", "memory"} and (amount := parse_quantity(text))
        }
        for part in ("limits", "requests")
    )
    return limits, {**limits, **requests}


def _condition(kind: str, missing: tuple[str, ...], word: str, since: str) -> Object:
    condition: Object = {
        "type": kind,
        "status": str(not missing),
        "lastProbeTime": None,
        "lastTransitionTime": since,
    }
    if missing:
        condition["reason"] = _CONDITION_REASONS[word]
        condition["message"] = f"containers with {word} status: [{' '.join(missing)}]"
    return condition


def _container_statuses(parts: tuple[PodPart, ...], kinds: set[str]) -> list[Object]:
    done = is_initialized([part.sight for part in parts])
    return [_container_status(part, is_done=done) for part in parts if part.sight.kind in kinds]


def _container_status(part: PodPart, *, is_done: bool) -> Object:
    sight, container = part.sight, part.container
    state = state_of(sight, is_initialized=is_done)
    last = last_state_of(sight)
    has_ended_well = sight.kind == "init" and state.reason == "Completed"
    return {
        "name": sight.name,
        "image": container.image if container else part.spec["image"],
        "imageID": container.image_id if container else "",
        **({"containerID": f"docker://{container.id}"} if container else {}),
        "ready": sight.is_ready or has_ended_well,
        "started": state.name == "running",
        "restartCount": sight.restarts,
        "state": _state(state, container),
        "lastState": _state(last, container) if last else {},
    }


def _state(state: ContainerState, container: ContainerSeen | None) -> Object:
    inner: dict[str, Any] = {}
    if state.exit_code is not None:
        inner["exitCode"] = state.exit_code
    # Kubernetes has no reason for one that runs.
    if state.reason and state.name != "running":
        inner["reason"] = state.reason
    if state.message:
        inner["message"] = state.message
    for key, seconds in (("startedAt", state.started_at), ("finishedAt", state.finished_at)):
        if seconds and state.name != "waiting":
            inner[key] = timestamp(seconds)
    if state.name == "terminated" and container is not None:
        inner["containerID"] = f"docker://{container.id}"
    return {state.name: inner}
