"""Who a pod is on the network: its address, its names, and the names of its peers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from minisets.core import labels, naming
from minisets.core.manifest import Service, StatefulSet
from minisets.core.network.addresses import Block, address_of

# More peers than this resolve by the Engine's DNS alone: /etc/hosts is written per container.
_MOST_PEERS = 32
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlace:
    """The network that is the pod's namespace.

    Attributes:
        gateway: Address of the Engine's machine on it; empty if unknown.
    """

    id: str
    name: str
    subnet: str
    gateway: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodIdentity:
    """What a pod is called and where it is found.

    Attributes:
        domain: ``nginx.default.svc.cluster.local``; empty without a governing Service.
        address: Fixed IPv4 address; None if the network has no subnet of ours, or if the pod is
            on the host's network.
        aliases: DNS names on the network, its own first, then those of its Services.
        hosts: Name and address pairs of its peers, full names first.
    """

    pod: str
    ordinal: int
    namespace: str
    domain: str
    address: str | None
    aliases: tuple[str, ...]
    hosts: tuple[tuple[str, str], ...]

    @property
    def names_hash(self) -> str:
        """Hash of the aliases, to see later whether they still are the ones asked for."""
        return names_hash(self.aliases)


def names_hash(aliases: tuple[str, ...]) -> str:
    """Return the hash of a pod's names on its network; see PodIdentity."""
    return hashlib.sha256(json.dumps(aliases).encode()).hexdigest()[:16]


def pod_labels(manifest: StatefulSet, pod: str, ordinal: int) -> dict[str, str]:
    """Return the labels by which Services select the pod."""
    return {
        **manifest.spec.template.metadata.labels,
        labels.POD_NAME: pod,
        labels.POD_INDEX: str(ordinal),
    }


def selects(service: Service, pod: Mapping[str, str]) -> bool:
    """Say whether the Service selects a pod with these labels; no selector selects nothing."""
    selector = service.spec.selector
    return bool(selector) and all(pod.get(key) == value for key, value in selector.items())


def identify(
    manifest: StatefulSet,
    ordinal: int,
    *,
    namespace: str,
    services: Iterable[Service],
    network: NetworkPlace | None,
    blocks: tuple[Block, ...],
) -> PodIdentity:
    """Derive the identity of one pod.

    Args:
        manifest: The live set.
        ordinal: Of the pod.
        namespace: Of the set.
        services: All Services of the namespace.
        network: The namespace's network; None if it is not there (a dry run, for example).
        blocks: The set's address blocks.
    """
    governing = manifest.spec.service_name

    def address(number: int) -> str | None:
        return address_of(network.subnet, blocks, number) if network is not None else None

    pod = f"{manifest.metadata.name}-{ordinal}"
    if manifest.spec.template.spec.host_network:
        return _on_host(manifest, pod, ordinal, namespace)
    return PodIdentity(
        pod=pod,
        ordinal=ordinal,
        namespace=namespace,
        domain=naming.service_domain(governing, namespace) if governing else "",
        address=address(ordinal),
        aliases=aliases_of(manifest, ordinal, namespace, services),
        hosts=tuple(
            (name, place)
            for number in _peers(manifest, ordinal)
            if (place := address(number)) is not None
            for name in naming.pod_names(
                f"{manifest.metadata.name}-{number}", governing, namespace
            )
        ),
    )


def _on_host(manifest: StatefulSet, pod: str, ordinal: int, namespace: str) -> PodIdentity:
    """Return who a pod on the host's network is: it has no address and no names of its own there.

    Docker's DNS does not serve that network. Where the manifest asks for names on it, the pods of
    the set, which are all on this machine, stand in /etc/hosts.
    """
    governing = manifest.spec.service_name
    is_named = manifest.spec.template.spec.dns_policy == "ClusterFirstWithHostNet"
    everyone = [ordinal, *_peers(manifest, ordinal)] if is_named else []
    return PodIdentity(
        pod=pod,
        ordinal=ordinal,
        namespace=namespace,
        domain=naming.service_domain(governing, namespace) if governing else "",
        address=None,
        aliases=(),
        hosts=tuple(
            (name, _LOOPBACK)
            for number in everyone
            for name in naming.pod_names(
                f"{manifest.metadata.name}-{number}", governing, namespace
            )
        ),
    )


def aliases_of(
    manifest: StatefulSet, ordinal: int, namespace: str, services: Iterable[Service]
) -> tuple[str, ...]:
    """Return the names of one pod on its network, without all else that identify derives."""
    if manifest.spec.template.spec.host_network:
        return ()
    services = tuple(services)
    pod = f"{manifest.metadata.name}-{ordinal}"
    governing = manifest.spec.service_name
    own = (pod, *naming.pod_names(pod, governing, namespace))
    own_labels = pod_labels(manifest, pod, ordinal)
    selected = [service.metadata.name for service in services if selects(service, own_labels)]
    # A third of real manifests name a Service that is not in the file: its name exists anyway.
    if governing and governing not in {service.metadata.name for service in services}:
        selected.append(governing)
    shared = [
        name for service in sorted(selected) for name in naming.service_names(service, namespace)
    ]
    return (*own, *shared)


def _peers(manifest: StatefulSet, ordinal: int) -> list[int]:
    everyone = manifest.spec.pod_ordinals[:_MOST_PEERS]
    return [number for number in everyone if number != ordinal]
