"""Cross-field rules of the objects beside the set; each check yields its problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from minisets.core.input.source import Path
from minisets.core.input.validate_amounts import check_size
from minisets.core.input.validate_names import (
    check_label_name,
    check_label_selector,
    check_labels,
    check_port_name,
    check_port_number,
    check_qualified_name,
    check_subdomain_name,
    duplicate,
    invalid,
    is_address,
    problem_at,
    required,
)
from minisets.core.input.validate_storage import VOLUME_SETTINGS
from minisets.errors import Problem

_Obj = dict[str, Any]

_SPEC: Path = ("spec",)


def check_claim_spec(path: Path, spec: _Obj) -> Iterator[Problem]:
    """Check the spec of a claim or of a claim template."""
    if not spec.get("accessModes"):
        yield required((*path, "accessModes"), "at least 1 access mode is required")
    modes = spec.get("accessModes", ())
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        message = "Forbidden: may not use ReadWriteOncePod with other access modes"
        yield problem_at((*path, "accessModes"), message)
    requests = spec.get("resources", {}).get("requests", {})
    yield from check_size((*path, "resources", "requests"), requests)
    yield from check_label_selector((*path, "selector"), spec.get("selector", {}))


def _check_class_name(path: Path, spec: _Obj) -> Iterator[Problem]:
    if spec.get("storageClassName"):
        yield from check_subdomain_name((*path, "storageClassName"), spec["storageClassName"])


def check_claim(obj: _Obj) -> Iterator[Problem]:
    """Check a PersistentVolumeClaim."""
    yield from check_claim_spec(_SPEC, obj.get("spec", {}))
    # Not of claim templates: the API server takes those unread.
    yield from _check_class_name(_SPEC, obj.get("spec", {}))


def check_service(obj: _Obj) -> Iterator[Problem]:
    """Check a Service."""
    spec = obj.get("spec", {})
    kind = spec.get("type", "ClusterIP")
    if kind == "ExternalName":
        name = spec.get("externalName", "")
        if name:
            yield from check_subdomain_name((*_SPEC, "externalName"), name.removesuffix("."))
        else:
            yield required((*_SPEC, "externalName"))
        return
    address = spec.get("clusterIP", "")
    headless = address == "None"
    if address and not headless and not is_address(address):
        detail = "must be empty, 'None', or a valid IP address"
        yield invalid((*_SPEC, "clusterIP"), address, detail)
    if not spec.get("ports") and not headless:
        yield required((*_SPEC, "ports"))
    if headless and kind != "ClusterIP":
        detail = f"may not be set to 'None' for {kind} services"
        yield invalid((*_SPEC, "clusterIP"), "None", detail)
    yield from check_labels((*_SPEC, "selector"), spec.get("selector", {}))
    yield from _check_service_ports(spec.get("ports", ()))
    yield from _check_node_ports(spec.get("ports", ()), is_inner=kind == "ClusterIP")


def _check_node_ports(ports: Sequence[_Obj], *, is_inner: bool) -> Iterator[Problem]:
    taken: set[tuple[int, str]] = set()
    for index, port in enumerate(ports):
        number = port.get("nodePort")
        path: Path = ("spec", "ports", index, "nodePort")
        if not number:
            continue
        if is_inner:
            message = "Forbidden: may not be used when `type` is 'ClusterIP'"
            yield problem_at(path, message, "type: NodePort publishes it")
            continue
        yield from check_port_number(path, number)
        key = (number, port.get("protocol", "TCP"))
        if key in taken:
            yield duplicate(path, number)
        taken.add(key)


def _check_service_ports(ports: Sequence[_Obj]) -> Iterator[Problem]:
    names: set[str] = set()
    numbers: set[tuple[int, str]] = set()
    for index, port in enumerate(ports):
        path: Path = ("spec", "ports", index)
        name = port.get("name", "")
        if not name and len(ports) > 1:
            yield required((*path, "name"))
        elif name:
            yield from check_label_name((*path, "name"), name)
            if name in names:
                yield duplicate((*path, "name"), name)
        names.add(name)
        key = (port["port"], port.get("protocol", "TCP"))
        if key in numbers:
            yield duplicate(path, f"{key[0]}/{key[1]}")
        numbers.add(key)
        yield from _check_service_port_numbers(path, port)


def _check_service_port_numbers(path: Path, port: _Obj) -> Iterator[Problem]:
    yield from check_port_number((*path, "port"), port["port"])
    target: int | str = port["targetPort"] if "targetPort" in port else port["port"]
    if isinstance(target, str):
        yield from check_port_name((*path, "targetPort"), target)
    else:
        yield from check_port_number((*path, "targetPort"), target)
    if port.get("appProtocol"):
        yield from check_qualified_name((*path, "appProtocol"), port["appProtocol"])


def check_volume_object(obj: _Obj) -> Iterator[Problem]:
    """Check a PersistentVolume."""
    spec = obj.get("spec", {})
    yield from check_size((*_SPEC, "capacity"), spec.get("capacity", {}))
    if not spec.get("accessModes"):
        yield required((*_SPEC, "accessModes"), "at least 1 access mode is required")
    yield from _check_class_name(_SPEC, spec)
    sources = [field for field in spec if field not in VOLUME_SETTINGS]
    if not sources:
        yield required(_SPEC, "must specify a volume type")
    for extra in sources[1:]:
        yield problem_at((*_SPEC, extra), "Forbidden: may not specify more than 1 volume type")


def check_storage_class(obj: _Obj) -> Iterator[Problem]:
    """Check a StorageClass."""
    if not obj["provisioner"]:
        yield required(("provisioner",))
