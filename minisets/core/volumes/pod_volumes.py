"""The volumes of one pod as values: what must be there before its containers are created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from minisets.core import labels, naming
from minisets.core.manifest import PersistentVolumeClaim, PodSpec, Volume
from minisets.core.manifest.volume import EmptyDirVolumeSource
from minisets.core.pod.environment import Surroundings
from minisets.core.quantity import parse_quantity
from minisets.core.records.configuration import of_pod
from minisets.core.volumes.file_entry import FileEntry
from minisets.core.volumes.pod_files import has_files, volume_files
from minisets.core.volumes.storage import (
    BLOCK,
    LOCAL_DRIVER,
    Backing,
    ClaimRequest,
    Storage,
    backing,
    ephemeral_request,
    named_request,
    nfs_options,
)
from minisets.errors import ReferenceMissing

_EVERYBODY = 0o777
# Kubernetes rule: the group may write, and what is made inside belongs to the group.
_SET_GID = 0o2000
_CLAIM_OF_GROUP = 0o2775


class VolumeKind(StrEnum):
    """What a volume of a pod is."""

    CLAIM = "claim"  # of a claim template: the pod's own, outlives it
    SHARED_CLAIM = "shared claim"  # an object of its own, outlives every pod
    SCRATCH = "scratch"  # empty at first, lives and dies with the pod
    FILES = "files"  # made of ConfigMaps, Secrets and pod fields; lives and dies with the pod
    EXPORT = "export"  # an NFS export; the volume is only the way to it
    HOST_PATH = "host path"  # no volume of the Engine, but a path of its machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Mode and owner of the directory at the top of a volume."""

    mode: int = _EVERYBODY
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPath:
    """What must stand at a path of the Engine's machine; ``type`` in Kubernetes' words."""

    path: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PodVolume:
    """One volume of a pod.

    Attributes:
        name: In the pod's template.
        source: Name of the Engine's volume; of a host path the path itself.
        driver: Of the Engine's volume.
        options: Of that driver.
        labels: Of the Engine's volume.
        root: What a new volume must be given; None if it is ready as the Engine makes it.
        files: What is to be in it, if the manifests say so.
        read_only: Nobody in the pod may write to it.
        host_path: What must stand on the machine before the first mount; None if nothing.
        access_modes: Of a claim.
        is_memory: Its content is lost when no container has it mounted.
        device: Path of the machine of the device that it is; empty for what can be mounted.
    """

    name: str
    kind: VolumeKind
    source: str
    driver: str = LOCAL_DRIVER
    options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    root: Root | None = None
    files: tuple[FileEntry, ...] = ()
    read_only: bool = False
    host_path: HostPath | None = None
    access_modes: tuple[str, ...] = ()
    is_memory: bool = False
    device: str = ""

    @property
    def dies_with_pod(self) -> bool:
        """It is removed when its pod is; a policy that says Retain keeps it."""
        return self.labels.get(labels.KIND) == labels.KIND_POD_VOLUME and (
            self.labels.get(labels.RECLAIM_POLICY) != "Retain"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRequest:
    """All that the volumes of one pod are made from.

    Attributes:
        around: The pod: its spec and fields, ConfigMaps and Secrets.
        claims: Claim template → volume name.
        given_roots: Those of them whose volume is a place that was there before.
        devices: Those of them that are devices, with the path of the machine.
        storage: What claims get their storage from.
    """

    set_name: str
    around: Surroundings
    claims: Mapping[str, str]
    given_roots: frozenset[str] = frozenset()
    devices: Mapping[str, str] = field(default_factory=dict)
    storage: Storage = field(default_factory=Storage)

    @property
    def pod(self) -> str:
        """Name of the pod."""
        return self.around.fields.name

    @property
    def namespace(self) -> str:
        """Namespace of the pod."""
        return self.around.fields.namespace


def pod_volumes(request: VolumeRequest) -> tuple[PodVolume, ...]:
    """Return the volumes of a pod: those of its claims, then the others of its template.

    Kubernetes rule: a claim template wins over a volume of the same name.

    Raises:
        ReferenceMissing: A ConfigMap, a Secret or a claim is not there, and not optional.
    """
    spec = request.around.pod
    group = spec.security_context.fs_group
    claims = tuple(
        PodVolume(
            name=name,
            kind=VolumeKind.CLAIM,
            source=source,
            root=None if name in request.given_roots else claim_root(group),
            device=request.devices.get(name, ""),
        )
        for name, source in request.claims.items()
    )
    others = (volume for volume in spec.volumes if volume.name not in request.claims)
    try:
        return (*claims, *(_pod_volume(volume, request, group) for volume in others))
    except ReferenceMissing as error:
        raise of_pod(error, request.pod, request.namespace) from error


def claim_root(fs_group: int | None) -> Root:
    """Return what the root of a new claim must be.

    Without fsGroup anybody may write, as local provisioners of Kubernetes do it.
    """
    if fs_group is None:
        return Root(mode=_EVERYBODY)
    return Root(mode=_CLAIM_OF_GROUP, gid=fs_group)


def claim_volume(
    claim: PersistentVolumeClaim,
    request: ClaimRequest,
    found: Backing,
    *,
    fs_group: int | None = None,
) -> PodVolume:
    """Return the volume of a claim: of one pod's claim of a template, or of an object.

    Args:
        claim: The template or the object.
        request: The claim itself, with its own name and namespace.
        found: What it is made of, from backing.
        fs_group: Of the pod.
    """
    marks = {
        **claim.metadata.labels,
        **labels.base(labels.KIND_CLAIM, request.namespace),
        labels.CLAIM: claim.metadata.name,
        labels.STORAGE: str(request.spec.resources.requests.get("storage", "")),
        labels.ACCESS_MODES: ",".join(request.spec.access_modes),
        labels.RECLAIM_POLICY: found.reclaim_policy,
    }
    if found.storage_class:
        marks[labels.STORAGE_CLASS] = found.storage_class
    root = None if found.is_given else claim_root(fs_group)
    if root is not None and fs_group is not None:
        marks[labels.FS_GROUP] = str(fs_group)
    if request.spec.volume_mode == BLOCK:
        marks[labels.VOLUME_MODE] = BLOCK
    if found.persistent_volume:
        marks[labels.PERSISTENT_VOLUME] = found.persistent_volume
    return PodVolume(
        name=claim.metadata.name,
        kind=VolumeKind.CLAIM,
        source=naming.volume_name(request.namespace, request.name),
        driver=found.driver,
        options=found.options,
        labels=marks,
        root=root,
        host_path=_backing_path(found),
        access_modes=request.spec.access_modes,
        device=device_of(request.spec.volume_mode, found.options),
    )


def device_of(volume_mode: str, options: Mapping[str, str]) -> str:
    """Return the path of the machine of the device that a claim's volume is; empty if none."""
    return options.get("device", "") if volume_mode == BLOCK else ""


def _pod_volume(volume: Volume, request: VolumeRequest, group: int | None) -> PodVolume:
    if has_files(volume):
        files = volume_files(volume, request.around, fs_group=group)
        made = _own(volume, request, VolumeKind.FILES)
        return replace(made, files=files, read_only=True, root=_scratch_root(_EVERYBODY, group))
    if volume.host_path is not None:
        return PodVolume(
            name=volume.name,
            kind=VolumeKind.HOST_PATH,
            source=volume.host_path.path,
            host_path=HostPath(path=volume.host_path.path, type=volume.host_path.type),
        )
    if volume.persistent_volume_claim is not None:
        return _shared_claim(volume, request, group)
    if volume.nfs is not None:
        nfs = volume.nfs
        made = _own(volume, request, VolumeKind.EXPORT)
        return replace(made, options=nfs_options(nfs.server, nfs.path), read_only=nfs.read_only)
    if volume.ephemeral is not None:
        return _ephemeral(volume, request, group)
    return _scratch(volume, volume.empty_dir or EmptyDirVolumeSource(), request, group)


def _own(volume: Volume, request: VolumeRequest, kind: VolumeKind) -> PodVolume:
    """Return a volume that lives and dies with the pod."""
    return PodVolume(
        name=volume.name,
        kind=kind,
        source=naming.pod_volume_name(request.namespace, request.pod, volume.name),
        labels={
            **labels.base(labels.KIND_POD_VOLUME, request.namespace),
            labels.SET: request.set_name,
            labels.POD_NAME: request.pod,
            labels.POD_VOLUME: volume.name,
        },
    )


def _scratch_root(mode: int, group: int | None) -> Root:
    if group is None:
        return Root(mode=mode)
    return Root(mode=mode | _SET_GID | 0o770, gid=group)


def _scratch(
    volume: Volume, source: EmptyDirVolumeSource, request: VolumeRequest, group: int | None
) -> PodVolume:
    made = _own(volume, request, VolumeKind.SCRATCH)
    root = _scratch_root(_EVERYBODY if source.mode is None else source.mode, group)
    if source.medium != "Memory":
        return replace(made, root=root)
    if is_disk_after_all(volume, request.around.pod):
        return replace(made, root=root)
    size = int(parse_quantity(source.size_limit)) if source.size_limit is not None else 0
    words = [f"size={size}"] if size else []
    # What is written before the start would be lost: the mount itself sets the owner.
    words += [f"mode={root.mode:o}", f"gid={root.gid}"]
    options = {"type": "tmpfs", "device": "tmpfs", "o": ",".join(words)}
    return replace(made, options=options, is_memory=True)


def is_disk_after_all(volume: Volume, spec: PodSpec) -> bool:
    """Say whether an emptyDir asks for memory of which a container mounts a part."""
    source = volume.empty_dir
    return (
        source is not None
        and source.medium == "Memory"
        and any(
            mount.name == volume.name and (mount.sub_path or mount.sub_path_expr)
            for container in (*spec.init_containers, *spec.containers)
            for mount in container.volume_mounts
        )
    )


def _shared_claim(volume: Volume, request: VolumeRequest, group: int | None) -> PodVolume:
    source = volume.persistent_volume_claim
    name = source.claim_name if source is not None else ""
    claim = request.storage.claims.get(name)
    if claim is None:
        raise ReferenceMissing(
            f'persistentvolumeclaim "{name}" not found',
            hint=f"minisets get pvc -n {request.namespace}",
        )
    wanted = named_request(claim, request.namespace)
    # What is there is what it was made of; its root and its files are not touched again.
    is_made = name in request.storage.made
    found = (
        Backing()
        if is_made
        else backing(wanted, request.storage, request.storage.chosen.get(name))
    )
    made = claim_volume(claim, wanted, found, fs_group=group)
    return replace(
        made,
        name=volume.name,
        kind=VolumeKind.SHARED_CLAIM,
        root=None if is_made else made.root,
        device=device_of(claim.spec.volume_mode, request.storage.made[name])
        if is_made
        else made.device,
        read_only=bool(source and source.read_only),
    )


def _ephemeral(volume: Volume, request: VolumeRequest, group: int | None) -> PodVolume:
    made = _own(volume, request, VolumeKind.SCRATCH)
    wanted = ephemeral_request(volume, request.pod, request.namespace)
    if wanted is None:
        return replace(made, root=claim_root(group))
    found = backing(wanted, request.storage)
    return replace(
        made,
        driver=found.driver,
        options=found.options,
        labels={**made.labels, labels.RECLAIM_POLICY: found.reclaim_policy},
        root=None if found.is_given else claim_root(group),
        host_path=_backing_path(found),
    )


def _backing_path(found: Backing) -> HostPath | None:
    if not found.host_path:
        return None
    return HostPath(path=found.host_path, type=found.host_path_type or "DirectoryOrCreate")
