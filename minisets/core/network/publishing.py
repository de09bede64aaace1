"""Which ports of a pod the host is to answer for: what its set, template and Services ask for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from minisets.core import labels
from minisets.core.manifest import (
    Container,
    ContainerPort,
    PodTemplateSpec,
    Probe,
    Service,
    ServicePort,
    StatefulSet,
)
from minisets.core.network.host_ports import ANY_ADDRESS, Wish
from minisets.core.observed import PublishedPort
from minisets.core.pod.identity import pod_labels, selects
from minisets.errors import InputError

PUBLISH = "minisets.io/publish"
"""Annotation of a set: ports to publish, such as ``8080:80, 127.0.0.1:5353:53/udp``."""
PUBLISH_ADDRESS = "minisets.io/publish-address"
"""Annotation of a set: the address of the host that its ports are published on."""

DEFAULT_ADDRESS = "127.0.0.1"
LOCALHOST = "localhost"
_FIRST_NODE_PORT = 30000
_NODE_PORTS = 2768
_LAST_PORT = 65535
_ONE_POD = frozenset({labels.POD_NAME, labels.POD_INDEX})
_PUBLISH = re.compile(
    r"(?:(?P<address>\[[0-9a-fA-F:.]+\]|[0-9.]+|localhost):)?(?P<host>[0-9]+)"
    r":(?P<container>[a-z0-9-]+)(?:/(?P<protocol>tcp|udp|sctp))?\Z"
)
_WEB_PORTS: Mapping[int, str] = {80: "http", 8080: "http", 443: "https", 8443: "https"}


HOST_PORT = "hostPort"
"""Origin of what a container port asks for."""
NOTHING = "none"
"""What ``--publish`` says to publish nothing of its own any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishFlags:
    """What a command line says about published ports.

    Attributes:
        ports: ``[SET=][ADDRESS:]HOST_PORT:CONTAINER_PORT[/PROTOCOL]``, or ``none``.
        address: Of the host; empty if it does not say.
    """

    ports: tuple[str, ...] = ()
    address: str = ""


