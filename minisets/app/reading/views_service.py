"""A Service as get shows it."""

from __future__ import annotations

from minisets.app.loop.publishing import places_of_service
from minisets.app.reading.look import Look
from minisets.app.reading.shapes import Object, object_of_record
from minisets.app.reading.views import ServiceView
from minisets.core.input.decode import decode
from minisets.core.manifest import Service, ServicePort
from minisets.core.network.publishing import node_port
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_object

_NONE = "<none>"
_LOAD_BALANCER = "LoadBalancer"


def service_views(look: Look) -> list[ServiceView]:
    """Show all Services."""
    views = []
    for record in look.world.of_kind("Service"):
        service = decode(parse_object(record.data).object)
        if isinstance(service, Service):
            address, places = places_of_service(
                look.context, look.world, look.sets, record.namespace, service
            )
            views.append(_service_view(record, service, places, address))
    return views


def _service_view(
    record: Record, service: Service, places: tuple[str, ...], address: str
) -> ServiceView:
    """Show a Service.

    Args:
        record: Of the Service.
        service: The same, decoded.
        places: Where its pods are to be found from outside.
        address: That its pods' ports are published on; empty if they are not.
    """
    facts = parse_object(record.data)
    spec = service.spec
    live = {**object_of_record(record), "spec": _spec(record, service)}
    if spec.type == _LOAD_BALANCER and address:
        live["status"] = {"loadBalancer": {"ingress": [{"ip": address}]}}
    return ServiceView(
        namespace=record.namespace,
        name=record.name,
        type=spec.type,
        cluster_ip=spec.cluster_ip or _NONE,
        external_ip=_external_ip(service, address),
        ports=",".join(_shown_port(record, service, port) for port in spec.ports) or _NONE,
        created=facts.created,
        selector=",".join(f"{key}={value}" for key, value in spec.selector.items()) or _NONE,
        object=live,
        places=places,
    )


def _spec(record: Record, service: Service) -> Object:
    """Return the spec with the node ports that were chosen for it, as the API server does."""
    spec: Object = parse_object(record.data).object["spec"]
    if service.spec.type != "NodePort":
        return spec
    ports = [
        {**written, "nodePort": node_port(record.namespace, record.name, port)}
        for written, port in zip(spec.get("ports", ()), service.spec.ports, strict=True)
    ]
    return {**spec, "ports": ports}


def _external_ip(service: Service, address: str) -> str:
    if service.spec.type == _LOAD_BALANCER:
        return address or "<pending>"
    return service.spec.external_name or _NONE


def _shown_port(record: Record, service: Service, port: ServicePort) -> str:
    """Return a port as kubectl has it: ``80/TCP``, with a node port ``80:30080/TCP``."""
    number = port.node_port
    if service.spec.type == "NodePort":
        number = node_port(record.namespace, record.name, port)
    return f"{port.port}:{number}/{port.protocol}" if number else f"{port.port}/{port.protocol}"
