"""Cross-field rules of a pod's volumes and of their mounts; each check yields its problems."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from minisets.core.input.source import Path
from minisets.core.input.validate_amounts import check_quantities
from minisets.core.input.validate_env import check_field, check_resource
from minisets.core.input.validate_names import (
    check_label_name,
    duplicate,
    invalid,
    problem_at,
    required,
    unknown_name,
    unsupported,
)
from minisets.core.input.validate_objects import check_claim_spec
from minisets.errors import Problem

_Obj = dict[str, Any]

_MAX_MODE = 0o777
_MODE_MESSAGE = "must be a number between 0 and 0777 (octal), both inclusive"
_NO_STEP_UP = "must not contain '..'"
_FIELD_PATHS = (
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
)
_RECURSIVE = ("Disabled", "Enabled", "IfPossible")


def check_volumes(
    path: Path, volumes: Sequence[_Obj], container_names: Collection[str]
) -> Iterator[Problem]:
    """Check the volumes of a pod.

    Args:
        path: Where the list stands in the object.
        volumes: Of the pod, defaulted.
        container_names: Of all containers of the pod: ``resourceFieldRef`` names them.
    """
    names: set[str] = set()
    for index, volume in enumerate(volumes):
        place = (*path, index)
        yield from check_label_name((*place, "name"), volume["name"])
        if volume["name"] in names:
            yield duplicate((*place, "name"), volume["name"])
        names.add(volume["name"])
        for extra in [key for key in volume if key != "name"][1:]:
            yield problem_at((*place, extra), "Forbidden: may not specify more than 1 volume type")
        for name, check in _SOURCES.items():
            if name in volume:
                yield from check((*place, name), volume[name])
        yield from _check_pod_fields(place, volume, container_names)


def check_mounts(path: Path, container: _Obj, volumes: set[str]) -> Iterator[Problem]:
    """Check where a container mounts volumes; ``volumes`` are the names that it may use."""
    mount_paths: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts", ())):
        place = (*path, "volumeMounts", index)
        if mount["name"] not in volumes:
            yield unknown_name((*place, "name"), mount["name"], volumes)
        mount_path = mount["mountPath"]
        if not mount_path:
            yield required((*place, "mountPath"))
        elif mount_path in mount_paths:
            yield invalid((*place, "mountPath"), mount_path, "must be unique")
        elif ":" in mount_path:
            yield invalid((*place, "mountPath"), mount_path, "must not contain ':'")
        mount_paths.add(mount_path)
        yield from _check_sub_path(place, mount)
        yield from _check_propagation(place, mount, container)
        yield from _check_recursive(place, mount)
    yield from _check_devices(path, container, volumes)


def _check_devices(path: Path, container: _Obj, volumes: set[str]) -> Iterator[Problem]:
    mounts = container.get("volumeMounts", ())
    mounted = {mount["name"] for mount in mounts}
    mount_paths = {mount["mountPath"] for mount in mounts}
    names: set[str] = set()
    device_paths: set[str] = set()
    for index, device in enumerate(container.get("volumeDevices", ())):
        place = (*path, "volumeDevices", index)
        name, device_path = device["name"], device["devicePath"]
        if name not in volumes:
            yield unknown_name((*place, "name"), name, volumes)
        if name in names:
            yield invalid((*place, "name"), name, "must be unique")
        if name in mounted:
            yield invalid((*place, "name"), name, "must not already exist in volumeMounts")
        if not device_path:
            yield required((*place, "devicePath"))
        elif ".." in device_path.split("/"):
            detail = "can not contain backsteps ('..')"
            yield invalid((*place, "devicePath"), device_path, detail)
        elif device_path in device_paths:
            yield invalid((*place, "devicePath"), device_path, "must be unique")
        elif device_path in mount_paths:
            detail = "must not already exist as a path in volumeMounts"
            yield invalid((*place, "devicePath"), device_path, detail)
        names.add(name)
        device_paths.add(device_path)


def _check_sub_path(path: Path, mount: _Obj) -> Iterator[Problem]:
    if mount.get("subPath") and mount.get("subPathExpr"):
        detail = "subPathExpr and subPath are mutually exclusive"
        yield invalid((*path, "subPathExpr"), mount["subPathExpr"], detail)
    for name in ("subPath", "subPathExpr"):
        if mount.get(name):
            yield from _check_relative((*path, name), mount[name])


def _check_propagation(path: Path, mount: _Obj, container: _Obj) -> Iterator[Problem]:
    is_privileged = container.get("securityContext", {}).get("privileged", False)
    if mount.get("mountPropagation") == "Bidirectional" and not is_privileged:
        yield problem_at(
            (*path, "mountPropagation"),
            "Forbidden: Bidirectional mount propagation is available only to privileged "
            "containers",
        )


def _check_recursive(path: Path, mount: _Obj) -> Iterator[Problem]:
    value = mount.get("recursiveReadOnly", "Disabled")
    place = (*path, "recursiveReadOnly")
    if value not in _RECURSIVE:
        yield unsupported(place, value, _RECURSIVE)
    elif value != "Disabled":
        if not mount.get("readOnly"):
            yield problem_at(place, "Forbidden: may only be specified when readOnly is true")
        if mount.get("mountPropagation", "None") != "None":
            detail = "Forbidden: may only be specified when mountPropagation is None"
            yield problem_at(place, detail)


def _check_empty_dir(path: Path, source: _Obj) -> Iterator[Problem]:
    if "sizeLimit" in source:
        yield from check_quantities(path, {"sizeLimit": source["sizeLimit"]})
    yield from _check_mode((*path, "mode"), source)


def _check_host_path(path: Path, source: _Obj) -> Iterator[Problem]:
    where = source["path"]
    place = (*path, "path")
    if not where:
        yield required(place)
    elif ".." in where.split("/"):
        yield invalid(place, where, _NO_STEP_UP)
    elif not where.startswith("/"):
        # The API server takes it; to the Engine it would be the name of a volume.
        yield invalid(place, where, "must be an absolute path")


def _check_claim(path: Path, source: _Obj) -> Iterator[Problem]:
    if not source["claimName"]:
        yield required((*path, "claimName"))


def _check_nfs(path: Path, source: _Obj) -> Iterator[Problem]:
    if not source["server"]:
        yield required((*path, "server"))
    if not source["path"]:
        yield required((*path, "path"))
    elif not source["path"].startswith("/"):
        yield invalid((*path, "path"), source["path"], "must be an absolute path")


def _check_ephemeral(path: Path, source: _Obj) -> Iterator[Problem]:
    if "volumeClaimTemplate" not in source:
        yield required((*path, "volumeClaimTemplate"))
        return
    yield from check_claim_spec(
        (*path, "volumeClaimTemplate", "spec"), source["volumeClaimTemplate"].get("spec", {})
    )


def _check_config_map(path: Path, source: _Obj) -> Iterator[Problem]:
    yield from _check_keys(path, source, "name")


def _check_secret(path: Path, source: _Obj) -> Iterator[Problem]:
    yield from _check_keys(path, source, "secretName")


def _check_keys(path: Path, source: _Obj, name: str) -> Iterator[Problem]:
    if not source.get(name):
        yield required((*path, name))
    yield from _check_mode((*path, "defaultMode"), source)
    for index, item in enumerate(source.get("items", ())):
        place = (*path, "items", index)
        if not item["key"]:
            yield required((*place, "key"))
        yield from _check_item(place, item)


def _check_downward(path: Path, source: _Obj) -> Iterator[Problem]:
    yield from _check_mode((*path, "defaultMode"), source)
    for index, item in enumerate(source.get("items", ())):
        yield from _check_item((*path, "items", index), item)


def _check_pod_fields(
    path: Path, volume: _Obj, container_names: Collection[str]
) -> Iterator[Problem]:
    """Check what a downwardAPI or projected volume shows of the pod."""
    found = [((*path, "downwardAPI"), volume.get("downwardAPI", {}))]
    for index, source in enumerate(volume.get("projected", {}).get("sources", ())):
        place = (*path, "projected", "sources", index, "downwardAPI")
        found.append((place, source.get("downwardAPI", {})))
    for place, source in found:
        for index, item in enumerate(source.get("items", ())):
            yield from _check_pod_field((*place, "items", index), item, container_names)


def _check_pod_field(
    path: Path, item: _Obj, container_names: Collection[str]
) -> Iterator[Problem]:
    field, resource = item.get("fieldRef"), item.get("resourceFieldRef")
    if field is None and resource is None:
        yield required(path, "one of fieldRef and resourceFieldRef is required")
    if field is not None and resource is not None:
        detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
        yield invalid(path, "resource", detail)
    if field is not None:
        yield from check_field((*path, "fieldRef"), field, _FIELD_PATHS)
    if resource is not None:
        if not resource.get("containerName"):
            yield required((*path, "resourceFieldRef", "containerName"))
        yield from check_resource((*path, "resourceFieldRef"), resource, container_names)


def _check_projected(path: Path, source: _Obj) -> Iterator[Problem]:
    yield from _check_mode((*path, "defaultMode"), source)
    seen: set[str] = set()
    for index, one in enumerate(source.get("sources", ())):
        place = (*path, "sources", index)
        for extra in list(one)[1:]:
            detail = "Forbidden: may not specify more than 1 volume type per source"
            yield problem_at((*place, extra), detail)
        for name, check in _PROJECTED.items():
            if name in one:
                yield from check((*place, name), one[name])
                for taken in _paths(one[name]) & seen:
                    yield invalid((*place, name), taken, "conflicting duplicate paths")
                seen |= _paths(one[name])


def _paths(source: _Obj) -> set[str]:
    """Return the paths that a source names; those of all its keys are not known yet."""
    return {item["path"] for item in source.get("items", ())}


def _check_item(path: Path, item: _Obj) -> Iterator[Problem]:
    where = item["path"]
    if not where:
        yield required((*path, "path"))
    else:
        yield from _check_relative((*path, "path"), where)
        if where.startswith("..") and not where.startswith("../"):
            yield invalid((*path, "path"), where, "must not start with '..'")
    yield from _check_mode((*path, "mode"), item)


def _check_relative(path: Path, where: str) -> Iterator[Problem]:
    if where.startswith("/"):
        yield invalid(path, where, "must be a relative path")
    if ".." in where.split("/"):
        yield invalid(path, where, _NO_STEP_UP)


def _check_mode(path: Path, source: _Obj) -> Iterator[Problem]:
    mode = source.get(str(path[-1]))
    if mode is not None and not 0 <= mode <= _MAX_MODE:
        yield invalid(path, mode, _MODE_MESSAGE)


def check_volume_source(obj: _Obj) -> Iterator[Problem]:
    """Check where the files of a PersistentVolume are."""
    spec = obj.get("spec", {})
    if "nfs" in spec:
        yield from _check_nfs(("spec", "nfs"), spec["nfs"])
    for name in ("hostPath", "local"):
        if name in spec:
            yield from _check_host_path(("spec", name), spec[name])
    is_root = posixpath.normpath(spec.get("hostPath", {}).get("path") or ".") == "/"
    if is_root and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        message = "Forbidden: may not be 'recycle' for a hostPath mount of '/'"
        yield problem_at(("spec", "persistentVolumeReclaimPolicy"), message)


_SOURCES: dict[str, Callable[[Path, _Obj], Iterator[Problem]]] = {
    "configMap": _check_config_map,
    "downwardAPI": _check_downward,
    "emptyDir": _check_empty_dir,
    "ephemeral": _check_ephemeral,
    "hostPath": _check_host_path,
    "nfs": _check_nfs,
    "persistentVolumeClaim": _check_claim,
    "projected": _check_projected,
    "secret": _check_secret,
}
_PROJECTED: dict[str, Callable[[Path, _Obj], Iterator[Problem]]] = {
    "configMap": _check_config_map,
    "downwardAPI": _check_downward,
    # Inside a projected volume a Secret's name is called as a ConfigMap's.
    "secret": _check_config_map,
}
