"""Plain dicts to the typed model and back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from minisets.core.manifest import KINDS, Manifest, Model
from minisets.errors import ManifestError, Problem

if TYPE_CHECKING:
    from minisets.core.input.source import Json

ModelT = TypeVar("ModelT", bound=Model)
_AnyT = TypeVar("_AnyT")

# msgspec learns a type when it is first used, and crashes the process (seen with 0.22) where
# another thread uses the half-learnt type: pods are made side by side.
_learning = threading.Lock()
_learnt: set[type] = set()


def decode(obj: dict[str, Any]) -> Manifest:
    """Turn an object of a kind that minisets keeps into its type; unknown fields are dropped.

    The object has passed the schema and the defaults before; this is no validation.

    Raises:
        ManifestError: The kind is not one of ours, or a value has a type the model cannot hold.
    """
    kind = obj.get("kind")
    target = KINDS.get(kind) if isinstance(kind, str) else None
    if target is None:
        raise ManifestError((Problem(message=f"no such kind of object: {kind!r}", path="kind"),))
    return decode_as(obj, target)


def decode_as(obj: Json, target: type[ModelT]) -> ModelT:
    """Turn a part of an object, such as a pod template, into the given type.

    Raises:
        ManifestError: A value has a type the model cannot hold.
    """
    try:
        return convert(obj, target)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        path = place.rstrip("`").lstrip(".")
        raise ManifestError((Problem(message=reason, path=path),)) from error


def convert(obj: Json, target: type[_AnyT]) -> _AnyT:
    """Turn plain JSON into a type, from any thread.

    Raises:
        msgspec.ValidationError: A value has a type the target cannot hold.
    """
    if target in _learnt:
        return msgspec.convert(obj, target)
    with _learning:
        try:
            return msgspec.convert(obj, target)
        finally:
            _learnt.add(target)


def encode(value: Model) -> dict[str, Any]:
    """Turn a typed value into a plain dict with the API's field names.

    Fields that equal the API server's default are left out, so ``decode(encode(x)) == x``.
    """
    # Through JSON, because to_builtins keeps tuples and YAML writers know only lists.
    encoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    if isinstance(value, Manifest):
        return {"apiVersion": value.api_version, "kind": value.kind, **encoded}
    return encoded
