"""A PersistentVolume as get shows it: one behind each claim, and those that were applied."""

from __future__ import annotations

from msgspec.structs import replace

from minisets.app.reading.look import Look
from minisets.app.reading.shapes import Object
from minisets.app.reading.views import ClaimView, ObjectView
from minisets.app.reading.views_claim import claim_views
from minisets.app.reading.views_object import record_views
from minisets.core import labels, naming

KIND = "PersistentVolume"


def volume_views(look: Look) -> list[ObjectView]:
    """Show all volumes: those of claims, which are bound, and applied ones that wait."""
    seen = {volume.name: volume for volume in look.world.volumes}
    applied = {view.name: view for view in record_views(look, KIND)}
    bound = []
    for claim in claim_views(look):
        volume = seen.get(naming.volume_name(claim.namespace, claim.name))
        if volume is None:
            continue
        if claim.volume in applied:
            bound.append(_applied(applied.pop(claim.volume), claim))
        else:
            policy = volume.labels.get(labels.RECLAIM_POLICY, "Delete")
            bound.append(_bound(claim, policy, volume.driver, volume.mountpoint))
    return [*bound, *(_applied(view, None) for view in applied.values())]


def _applied(view: ObjectView, claim: ClaimView | None) -> ObjectView:
    """Show a volume that was applied, and the claim that has it."""
    owner = {} if claim is None else {"claimRef": _reference(claim)}
    spec = {**view.object["spec"], **owner}
    status = {"phase": "Available" if claim is None else "Bound"}
    return replace(view, object={**view.object, "spec": spec, "status": status})


def _reference(claim: ClaimView) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": claim.name,
        "namespace": claim.namespace,
    }


def _bound(claim: ClaimView, policy: str, driver: str, mountpoint: str) -> ObjectView:
    asked = claim.object["spec"]
    spec: Object = {
        "accessModes": asked["accessModes"],
        "capacity": {"storage": claim.capacity},
        "claimRef": _reference(claim),
        "persistentVolumeReclaimPolicy": policy,
        "volumeMode": asked.get("volumeMode", "Filesystem"),
    }
    if claim.storage_class:
        spec["storageClassName"] = claim.storage_class
    if driver == "local":
        spec["hostPath"] = {"path": mountpoint}
    else:
        spec["csi"] = {"driver": driver, "volumeHandle": claim.volume}
    return ObjectView(
        kind=KIND,
        namespace="",
        name=claim.volume,
        created=claim.created,
        object={
            "apiVersion": "v1",
            "kind": KIND,
            "metadata": {
                "name": claim.volume,
                "creationTimestamp": claim.object["metadata"]["creationTimestamp"],
            },
            "spec": spec,
            "status": {"phase": "Bound"},
        },
    )
