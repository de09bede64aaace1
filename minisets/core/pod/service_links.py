"""Service-link variables: where the Services of a namespace are, as the kubelet tells it.

There is no cluster IP here. Its place is taken by the Service's full DNS name, which leads to the
pods of the Service and can stand wherever a host can. Ports are the Service's own, as in
Kubernetes: a Service whose target port differs gets a notice of its own at ``apply``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minisets.core import naming
from minisets.core.manifest import Service


def link_variables(services: Iterable[Service], namespace: str) -> dict[str, str]:
    """Return the variables of all Services of a namespace that have an address of their own.

    Kubernetes rule: headless Services and those of type ExternalName have none.
    """
    return {
        name: value
        for service in sorted(services, key=lambda one: one.metadata.name)
        if _has_address(service)
        for name, value in _links(service, namespace)
    }


def _has_address(service: Service) -> bool:
    spec = service.spec
    is_headless = spec.cluster_ip == "None" or "None" in spec.cluster_ips
    return not is_headless and spec.type != "ExternalName"


def _links(service: Service, namespace: str) -> Iterator[tuple[str, str]]:
    host = naming.service_domain(service.metadata.name, namespace)
    stem = _variable_name(service.metadata.name)
    yield f"{stem}_SERVICE_HOST", host
    ports = service.spec.ports
    if ports:
        yield f"{stem}_SERVICE_PORT", str(ports[0].port)
    for port in ports:
        if port.name:
            yield f"{stem}_SERVICE_PORT_{_variable_name(port.name)}", str(port.port)
    for index, port in enumerate(ports):
        protocol = port.protocol.lower()
        url = f"{protocol}://{host}:{port.port}"
        if index == 0:
            yield f"{stem}_PORT", url
        one = f"{stem}_PORT_{port.port}_{port.protocol.upper()}"
        yield one, url
        yield f"{one}_PROTO", protocol
        yield f"{one}_PORT", str(port.port)
        yield f"{one}_ADDR", host


def _variable_name(name: str) -> str:
    upper = name.replace("-", "_").replace(".", "_").upper()
    # Kubernetes rule: port names may begin with a digit, variables of a shell may not.
    return f"_{upper}" if upper[:1].isdigit() else upper
