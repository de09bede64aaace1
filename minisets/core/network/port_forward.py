"""What ``port-forward`` is asked for: pods and ports as words, by kubectl's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minisets.core import naming
from minisets.core.manifest import PodTemplateSpec, Service, ServicePort
from minisets.core.network.publishing import (
    LOCALHOST,
    check_address,
    container_ports,
    target_number,
)
from minisets.errors import InputError

_LAST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class PortWord:
    """One ``[LOCAL:]REMOTE``.

    Attributes:
        local: 0 leaves the choice to this machine.
        remote: Number or name.
        is_same: The local port was not written: it is the remote one.
    """

    local: int
    remote: str
    is_same: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardWord:
    """One pod, set or Service as it was named, with its ports."""

    target: str
    ports: tuple[PortWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """One local port (0: any free one) and the port of a pod that it leads to."""

    local: int
    remote: int


def parse_words(words: Sequence[str]) -> tuple[ForwardWord, ...]:
    """Read ``TARGET... [LOCAL:]REMOTE...``, once or again and again.

    Of several targets before one list of ports the i-th has each local port plus i.

    Raises:
        InputError: A port is wrong, or a target has none.
    """
    found: list[ForwardWord] = []
    targets: list[str] = []
    ports: list[PortWord] = []
    for word in words:
        if not _is_target(word, is_first=not targets):
            ports.append(_parse_port(word))
            continue
        if ports:
            found += _spread(targets, ports)
            targets, ports = [], []
        targets.append(word)
    if not ports:
        raise InputError(
            "TYPE/NAME and list of ports are required for port-forward",
            hint="for example: minisets port-forward web-0 8080:80",
        )
    return (*found, *_spread(targets, ports))


def to_pod_ports(
    ports: Sequence[PortWord], template: PodTemplateSpec, pod: str
) -> tuple[Forward, ...]:
    """Return the forwards to a pod whose ports were named as the pod's own.

    Raises:
        InputError: It has no port of that name, or only UDP at that number.
    """
    found = []
    for port in ports:
        number = _pod_port(port.remote, template, pod)
        found.append(Forward(local=number if port.is_same else port.local, remote=number))
    return tuple(found)


def to_service_ports(
    ports: Sequence[PortWord], service: Service, template: PodTemplateSpec
) -> tuple[Forward, ...]:
    """Return the forwards to a pod of a Service whose ports were named as the Service's.

    Raises:
        InputError: The Service has no such port, or it is a UDP port.
    """
    found = []
    for port in ports:
        known = _service_port(port.remote, service)
        if known.protocol != "TCP":
            raise InputError(f"{known.protocol} protocol is not supported for {known.port}")
        number = target_number(known, template)
        if number is None:
            raise InputError(
                f'no container has a port named "{known.target_port}", which port {known.port} '
                f"of service/{service.metadata.name} leads to"
            )
        if service.spec.cluster_ip == "None" and isinstance(known.target_port, int):
            # Kubernetes rule: nothing stands before the pods of a headless Service.
            number = known.port
        found.append(Forward(local=known.port if port.is_same else port.local, remote=number))
    return tuple(found)


def parse_addresses(text: str) -> tuple[tuple[str, bool], ...]:
    """Read ``localhost,10.0.0.1``: each address, and whether it has to be had.

    Kubernetes rule: localhost is 127.0.0.1 and ::1, either of which will do.

    Raises:
        InputError: One of them is no IP address.
    """
    found: dict[str, bool] = {}
    for word in text.split(","):
        address = word.strip()
        if address == LOCALHOST:
            found |= {"127.0.0.1": False, "::1": False}
        elif check_address(address):
            raise InputError(f"{address} is not a valid IP", hint="--address 127.0.0.1")
        else:
            found[address.strip("[]")] = True
    return tuple(found.items())


def _is_target(word: str, *, is_first: bool) -> bool:
    if is_first or "/" in word:
        return True
    return ":" not in word and naming.split_pod_name(word)[1] >= 0


def _parse_port(word: str) -> PortWord:
    local, colon, remote = word.rpartition(":")
    if not remote or ":" in local:
        raise InputError(f"invalid port format '{word}'", hint="[LOCAL:]REMOTE, as in 8080:80")
    if remote.isdecimal() and not 1 <= int(remote) <= _LAST_PORT:
        raise InputError(f"remote port must be between 1 and {_LAST_PORT}: '{word}'")
    if local and not (local.isdecimal() and int(local) <= _LAST_PORT):
        raise InputError(f"error parsing local port '{local}': it is no port number")
    return PortWord(local=int(local or 0), remote=remote, is_same=not colon)


def _spread(targets: Sequence[str], ports: Sequence[PortWord]) -> list[ForwardWord]:
    """Return each target with its own local ports."""
    if len(targets) == 1:
        return [ForwardWord(target=targets[0], ports=tuple(ports))]
    spread = []
    for index, target in enumerate(targets):
        own = [
            PortWord(local=_local(port) + index if _local(port) else 0, remote=port.remote)
            for port in ports
        ]
        spread.append(ForwardWord(target=target, ports=tuple(own)))
    return spread


def _local(port: PortWord) -> int:
    return int(port.remote) if port.is_same and port.remote.isdecimal() else port.local


def _pod_port(remote: str, template: PodTemplateSpec, pod: str) -> int:
    known = list(container_ports(template))
    if not remote.isdecimal():
        named = [port for port in known if port.name == remote]
        if not named:
            raise InputError(f"Pod '{pod}' does not have a named port '{remote}'")
        number = named[0].container_port
    else:
        number = int(remote)
    protocols = {port.protocol for port in known if port.container_port == number}
    if protocols and "TCP" not in protocols:
        raise InputError(f"{min(protocols)} protocol is not supported for {remote}")
    return number


def _service_port(remote: str, service: Service) -> ServicePort:
    for port in service.spec.ports:
        if remote in {str(port.port), port.name} and remote:
            return port
    what = "service port" if remote.isdecimal() else "named port"
    raise InputError(f"Service {service.metadata.name} does not have a {what} {remote}")
