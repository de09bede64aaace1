"""A claim and its volume as get shows them."""

from __future__ import annotations

from dataclasses import dataclass

from minisets.app.look import Look
from minisets.app.shapes import Object, seconds_of, shown_labels
from minisets.core import labels, naming
from minisets.core.observed import VolumeSeen

SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """A claim; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it.

    Attributes:
        used: Bytes that its files take, where they were measured.
    """

    namespace: str
    name: str
    status: str
    volume: str
    capacity: str
    access_modes: str
    storage_class: str
    created: float
    object: Object
    used: int | None = None


def claim_views(look: Look) -> list[ClaimView]:
    """Show all claims."""
    return [
        _claim_view(volume, look.sizes.get(volume.name))
        for space in sorted(look.world.namespaces())
        for volume in look.world.claims(space)
    ]


def _claim_view(volume: VolumeSeen, used: int | None) -> ClaimView:
    got = volume.labels
    namespace = got[labels.NAMESPACE]
    name = volume.name.removeprefix(naming.prefix(namespace))
    modes = [mode for mode in got.get(labels.ACCESS_MODES, "").split(",") if mode]
    storage = got.get(labels.STORAGE, "")
    storage_class = got.get(labels.STORAGE_CLASS, "")
    shown = shown_labels(got)
    spec: Object = {
        "accessModes": modes,
        "resources": {"requests": {"storage": storage}},
        "volumeMode": "Filesystem",
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
        access_modes=",".join(SHORT_MODES.get(mode, mode) for mode in modes),
        storage_class=storage_class,
        created=seconds_of(volume.created),
        used=used,
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
