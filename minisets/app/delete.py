"""The use case delete: pods from the top down, then the record; volumes only on a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Literal

from minisets.app.context import Context
from minisets.app.loop.deeds import Workshop
from minisets.app.loop.network import find_network, remove_network
from minisets.app.loop.pod_storage import remove_volumes
from minisets.app.loop.sets import (
    ORPHANED_KIND,
    SET_KIND,
    carried,
    find_set,
    observe_whole,
)
from minisets.app.loop.side_by_side import for_each, raise_all, side_by_side
from minisets.app.loop.targets import Target, flush
from minisets.app.loop.world import Key, World, as_set, observe
from minisets.core import labels, naming
from minisets.core.observed import VolumeSeen
from minisets.core.pod.seen import PodSeen
from minisets.core.query.absence import not_found
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_set
from minisets.errors import (
    EngineConflict,
    InputError,
    NotFound,
    Overtaken,
)

Cascade = Literal["foreground", "background", "orphan"]

# So often other commands may write to a set in the milliseconds of a write of ours.
_MOST_TRIES = 8


def delete_sets(
    context: Context,
    sets: Sequence[Key],
    *,
    cascade: Cascade = "foreground",
    volumes: bool = False,
    grace_seconds: int | None = None,
    ignore_not_found: bool = False,
    tell: Callable[[Key, tuple[str, ...]], None] = lambda _key, _kept: None,
) -> None:
    """Delete sets side by side: they know nothing of each other, and one that fails stops none.

    Args:
        context: Of the command.
        sets: Namespace and name of each.
        cascade: ``foreground``: pods go from the highest ordinal down, each after the one before
            is gone; ``background``: all at once; ``orphan``: they stay and run on.
        volumes: Remove the claims, too, except those whose reclaim policy says Retain.
        grace_seconds: Overrides the pods' own grace periods.
        ignore_not_found: Be content with what is gone already.
        tell: Called for each set that is gone, in the order of the sets, with the names of the
            volumes that stay.

    Raises:
        NotFound: Some of them are not there; the others are gone.
    """

    def delete(key: Key) -> tuple[str, ...]:
        return _delete_set(context, key, cascade, volumes=volumes, grace_seconds=grace_seconds)

    found = for_each(list(dict.fromkeys(sets)), delete, tell)
    for namespace in sorted({namespace for namespace, _ in sets}):
        _tidy(context, namespace)
    raise_all(found, ignore_not_found=ignore_not_found)


def delete_set(
    context: Context,
    namespace: str,
    name: str,
    *,
    cascade: Cascade = "foreground",
    volumes: bool = False,
    grace_seconds: int | None = None,
) -> tuple[str, ...]:
    """Delete one set and return the names of the volumes that stay; see delete_sets."""
    kept: list[str] = []
    delete_sets(
        context,
        [(namespace, name)],
        cascade=cascade,
        volumes=volumes,
        grace_seconds=grace_seconds,
        tell=lambda _key, names: kept.extend(names),
    )
    return tuple(kept)


def _delete_set(
    context: Context, key: Key, cascade: Cascade, *, volumes: bool, grace_seconds: int | None
) -> tuple[str, ...]:
    world = observe(context.engine, key[0])
    broken = world.unreadable_one(SET_KIND, *key)
    if broken is not None and not world.pods(*key):
        # Nobody knows its policies: its claims stay.
        context.store.remove(broken.record)
        return tuple(volume.name for volume in world.claims(*key))
    target = _mark(context, key, cascade)
    world = observe(context.engine, target.namespace)
    if cascade != "orphan":
        # That other command may be in the middle of making a pod.
        while pods := world.pods(*key):
            _remove_pods(context, target, world, pods, cascade, grace_seconds)
            world = observe(context.engine, target.namespace)
        _remove_leftovers(context, target, world)
    claims = world.claims(*key)
    goes = [volume for volume in claims if _goes(target, volume, volumes=volumes)]
    if cascade == "orphan":
        goes = []
    for volume in goes:
        context.engine.remove_volume(volume.name)
    if cascade == "orphan":
        # Else the pods would bring the set back: a lost record is rebuilt from them.
        _mark_orphaned(context, world, target)
    _forget(context, target)
    gone = {volume.name for volume in goes}
    return tuple(volume.name for volume in claims if volume.name not in gone)


def _mark(context: Context, key: Key, cascade: Cascade) -> Target:
    """Write down that a set goes: another command that drives it sees it and stops.

    Kubernetes rule: a deletion has no regard for what else is written at the same time.
    """
    tries = 0
    while True:
        tries += 1
        target = _find_doomed(context, key)
        target.change(deletion=cascade)
        try:
            flush(context, target)
        except Overtaken:
            if tries == _MOST_TRIES:
                raise
        else:
            return target


def _find_doomed(context: Context, key: Key) -> Target:
    """Take up a set that is to go: by what its pods carry, if its record cannot be read."""
    world = observe_whole(context, key[0])
    broken = world.unreadable_one(SET_KIND, *key)
    if broken is None:
        return find_set(context, *key, world)
    facts = carried(world, *key)
    return Target(record=broken.record, facts=facts, manifest=as_set(facts.object))


def _forget(context: Context, target: Target) -> None:
    """Remove the record of a set that is going, whoever has written to it meanwhile.

    Raises:
        Overtaken: It was applied again: it stays.
    """
    record: Record | None = target.record
    for _ in range(_MOST_TRIES):
        if record is None or not parse_set(record.data).deletion:
            break
        with suppress(Overtaken):
            context.store.remove(record)
            return
        record = observe(context.engine, target.namespace).records.get(record.key)
    if record is not None:
        raise Overtaken(
            f"statefulset {target.namespace}/{target.name} was applied again by another command",
            hint="minisets get sts",
        )


def delete_claim(context: Context, namespace: str, claim: str) -> None:
    """Delete a claim and its data, unless a pod uses it or its reclaim policy says Retain.

    Raises:
        NotFound: There is no such claim.
        InputError: Its data is to be retained.
        EngineConflict: A pod uses it.
    """
    world = observe(context.engine, namespace)
    volume_name = naming.volume_name(namespace, claim)
    found = [volume for volume in world.claims(namespace) if volume.name == volume_name]
    record = world.records.get(("PersistentVolumeClaim", namespace, claim))
    if not found and record is not None:
        # No pod has needed it yet.
        context.store.remove(record)
        return
    if not found:
        prefix = naming.volume_name(namespace, "")
        known = [volume.name.removeprefix(prefix) for volume in world.claims(namespace)]
        raise not_found("persistentvolumeclaims", claim, known, namespace=namespace)
    if _is_retained(found[0]):
        raise InputError(
            f"the reclaim policy of {claim} is Retain: its volume is never removed",
            hint=f"docker volume rm {volume_name}",
        )
    try:
        context.engine.remove_volume(volume_name)
    except EngineConflict as error:
        owner = found[0].labels.get(labels.SET, "")
        if not owner:
            raise EngineConflict(
                f"claim {claim} is in use by a pod", hint=f"minisets get pods -n {namespace}"
            ) from error
        raise EngineConflict(
            f"claim {claim} is in use by a pod of statefulset/{owner}",
            hint=f"minisets scale sts/{owner} --replicas=0, or minisets stop sts/{owner}",
        ) from error
    if record is not None:
        context.store.remove(record)


def delete_object(context: Context, kind: str, namespace: str, name: str) -> None:
    """Delete an object that is only a record: a Service or a ConfigMap, for example.

    Pods that a Service selected lose its names at the next apply.

    Raises:
        NotFound: There is no such object.
    """
    world = observe_whole(context, namespace or None)
    record = world.records.get((kind, namespace, name))
    if broken := world.unreadable_one(kind, namespace, name):
        record = broken.record
    if record is None:
        known = [one.name for one in world.of_kind(kind, namespace)]
        raise not_found(f"{kind.lower()}s", name, known, namespace=namespace or None)
    context.store.remove(record)
    if namespace:
        _tidy(context, namespace)


def delete_namespace(
    context: Context,
    namespace: str,
    *,
    volumes: bool = False,
    grace_seconds: int | None = None,
) -> tuple[str, ...]:
    """Delete everything in a namespace and return the names of the volumes that stay.

    Raises:
        NotFound: There is nothing in it.
    """
    world = observe_whole(context, namespace)
    found = world.containers or world.volumes or find_network(context, namespace)
    if not found and ("Namespace", "", namespace) not in observe(context.engine).records:
        raise NotFound(f'namespaces "{namespace}" not found', hint="minisets get ns")
    delete_sets(
        context,
        [record.key[1:] for record in world.of_kind(SET_KIND)],
        volumes=volumes,
        grace_seconds=grace_seconds,
    )
    world = observe(context.engine, namespace)
    for container in world.containers:
        context.engine.remove_container(container.id, force=True)
    remove_volumes(context, world, namespace)
    kept = []
    for volume in world.claims(namespace):
        if volumes and not _is_retained(volume):
            context.engine.remove_volume(volume.name)
        else:
            kept.append(volume.name)
    for record in (*world.records.values(), *(one.record for one in world.unreadable)):
        context.store.remove(record)
    # Files of a Secret whose record a prune took.
    for volume in observe(context.engine, namespace).volumes:
        if volume.labels.get(labels.KIND) == labels.KIND_FILES:
            context.engine.remove_volume(volume.name)
    own = observe(context.engine).records.get(("Namespace", "", namespace))
    if own is not None:
        context.store.remove(own)
    remove_network(context, namespace)
    return tuple(kept)


def _remove_pods(
    context: Context,
    target: Target,
    world: World,
    pods: Sequence[PodSeen],
    cascade: Cascade,
    grace_seconds: int | None,
) -> None:
    workshop = Workshop(context=context, target=target, world=world, network=None)

    def remove(pod: PodSeen) -> None:
        workshop.remove(pod, "its set is deleted", grace_seconds=grace_seconds)

    if cascade == "foreground":
        for pod in reversed(pods):
            remove(pod)
    else:
        side_by_side([partial(remove, pod) for pod in pods])


def _remove_leftovers(context: Context, target: Target, world: World) -> None:
    """Remove what pods have left that were removed by hand."""
    for volume in world.pod_volumes(target.namespace):
        if volume.labels.get(labels.SET) == target.name:
            with suppress(EngineConflict):
                context.engine.remove_volume(volume.name)


def _mark_orphaned(context: Context, world: World, target: Target) -> None:
    if (ORPHANED_KIND, *target.key) not in world.records:
        data = {"uid": target.facts.uid}
        context.store.create(ORPHANED_KIND, target.namespace, target.name, data)


def _goes(target: Target, volume: VolumeSeen, *, volumes: bool) -> bool:
    """Say whether a claim goes with its set: by the word of the command or of the manifest."""
    if _is_retained(volume):
        return False
    policy = target.manifest.spec.persistent_volume_claim_retention_policy
    return volumes or policy.when_deleted == "Delete"


def _is_retained(volume: VolumeSeen) -> bool:
    return volume.labels.get(labels.RECLAIM_POLICY) == "Retain"


def _tidy(context: Context, namespace: str) -> None:
    """Remove the namespace's network when its last object has gone; claims do not need it."""
    world = observe(context.engine, namespace)
    if not world.containers and not world.of_kind(SET_KIND, namespace):
        remove_network(context, namespace)
