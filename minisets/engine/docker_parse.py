"""The Engine's JSON into values: containers, volumes, networks, images. Pure translation."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from minisets.core import labels
from minisets.core.observed import (
    ContainerDetail,
    ContainerSeen,
    ContainerStatus,
    DiskUsage,
    EngineInfo,
    EnginePlace,
    EventSeen,
    HealthRun,
    ImageSeen,
    NetworkSeen,
    PathSeen,
    PublishedPort,
    Usage,
    VolumeSeen,
)
from minisets.engine.endpoint import Endpoint

# Go's file modes.
_IS_DIRECTORY, _IS_LINK = 1 << 31, 1 << 27

# /info has the kernel's words, images have Go's.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_HEALTH = re.compile(r"\((?:health: )?(starting|healthy|unhealthy)\)")
# Go prints up to nine digits of a second, Python reads six.
_FRACTION = re.compile(r"\.(\d{1,9})")


def parse_time(text: str | None) -> float:
    """Return seconds since the epoch; 0.0 for Go's zero time."""
    if not text or text.startswith("0001-"):
        return 0.0
    fraction = _FRACTION.search(text)
    whole = datetime.fromisoformat(_FRACTION.sub("", text).replace("Z", "+00:00"))
    return whole.timestamp() + (float(f"0.{fraction[1]}") if fraction else 0.0)


def parse_health(status_text: str) -> str:
    """Return the health that a status text such as ``Up 2 seconds (healthy)`` tells."""
    found = _HEALTH.search(status_text)
    return found[1] if found else ""


def parse_status(text: str) -> ContainerStatus:
    """Return the state; a word that is not known counts as dead."""
    try:
        return ContainerStatus(text)
    except ValueError:
        return ContainerStatus.DEAD


def parse_container(row: Mapping[str, Any]) -> ContainerSeen:
    """Translate one row of ``GET /containers/json``."""
    status = parse_status(row["State"])
    networks = (row.get("NetworkSettings") or {}).get("Networks") or {}
    addresses = {}
    for name, entry in networks.items():
        address = (entry.get("IPAMConfig") or {}).get("IPv4Address")
        # After a kill of the Engine an exited container still shows the address it had.
        if not address and status in (ContainerStatus.RUNNING, ContainerStatus.PAUSED):
            address = entry.get("IPAddress")
        if address:
            addresses[name] = address
    return ContainerSeen(
        id=row["Id"],
        name=_own_name(row.get("Names") or []),
        status=status,
        health=parse_health(row.get("Status") or ""),
        status_text=row.get("Status") or "",
        created=float(row.get("Created") or 0),
        image=row.get("Image") or "",
        image_id=row.get("ImageID") or "",
        labels=row.get("Labels") or {},
        addresses=addresses,
        network_ids={
            name: entry["NetworkID"] for name, entry in networks.items() if entry.get("NetworkID")
        },
        network_mode=(row.get("HostConfig") or {}).get("NetworkMode") or "",
        ports=_ports(row.get("Ports") or []),
    )


def _own_name(names: list[str]) -> str:
    # Legacy links add names with a second slash.
    return next((name[1:] for name in names if name.count("/") == 1), "")


def _ports(rows: list[dict[str, Any]]) -> tuple[PublishedPort, ...]:
    ports = {
        PublishedPort(
            container_port=row["PrivatePort"],
            host_port=row["PublicPort"],
            host_address=row.get("IP") or "",
            protocol=row.get("Type") or "tcp",
        )
        for row in rows
        if row.get("PublicPort")
    }
    return tuple(
        sorted(ports, key=lambda p: (p.container_port, p.protocol, p.host_address, p.host_port))
    )


