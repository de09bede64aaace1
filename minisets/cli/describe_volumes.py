"""The volumes of a pod or of a template, as describe shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minisets.cli.blocks import NONE, Block, Value

Object = Mapping[str, Any]
Fields = list[tuple[str, Value]]

_TYPES = {
    "persistentVolumeClaim": (
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)"
    ),
    "configMap": "ConfigMap (a volume populated by a ConfigMap)",
    "secret": "Secret (a volume populated by a Secret)",
    "emptyDir": "EmptyDir (a temporary directory that shares a pod's lifetime)",
    "hostPath": "HostPath (bare host directory volume)",
    "downwardAPI": "DownwardAPI (a volume populated by information about the pod)",
    "projected": "Projected (a volume that contains injected data from multiple sources)",
    "nfs": "NFS (an NFS mount that lasts the lifetime of a pod)",
}


def volumes(found: Sequence[Object]) -> Block | str:
    """Return the volumes of a pod or template."""
    return Block([(one["name"], Block(_volume(one))) for one in found]) if found else NONE


def _volume(volume: Object) -> Fields:
    kind = next((key for key in volume if key != "name"), "emptyDir")
    source = volume.get(kind) or {}
    return [("Type", _TYPES.get(kind, kind)), *_FIELDS.get(kind, _plain)(source)]


def _plain(source: Object) -> Fields:
    return [
        (key[0].upper() + key[1:], str(value).lower() if isinstance(value, bool) else str(value))
        for key, value in source.items()
        if not isinstance(value, dict | list)
    ]


def _claim(source: Object) -> Fields:
    return [("ClaimName", source["claimName"]), ("ReadOnly", _flag(source, "readOnly"))]


def _config_map(source: Object) -> Fields:
    return [("Name", source.get("name", "")), *_items(source)]


def _secret(source: Object) -> Fields:
    return [("SecretName", source.get("secretName", "")), *_items(source)]


def _items(source: Object) -> Fields:
    items = tuple(f"{one['key']} -> {one['path']}" for one in source.get("items") or ())
    chosen: Fields = [("Items", items)] if items else []
    return [*chosen, ("Optional", _flag(source, "optional"))]


def _empty(source: Object) -> Fields:
    return [
        ("Medium", source.get("medium") or ""),
        ("SizeLimit", str(source.get("sizeLimit") or "<unset>")),
    ]


def _host_path(source: Object) -> Fields:
    return [("Path", source["path"]), ("HostPathType", source.get("type") or "")]


def _downward(source: Object) -> Fields:
    return [("Items", tuple(map(_downward_item, source.get("items") or ())))]


def _downward_item(item: Object) -> str:
    field = item.get("fieldRef") or {}
    amount = item.get("resourceFieldRef") or {}
    return f"{field.get('fieldPath') or amount.get('resource', '')} -> {item['path']}"


def _projected(source: Object) -> Fields:
    fields: Fields = []
    for one in source.get("sources") or ():
        if "configMap" in one:
            fields.append(("ConfigMapName", one["configMap"].get("name", "")))
            fields += _items(one["configMap"])
        elif "secret" in one:
            fields.append(("SecretName", one["secret"].get("name", "")))
            fields += _items(one["secret"])
        elif "downwardAPI" in one:
            fields += [("DownwardAPI", "true"), *_downward(one["downwardAPI"])]
        else:
            fields += [(next(iter(one), ""), "true")]
    return fields


def _flag(source: Object, key: str) -> str:
    return str(bool(source.get(key))).lower()


_FIELDS: Mapping[str, Callable[[Object], Fields]] = {
    "persistentVolumeClaim": _claim,
    "configMap": _config_map,
    "secret": _secret,
    "emptyDir": _empty,
    "hostPath": _host_path,
    "downwardAPI": _downward,
    "projected": _projected,
}
