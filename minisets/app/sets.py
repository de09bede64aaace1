"""StatefulSets as commands take them up: by name, or rebuilt from their pods after a prune."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from minisets.app.context import Context
from minisets.app.leftovers import remove_leftovers
from minisets.app.network import find_network
from minisets.app.targets import Target, open_target
from minisets.app.view import address_of_pod
from minisets.app.world import World, as_set, observe
from minisets.core import labels, naming
from minisets.core.addresses import Block, block_of
from minisets.core.host_ports import PortBlock, parse_ports, recover
from minisets.core.publishing import wishes
from minisets.core.record import Record
from minisets.core.set_record import SetRecord, to_data
from minisets.errors import NotFound, Overtaken

SET_KIND = "StatefulSet"
ORPHANED_KIND = "OrphanedSet"
"""Kind of the record that says that a set's pods were left behind on purpose."""


def find_set(context: Context, namespace: str, name: str, world: World | None = None) -> Target:
    """Take up one set.

    Raises:
        NotFound: There is none of that name.
    """
    world = world or observe_whole(context, namespace)
    record = world.records.get((SET_KIND, namespace, name))
    if record is None:
        raise NotFound(
            f'statefulsets.apps "{name}" not found', hint=f"minisets get sts -n {namespace}"
        )
    return open_target(record)


def read_sets(world: World, *, with_orphans: bool = False) -> list[Target]:
    """Return all sets of a look, also those whose record is gone; nothing is written.

    A lost record is shown as its pods have it; the next command that drives the set rebuilds it.

    Args:
        world: The look.
        with_orphans: Also the sets that were deleted and left their pods: for their probes.
    """
    lost = [
        Record(
            kind=SET_KIND,
            namespace=namespace,
            name=name,
            generation=0,
            nonce="",
            data=to_data(_carried(world, namespace, name)),
        )
        for namespace, name in (
            *_lost_sets(world),
            *(_orphaned_sets(world) if with_orphans else ()),
        )
    ]
    found = sorted([*world.of_kind(SET_KIND), *lost], key=lambda record: record.key)
    return [open_target(record) for record in found]


def observe_whole(context: Context, namespace: str | None) -> World:
    """Look at the Engine; sets whose records a prune took are rebuilt from their pods first."""
    world = observe(context.engine, namespace)
    remove_leftovers(context, world)
    lost = list(_lost_sets(world))
    for space, name in lost:
        _rebuild(context, world, space, name)
    return observe(context.engine, namespace) if lost else world


def _lost_sets(world: World) -> Iterable[tuple[str, str]]:
    found = {
        (container.labels[labels.NAMESPACE], container.labels[labels.SET])
        for container in world.containers
        if labels.SPEC in container.labels
    }
    return sorted(
        key
        for key in found
        if (SET_KIND, *key) not in world.records and (ORPHANED_KIND, *key) not in world.records
    )


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


def _orphaned_sets(world: World) -> list[tuple[str, str]]:
    """Return the sets that were deleted and whose pods are still there."""
    return [
        (record.namespace, record.name)
        for record in world.of_kind(ORPHANED_KIND)
        if world.pods(record.namespace, record.name)
    ]


def _carried(world: World, namespace: str, name: str) -> SetRecord:
    """Return what the pods of a set carry of its record; the newest spec among them counts."""
    pods = [pod for pod in world.pods(namespace, name) if labels.SPEC in pod.labels]
    carried = [(labels.unpack(pod.labels[labels.SPEC]), pod) for pod in pods]
    spec, newest = max(carried, key=lambda item: int(item[0]["generation"]))
    return SetRecord(
        object=spec["object"],
        uid=newest.labels[labels.SET_UID],
        generation=spec["generation"],
        created=min(pod.created for pod in pods),
    )


def _rebuild(context: Context, world: World, namespace: str, name: str) -> Record | None:
    """Write a set's record anew from what its pods carry; the newest spec among them counts."""
    facts = _carried(world, namespace, name)
    facts = msgspec.structs.replace(
        facts,
        blocks=_blocks(context, world, namespace, name),
        ports=_ports(world, facts, namespace, name),
    )
    try:
        record = context.store.create(SET_KIND, namespace, name, to_data(facts))
    except Overtaken:
        return None
    context.reporter.notice(
        f"statefulset/{name}: its record was gone (docker volume prune?) "
        "and was rebuilt from its pods"
    )
    return record
