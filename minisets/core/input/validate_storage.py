"""What an update of a claim, a PersistentVolume or a StorageClass may not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from minisets.core.input.validate_names import invalid, problem_at
from minisets.errors import Problem

_Obj = dict[str, Any]

_CLAIM_MUTABLE = frozenset({"resources", "volumeAttributesClassName"})
_CLAIM_MESSAGE = (
    "Forbidden: spec is immutable after creation except resources.requests and "
    "volumeAttributesClassName for bound claims"
)
VOLUME_SETTINGS = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)
"""The fields of a PersistentVolume that are not its source."""


def check_storage_update(old: _Obj, new: _Obj) -> Iterator[Problem]:
    """Check what an update of one of these kinds may not change; both objects are defaulted."""
    check = _CHECKS.get(new.get("kind", ""))
    if check is not None:
        yield from check(old, new)


def _check_claim(old: _Obj, new: _Obj) -> Iterator[Problem]:
    before, after = old.get("spec", {}), new.get("spec", {})
    # Kubernetes rule: a claim without a volume may still be given one.
    free = _CLAIM_MUTABLE | (frozenset() if before.get("volumeName") else {"volumeName"})
    if _differs(before, after, free):
        name = new["metadata"]["name"]
        hint = f"minisets delete pvc {name}, which deletes its data, then apply again"
        yield problem_at(("spec",), _CLAIM_MESSAGE, hint)


def _check_volume(old: _Obj, new: _Obj) -> Iterator[Problem]:
    before, after = old.get("spec", {}), new.get("spec", {})
    hint = f"minisets delete pv {new['metadata']['name']}, then apply again; claims keep theirs"
    if _differs(before, after, VOLUME_SETTINGS):
        message = "Forbidden: spec.persistentvolumesource is immutable after creation"
        yield problem_at(("spec",), message, hint)
    if before.get("volumeMode") != after.get("volumeMode"):
        problem = invalid(("spec", "volumeMode"), after.get("volumeMode"), "field is immutable")
        yield Problem(message=problem.message, path=problem.path, hint=hint)


def _check_class(old: _Obj, new: _Obj) -> Iterator[Problem]:
    hint = f"minisets delete sc {new['metadata']['name']}, then apply again; its volumes stay"
    for field in ("parameters", "provisioner", "reclaimPolicy"):
        if old.get(field) != new.get(field):
            yield problem_at((field,), f"Forbidden: updates to {field} are forbidden.", hint)


def _differs(before: _Obj, after: _Obj, free: frozenset[str]) -> bool:
    return any(
        before.get(field) != after.get(field) for field in {*before, *after} if field not in free
    )


_CHECKS: Mapping[str, Callable[[_Obj, _Obj], Iterator[Problem]]] = {
    "PersistentVolume": _check_volume,
    "PersistentVolumeClaim": _check_claim,
    "StorageClass": _check_class,
}
