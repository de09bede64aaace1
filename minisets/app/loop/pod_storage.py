"""The volumes of a pod in the Engine: ready before its containers, some removed after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from minisets.app.context import Context
from minisets.app.loop.storage import claim_users
from minisets.app.loop.world import World
from minisets.core import labels
from minisets.core.manifest import Container
from minisets.core.pod.container_spec import PodRequest, surroundings
from minisets.core.pod.environment import variables
from minisets.core.pod.layout import Part, layout
from minisets.core.timestamps import timestamp
from minisets.core.volumes.mounts import SubPath, mounting, mountpoint_of, root_paths
from minisets.core.volumes.pod_claims import ALWAYS, SINGLE_POD, check_users, to_hand_over
from minisets.core.volumes.pod_volumes import (
    HostPath,
    PodVolume,
    Root,
    VolumeKind,
    VolumeRequest,
    pod_volumes,
)
from minisets.engine.archives import DirectoryEntry
from minisets.engine.host_paths import HostPaths
from minisets.errors import EngineConflict


def with_volumes(
    context: Context, world: World, request: PodRequest, *, is_new: bool
) -> PodRequest:
    """Make the volumes of a pod ready, and return the request with them.

    Args:
        context: Of the command.
        world: As last seen.
        request: The pod.
        is_new: It has no container yet. What a lost pod of its name has left is removed first:
            a new pod begins with nothing.

    Raises:
        NotConverged: A host path is not what the pod asks for, or a subPath cannot be mounted.
        ReferenceMissing: A ConfigMap, a Secret or a claim is not there.
    """
    volumes = mounted_volumes(request)
    see_to_host_paths(context, request.identity.namespace, volumes)
    _check_single_users(world, request, volumes)
    leftovers = {volume.name for volume in world.pod_volumes(request.identity.namespace)}
    mountpoints: dict[str, str] = {}
    shared: dict[str, Root] = {}
    for volume in volumes:
        if volume.kind in {VolumeKind.CLAIM, VolumeKind.HOST_PATH}:
            continue
        if volume.kind is VolumeKind.SHARED_CLAIM and volume.root:
            shared[volume.source] = volume.root
        if is_new and volume.dies_with_pod and volume.source in leftovers:
            # In use: another command makes the same pod, and will be first.
            with suppress(EngineConflict):
                context.engine.remove_volume(volume.source)
        seen = context.engine.create_volume(
            volume.source,
            labels=dated(context, volume.labels),
            driver=volume.driver,
            options=volume.options,
        )
        mountpoints[volume.source] = mountpoint_of(seen)
        if not labels.is_ours(seen.labels):
            # It was there before, made by somebody else: it stays as it is.
            shared.pop(volume.source, None)
    if shared:
        context.porter(request.identity.namespace).prepare(shared, only_untouched=True)
    files = {one.source: one.files for one in volumes if one.kind is VolumeKind.FILES}
    if files:
        context.porter(request.identity.namespace).publish(files)
    request = replace(request, volumes=volumes, mountpoints=mountpoints)
    if is_new:
        _prepare_roots(context, request)
        _hand_over(context, world, request)
    return _with_sub_paths(context, request)


def mounted_volumes(request: PodRequest) -> tuple[PodVolume, ...]:
    """Return the volumes that a container of the pod mounts."""
    mounted = {mount.name for one in _containers(request) for mount in one.volume_mounts}
    mounted |= {device.name for one in _containers(request) for device in one.volume_devices}
    wanted = VolumeRequest(
        set_name=request.set_name,
        around=surroundings(request),
        claims=request.claims,
        given_roots=request.given_roots,
        devices=request.devices,
        storage=request.storage,
    )
    return tuple(volume for volume in pod_volumes(wanted) if volume.name in mounted)


def new_roots(request: PodRequest) -> tuple[str, ...]:
    """Return the names of the volumes that the pod's containers make writable when they are new.

    Without those that are made so before there is a container.
    """
    parts = _in_part(request)
    return tuple(
        volume.name
        for volume in request.volumes
        if volume.kind is VolumeKind.SCRATCH and volume.root and volume.name not in parts
    )


def first_roots(request: PodRequest, part: Part) -> tuple[str, ...]:
    """Return those of the pod's new_roots that no container before this one has mounted."""
    names = new_roots(request)
    for earlier in layout(request.template.spec)[: part.place]:
        mounted = root_paths(earlier.spec, names) if earlier.spec else {}
        names = tuple(name for name in names if name not in mounted)
    return names


def dated(context: Context, marks: Mapping[str, str]) -> Mapping[str, str]:
    """Return the labels of a volume that is about to be made, for a claim with its date."""
    if marks.get(labels.KIND) != labels.KIND_CLAIM:
        return marks
    return {**marks, labels.CREATED: timestamp(context.clock.now())}


