"""Credentials of registries in Secrets, and which of them are for an image, as in Kubernetes."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

_HUB = "index.docker.io"
_HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_KEYS = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryLogin:
    """Who to be at a registry.

    Attributes:
        server: As the Secret has it, such as ``https://index.docker.io/v1/``.
    """

    server: str
    username: str
    password: str = field(repr=False)


def parse_logins(kind: str, values: Mapping[str, bytes]) -> tuple[RegistryLogin, ...]:
    """Return the credentials in a Secret of a type; none if it is of another, or broken.

    Kubernetes passes over what it cannot read, too: the pull then says what is wrong.
    """
    key = _KEYS.get(kind)
    if key is None:
        return ()
    try:
        found: Any = json.loads(values.get(key, b"{}"))
    except ValueError:
        return ()
    if key == ".dockerconfigjson" and isinstance(found, dict):
        found = found.get("auths")
    if not isinstance(found, dict):
        return ()
    logins = (_login(server, entry) for server, entry in found.items())
    return tuple(login for login in logins if login is not None)


def logins_for(image: str, logins: Iterable[RegistryLogin]) -> tuple[RegistryLogin, ...]:
    """Return the credentials that are for an image, the most specific first.

    Kubernetes rules: a server may have a path, which the image's must begin with, and ``*`` for
    parts of the host's name; its port must be the image's.
    """
    host, path = split_image(image)
    fitting = [
        (places, login)
        for login in logins
        if (places := _fit(host, path, *_split_server(login.server))) is not None
    ]
    ordered = sorted(fitting, key=lambda item: item[0], reverse=True)
    return tuple(dict.fromkeys(login for _, login in ordered))


def split_image(image: str) -> tuple[str, str]:
    """Split the name of an image into the registry's host and all that follows it."""
    first, slash, rest = image.partition("/")
    if slash and (any(mark in first for mark in ".:") or first == "localhost"):
        return (_HUB if first in _HUB_HOSTS else first), rest
    return _HUB, image if slash else f"library/{image}"


def _login(server: str, entry: object) -> RegistryLogin | None:
    if not isinstance(entry, dict):
        return None
    username, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if entry.get("auth"):
        try:
            text = base64.b64decode(str(entry["auth"]), validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        username, colon, password = text.partition(":")
        if not colon:
            return None
    if not username:
        return None
    return RegistryLogin(server=server, username=username, password=password.strip("\0"))


def _split_server(server: str) -> tuple[str, str]:
    """Return host (with port) and path; the paths of the registry's own API count as none."""
    bare = server.partition("://")[2] or server
    host, _, path = bare.partition("/")
    path = path.strip("/")
    return (_HUB if host in _HUB_HOSTS else host), "" if path in {"v1", "v2"} else path


def _fit(host: str, path: str, wanted: str, prefix: str) -> tuple[int, bool] | None:
    """Return how well a server fits; None if it does not."""
    if prefix and not path.startswith(prefix):
        return None
    parts, wanted_parts = host.split("."), wanted.split(".")
    if len(parts) != len(wanted_parts) or host.partition(":")[2] != wanted.partition(":")[2]:
        return None
    if not all(map(fnmatchcase, parts, wanted_parts)):
        return None
    return len(prefix), "*" not in wanted
