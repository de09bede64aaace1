"""StatefulSets as commands take them up: by name, or rebuilt from their pods after a prune."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from minisets.app.context import Context
from minisets.app.loop.leftovers import remove_leftovers
from minisets.app.loop.targets import Target, open_target
from minisets.app.loop.world import World, observe
from minisets.core import labels
from minisets.core.query.absence import not_found
from minisets.core.records.record import Record
from minisets.core.records.set_record import SetRecord, to_data

SET_KIND = "StatefulSet"
ORPHANED_KIND = "OrphanedSet"
"""Kind of the record that says that a set's pods were left behind on purpose."""


def find_set(context: Context, namespace: str, name: str, world: World | None = None) -> Target:
    """Take up one set.

    Raises:
        NotFound: There is none of that name.
        InputError: Its record cannot be read.
    """
    world = world or observe_whole(context, namespace)
    record = world.records.get((SET_KIND, namespace, name))
    if record is None:
        world.check_readable(SET_KIND, namespace, name)
        known = [one.name for one in world.of_kind(SET_KIND, namespace)]
        raise not_found("statefulsets.apps", name, known, namespace=namespace)
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
            data=to_data(carried(world, namespace, name)),
        )
        for namespace, name in (
            *_lost_sets(world),
            *(_orphaned_sets(world) if with_orphans else ()),
        )
    ]
    found = sorted([*world.of_kind(SET_KIND), *lost], key=lambda record: record.key)
    return [open_target(record) for record in found]


def observe_whole(context: Context, namespace: str | None, *, is_dry: bool = False) -> World:
    """Look at the Engine; sets whose records a prune took are rebuilt from their pods first.

    Args:
        context: Of the command.
        namespace: To look at; None: all of them.
        is_dry: Show such sets as their pods have them, and write nothing.
    """
    world = observe(context.engine, namespace)
    context.tell_once(one.skipped for one in world.unreadable)
    if is_dry:
        return replace(world, written=_recovered(context, world))
    remove_leftovers(context, world)
    lost = _recovered(context, world)
    if not lost:
        return world
    # Seldom needed, and much to import.
    from minisets.app.loop.rebuild import rebuild

    for record in lost:
        rebuild(context, record)
    return observe(context.engine, namespace)


def _recovered(context: Context, world: World) -> tuple[Record, ...]:
    """Return the records of sets that a prune took, as their pods have them."""
    lost = list(_lost_sets(world))
    if not lost:
        return ()
    from minisets.app.loop.rebuild import recovered

    return tuple(
        recovered(context, world, carried(world, space, name), space, name) for space, name in lost
    )


def _lost_sets(world: World) -> Iterable[tuple[str, str]]:
    found = {
        (container.labels[labels.NAMESPACE], container.labels[labels.SET])
        for container in world.containers
        if labels.SPEC in container.labels
    } - {one.record.key[1:] for one in world.unreadable}
    return sorted(
        key
        for key in found
        if (SET_KIND, *key) not in world.records and (ORPHANED_KIND, *key) not in world.records
    )


def _orphaned_sets(world: World) -> list[tuple[str, str]]:
    """Return the sets that were deleted and whose pods are still there."""
    return [
        (record.namespace, record.name)
        for record in world.of_kind(ORPHANED_KIND)
        if world.pods(record.namespace, record.name)
    ]


def carried(world: World, namespace: str, name: str) -> SetRecord:
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
