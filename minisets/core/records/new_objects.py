"""New ConfigMaps, Secrets and namespaces from the words of a command line, as kubectl has them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minisets.core.input.validate_names import check_config_key
from minisets.errors import InputError

_Obj = dict[str, Any]
Pair = tuple[str, bytes]
"""Key and content."""

TLS = "kubernetes.io/tls"
DOCKER_CONFIG = "kubernetes.io/dockerconfigjson"
DOCKER_KEY = ".dockerconfigjson"

_PEM_CERTIFICATE = (b"CERTIFICATE", "certificate")
_PEM_KEY = (b"PRIVATE KEY", "key")
# What a shell and C can call a variable, and what Kubernetes takes beside that.
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*\Z")


def parse_literal(text: str) -> Pair:
    """Read ``KEY=VALUE``.

    Raises:
        InputError: It is none.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"invalid literal source {text}, expected key=value")
    return key, value.encode()


def parse_file_source(text: str) -> tuple[str, str]:
    """Read ``[KEY=]PATH`` as key (empty if there is none) and path.

    Raises:
        InputError: Key or path is missing, or there are several ``=``.
    """
    key, equals, path = text.partition("=")
    if not equals:
        return "", text
    if not key:
        raise InputError(f"key name for file path {path} missing")
    if not path:
        raise InputError(f"file path for key name {key} missing")
    if "=" in path:
        raise InputError("key names or file paths cannot contain '='")
    return key, path


def parse_variables(text: str, environment: Mapping[str, str]) -> list[Pair]:
    """Read a file of ``KEY=VALUE`` lines; a key alone takes its value from our own environment.

    Raises:
        InputError: A key is none.
    """
    found = []
    for line in text.removeprefix("\ufeff").split("\n"):
        bare = line.removesuffix("\r").lstrip()
        if not bare or bare.startswith("#"):
            continue
        key, equals, value = bare.partition("=")
        if not _VARIABLE.match(key):
            raise InputError(
                f'"{key}" is not a valid key name: a valid environment variable name must '
                "consist of alphabetic characters, digits, '_', '-', or '.', and must not start "
                "with a digit"
            )
        if equals:
            found.append((key, value.encode()))
        elif key in environment:
            found.append((key, environment[key].encode()))
    return found


def config_map(name: str, pairs: Iterable[Pair]) -> _Obj:
    """Make a ConfigMap; what is no text goes to binaryData.

    Raises:
        InputError: A key is none, or stands twice.
    """
    data: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, content in _unique(pairs, f'ConfigMap "{name}"').items():
        try:
            data[key] = content.decode()
        except UnicodeDecodeError:
            binary[key] = _encode(content)
    made = _object("ConfigMap", name)
    made |= {"data": data} if data else {}
    return made | ({"binaryData": binary} if binary else {})


def secret(name: str, pairs: Iterable[Pair], kind: str = "") -> _Obj:
    """Make a Secret of a type; see config_map."""
    values = _unique(pairs, f'Secret "{name}"')
    made = _object("Secret", name)
    if values:
        made["data"] = {key: _encode(content) for key, content in values.items()}
    return made | {"type": kind or "Opaque"}


def tls_secret(name: str, certificate: bytes, key: bytes) -> _Obj:
    """Make a Secret of a certificate and its private key.

    Raises:
        InputError: One of them is not in the PEM format. Whether they belong together is not
            looked at, which kubectl does.
    """
    for content, mark, word in ((certificate, *_PEM_CERTIFICATE), (key, *_PEM_KEY)):
        if not re.search(rb"-----BEGIN [A-Z ]*%s-----" % mark, content):
            raise InputError(f"tls: failed to find any PEM data in {word} input")
    return secret(name, [("tls.crt", certificate), ("tls.key", key)], TLS)


def docker_secret(name: str, server: str, username: str, password: str, email: str) -> _Obj:
    """Make a Secret with the credentials of a registry."""
    entry = {"username": username, "password": password}
    if email:
        entry["email"] = email
    entry["auth"] = _encode(f"{username}:{password}".encode())
    text = json.dumps({"auths": {server: entry}}, separators=(",", ":"))
    return secret(name, [(DOCKER_KEY, text.encode())], DOCKER_CONFIG)


def namespace(name: str) -> _Obj:
    """Make a namespace."""
    return _object("Namespace", name)


def _unique(pairs: Iterable[Pair], owner: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for key, content in sorted(pairs, key=lambda pair: pair[0]):
        problems: Sequence[object] = list(check_config_key((), key))
        if problems:
            raise InputError(f'"{key}" is not valid key name for a {owner}: {problems[0]}')
        if key in found:
            raise InputError(
                f"cannot add key {key}, another key by that name already exists in Data for "
                f"{owner}"
            )
        found[key] = content
    return found


def _object(kind: str, name: str) -> _Obj:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
