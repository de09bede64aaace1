"""Rules of ConfigMaps and Secrets; each check yields its problems, none of them with a value."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from minisets.core.input.validate_names import check_config_key, invalid, problem_at, required
from minisets.errors import Problem

_Obj = dict[str, Any]

# Kubernetes' limit for the values of one object.
_MOST_BYTES = 1024 * 1024
_ACCOUNT = "kubernetes.io/service-account.name"
_IMMUTABLE = "Forbidden: field is immutable when `immutable` is set"

_DOCKER_CONFIGS = {
    "kubernetes.io/dockercfg": ".dockercfg",
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
}
_NEEDED = {
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_BASIC_AUTH = "kubernetes.io/basic-auth"
_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a type, no password


def check_data(obj: _Obj) -> Iterator[Problem]:
    """Check a ConfigMap or Secret."""
    for field in ("data", "binaryData", "stringData"):
        for key in obj.get(field, {}):
            yield from check_config_key((field,), key)
    if obj["kind"] == "ConfigMap":
        for key in obj.get("binaryData", {}):
            if key in obj.get("data", {}):
                detail = "duplicate of key present in data"
                yield invalid(("binaryData", key), key, detail)
    encoded = "data" if obj["kind"] == "Secret" else "binaryData"
    values: dict[str, bytes] = {}
    is_readable = True
    for key, text in obj.get(encoded, {}).items():
        found = _decode(text)
        if found is None:
            is_readable = False
            hint = "plain text belongs in stringData" if encoded == "data" else ""
            yield problem_at((encoded, key), "illegal base64 data", hint)
        else:
            values[key] = found
    plain = "stringData" if obj["kind"] == "Secret" else "data"
    values |= {key: text.encode() for key, text in obj.get(plain, {}).items()}
    if sum(map(len, values.values())) > _MOST_BYTES:
        yield problem_at(("data",), f"Too long: may not be more than {_MOST_BYTES} bytes")
    if obj["kind"] == "Secret" and is_readable:
        yield from _check_type(obj, values)


def check_data_update(old: _Obj, new: _Obj) -> Iterator[Problem]:
    """Check what an update of a ConfigMap or Secret may not change."""
    if old["kind"] == "Secret" and old.get("type") != new.get("type"):
        hint = f"minisets delete secret {new['metadata']['name']}, then apply again"
        detail = "field is immutable"
        problem = invalid(("type",), new.get("type"), detail)
        yield Problem(message=problem.message, path=problem.path, hint=hint)
    if not old.get("immutable"):
        return
    kind = old["kind"].lower()
    name = new["metadata"]["name"]
    hint = f"give the new version another name, or first: minisets delete {kind} {name}"
    if not new.get("immutable"):
        yield problem_at(("immutable",), _IMMUTABLE, hint)
    for field in ("data", "binaryData"):
        if old.get(field, {}) != new.get(field, {}):
            yield problem_at((field,), _IMMUTABLE, hint)


def _check_type(obj: _Obj, values: Mapping[str, bytes]) -> Iterator[Problem]:
    kind = obj.get("type", "")
    for key in _NEEDED.get(kind, ()):
        if key not in values:
            yield required(("data", key))
    if kind in _DOCKER_CONFIGS:
        yield from _check_docker_config(_DOCKER_CONFIGS[kind], values)
    if kind == _BASIC_AUTH and not {"username", "password"} & values.keys():
        yield required(("data", "username"))
        yield required(("data", "password"))
    annotations = obj.get("metadata", {}).get("annotations", {})
    if kind == _ACCOUNT_TOKEN and not annotations.get(_ACCOUNT):
        yield required(("metadata", "annotations", _ACCOUNT))


def _check_docker_config(key: str, values: Mapping[str, bytes]) -> Iterator[Problem]:
    if key not in values:
        yield required(("data", key))
        return
    try:
        is_map = isinstance(json.loads(values[key]), dict)
    except ValueError:
        is_map = False
    if not is_map:
        yield invalid(("data", key), "<secret contents redacted>", "it is no JSON object")


def _decode(text: str) -> bytes | None:
    try:
        # Go's decoder skips line breaks, which long values have.
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