def flag_annotations(flags: PublishFlags, sets: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return set → annotations that the flags stand for; an empty one is to be taken away.

    They are written to the live set only: a later apply of the file leaves them as they are.

    Raises:
        InputError: A flag is wrong, or does not say which of several sets it means.
    """
    names = sorted(set(sets))
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    if flags.address:
        if wrong := check_address(flags.address):
            raise InputError(f"--publish-address: {wrong}", hint="for example 0.0.0.0")
        for annotations in found.values():
            annotations[PUBLISH_ADDRESS] = flags.address
    for text in flags.ports:
        name, ports = _split_flag(text, names)
        before = found[name].get(PUBLISH, "")
        found[name][PUBLISH] = "" if ports == NOTHING else f"{before} {ports}".strip()
    return found


def _split_flag(text: str, names: list[str]) -> tuple[str, str]:
    """Return the set that a flag is for, and what it says."""
    name, equals, ports = text.rpartition("=")
    if not equals:
        if len(names) != 1:
            listed = ", ".join(names) or "none"
            raise InputError(
                f"--publish {text} does not say for which set; in the input there are: {listed}",
                hint=f"--publish {names[0]}={text}" if names else None,
            )
        name = names[0]
    if name not in names:
        raise InputError(f'--publish {text}: there is no set "{name}" in the input')
    if ports != NOTHING and (wrong := check_publish(ports) or ("" if ports else "it is empty")):
        raise InputError(f"--publish {text}: {wrong}", hint="for example --publish 8080:80")
    return name, ports


def wishes(
    manifest: StatefulSet,
    template: PodTemplateSpec,
    ordinal: int,
    *,
    namespace: str,
    services: Iterable[Service],
) -> tuple[Wish, ...]:
    """Return what a pod asks the host to answer for, each thing once.

    Args:
        manifest: The live set.
        template: Of the pod's own revision.
        ordinal: Of the pod.
        namespace: Of the set.
        services: All Services of the namespace.
    """
    if template.spec.host_network:
        # The pod is on the host's network: its ports are the host's own.
        return ()
    address = publish_address(manifest)
    asked = [
        *_host_ports(template, address),
        *_annotated(manifest, template, address),
        *_service_ports(manifest, template, ordinal, namespace, services),
    ]
    # Two may ask for the same: the first of them stands for both.
    return tuple({wish.key: wish for wish in reversed(asked)}.values())[::-1]


def publish_address(manifest: StatefulSet) -> str:
    """Return the address of the host that the ports of a set are published on."""
    written = manifest.metadata.annotations.get(PUBLISH_ADDRESS, "")
    return DEFAULT_ADDRESS if written in {"", LOCALHOST} else written.strip("[]")


def node_port(namespace: str, service: str, port: ServicePort) -> int:
    """Return the node port of a Service's port: the one that is written, else always the same."""
    if port.node_port:
        return port.node_port
    text = f"{namespace}/{service}:{port.port}/{port.protocol}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    return _FIRST_NODE_PORT + number % _NODE_PORTS


def target_number(port: ServicePort, template: PodTemplateSpec) -> int | None:
    """Return the pod's port behind a Service's port; None if no container has one so named."""
    if isinstance(port.target_port, int):
        return port.target_port or port.port
    for found in container_ports(template):
        if found.name == port.target_port and found.protocol == port.protocol:
            return found.container_port
    return int(port.target_port) if port.target_port.isdecimal() else None


def container_ports(template: PodTemplateSpec) -> Iterator[ContainerPort]:
    """Yield the ports of all containers that run as long as the pod does."""
    for container in _lasting(template):
        yield from container.ports


def probed_ports(
    template: PodTemplateSpec, published: Iterable[PublishedPort]
) -> tuple[PublishedPort, ...]:
    """Return the ports that probes ask and that are not published yet, for the Engine to choose.

    On the loopback, and for probes alone: they are not shown, and differ after each start.
    """
    if template.spec.host_network:
        return ()
    there = {port.container_port for port in published if port.protocol == "tcp"}
    asked = {
        number
        for container in _lasting(template)
        for probe in (container.startup_probe, container.readiness_probe, container.liveness_probe)
        if probe is not None and (number := _probed_port(container, probe)) is not None
    }
    return tuple(
        PublishedPort(container_port=number, host_port=0, host_address=DEFAULT_ADDRESS)
        for number in sorted(asked - there)
    )


def _probed_port(container: Container, probe: Probe) -> int | None:
    """Return the port of its pod that a probe connects to; None if it asks another way."""
    if probe.grpc is not None:
        return probe.grpc.port
    action = probe.http_get or probe.tcp_socket
    if action is None or action.host:
        return None
    if isinstance(action.port, int):
        return action.port
    named = {port.name: port.container_port for port in container.ports if port.name}
    digits = int(action.port) if action.port.isdecimal() else None
    return named.get(action.port, digits)


def check_publish(text: str) -> str:
    """Return what is wrong with the annotation that asks for ports; empty if nothing is."""
    for word in _words(text):
        found = _PUBLISH.match(word)
        if found is None:
            return f'"{word}" is not [ADDRESS:]HOST_PORT:CONTAINER_PORT[/tcp|udp]'
        if not 1 <= int(found["host"]) <= _LAST_PORT:
            return f"the host port {found['host']} must be between 1 and {_LAST_PORT}"
        port = found["container"]
        if port.isdecimal() and not 1 <= int(port) <= _LAST_PORT:
            return f"the container port {port} must be between 1 and {_LAST_PORT}"
        if found["address"] and (wrong := check_address(found["address"])):
            return wrong
    return ""


def check_address(text: str) -> str:
    """Return what is wrong with an address to publish on; empty if nothing is."""
    try:
        ip_address(DEFAULT_ADDRESS if text == LOCALHOST else text.strip("[]"))
    except ValueError:
        return f'"{text}" is no IP address'
    return ""


def named_ports(text: str) -> list[str]:
    """Return the names of container ports that the annotation uses."""
    matches = (_PUBLISH.match(word) for word in _words(text))
    return [
        found["container"]
        for found in matches
        if found is not None and not found["container"].isdecimal()
    ]


def bindings(ports: Iterable[PublishedPort]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return ExposedPorts and PortBindings of the Engine API's JSON.

    A host port of 0 leaves the choice to the Engine.
    """
    exposed: dict[str, Any] = {}
    bound: dict[str, Any] = {}
    for port in ports:
        key = f"{port.container_port}/{port.protocol}"
        # The Engine publishes only what is exposed, and says nothing.
        exposed[key] = {}
        bound.setdefault(key, []).append(
            {
                "HostIp": port.host_address,
                "HostPort": str(port.host_port) if port.host_port else "",
            }
        )
    return exposed, bound


def url(port: PublishedPort, scheme: str, host: str = "") -> str:
    """Return where a published port is to be found: a URL where a browser can go there.

    Args:
        port: As it is published.
        scheme: ``http`` or ``https``; empty for anything else.
        host: The machine of the Engine; empty for this one.
    """
    address = port.host_address
    if address in ANY_ADDRESS:
        address = host or ("::1" if address == "::" else DEFAULT_ADDRESS)
    place = f"[{address}]" if ":" in address else address
    place = f"{place}:{port.host_port}"
    if scheme:
        return f"{scheme}://{place}"
    return place if port.protocol == "tcp" else f"{place}/{port.protocol}"


def _host_ports(template: PodTemplateSpec, address: str) -> Iterator[Wish]:
    for container in _lasting(template):
        for port in container.ports:
            if port.host_port:
                yield Wish(
                    address=(port.host_ip or address).strip("[]"),
                    host_port=port.host_port,
                    container_port=port.container_port,
                    protocol=port.protocol.lower(),
                    origin=HOST_PORT,
                    is_strict=True,
                    name=port.name or "",
                    scheme=scheme_of(template, port.container_port, port.protocol),
                )


def _annotated(manifest: StatefulSet, template: PodTemplateSpec, address: str) -> Iterator[Wish]:
    names = {port.name: port.container_port for port in container_ports(template)}
    for word in _words(manifest.metadata.annotations.get(PUBLISH, "")):
        found = _PUBLISH.match(word)
        if found is None:
            continue
        port = found["container"]
        number = int(port) if port.isdecimal() else names.get(port)
        if number is None:
            continue
        own = (found["address"] or "").strip("[]")
        protocol = found["protocol"] or "tcp"
        yield Wish(
            address=DEFAULT_ADDRESS if own == LOCALHOST else own or address,
            host_port=int(found["host"]),
            container_port=number,
            protocol=protocol,
            origin=PUBLISH,
            scheme=scheme_of(template, number, protocol),
        )


def _service_ports(
    manifest: StatefulSet,
    template: PodTemplateSpec,
    ordinal: int,
    namespace: str,
    services: Iterable[Service],
) -> Iterator[Wish]:
    pod = pod_labels(manifest, f"{manifest.metadata.name}-{ordinal}", ordinal)
    address = publish_address(manifest)
    for service in sorted(services, key=lambda service: service.metadata.name):
        if not selects(service, pod):
            continue
        for port in service.spec.ports:
            number = target_number(port, template)
            if number is None:
                continue
            for host_port in host_ports_of(service, port, namespace):
                yield Wish(
                    address=address,
                    host_port=host_port,
                    container_port=number,
                    protocol=port.protocol.lower(),
                    origin=f"service/{service.metadata.name}",
                    is_single=bool(service.spec.selector.keys() & _ONE_POD),
                    name=port.name,
                    scheme=scheme_of(template, number, port.protocol, port),
                )


def host_ports_of(service: Service, port: ServicePort, namespace: str) -> tuple[int, ...]:
    """Return the host ports that one port of a Service asks for; none unless its type says so."""
    match service.spec.type:
        case "NodePort":
            return (node_port(namespace, service.metadata.name, port),)
        case "LoadBalancer":
            # Kubernetes gives it a node port as well; here only where somebody counts on one.
            return (port.port, port.node_port) if port.node_port else (port.port,)
        case _:
            return ()


def scheme_of(
    template: PodTemplateSpec, number: int, protocol: str, port: ServicePort | None = None
) -> str:
    """Return ``http`` or ``https`` if what listens at a pod's port is likely to speak it.

    Args:
        template: Of the pod.
        number: Of the port.
        protocol: Of the port.
        port: The port of a Service that leads there.
    """
    if protocol.lower() != "tcp":
        return ""
    if port is not None and port.app_protocol in {"http", "https"}:
        return port.app_protocol
    names = [port.name] if port is not None else []
    for container in _lasting(template):
        own = {found.name: found.container_port for found in container.ports if found.name}
        names += [name for name, at in own.items() if at == number]
        for probe in (container.readiness_probe, container.liveness_probe):
            if probe is not None and probe.http_get is not None:
                asked = probe.http_get.port
                if number == (own.get(asked) if isinstance(asked, str) else asked):
                    return probe.http_get.scheme.lower()
    for scheme in ("https", "http"):
        if any(scheme in name.split("-") for name in names):
            return scheme
    return _WEB_PORTS.get(number, "")


def _lasting(template: PodTemplateSpec) -> Iterator[Container]:
    yield from template.spec.containers
    for container in template.spec.init_containers:
        if container.restart_policy == "Always":
            yield container


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]
