"""Cross-field rules of a pod template; each check yields its problems and never raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from minisets.core.input.source import Path
from minisets.core.input.validate_amounts import check_quantities
from minisets.core.input.validate_env import check_environment
from minisets.core.input.validate_names import (
    check_address,
    check_label_name,
    check_not_negative,
    check_port_name,
    check_port_number,
    duplicate,
    invalid,
    problem_at,
    required,
    unknown_name,
    unsupported,
)
from minisets.core.input.validate_pod_settings import check_pod_settings
from minisets.core.input.validate_security import check_pod_security
from minisets.core.input.validate_volumes import check_mounts, check_volumes
from minisets.core.quantity import parse_quantity
from minisets.errors import Problem

_Obj = dict[str, Any]

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
_SIGNAL_NAMES = """
    ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN
    SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ
"""
_SIGNALS = (
    *(f"SIG{name}" for name in _SIGNAL_NAMES.split()),
    *(f"SIGRTMIN+{number}" for number in range(1, 16)),
    *(f"SIGRTMAX-{number}" for number in range(1, 15)),
)
_HEADER = re.compile(r"[-A-Za-z0-9]+\Z")
_HEADER_MESSAGE = (
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', "
    "regex used for validation is '[-A-Za-z0-9]+')"
)


def check_pod_spec(
    path: Path, spec: _Obj, claim_names: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Check the spec of a pod template.

    Args:
        path: Where the spec stands in the object.
        spec: The spec, defaulted.
        claim_names: Names of claim templates, which mounts may use like volumes.
    """
    volumes = {volume["name"] for volume in spec.get("volumes", ())} | claim_names
    if not spec.get("containers"):
        yield required((*path, "containers"))
    seen: set[str] = set()
    lists = ("initContainers", "containers")
    names = {one["name"] for list_name in lists for one in spec.get(list_name, ())}
    for list_name in lists:
        for index, container in enumerate(spec.get(list_name, ())):
            place = (*path, list_name, index)
            if list_name == "initContainers":
                yield from _check_init_container(place, container)
            if container["name"] in seen:
                yield duplicate((*place, "name"), container["name"])
            seen.add(container["name"])
            yield from check_container(place, container, volumes)
            yield from _check_pauses(place, container, spec["terminationGracePeriodSeconds"])
            yield from check_environment(place, container, names)
    yield from check_volumes((*path, "volumes"), spec.get("volumes", ()), names)
    yield from _check_host_ports(path, spec)
    yield from check_pod_settings(path, spec)
    yield from check_pod_security(path, spec)
    yield from check_not_negative(
        (*path, "terminationGracePeriodSeconds"), spec.get("terminationGracePeriodSeconds")
    )


def check_container(path: Path, container: _Obj, volumes: set[str]) -> Iterator[Problem]:
    """Check one container; ``volumes`` are the names that its mounts may use."""
    yield from check_label_name((*path, "name"), container["name"])
    image = container.get("image", "")
    if not image:
        yield required((*path, "image"))
    elif image != image.strip():
        yield invalid((*path, "image"), image, "must not have leading or trailing whitespace")
    for check in _CONTAINER_CHECKS:
        yield from check(path, container)
    yield from check_mounts(path, container, volumes)


def _check_init_container(path: Path, container: _Obj) -> Iterator[Problem]:
    """Check that what is to end has nothing that is of use only to what goes on running."""
    if container.get("restartPolicy") == "Always":
        return
    for field in ("lifecycle", *_PROBES):
        if field in container:
            message = "Forbidden: may not be set for init containers without restartPolicy=Always"
            yield problem_at((*path, field), message)
    if container.get("resizePolicy"):
        detail = "must not be set for init containers"
        yield invalid((*path, "resizePolicy"), container["resizePolicy"], detail)


def _check_ports(path: Path, container: _Obj) -> Iterator[Problem]:
    names: set[str] = set()
    for index, port in enumerate(container.get("ports", ())):
        place = (*path, "ports", index)
        if port["containerPort"]:
            yield from check_port_number((*place, "containerPort"), port["containerPort"])
        else:
            yield required((*place, "containerPort"))
        if port.get("hostPort"):
            yield from check_port_number((*place, "hostPort"), port["hostPort"])
        if port.get("hostIP"):
            # The API server takes it, and no container is created with it.
            yield from check_address((*place, "hostIP"), port["hostIP"])
        name = port.get("name")
        if name:
            yield from check_port_name((*place, "name"), name)
            if name in names:
                yield duplicate((*place, "name"), name)
            names.add(name)


