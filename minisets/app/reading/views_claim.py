"""A claim and its volume as get shows them."""

from __future__ import annotations

from minisets.app.reading.look import Look
from minisets.app.reading.shapes import Object, object_of_record, shown_labels
from minisets.app.reading.views import SHORT_MODES, ClaimView
from minisets.core import labels, naming
from minisets.core.observed import VolumeSeen
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_object
from minisets.core.timestamps import seconds_of


def claim_views(look: Look) -> list[ClaimView]:
    """Show all claims: those that are volumes, and applied ones that no pod has needed yet."""
    found = []
    for space in sorted(look.world.namespaces()):
        bound = [
            _bound(volume, look.sizes.get(volume.name)) for volume in look.world.claims(space)
        ]
        names = {view.name for view in bound}
        records = look.world.of_kind("PersistentVolumeClaim", space)
        waiting = [_waiting(record) for record in records if record.name not in names]
        found += sorted([*bound, *waiting], key=lambda view: naming.split_pod_name(view.name))
    return found


def _waiting(record: Record) -> ClaimView:
    shown = object_of_record(record)
    spec = shown["spec"]
    return ClaimView(
        namespace=record.namespace,
        name=record.name,
        status="Pending",
        volume="",
        capacity="",
        access_modes="",
        storage_class=spec.get("storageClassName") or "",
        created=parse_object(record.data).created,
        object={**shown, "status": {"phase": "Pending"}},
    )


def _bound(volume: VolumeSeen, used: int | None) -> ClaimView:
    got = volume.labels
    namespace = got[labels.NAMESPACE]
    name = volume.name.removeprefix(naming.prefix(namespace))
    modes = [mode for mode in got.get(labels.ACCESS_MODES, "").split(",") if mode]
    storage = got.get(labels.STORAGE, "")
    storage_class = got.get(labels.STORAGE_CLASS, "")
    # One that was applied goes by its own name.
    persistent = got.get(labels.PERSISTENT_VOLUME) or volume.name
    shown = shown_labels(got)
    spec: Object = {
        "accessModes": modes,
        "resources": {"requests": {"storage": storage}},
        "volumeMode": got.get(labels.VOLUME_MODE, "Filesystem"),
        "volumeName": persistent,
    }
    if storage_class:
        spec["storageClassName"] = storage_class
    return ClaimView(
        namespace=namespace,
        name=name,
        status="Bound",
        volume=persistent,
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
