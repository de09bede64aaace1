"""An event as get shows it."""

from __future__ import annotations

from zlib import crc32

from minisets.app.reading.history import read_events
from minisets.app.reading.look import Look
from minisets.app.reading.shapes import Object
from minisets.app.reading.views import ObjectView
from minisets.core.query.history import Event
from minisets.core.timestamps import timestamp

KIND = "Event"
_API_VERSIONS = {"StatefulSet": "apps/v1"}
_SPREAD_NANOSECONDS = 10**6


def event_views(look: Look) -> list[ObjectView]:
    """Show all events, oldest first."""
    return [
        ObjectView(
            kind=KIND,
            namespace=event.namespace,
            name=_name(event),
            created=event.first,
            object=_object(event),
        )
        for event in read_events(look)
    ]


def _name(event: Event) -> str:
    """Return a name as Kubernetes gives it: the object's, and the time in hexadecimal digits.

    What happened to an object at one moment differs in the last digits.
    """
    what = f"{event.reason} {event.message} {event.container_id}"
    return (
        f"{event.name}.{int(event.first * 10**9) + crc32(what.encode()) % _SPREAD_NANOSECONDS:x}"
    )


def _object(event: Event) -> Object:
    involved: Object = {
        "apiVersion": _API_VERSIONS.get(event.kind, "v1"),
        "kind": event.kind,
        "name": event.name,
        "namespace": event.namespace,
    }
    if event.container:
        field = "initContainers" if event.is_init else "containers"
        involved["fieldPath"] = f"spec.{field}{{{event.container}}}"
    return {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": {
            "name": _name(event),
            "namespace": event.namespace,
            "creationTimestamp": timestamp(event.first),
        },
        "involvedObject": involved,
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "source": {"component": event.source},
        "count": event.count,
        "firstTimestamp": timestamp(event.first),
        "lastTimestamp": timestamp(event.last),
    }
