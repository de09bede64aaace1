"""Which addresses a set's pods have: blocks in its record, grown and moved as need be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minisets.app.loop.blueprint import Blueprint
from minisets.app.loop.targets import Target
from minisets.app.loop.world import Key, World
from minisets.core import labels, naming
from minisets.core.network.addresses import Block, allocate, move
from minisets.core.pod.identity import NetworkPlace
from minisets.core.records.set_record import SetRecord, parse_set


def provide_addresses(
    target: Target, world: World, network: NetworkPlace, targets: Iterable[Target]
) -> tuple[Block, ...]:
    """Return the set's address blocks, grown if some of its ordinals have no address yet."""
    return allocate(
        network.subnet,
        ordinals=target.manifest.spec.pod_ordinals,
        own=target.facts.blocks,
        others=_other_blocks(target, world, {other.key: other.facts for other in targets}),
        used=_used_addresses(target, world, network),
    )


def another_address(blueprint: Blueprint, pod: str) -> tuple[Block, ...]:
    """Return the set's address blocks with another address for a pod whose own one is taken."""
    target, world, network = blueprint.target, blueprint.world, blueprint.network
    if network is None:
        return target.facts.blocks
    _, ordinal = naming.split_pod_name(pod)
    return move(
        network.subnet,
        ordinal,
        own=target.facts.blocks,
        others=_other_blocks(target, world, {}),
        used=_used_addresses(target, world, network),
    )


def _other_blocks(target: Target, world: World, under_way: Mapping[Key, SetRecord]) -> list[Block]:
    """Return the blocks of the namespace's other sets, as this command has them or as written."""
    return [
        block
        for record in world.of_kind("StatefulSet", target.namespace)
        if record.name != target.name
        for block in (
            under_way.get((record.namespace, record.name)) or parse_set(record.data)
        ).blocks
    ]


def _used_addresses(target: Target, world: World, network: NetworkPlace) -> list[str]:
    """Return the addresses that other sets' containers hold on the network."""
    return [
        container.addresses[network.name]
        for container in world.containers
        if network.name in container.addresses and container.labels.get(labels.SET) != target.name
    ]