def _check_probes(path: Path, container: _Obj) -> Iterator[Problem]:
    for name in _PROBES:
        probe = container.get(name)
        if probe is None:
            continue
        place = (*path, name)
        yield from _check_handler(place, probe, container)
        for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds"):
            yield from check_not_negative((*place, field), probe.get(field))
        for field in ("successThreshold", "failureThreshold"):
            yield from check_not_negative((*place, field), probe.get(field))
        if name != "readinessProbe" and probe.get("successThreshold", 1) != 1:
            yield invalid((*place, "successThreshold"), probe["successThreshold"], "must be 1")
        yield from _check_probe_grace(place, probe, is_readiness=name == "readinessProbe")


def _check_probe_grace(path: Path, probe: _Obj, *, is_readiness: bool) -> Iterator[Problem]:
    grace = probe.get("terminationGracePeriodSeconds")
    place = (*path, "terminationGracePeriodSeconds")
    if grace is not None and is_readiness:
        yield invalid(place, grace, "must not be set for readinessProbes")
    elif grace is not None and grace <= 0:
        yield invalid(place, grace, "must be greater than 0")


def _check_hooks(path: Path, container: _Obj) -> Iterator[Problem]:
    for name in _HOOKS:
        hook = container.get("lifecycle", {}).get(name)
        if hook is not None:
            yield from _check_handler((*path, "lifecycle", name), hook, container)


def _check_stop_signal(path: Path, container: _Obj) -> Iterator[Problem]:
    signal = container.get("lifecycle", {}).get("stopSignal")
    if signal is not None and signal not in _SIGNALS:
        yield unsupported((*path, "lifecycle", "stopSignal"), signal, _SIGNALS)


def _check_pauses(path: Path, container: _Obj, grace: int) -> Iterator[Problem]:
    for name in _HOOKS:
        pause = container.get("lifecycle", {}).get(name, {}).get("sleep")
        if pause is not None and not 0 <= pause["seconds"] <= grace:
            place = (*path, "lifecycle", name, "sleep")
            detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            yield invalid(place, pause["seconds"], detail)


def _check_handler(path: Path, handler: _Obj, container: _Obj) -> Iterator[Problem]:
    given = [name for name in _HANDLERS if name in handler]
    if not given:
        yield required(path, "must specify a handler type")
    for name in given[1:]:
        yield problem_at((*path, name), "Forbidden: may not specify more than 1 handler type")
    if "exec" in handler and not handler["exec"].get("command"):
        yield required((*path, "exec", "command"))
    for index, header in enumerate(handler.get("httpGet", {}).get("httpHeaders", ())):
        if not _HEADER.match(header["name"]):
            place = (*path, "httpGet", "httpHeaders", index, "name")
            yield invalid(place, header["name"], _HEADER_MESSAGE)
    named = {port["name"] for port in container.get("ports", ()) if port.get("name")}
    for name in ("httpGet", "tcpSocket", "grpc"):
        if name in handler:
            yield from _check_handler_port((*path, name, "port"), handler[name]["port"], named)


def _check_handler_port(path: Path, port: int | str, named: set[str]) -> Iterator[Problem]:
    if isinstance(port, int):
        yield from check_port_number(path, port)
    elif port not in named and not port.isdecimal():
        # The API server takes it and the kubelet then fails the probe for ever.
        message = f'no port of this container is named "{port}"'
        yield unknown_name(path, port, named, message)


def _check_resources(path: Path, container: _Obj) -> Iterator[Problem]:
    resources = container.get("resources", {})
    for part in ("limits", "requests"):
        yield from check_quantities((*path, "resources", part), resources.get(part, {}))
    limits = resources.get("limits", {})
    for name, request in resources.get("requests", {}).items():
        if name in limits and _exceeds(request, limits[name]):
            place = (*path, "resources", "requests")
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            yield invalid((*place, name), request, detail)


def _exceeds(request: str | float, limit: str | float) -> bool:
    try:
        return parse_quantity(request) > parse_quantity(limit)
    except ValueError:
        return False


def _check_host_ports(path: Path, spec: _Obj) -> Iterator[Problem]:
    taken: set[tuple[str, str, int]] = set()
    for index, container in enumerate(spec.get("containers", ())):
        for number, port in enumerate(container.get("ports", ())):
            if not port.get("hostPort"):
                continue
            key = (port.get("protocol", "TCP"), port.get("hostIP", ""), port["hostPort"])
            if key in taken:
                place = (*path, "containers", index, "ports", number, "hostPort")
                yield duplicate(place, f"{key[0]}/{key[1]}/{key[2]}")
            taken.add(key)


_CONTAINER_CHECKS: tuple[Callable[[Path, _Obj], Iterator[Problem]], ...] = (
    _check_ports,
    _check_probes,
    _check_hooks,
    _check_stop_signal,
    _check_resources,
)
