"""The network that is a namespace: found, made with an explicit free subnet, or removed."""

from __future__ import annotations

from minisets.app.context import Context
from minisets.core import labels, naming
from minisets.core.addresses import free_subnets
from minisets.core.observed import NetworkSeen
from minisets.core.pod_identity import NetworkPlace
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
