"""Rules for what the containers of a pod share, with the API server's messages; never raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minisets.core import naming
from minisets.core.input.source import Path
from minisets.core.input.validate_names import (
    check_address,
    check_subdomain_name,
    invalid,
    problem_at,
    required,
)
from minisets.core.pod.settings import full_name
from minisets.errors import Problem

_Obj = dict[str, Any]

_MAX_NAMESERVERS = 3
_MAX_SEARCHES = 32
_MAX_SEARCH_CHARACTERS = 2048
_MAX_HOST_NAME = 64
_HOST_FIELDS = ("hostNetwork", "hostPID", "hostIPC")


def check_pod_settings(path: Path, spec: _Obj) -> Iterator[Problem]:
    """Check the namespaces, names and DNS of a pod template's spec."""
    yield from _check_namespaces(path, spec)
    yield from _check_host_aliases((*path, "hostAliases"), spec.get("hostAliases", ()))
    yield from _check_dns((*path, "dnsConfig"), spec)
    override = spec.get("hostnameOverride")
    if override:
        place = (*path, "hostnameOverride")
        yield from check_subdomain_name(place, override)
        if len(override) > _MAX_HOST_NAME:
            yield invalid(place, override, f"must be no more than {_MAX_HOST_NAME} characters")
        for field in ("hostNetwork", "setHostnameAsFQDN"):
            if spec.get(field):
                message = f"Forbidden: may not be set when `{field}` is true"
                yield problem_at(place, message)


def check_full_names(obj: _Obj, namespace: str) -> Iterator[Problem]:
    """Check that the full names of a set's pods fit as host names, where they are to be these.

    Args:
        obj: The set, defaulted.
        namespace: Of the set: it is part of the names, and not always written in the file.
    """
    spec = obj["spec"]
    pod = spec["template"].get("spec", {})
    if not pod.get("setHostnameAsFQDN") or pod.get("hostNetwork"):
        return
    service = spec.get("serviceName", "")
    last = spec.get("ordinals", {}).get("start", 0) + max(spec.get("replicas", 1), 1) - 1
    domain = naming.service_domain(service, namespace) if service else ""
    name = full_name(f"{obj['metadata']['name']}-{last}", domain)
    if len(name) > _MAX_HOST_NAME:
        yield invalid(
            ("spec", "template", "spec", "setHostnameAsFQDN"),
            True,
            f"the FQDN {name} is too long ({_MAX_HOST_NAME} characters is the max, "
            f"{len(name)} characters requested)",
        )


def _check_namespaces(path: Path, spec: _Obj) -> Iterator[Problem]:
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid((*path, "shareProcessNamespace"), True, detail)
    if spec.get("hostUsers") is False:
        for field in _HOST_FIELDS:
            if spec.get(field):
                yield problem_at((*path, field), "Forbidden: when `hostUsers` is false")
    if not spec.get("hostNetwork"):
        return
    for list_name in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(list_name, ())):
            for number, port in enumerate(container.get("ports", ())):
                host = port.get("hostPort", 0)
                if host and host != port["containerPort"]:
                    place = (*path, list_name, index, "ports", number, "hostPort")
                    detail = "must match `containerPort` when `hostNetwork` is true"
                    yield invalid(place, host, detail)


def _check_host_aliases(path: Path, aliases: list[_Obj]) -> Iterator[Problem]:
    for index, alias in enumerate(aliases):
        yield from check_address((*path, index, "ip"), alias["ip"])
        for name in alias.get("hostnames", ()):
            yield from check_subdomain_name((*path, index, "hostnames"), name)


def _check_dns(path: Path, spec: _Obj) -> Iterator[Problem]:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None":
        if config is None:
            yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
        elif not config.get("nameservers"):
            detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield required((*path, "nameservers"), detail)
    if config is None:
        return
    yield from _check_nameservers((*path, "nameservers"), config.get("nameservers", ()))
    yield from _check_searches((*path, "searches"), config.get("searches", ()))
    for index, option in enumerate(config.get("options", ())):
        if not option.get("name"):
            yield required((*path, "options", index), "must not be empty")


def _check_nameservers(path: Path, servers: list[str]) -> Iterator[Problem]:
    if len(servers) > _MAX_NAMESERVERS:
        yield invalid(path, servers, f"must not have more than {_MAX_NAMESERVERS} nameservers")
    for index, server in enumerate(servers):
        yield from check_address((*path, index), server)


def _check_searches(path: Path, searches: list[str]) -> Iterator[Problem]:
    if len(searches) > _MAX_SEARCHES:
        yield invalid(path, searches, f"must not have more than {_MAX_SEARCHES} search paths")
    if len(" ".join(searches)) > _MAX_SEARCH_CHARACTERS:
        detail = (
            f"must not have more than {_MAX_SEARCH_CHARACTERS} characters (including spaces) "
            "in the search list"
        )
        yield invalid(path, searches, detail)
    for index, search in enumerate(searches):
        # Some resolvers' domains have underscores.
        plain = search.removesuffix(".").replace("_", "a")
        if search != "." and any(check_subdomain_name(path, plain)):
            yield from check_subdomain_name((*path, index), search)
