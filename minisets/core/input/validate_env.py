"""Rules of a container's variables; each check yields its problems and never raises."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from minisets.core.input.source import Path
from minisets.core.input.validate_names import (
    check_key,
    check_qualified_name,
    check_subdomain_name,
    invalid,
    required,
    unknown_name,
    unsupported,
)
from minisets.core.quantity import format_quantity, parse_quantity
from minisets.errors import Problem

_Obj = dict[str, Any]

# Printable ASCII without "=".
_NAME = re.compile(r"[ -<>-~]+\Z")
_NAME_MESSAGE = (
    "a valid environment variable name must consist only of printable ASCII characters other "
    "than '='"
)
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_WHOLE_SOURCES = ("configMapRef", "secretRef")
_MANY_SOURCES = "may not have more than one field specified at a time"
_FIELD_PATHS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_SUBSCRIPT = re.compile(r"(?P<field>.+?)\['(?P<key>.*)'\]\Z", re.DOTALL)
_RESOURCES = (
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
)
_HUGE_PAGES = re.compile(r"(limits|requests)\.hugepages-")
_CPU_DIVISORS = ("1m", "1")
_BYTE_DIVISORS = (
    *("1", "1k", "1M", "1G", "1T", "1P", "1E"),
    *("1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"),
)
_KINDS_OF_BYTES = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}


def check_environment(
    path: Path, container: _Obj, container_names: Collection[str]
) -> Iterator[Problem]:
    """Check ``env`` and ``envFrom`` of a container.

    Args:
        path: Where the container stands in the object.
        container: Defaulted.
        container_names: Of all containers of the pod: ``resourceFieldRef`` may name them.
    """
    for index, source in enumerate(container.get("envFrom", ())):
        yield from _check_env_from((*path, "envFrom", index), source)
    for index, variable in enumerate(container.get("env", ())):
        place = (*path, "env", index)
        if not variable["name"]:
            yield required((*place, "name"))
        else:
            yield from _check_name((*place, "name"), variable["name"])
        if "valueFrom" in variable:
            yield from _check_value_from((*place, "valueFrom"), variable, container_names)


def _check_name(path: Path, name: str) -> Iterator[Problem]:
    if not _NAME.match(name):
        yield invalid(path, name, _NAME_MESSAGE)


def _check_env_from(path: Path, source: _Obj) -> Iterator[Problem]:
    if source.get("prefix"):
        yield from _check_name((*path, "prefix"), source["prefix"])
    given = [name for name in _WHOLE_SOURCES if name in source]
    if not given:
        yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
    elif len(given) > 1:
        yield invalid(path, "", _MANY_SOURCES)
    for name in given:
        yield from _check_object_name((*path, name, "name"), source[name].get("name", ""))


def _check_object_name(path: Path, name: str) -> Iterator[Problem]:
    if name:
        yield from check_subdomain_name(path, name)
    else:
        yield required(path)


def _check_value_from(
    path: Path, variable: _Obj, container_names: Collection[str]
) -> Iterator[Problem]:
    source = variable["valueFrom"]
    given = [name for name in _SOURCES if name in source]
    if not given:
        detail = (
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
            "`secretKeyRef`"
        )
        yield invalid(path, "", detail)
    elif variable.get("value"):
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid(path, "", _MANY_SOURCES)
    if "fieldRef" in source:
        yield from check_field((*path, "fieldRef"), source["fieldRef"], _FIELD_PATHS)
    if "resourceFieldRef" in source:
        place = (*path, "resourceFieldRef")
        yield from check_resource(place, source["resourceFieldRef"], container_names)
    for name in ("configMapKeyRef", "secretKeyRef"):
        if name in source:
            yield from _check_key_ref((*path, name), source[name])


def check_field(path: Path, field: _Obj, supported: tuple[str, ...]) -> Iterator[Problem]:
    """Check a ``fieldRef``; ``supported`` are the paths without subscript that it may have."""
    field_path, version = field["fieldPath"], field.get("apiVersion", "v1")
    place = (*path, "fieldPath")
    if version != "v1":
        detail = f"error converting fieldPath: unsupported pod version: {version}"
        yield invalid(place, field_path, detail)
    elif not field_path:
        yield required(place)
    elif (subscript := _SUBSCRIPT.match(field_path)) is None:
        if field_path not in supported:
            yield unsupported(place, field_path, supported)
    elif subscript["field"] == "metadata.labels":
        yield from check_qualified_name(place, subscript["key"])
    elif subscript["field"] == "metadata.annotations":
        yield from check_qualified_name(place, subscript["key"].lower())
    else:
        yield invalid(place, subscript["field"], "does not support subscript")


def check_resource(path: Path, field: _Obj, container_names: Collection[str]) -> Iterator[Problem]:
    """Check a ``resourceFieldRef``; ``container_names`` are of all containers of the pod."""
    name, container = field["resource"], field.get("containerName")
    if container and container not in container_names:
        # The API server takes it and the kubelet then fails to start the container for ever.
        message = f'no container of this pod is named "{container}"'
        yield unknown_name((*path, "containerName"), container, container_names, message)
    if not name:
        yield required((*path, "resource"))
    elif name not in _RESOURCES and not _HUGE_PAGES.match(name):
        yield unsupported((*path, "resource"), name, _RESOURCES)
    elif "divisor" in field:
        yield from _check_divisor((*path, "divisor"), field["divisor"], name.partition(".")[2])


def _check_divisor(path: Path, divisor: str | float, resource: str) -> Iterator[Problem]:
    try:
        is_unset = parse_quantity(divisor) == 0
    except ValueError as error:
        yield invalid(path, divisor, str(error))
        return
    choices = _CPU_DIVISORS if resource == "cpu" else _BYTE_DIVISORS
    if is_unset or format_quantity(divisor) in choices:
        return
    if resource == "cpu":
        detail = "only divisor's values 1m and 1 are supported with the cpu resource"
    else:
        kind = _KINDS_OF_BYTES.get(resource, "hugepages")
        listed = ", ".join(choices)
        detail = f"only divisor's values {listed} are supported with the {kind} resource"
    yield invalid(path, divisor, detail)


def _check_key_ref(path: Path, ref: _Obj) -> Iterator[Problem]:
    yield from _check_object_name((*path, "name"), ref.get("name", ""))
    if ref["key"]:
        yield from check_key((*path, "key"), ref["key"])
    else:
        yield required((*path, "key"))