def parse_detail(body: Mapping[str, Any]) -> ContainerDetail:
    """Translate ``GET /containers/ID/json``."""
    state = body["State"]
    checks = (state.get("Health") or {}).get("Log") or []
    config = body.get("Config") or {}
    return ContainerDetail(
        id=body["Id"],
        name=body["Name"].lstrip("/"),
        status=parse_status(state["Status"]),
        started_at=parse_time(state.get("StartedAt")),
        finished_at=parse_time(state.get("FinishedAt")),
        restart_count=body.get("RestartCount") or 0,
        exit_code=state.get("ExitCode") or 0,
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        health_output=(checks[-1].get("Output") or "") if checks else "",
        health_runs=tuple(_health_run(check) for check in checks),
        aliases={
            name: tuple(entry.get("Aliases") or ())
            for name, entry in ((body.get("NetworkSettings") or {}).get("Networks") or {}).items()
        },
        labels=config.get("Labels") or {},
        config=config,
        host_config=body.get("HostConfig") or {},
        execs=tuple(body.get("ExecIDs") or ()),
    )


def _health_run(body: Mapping[str, Any]) -> HealthRun:
    return HealthRun(
        started_at=parse_time(body.get("Start")),
        ended_at=parse_time(body.get("End")),
        exit_code=body.get("ExitCode") or 0,
        output=body.get("Output") or "",
    )


def parse_event(body: Mapping[str, Any]) -> EventSeen:
    """Translate one line of ``GET /events``."""
    actor = body.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    action, _, detail = str(body.get("Action") or "").partition(":")
    return EventSeen(
        time=body["timeNano"] / 1e9 if body.get("timeNano") else float(body.get("time") or 0),
        type=body.get("Type") or "",
        action=action,
        detail=detail.strip(),
        # Podman has no id for a volume.
        id=actor.get("ID") or attributes.get("name") or "",
        name=attributes.get("name") or "",
        attributes=attributes,
    )


def parse_volume_sizes(body: Mapping[str, Any]) -> dict[str, int]:
    """Translate the volumes of ``GET /system/df``; -1 there means that it cannot be measured."""
    found = {
        row["Name"]: (row.get("UsageData") or {}).get("Size", -1)
        for row in body.get("Volumes") or ()
    }
    return {name: size for name, size in found.items() if size >= 0}


def parse_volume(body: Mapping[str, Any]) -> VolumeSeen:
    """Translate one volume of ``GET /volumes`` or of its creation."""
    marks = body.get("Labels") or {}
    return VolumeSeen(
        name=body["Name"],
        driver=body.get("Driver") or "local",
        labels=marks,
        options=body.get("Options") or {},
        # The local driver's date is that of the last file made in it or taken away.
        created=marks.get(labels.CREATED) or body.get("CreatedAt") or "",
        mountpoint=body.get("Mountpoint") or "",
    )


def parse_network(body: Mapping[str, Any]) -> NetworkSeen:
    """Translate one network of ``GET /networks``."""
    pools = (body.get("IPAM") or {}).get("Config") or []
    first = pools[0] if pools else {}
    return NetworkSeen(
        id=body["Id"],
        name=body["Name"],
        driver=body.get("Driver") or "",
        labels=body.get("Labels") or {},
        subnets=tuple(pool["Subnet"] for pool in pools if pool.get("Subnet")),
        gateway=first.get("Gateway") or "",
        ip_range=first.get("IPRange") or "",
    )


def parse_image(body: Mapping[str, Any]) -> ImageSeen:
    """Translate ``GET /images/NAME/json``."""
    config = body.get("Config") or {}
    test = (config.get("Healthcheck") or {}).get("Test") or []
    return ImageSeen(
        id=body["Id"],
        tags=tuple(body.get("RepoTags") or ()),
        digests=tuple(body.get("RepoDigests") or ()),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        user=config.get("User") or "",
        working_dir=config.get("WorkingDir") or "",
        has_healthcheck=bool(test) and test[0] != "NONE",
        architecture=body.get("Architecture") or "",
        os=body.get("Os") or "linux",
    )