def remove_volumes(context: Context, world: World, namespace: str, pod: str = "") -> None:
    """Remove what lived with a pod (or with all pods of the namespace); gone already is fine."""
    for volume in world.pod_volumes(namespace, pod):
        if volume.labels.get(labels.RECLAIM_POLICY) == "Retain":
            continue
        # Somebody looks into it with a container of their own: theirs to end.
        with suppress(EngineConflict):
            context.engine.remove_volume(volume.name)


def see_to_host_paths(context: Context, namespace: str, volumes: Iterable[PodVolume]) -> None:
    """Look at the host paths that are to be of a type; the Engine makes the others.

    Raises:
        NotConverged: One is not what it should be.
    """
    wanted: list[HostPath] = [
        volume.host_path for volume in volumes if volume.host_path and volume.host_path.type
    ]
    if wanted:
        look = HostPaths(context.engine, namespace, context.pause_image)
        for path in dict.fromkeys(wanted):
            look.see_to(path)


def root_entries(request: PodRequest, paths: Mapping[str, str]) -> dict[str, DirectoryEntry]:
    """Return what the roots of volumes are to be where a container has them.

    Args:
        request: The pod, with its volumes.
        paths: Volume → mount path.
    """
    roots = {volume.name: volume.root for volume in request.volumes}
    return {
        name: DirectoryEntry(path=path, mode=root.mode, uid=root.uid, gid=root.gid)
        for name, path in paths.items()
        if (root := roots.get(name)) is not None
    }


def _check_single_users(world: World, request: PodRequest, volumes: Iterable[PodVolume]) -> None:
    """Refuse a claim that is for one pod to a second pod."""
    single = [volume for volume in volumes if SINGLE_POD in volume.access_modes]
    if single:
        pod = request.identity.pod
        users = claim_users(world, request.identity.namespace, pod, request.set_name)
        check_users(single, pod, users)


def _with_sub_paths(context: Context, request: PodRequest) -> PodRequest:
    """Make the places inside volumes that the pod's containers mount."""
    parts = _in_part(request)
    if not parts:
        return request
    request = _with_mountpoints(context, request, parts)
    porter = context.porter(request.identity.namespace)
    for sub_path in dict.fromkeys(_sub_paths(request)):
        porter.check_path(sub_path.source, sub_path.path)
    return request


def _prepare_roots(context: Context, request: PodRequest) -> None:
    """Prepare the new volumes that no container can: it sees a part of them, or may only read.

    Those that are seen in part, too: directories that are made in them are like their roots.
    """
    scratch = {one.name for one in request.volumes if one.kind is VolumeKind.SCRATCH}
    fresh = scratch | {*request.new_claims}
    writable = {name for one in _containers(request) for name in root_paths(one, fresh)}
    wanted = fresh & (_in_part(request) | (fresh - writable))
    roots = {
        volume.source: volume.root
        for volume in request.volumes
        if volume.root is not None and volume.name in wanted
    }
    if roots:
        context.porter(request.identity.namespace).prepare(roots)


def _hand_over(context: Context, world: World, request: PodRequest) -> None:
    """Give the files of claims that were there before to the pod's group."""
    spec = request.template.spec
    there = {volume.name: volume for volume in world.volumes}
    group = spec.security_context.fs_group
    volumes = to_hand_over(request.volumes, there, spec)
    if volumes and group is not None:
        context.porter(request.identity.namespace).hand_over(
            volumes, group, always=spec.security_context.fs_group_change_policy == ALWAYS
        )


def _in_part(request: PodRequest) -> set[str]:
    """Return the names of the volumes of which a container mounts a part."""
    return {
        mount.name
        for one in _containers(request)
        for mount in one.volume_mounts
        if mount.sub_path or mount.sub_path_expr
    }


def _with_mountpoints(context: Context, request: PodRequest, parts: set[str]) -> PodRequest:
    known = dict(request.mountpoints)
    for volume in request.volumes:
        is_claim = volume.kind is VolumeKind.CLAIM
        if is_claim and volume.name in parts and volume.source not in known:
            # Creating what is there returns it, also when it is not ours.
            seen = context.engine.create_volume(volume.source, labels={})
            known[volume.source] = mountpoint_of(seen)
    return replace(request, mountpoints=known)


def _sub_paths(request: PodRequest) -> list[SubPath]:
    volumes = {volume.name: volume for volume in request.volumes}
    around = surroundings(request)
    return [
        sub_path
        for container in _containers(request)
        for sub_path in mounting(
            container,
            volumes,
            variables=variables(container, around),
            api_version=request.api_version,
            mountpoints=request.mountpoints,
        ).sub_paths
    ]


def _containers(request: PodRequest) -> tuple[Container, ...]:
    spec = request.template.spec
    return (*spec.init_containers, *spec.containers)
