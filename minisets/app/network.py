"""The network that is a namespace: found, made with an explicit free subnet, or removed."""

from __future__ import annotations

from collections.abc import Sequence

from minisets.app.context import Context
from minisets.app.deeds import Workshop
from minisets.app.targets import Target
from minisets.app.world import World
from minisets.core import labels, naming
from minisets.core.addresses import Block, allocate, free_subnets, move
from minisets.core.observed import NetworkSeen
from minisets.core.pod_identity import NetworkPlace
from minisets.core.set_record import parse_set
from minisets.engine.routes import routed_networks
from minisets.errors import EngineConflict, EngineError

# Each round another command may take the subnet or make the network; more would be a fault.
_MOST_ROUNDS = 16


def find_network(context: Context, namespace: str) -> NetworkPlace | None:
    """Return the namespace's network, None if there is none."""
    return _ours(context.engine.networks(), namespace)


def ensure_network(context: Context, namespace: str) -> NetworkPlace:
    """Return the namespace's network, made if it is not there.

    Raises:
        EngineConflict: A network of that name is there that minisets did not make.
    """
    refused: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        networks = context.engine.networks()
        found = _ours(networks, namespace)
        if found is not None:
            return found
        routes = routed_networks() if context.engine.info().is_local else ()
        taken = [*routes, *refused, *(text for seen in networks for text in seen.subnets)]
        subnet = next(free_subnets(taken), None)
        if subnet is None:
            break
        # Exactly one of several commands that race for a subnet gets it; the others look again.
        network_id = context.engine.create_network(
            naming.network_name(namespace),
            subnet=subnet.subnet,
            ip_range=subnet.ip_range,
            gateway=subnet.gateway,
            labels=labels.base(labels.KIND_NETWORK, namespace),
        )
        if network_id is not None:
            return NetworkPlace(
                id=network_id, name=naming.network_name(namespace), subnet=subnet.subnet
            )
        refused.add(subnet.subnet)
    raise EngineError(
        f"no free subnet for the network {naming.network_name(namespace)}",
        hint="docker network prune",
    )


def provide_addresses(
    target: Target, world: World, network: NetworkPlace, targets: Sequence[Target]
) -> tuple[Block, ...]:
    """Return the set's address blocks, grown if some of its ordinals have no address yet."""
    start = target.manifest.spec.ordinals.start if target.manifest.spec.ordinals else 0
    mine = {other.key: other.facts for other in targets}
    others = [
        block
        for record in world.of_kind("StatefulSet", target.namespace)
        if record.name != target.name
        for block in (mine.get((record.namespace, record.name)) or parse_set(record.data)).blocks
    ]
    return allocate(
        network.subnet,
        ordinals=range(start, start + target.manifest.spec.replicas),
        own=target.facts.blocks,
        others=others,
        used=_used_addresses(target, world, network),
    )


def another_address(workshop: Workshop, pod: str) -> tuple[Block, ...]:
    """Return the set's address blocks with another address for a pod whose own one is taken."""
    target, world, network = workshop.target, workshop.world, workshop.network
    if network is None:
        return target.facts.blocks
    _, ordinal = naming.split_pod_name(pod)
    others = [
        block
        for record in world.of_kind("StatefulSet", target.namespace)
        if record.name != target.name
        for block in parse_set(record.data).blocks
    ]
    return move(
        network.subnet,
        ordinal,
        own=target.facts.blocks,
        others=others,
        used=_used_addresses(target, world, network),
    )


def _used_addresses(target: Target, world: World, network: NetworkPlace) -> list[str]:
    """Return the addresses that other sets' containers hold on the network."""
    return [
        container.addresses[network.name]
        for container in world.containers
        if network.name in container.addresses and container.labels.get(labels.SET) != target.name
    ]


def remove_network(context: Context, namespace: str) -> None:
    """Remove the namespace's network if it is there and ours."""
    network = find_network(context, namespace)
    if network is not None:
        context.engine.remove_network(network.id)


def _ours(networks: tuple[NetworkSeen, ...], namespace: str) -> NetworkPlace | None:
    name = naming.network_name(namespace)
    for seen in networks:
        if seen.name != name:
            continue
        if not labels.is_ours(seen.labels) or not seen.subnets:
            raise EngineConflict(
                f"the network {name} is there already and was not made by minisets",
                hint=f"docker network rm {name}, or use another namespace: -n NAME",
            )
        return NetworkPlace(id=seen.id, name=name, subnet=seen.subnets[0])
    return None