def to_filters(
    labels: Mapping[str, str | None], more: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Return the parameter ``filters`` for labels (None: any value), and for other keys."""
    found = {key: list(values) for key, values in (more or {}).items() if values}
    if labels:
        found["label"] = [
            key if value is None else f"{key}={value}" for key, value in labels.items()
        ]
    return json.dumps(found)


def carries(found: Mapping[str, str], wanted: Mapping[str, str | None]) -> bool:
    """Say whether something has these labels (None: any value)."""
    return all(key in found and value in {None, found[key]} for key, value in wanted.items())


def short_id(identity: str) -> str:
    """Return a full id as the docker command shows it; a name as it is."""
    return identity[:12] if len(identity) == 64 else identity


def to_place(endpoint: Endpoint) -> EnginePlace:
    """Say where the Engine at an endpoint is, seen from here."""
    is_local = endpoint.url.startswith(("unix://", "npipe://"))
    return EnginePlace(endpoint=endpoint.url, is_local=is_local)


def parse_info(
    body: Mapping[str, Any],
    endpoint: Endpoint,
    api_version: tuple[int, int],
    offered_api: tuple[int, int] = (0, 0),
    *,
    is_podman: bool = False,
) -> EngineInfo:
    """Translate ``GET /info``."""
    architecture = str(body.get("Architecture") or "")
    return EngineInfo(
        api_version=api_version,
        version=str(body.get("ServerVersion") or ""),
        endpoint=endpoint.url,
        endpoint_source=endpoint.source,
        is_local=to_place(endpoint).is_local,
        os=str(body.get("OSType") or "linux"),
        architecture=_ARCHITECTURES.get(architecture, architecture),
        cpus=int(body.get("NCPU") or 0),
        offered_api=offered_api,
        root=str(body.get("DockerRootDir") or ""),
        memory=int(body.get("MemTotal") or 0),
        name=str(body.get("Name") or ""),
        product="Podman" if is_podman else "Docker Engine",
    )


def parse_disk_usage(body: Mapping[str, Any]) -> DiskUsage:
    """Translate ``GET /system/df``; the Engine writes -1 for what it does not know."""
    return DiskUsage(
        images=int(body.get("LayersSize") or 0),
        containers=sum(int(row.get("SizeRw") or 0) for row in body.get("Containers") or ()),
        build_cache=sum(int(row.get("Size") or 0) for row in body.get("BuildCache") or ()),
        volumes=parse_volume_sizes(body),
    )


def parse_path_stat(header: str) -> PathSeen:
    """Translate the header ``X-Docker-Container-Path-Stat``."""
    # Podman writes base64 as it is in URLs.
    stat = json.loads(base64.b64decode(header, altchars=b"-_" if {"-", "_"} & {*header} else None))
    mode = int(stat.get("mode") or 0)
    return PathSeen(
        name=str(stat.get("name") or ""),
        is_directory=bool(mode & _IS_DIRECTORY),
        is_link=bool(mode & _IS_LINK),
        link_target=str(stat.get("linkTarget") or ""),
    )


def is_one_sample(body: Mapping[str, Any]) -> bool:
    """Say whether ``GET /containers/ID/stats`` tells of one moment only."""
    return not parse_time(body.get("preread"))


def parse_usage(body: Mapping[str, Any], earlier: Mapping[str, Any] | None = None) -> Usage | None:
    """Translate ``GET /containers/ID/stats``; None for a container that does not run.

    Args:
        body: The answer.
        earlier: The answer of an earlier moment, where each tells of one moment.
    """
    if earlier is not None:
        body = {**body, "preread": earlier["read"], "precpu_stats": earlier["cpu_stats"]}
    seconds = parse_time(body.get("read")) - parse_time(body.get("preread"))
    now, before = (
        ((body.get(key) or {}).get("cpu_usage") or {}).get("total_usage")
        for key in ("cpu_stats", "precpu_stats")
    )
    memory = body.get("memory_stats") or {}
    if not memory.get("usage") or now is None:
        return None
    details = memory.get("stats") or {}
    # Kubernetes rule: the working set is what is used without inactive page cache. The first
    # name is of cgroup v1, the second of v2.
    inactive = details.get("total_inactive_file", details.get("inactive_file", 0))
    used = now - (before or 0)
    # Without a first sample the numbers are those since the start of the container.
    is_measured = not is_one_sample(body) and seconds > 0
    return Usage(
        cores=max(0.0, used / 1e9 / seconds) if is_measured else 0.0,
        memory_bytes=max(0, int(memory["usage"]) - int(inactive or 0)),
    )
