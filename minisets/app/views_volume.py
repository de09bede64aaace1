"""A PersistentVolume as get shows it: one behind each claim, and those that were applied."""

from __future__ import annotations

from minisets.app.look import Look
from minisets.app.shapes import Object
from minisets.app.views_claim import ClaimView, claim_views
from minisets.app.views_object import ObjectView, record_views
from minisets.core import labels

KIND = "PersistentVolume"


def volume_views(look: Look) -> list[ObjectView]:
    """Show all volumes: those of claims, which are bound, and applied ones that wait."""
    drivers = {volume.name: volume for volume in look.world.volumes}
    bound = []
    for claim in claim_views(look):
        volume = drivers[claim.volume]
        policy = volume.labels.get(labels.RECLAIM_POLICY, "Delete")
        bound.append(_bound(claim, policy, volume.driver, volume.mountpoint))
    taken = {view.name for view in bound}
    waiting = [
        ObjectView(
            kind=KIND,
            namespace="",
            name=view.name,
            created=view.created,
            object={**view.object, "status": {"phase": "Available"}},
        )
        for view in record_views(look, KIND)
        if view.name not in taken
    ]
    return [*bound, *waiting]


def _bound(claim: ClaimView, policy: str, driver: str, mountpoint: str) -> ObjectView:
    asked = claim.object["spec"]
    spec: Object = {
        "accessModes": asked["accessModes"],
        "capacity": {"storage": claim.capacity},
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "name": claim.name,
            "namespace": claim.namespace,
        },
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
