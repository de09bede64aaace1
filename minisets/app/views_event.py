"""An event as get shows it."""

from __future__ import annotations

from minisets.app.history import read_events
from minisets.app.look import Look
from minisets.app.shapes import Object, timestamp
from minisets.app.views import ObjectView
from minisets.core.history import Event

KIND = "Event"
_API_VERSIONS = {"StatefulSet": "apps/v1"}


def event_views(look: Look) -> list[ObjectView]:
    """Show all events, oldest first."""
    return [
        ObjectView(
            kind=KIND,
            namespace=event.namespace,
            # As Kubernetes names them: after the object, and the time in hexadecimal digits.
            name=f"{event.name}.{int(event.first * 10**9):x}",
            created=event.first,
            object=_object(event),
        )
        for event in read_events(look)
    ]


def _object(event: Event) -> Object:
    involved: Object = {
        "apiVersion": _API_VERSIONS.get(event.kind, "v1"),
        "kind": event.kind,
        "name": event.name,
        "namespace": event.namespace,
    }
    if event.container:
        involved["fieldPath"] = f"spec.containers{{{event.container}}}"
    return {
        "apiVersion": "v1",
        "kind": KIND,
        "metadata": {
            "name": f"{event.name}.{int(event.first * 10**9):x}",
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
