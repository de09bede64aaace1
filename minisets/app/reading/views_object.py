"""What is shown of an object whose table is read from it: ConfigMaps, revisions, namespaces."""

from __future__ import annotations

from msgspec.structs import replace

from minisets.app.loop.configuration import live_object
from minisets.app.loop.targets import Target
from minisets.app.reading.look import Look
from minisets.app.reading.shapes import Object, object_of_record
from minisets.app.reading.views import ObjectView
from minisets.core import labels
from minisets.core.controller.revision import parse_template
from minisets.core.records.record import Record
from minisets.core.records.set_record import RevisionEntry, parse_object
from minisets.core.timestamps import seconds_of, timestamp

_REVISION_KIND = "ControllerRevision"


def record_views(look: Look, kind: str) -> list[ObjectView]:
    """Show all objects of a kind that are records."""
    return [
        ObjectView(
            kind=kind,
            namespace=record.namespace,
            name=record.name,
            created=parse_object(record.data).created,
            object=_shown(look, record),
        )
        for record in look.world.of_kind(kind)
    ]


def _shown(look: Look, record: Record) -> Object:
    """Return an object, a Secret with its values where they are to be seen."""
    if not look.is_whole:
        return object_of_record(record)
    whole = live_object(look.context, look.world, record)
    return object_of_record(replace(record, data={**record.data, "object": whole}))


def revision_views(look: Look) -> list[ObjectView]:
    """Show the templates that sets have had, oldest first."""
    return [
        ObjectView(
            kind=_REVISION_KIND,
            namespace=target.namespace,
            name=entry.name,
            created=entry.created,
            object=_revision_object(target, entry),
        )
        for target in look.sets
        for entry in sorted(target.facts.revisions, key=lambda entry: entry.number)
    ]


def namespace_views(look: Look) -> list[ObjectView]:
    """Show the namespaces in which there is anything, and those that were applied."""
    records = {record.name: record for record in look.world.of_kind("Namespace")}
    names = sorted({*records, *look.world.namespaces()} - {""})
    views = []
    for name in names:
        record = records.get(name)
        if record is not None:
            created, shown = parse_object(record.data).created, object_of_record(record)
        else:
            created = _first_of(look, name)
            metadata = {"name": name, "creationTimestamp": timestamp(created)}
            shown = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        views.append(
            ObjectView(
                kind="Namespace",
                namespace="",
                name=name,
                created=created,
                object={**shown, "status": {"phase": "Active"}},
            )
        )
    return views


def _first_of(look: Look, namespace: str) -> float:
    """Return when the oldest thing of a namespace was made."""
    times = [pod.created for pod in look.world.pods(namespace)] + [
        seconds_of(volume.created)
        for volume in look.world.volumes
        if volume.labels.get(labels.NAMESPACE) == namespace
    ]
    return min(times, default=0.0)


def _revision_object(target: Target, entry: RevisionEntry) -> Object:
    metadata: Object = {
        "name": entry.name,
        "namespace": target.namespace,
        "labels": {
            **(target.facts.object["spec"]["selector"].get("matchLabels") or {}),
            labels.REVISION: entry.name,
        },
        "creationTimestamp": timestamp(entry.created),
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "name": target.name,
                "uid": target.facts.uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    if entry.change_cause:
        metadata["annotations"] = {"kubernetes.io/change-cause": entry.change_cause}
    template = {**parse_template(entry.template), "$patch": "replace"}
    return {
        "apiVersion": "apps/v1",
        "kind": _REVISION_KIND,
        "metadata": metadata,
        "data": {"spec": {"template": template}},
        "revision": entry.number,
    }
