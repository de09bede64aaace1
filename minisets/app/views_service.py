"""A Service as get shows it."""

from __future__ import annotations

from dataclasses import dataclass

from minisets.app.shapes import Object, timestamp
from minisets.core.record import Record
from minisets.core.set_record import parse_object


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A Service; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it."""

    namespace: str
    name: str
    type: str
    cluster_ip: str
    external_ip: str
    ports: str
    created: float
    selector: str
    object: Object


def service_view(record: Record) -> ServiceView:
    """Show a Service."""
    facts = parse_object(record.data)
    spec = facts.object["spec"]
    ports = [f"{port['port']}/{port.get('protocol', 'TCP')}" for port in spec.get("ports", ())]
    selector = spec.get("selector", {})
    metadata = {
        **facts.object["metadata"],
        "namespace": record.namespace,
        "uid": facts.uid,
        "creationTimestamp": timestamp(facts.created),
    }
    return ServiceView(
        namespace=record.namespace,
        name=record.name,
        type=spec.get("type", "ClusterIP"),
        cluster_ip=spec.get("clusterIP") or "<none>",
        external_ip=spec.get("externalName") or "<none>",
        ports=",".join(ports) or "<none>",
        created=facts.created,
        selector=",".join(f"{key}={value}" for key, value in selector.items()) or "<none>",
        object={**facts.object, "metadata": metadata},
    )
