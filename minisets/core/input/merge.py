"""The three-way merge of ``kubectl apply``: what was applied, what the file says, what lives.

The file wins where it speaks; what an earlier file said and this one no longer does is removed;
everything else stays as it lives. Lists of named things are merged item by item, all other lists
are replaced as a whole.
"""

from __future__ import annotations

import copy
from typing import Any

_Key = tuple[Any, ...]

# The API's patch merge keys, by the name of the list. Lists that are not here are atomic.
# kubectl merges ports by number alone and so loses one of 53/TCP and 53/UDP
# (kubernetes/kubernetes#39188); here the protocol is part of the key.
MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port", "protocol"),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_KEY_DEFAULTS = {"protocol": "TCP"}


def merge(
    last_applied: dict[str, Any], file: dict[str, Any], live: dict[str, Any]
) -> dict[str, Any]:
    """Give the object that results from applying a file to a live object; nothing is changed.

    Args:
        last_applied: The file of the apply before this one; empty if there was none.
        file: What is applied now, without nulls.
        live: The object as it is.
    """
    return _merge_maps(copy.deepcopy(last_applied), copy.deepcopy(file), copy.deepcopy(live))


def _merge_maps(
    last: dict[str, Any], file: dict[str, Any], live: dict[str, Any]
) -> dict[str, Any]:
    merged = {}
    for key, value in live.items():
        if key in file:
            merged[key] = _merge_values(key, last.get(key), file[key], value)
        elif key not in last:
            merged[key] = value
    for key, value in file.items():
        merged.setdefault(key, value)
    return merged


def _merge_values(name: str, last: object, file: object, live: object) -> object:
    if isinstance(file, dict) and isinstance(live, dict):
        return _merge_maps(last if isinstance(last, dict) else {}, file, live)
    if isinstance(file, list) and isinstance(live, list) and name in MERGE_KEYS:
        return _merge_lists(name, last if isinstance(last, list) else [], file, live)
    return file


def _merge_lists(name: str, last: list[Any], file: list[Any], live: list[Any]) -> list[Any]:
    keyed_last, keyed_file, keyed_live = (_by_key(name, items) for items in (last, file, live))
    if keyed_file is None or keyed_live is None:
        return file
    keyed_last = keyed_last or {}
    merged = {}
    for key, item in keyed_file.items():
        if key in keyed_live:
            item_last = keyed_last.get(key, {})
            merged[key] = _merge_item(name, item_last, item, keyed_live[key])
        else:
            merged[key] = item
    kept = [key for key in keyed_live if key not in keyed_file and key not in keyed_last]
    order = _insert_kept(list(keyed_file), kept, list(keyed_live))
    return [merged[key] if key in merged else keyed_live[key] for key in order]


def _merge_item(
    name: str, last: dict[str, Any], file: dict[str, Any], live: dict[str, Any]
) -> dict[str, Any]:
    merged = _merge_maps(last, file, live)
    if name == "volumes" and set(last) != set(file):
        # A volume has one source: a new one drops the old (the API's "retainKeys").
        return {key: value for key, value in merged.items() if key in file}
    return merged


def _insert_kept(order: list[_Key], kept: list[_Key], live_order: list[_Key]) -> list[_Key]:
    """Put items that only live after the item they follow there; the file's order stays."""
    for key in kept:
        before = live_order[: live_order.index(key)]
        position = max((order.index(other) + 1 for other in before if other in order), default=0)
        order.insert(position, key)
    return order


def _by_key(name: str, items: list[Any]) -> dict[_Key, dict[str, Any]] | None:
    """Index a list by its merge key; None if an item has no key or two have the same."""
    indexed: dict[_Key, dict[str, Any]] = {}
    for item in items:
        if not isinstance(item, dict):
            return None
        key = tuple(item.get(part, _KEY_DEFAULTS.get(part)) for part in MERGE_KEYS[name])
        is_missing = all(item.get(part) is None for part in MERGE_KEYS[name])
        if is_missing or any(isinstance(part, (dict, list)) for part in key) or key in indexed:
            return None
        indexed[key] = item
    return indexed
