"""The network that is a namespace: found, made with an explicit free subnet, or removed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_network

from minisets.app.context import Context
from minisets.core import labels, naming
from minisets.core.network.addresses import free_subnets
from minisets.core.observed import NetworkSeen
from minisets.core.pod.identity import NetworkPlace
from minisets.engine.routes import routed_networks
from minisets.errors import EngineConflict, EngineError

# Each round another command may take the subnet or make the network; more would be a fault.
_MOST_ROUNDS = 16
# A network that is just being made holds its subnet before any list shows it.
_LOOKS = 30
_LOOK_SECONDS = 0.1


def find_network(context: Context, namespace: str) -> NetworkPlace | None:
    """Return the namespace's network, None if there is none."""
    found = _ours(context.engine.networks(), namespace)
    return found[0] if found else None


def ensure_network(context: Context, namespace: str) -> NetworkPlace:
    """Return the namespace's network, made if it is not there.

    Raises:
        EngineConflict: A network of that name is there that minisets did not make.
    """
    refused: set[str] = set()
    networks = context.engine.networks()
    for _ in range(_MOST_ROUNDS):
        found = _ours(networks, namespace)
        if found:
            return _only_one(context, found)
        routes = routed_networks() if context.engine.place.is_local else ()
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
        if network_id is None:
            refused.add(subnet.subnet)
            networks = _after_refusal(context, namespace, subnet.subnet)
        else:
            networks = context.engine.networks()
    raise EngineError(
        f"no free subnet for the network {naming.network_name(namespace)}",
        hint="docker network prune",
    )


def remove_network(context: Context, namespace: str) -> None:
    """Remove the namespace's network if it is there and ours."""
    for network in _ours(context.engine.networks(), namespace):
        context.engine.remove_network(network.id)


def _after_refusal(context: Context, namespace: str, subnet: str) -> tuple[NetworkSeen, ...]:
    """List the networks once they tell who has the subnet; else, after a while, as they are.

    To take the next subnet at once would give a namespace two networks: the one that has this
    subnet may be the namespace's own, which another command is making.
    """
    wanted = ip_network(subnet)
    for _ in range(_LOOKS):
        networks = context.engine.networks()
        others = [ip_network(text, strict=False) for seen in networks for text in seen.subnets]
        if _ours(networks, namespace) or any(
            other.version == wanted.version and other.overlaps(wanted) for other in others
        ):
            break
        context.clock.sleep(_LOOK_SECONDS)
    return networks


def _only_one(context: Context, found: Sequence[NetworkPlace]) -> NetworkPlace:
    """Return the network of that name; if commands in a race made several, all but one go.

    Containers name their network, so each of several would do, and with several none starts.
    """
    left = list(found)
    for network in found:
        if len(left) > 1:
            # One with pods on it is refused, and so is the one that stays.
            with suppress(EngineConflict):
                context.engine.remove_network(network.id)
                left.remove(network)
    return left[0]


def _ours(networks: tuple[NetworkSeen, ...], namespace: str) -> list[NetworkPlace]:
    """Return the namespace's network; several, in an order all commands agree on, after a race."""
    name = naming.network_name(namespace)
    found = []
    for seen in networks:
        if seen.name != name:
            continue
        if not labels.is_ours(seen.labels) or not seen.subnets:
            raise EngineConflict(
                f"the network {name} is there already and was not made by minisets",
                hint=f"docker network rm {name}, or use another namespace: -n NAME",
            )
        found.append(
            NetworkPlace(id=seen.id, name=name, subnet=seen.subnets[0], gateway=seen.gateway)
        )
    return sorted(found, key=lambda place: place.id)
