"""Secrets without their values, as records keep them, and with them, as everybody else does.

The labels of a record are shown by every tool that lists volumes, so a Secret's record has the
names of its keys only. The values lie as files beside it (see minisets.engine.records).
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

_Obj = dict[str, Any]
Values = Mapping[str, bytes]

# kubectl writes the whole object, values and all, into this annotation.
_KUBECTL_COPY = "kubectl.kubernetes.io/last-applied-configuration"
_VALUES = "data/"
_KEY = "key"
HIDDEN = "***"


def fold(obj: _Obj) -> _Obj:
    """Return a Secret whose stringData has become data, as the API server stores it."""
    folded = {name: value for name, value in obj.items() if name != "stringData"}
    texts = obj.get("stringData", {})
    data = {key: _plain(text) for key, text in obj.get("data", {}).items()} | {
        key: _encode(text.encode()) for key, text in texts.items()
    }
    if data or "data" in obj:
        folded["data"] = data
    annotations = obj.get("metadata", {}).get("annotations", {})
    if _KUBECTL_COPY in annotations:
        kept = {name: text for name, text in annotations.items() if name != _KUBECTL_COPY}
        folded["metadata"] = {**obj["metadata"], "annotations": kept}
    return folded


def sealed(obj: _Obj) -> _Obj:
    """Return a folded Secret with the names of its keys and no value."""
    return {**obj, "data": dict.fromkeys(obj["data"], "")} if "data" in obj else obj


def opened(obj: _Obj, values: Values | None) -> _Obj:
    """Return a sealed Secret with its values; without keys if the values are lost."""
    whole = copy.deepcopy(obj)
    if values is None:
        # What cannot be seen can be neither kept nor protected.
        whole.pop("data", None)
        whole.pop("immutable", None)
    elif "data" in whole:
        whole["data"] = {key: _encode(values[key]) for key in whole["data"]}
    return whole


def values_of(obj: _Obj) -> dict[str, bytes]:
    """Return the values of a folded Secret."""
    return {key: base64.b64decode(text) for key, text in obj.get("data", {}).items()}


def digest(key: bytes, values: Values) -> str:
    """Hash values such that the hash tells nothing to who has not got the key."""
    parts = [part for name in sorted(values) for part in (name.encode(), values[name])]
    text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def to_files(key: bytes, values: Values) -> dict[str, bytes]:
    """Return the files that lie beside a Secret's record."""
    return {_KEY: key, **{f"{_VALUES}{name}": value for name, value in values.items()}}


def from_files(files: Values, expected: str) -> tuple[bytes, dict[str, bytes]] | None:
    """Return the key and the values; None if they are not those that the record means.

    Args:
        files: As to_files made them.
        expected: The digest that the record has.
    """
    key = files.get(_KEY)
    if key is None:
        return None
    values = {
        path.removeprefix(_VALUES): content
        for path, content in files.items()
        if path.startswith(_VALUES)
    }
    return (key, values) if hmac.compare_digest(digest(key, values), expected) else None


def masked(before: _Obj, after: _Obj) -> tuple[_Obj, _Obj]:
    """Return two versions of a Secret for the eye, as ``kubectl diff`` shows them."""
    old, new = before.get("data", {}), after.get("data", {})

    def hidden(obj: _Obj, mark: str) -> _Obj:
        if "data" not in obj:
            return obj
        return {**obj, "data": {key: _hide(key, old, new, mark) for key in obj["data"]}}

    return hidden(before, "before"), hidden(after, "after")


def _hide(key: str, old: Mapping[str, str], new: Mapping[str, str], mark: str) -> str:
    is_changed = key in old and key in new and old[key] != new[key]
    return f"{HIDDEN} ({mark})" if is_changed else HIDDEN


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _plain(text: str) -> str:
    """Return base64 text in the one way that there is of writing it, if it is any."""
    return _encode(base64.b64decode(text))
