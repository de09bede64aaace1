"""From the volumes of a pod to the mounts of one container, as the Engine API has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from minisets.core.manifest import Container, VolumeMount
from minisets.core.observed import VolumeSeen
from minisets.core.pod.expansion import expand, names_in
from minisets.core.volumes.pod_volumes import PodVolume, VolumeKind
from minisets.errors import NotConverged

# Older Engines ignore the fields without a word and mount something else.
_SUBPATH_API = (1, 45)
_CREATE_API = (1, 42)
_RECURSIVE_API = (1, 44)

_CREATED_TYPES = frozenset({"", "DirectoryOrCreate"})
_PROPAGATIONS = {"HostToContainer": "rslave", "Bidirectional": "rshared"}
_HELD = "/.minisets"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubPath:
    """A place inside a volume that must be there, without a link on the way to it.

    Attributes:
        source: The Engine's volume.
        path: Relative to the volume's root; directories on the way are made as the root is.
    """

    source: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounting:
    """What a container mounts.

    Attributes:
        mounts: ``HostConfig.Mounts``.
        binds: ``HostConfig.Binds``: host paths that the Engine makes if they are missing.
        sub_paths: To be made and looked at before the container is created.
    """

    mounts: tuple[dict[str, Any], ...] = ()
    binds: tuple[str, ...] = ()
    sub_paths: tuple[SubPath, ...] = ()


def mounting(
    container: Container,
    volumes: Mapping[str, PodVolume],
    *,
    variables: Mapping[str, str] | None = None,
    api_version: tuple[int, int] = (1, 41),
    mountpoints: Mapping[str, str] | None = None,
) -> Mounting:
    """Say what a container mounts.

    Args:
        container: Of the pod's template.
        volumes: The pod's volumes by their names in the template; others are left out.
        variables: The container's environment, for subPathExpr.
        api_version: Of the Engine.
        mountpoints: Engine volume → where its machine has it, for subPath on older Engines.

    Raises:
        NotConverged: A subPath leads out of its volume, names a variable that is not set, or
            is of a volume that this Engine cannot mount a part of.
    """
    work = _Work(variables or {}, api_version, mountpoints or {})
    for mount in container.volume_mounts:
        if mount.name in volumes:
            work.add(mount, volumes[mount.name])
    return work.done()


class _Work:
    """Collects the mounts of one container."""

    def __init__(
        self,
        variables: Mapping[str, str],
        api_version: tuple[int, int],
        mountpoints: Mapping[str, str],
    ) -> None:
        self._variables = variables
        self._api = api_version
        self._mountpoints = mountpoints
        self._mounts: list[dict[str, Any]] = []
        self._binds: list[str] = []
        self._sub_paths: list[SubPath] = []
        self._held: dict[str, None] = {}

    def add(self, mount: VolumeMount, volume: PodVolume) -> None:
        sub_path = _sub_path(mount, self._variables)
        if volume.kind is VolumeKind.HOST_PATH:
            self._host_path(mount, volume, sub_path)
        elif not sub_path:
            self._mounts.append(_volume_mount(mount, volume))
        else:
            self._part(mount, volume, sub_path)

    def done(self) -> Mounting:
        whole = {mount["Source"] for mount in self._mounts if mount["Type"] == "volume"}
        # A bind of a folder in a volume does not keep a prune from the volume: a mount does.
        held = [
            _mount("volume", source, f"{_HELD}/{source}", read_only=True)
            for source in self._held
            if source not in whole
        ]
        return Mounting(
            mounts=(*self._mounts, *held),
            binds=tuple(self._binds),
            sub_paths=tuple(self._sub_paths),
        )

    def _part(self, mount: VolumeMount, volume: PodVolume, sub_path: str) -> None:
        if not _has_file(volume, sub_path):
            self._sub_paths.append(SubPath(source=volume.source, path=sub_path))
        made = _volume_mount(mount, volume)
        if self._api >= _SUBPATH_API:
            made["VolumeOptions"]["Subpath"] = sub_path
            self._mounts.append(made)
            return
        base = self._mountpoints.get(volume.source, "")
        if not base:
            raise NotConverged(
                f"the volume {volume.name} cannot be mounted in part (subPath) by this Engine",
                hint="Docker Engine 26 and newer can; or mount the whole volume",
            )
        self._held[volume.source] = None
        self._mounts.append(
            _mount(
                "bind", f"{base}/{sub_path}", _target(mount), read_only=_read_only(mount, volume)
            )
        )

    def _host_path(self, mount: VolumeMount, volume: PodVolume, sub_path: str) -> None:
        path, target = volume.source.rstrip("/") or "/", _target(mount)
        if sub_path:
            path = f"{path.rstrip('/')}/{sub_path}"
        kind = volume.host_path.type if volume.host_path else ""
        if mount.recursive_read_only == "Enabled" and self._api < _RECURSIVE_API:
            raise NotConverged(
                f"the volume {volume.name} cannot be mounted read-only with all that is mounted "
                "in it (recursiveReadOnly) by this Engine",
                hint="Docker Engine 25 and newer can; or ask for IfPossible",
            )
        read_only = _read_only(mount, volume)
        propagation = _PROPAGATIONS.get(mount.mount_propagation or "", "")
        is_created = kind in _CREATED_TYPES or bool(sub_path)
        if is_created and self._api < _CREATE_API and ":" not in path:
            words = ["ro" if read_only else "rw", *([propagation] if propagation else [])]
            self._binds.append(f"{path}:{target}:{','.join(words)}")
            return
        options: dict[str, Any] = {}
        if propagation:
            options["Propagation"] = propagation
        if is_created and self._api >= _CREATE_API:
            options["CreateMountpoint"] = True
        if mount.recursive_read_only == "Enabled":
            options["ReadOnlyForceRecursive"] = True
        made = _mount("bind", path, target, read_only=read_only)
        self._mounts.append({**made, "BindOptions": options} if options else made)


def devices(container: Container, volumes: Mapping[str, PodVolume]) -> tuple[dict[str, str], ...]:
    """Return the devices of a container, as ``HostConfig.Devices``.

    Args:
        container: Of the pod's template.
        volumes: The pod's volumes by their names in the template; others are left out.

    Raises:
        NotConverged: A claim of a directory is wanted as a device, or the other way round.
    """
    wrong = [
        (one.name, "Filesystem", "volumeDevices")
        for one in container.volume_devices
        if one.name in volumes and not volumes[one.name].device
    ] + [
        (one.name, "Block", "volumeMounts")
        for one in container.volume_mounts
        if one.name in volumes and volumes[one.name].device
    ]
    for name, mode, place in wrong:
        raise NotConverged(
            f"volume {name} has volumeMode {mode}, but is specified in {place}",
            hint="write volumeDevices for claims of the volumeMode Block, volumeMounts for others",
        )
    return tuple(
        {
            "PathOnHost": volumes[one.name].device,
            "PathInContainer": one.device_path,
            "CgroupPermissions": "r" if volumes[one.name].read_only else "rwm",
        }
        for one in container.volume_devices
        if one.name in volumes
    )


def mountpoint_of(volume: VolumeSeen) -> str:
    """Return where the Engine's machine has a volume's files, also while nothing mounts it.

    Empty for what is there only while it is mounted, such as an NFS export.
    """
    if not volume.options:
        return volume.mountpoint
    is_bind = volume.options.get("type") == "none" and "bind" in volume.options.get("o", "")
    return volume.options.get("device", "").rstrip("/") if is_bind else ""


def held_in_memory(volumes: Iterable[PodVolume]) -> tuple[dict[str, Any], ...]:
    """Return the mounts by which a container that only waits keeps volumes in memory alive."""
    return tuple(
        _mount("volume", volume.source, f"{_HELD}/{volume.source}", read_only=True)
        for volume in volumes
        if volume.is_memory
    )


def root_paths(container: Container, names: Iterable[str]) -> dict[str, str]:
    """Return volume → where the container could change its root directory, of those named.

    That is where the whole of it is mounted, to be written to.
    """
    wanted, found = set(names), dict[str, str]()
    for mount in container.volume_mounts:
        is_part = mount.sub_path or mount.sub_path_expr
        if mount.name in wanted and not is_part and not mount.read_only:
            found.setdefault(mount.name, _target(mount))
    return found


def _sub_path(mount: VolumeMount, variables: Mapping[str, str]) -> str:
    text = mount.sub_path
    if mount.sub_path_expr:
        missing = [name for name in names_in(mount.sub_path_expr) if name not in variables]
        if missing:
            raise NotConverged(
                f'subPathExpr "{mount.sub_path_expr}" of the volume {mount.name} names the '
                f"variable {missing[0]}, which the container does not have"
            )
        text = expand(mount.sub_path_expr, variables)
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or ".." in parts:
        raise NotConverged(f'subPath "{text}" leads out of the volume {mount.name}')
    return "/".join(parts)


def _has_file(volume: PodVolume, sub_path: str) -> bool:
    """Say whether a volume's own files have a path, as a file or as a folder of files."""
    inside = f"{sub_path}/"
    return any(entry.path == sub_path or entry.path.startswith(inside) for entry in volume.files)


def _volume_mount(mount: VolumeMount, volume: PodVolume) -> dict[str, Any]:
    return _mount("volume", volume.source, _target(mount), read_only=_read_only(mount, volume))


def _mount(kind: str, source: str, target: str, *, read_only: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Type": kind,
        "Source": source,
        "Target": target,
        "ReadOnly": read_only,
    }
    if kind == "volume":
        # A new volume is empty in Kubernetes; Docker would copy the image's files into it.
        made["VolumeOptions"] = {"NoCopy": True}
    return made


def _read_only(mount: VolumeMount, volume: PodVolume) -> bool:
    return mount.read_only or volume.read_only


def _target(mount: VolumeMount) -> str:
    # Kubernetes rule: a relative path starts at the root.
    return mount.mount_path if mount.mount_path.startswith("/") else f"/{mount.mount_path}"
