"""The record of a set whose own a prune took, from its pods and what they have."""

from __future__ import annotations

import msgspec

from minisets.app.context import Context
from minisets.app.loop.network import find_network
from minisets.app.loop.view import address_of_pod
from minisets.app.loop.world import World, as_set
from minisets.core import labels, naming
from minisets.core.network.addresses import Block, block_of
from minisets.core.network.host_ports import PortBlock, parse_ports, recover
from minisets.core.network.publishing import wishes
from minisets.core.records.record import Record
from minisets.core.records.set_record import SetRecord, to_data
from minisets.errors import Overtaken

_SET_KIND = "StatefulSet"


def recovered(
    context: Context, world: World, facts: SetRecord, namespace: str, name: str
) -> Record:
    """Return the record of a set as its pods have it; nothing is written.

    Args:
        context: Of the command.
        world: What lives.
        facts: That the pods carry.
        namespace: Of the set.
        name: Its name.
    """
    facts = msgspec.structs.replace(
        facts,
        blocks=_blocks(context, world, namespace, name),
        ports=_ports(world, facts, namespace, name),
    )
    return Record(
        kind=_SET_KIND,
        namespace=namespace,
        name=name,
        generation=0,
        nonce="",
        data=to_data(facts),
    )


def rebuild(context: Context, found: Record) -> Record | None:
    """Write a set's record anew from what its pods carry; None if somebody else was faster."""
    name = found.name
    try:
        record = context.store.create(_SET_KIND, found.namespace, name, found.data)
    except Overtaken:
        return None
    context.reporter.notice(
        f"statefulset/{name}: its record was gone (docker volume prune?) "
        "and was rebuilt from its pods"
    )
    return record


def _blocks(context: Context, world: World, namespace: str, name: str) -> tuple[Block, ...]:
    """Return the addresses that a set's pods have, as blocks: they are to keep them."""
    network = find_network(context, namespace)
    if network is None:
        return ()
    return tuple(
        block_of(network.subnet, naming.split_pod_name(pod.name)[1], address)
        for pod in world.pods(namespace, name)
        if (address := address_of_pod(pod, namespace)) is not None
    )


def _ports(world: World, facts: SetRecord, namespace: str, name: str) -> tuple[PortBlock, ...]:
    """Return the ports of the host that a set's pods have, as blocks: they are to keep them."""
    manifest, services = as_set(facts.object), world.services(namespace)
    pods = {naming.split_pod_name(pod.name)[1]: pod for pod in world.pods(namespace, name)}
    asked = {
        ordinal: wishes(
            manifest, manifest.spec.template, ordinal, namespace=namespace, services=services
        )
        for ordinal in pods
    }
    seen = {
        ordinal: parse_ports(pod.labels.get(labels.PORTS, "")) for ordinal, pod in pods.items()
    }
    return recover(asked, seen)
