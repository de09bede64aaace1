"""The use case delete: pods from the top down, then the record; volumes only on a word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Literal

from minisets.app.context import Context
from minisets.app.loop.deeds import Workshop
from minisets.app.loop.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.loop.network import find_network, remove_network
from minisets.app.loop.pod_storage import remove_volumes
from minisets.app.loop.sets import ORPHANED_KIND, SET_KIND, find_set, observe_whole
from minisets.app.loop.targets import Target, flush
from minisets.app.loop.world import World, observe
from minisets.core import labels, naming
from minisets.core.observed import VolumeSeen
from minisets.core.pod.seen import PodSeen
from minisets.core.query.absence import not_found
from minisets.errors import EngineConflict, InputError, NotFound

Cascade = Literal["foreground", "background", "orphan"]

_WORKERS = 8


def delete_set(
    context: Context,
    namespace: str,
    name: str,
    *,
    cascade: Cascade = "foreground",
    volumes: bool = False,
    grace_seconds: int | None = None,
) -> tuple[str, ...]:
    """Delete a set and return the names of the volumes that stay.

    Args:
        context: Of the command.
        namespace: Of the set.
        name: Of the set.
        cascade: ``foreground``: pods go from the highest ordinal down, each after the one before
            is gone; ``background``: all at once; ``orphan``: they stay and run on.
        volumes: Remove the claims, too, except those whose reclaim policy says Retain.
        grace_seconds: Overrides the pods' own grace periods.

    Raises:
        NotFound: There is no such set.
    """
    target = find_set(context, namespace, name)
    # Written first: another command that drives the set sees it and stops.
    target.change(deletion=cascade)
    flush(context, target)
    world = observe(context.engine, namespace)
    if cascade != "orphan":
        _remove_pods(context, target, world, cascade, grace_seconds)
        _remove_leftovers(context, target, world)
    claims = world.claims(namespace, name)
    goes = [volume for volume in claims if _goes(target, volume, volumes=volumes)]
    if cascade == "orphan":
        goes = []
    for volume in goes:
        context.engine.remove_volume(volume.name)
    if cascade == "orphan":
        # Else the pods would bring the set back: a lost record is rebuilt from them.
        _mark_orphaned(context, world, target)
    context.store.remove(target.record)
    _tidy(context, namespace)
    gone = {volume.name for volume in goes}
    return tuple(volume.name for volume in claims if volume.name not in gone)


def delete_pod(
    context: Context,
    namespace: str,
    pod: str,
    *,
    wait: bool = True,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> None:
    """Delete a pod and return when its set is whole again, the new pod ready.

    Raises:
        NotFound: There is no such pod.
    """
    world = observe_whole(context, namespace)
    seen = find_pod(world, namespace, pod)
    target = find_set(context, namespace, seen.labels[labels.SET], world)
    Workshop(context=context, target=target, world=world, network=None).remove(
        seen, "it was deleted"
    )
    if wait:
        Drive(context, [target]).run(timeout_seconds=timeout_seconds)


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
    if record is None:
        known = [one.name for one in world.of_kind(kind, namespace)]
        raise not_found(f"{kind.lower()}s", name, known, namespace=namespace or None)
    context.store.remove(record)
    if namespace:
        _tidy(context, namespace)


def delete_namespace(
    context: Context, namespace: str, *, volumes: bool = False
) -> tuple[str, ...]:
    """Delete everything in a namespace and return the names of the volumes that stay.

    Raises:
        NotFound: There is nothing in it.
    """
    world = observe_whole(context, namespace)
    found = world.containers or world.volumes or find_network(context, namespace)
    if not found and ("Namespace", "", namespace) not in observe(context.engine).records:
        raise NotFound(f'namespaces "{namespace}" not found', hint="minisets get sts -A")
    for record in world.of_kind(SET_KIND, namespace):
        delete_set(context, namespace, record.name, volumes=volumes)
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
    for record in world.records.values():
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


def find_pod(world: World, namespace: str, pod: str) -> PodSeen:
    """Return a pod by its name.

    Raises:
        NotFound: There is no such pod.
    """
    for seen in world.pods(namespace):
        if seen.name == pod:
            return seen
    known = [seen.name for seen in world.pods(namespace)]
    raise not_found("pods", pod, known, namespace=namespace)


def _remove_pods(
    context: Context, target: Target, world: World, cascade: Cascade, grace_seconds: int | None
) -> None:
    workshop = Workshop(context=context, target=target, world=world, network=None)
    pods = list(reversed(world.pods(target.namespace, target.name)))

    def remove(pod: PodSeen) -> None:
        workshop.remove(pod, "its set is deleted", grace_seconds=grace_seconds)

    if cascade == "foreground":
        for pod in pods:
            remove(pod)
        return
    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(remove, pods))


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
