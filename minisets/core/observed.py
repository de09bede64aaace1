"""What the Engine shows, as values: containers, volumes, networks and images, parsed at the edge.

Nothing of an SDK's types gets past the adapter that makes these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

_EXIT_CODE = re.compile(r"(?:Exited|Restarting) \((-?\d+)\)")


class ContainerStatus(StrEnum):
    """State of a container, in the Engine's words."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"
    REMOVING = "removing"


class PublishedPort(msgspec.Struct, frozen=True, kw_only=True):
    """One port of a container that the host answers for."""

    container_port: int
    host_port: int
    host_address: str = ""
    protocol: str = "tcp"


class ContainerSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the Engine's container list.

    Attributes:
        name: Without the leading slash.
        health: ``starting``, ``healthy`` or ``unhealthy``; empty without a health check.
        status_text: The Engine's own phrase, such as ``Exited (1) 3 seconds ago``.
        created: Seconds since the epoch, by the Engine's clock.
        image: The name that the container was created from.
        image_id: ``sha256:…`` of the image that it runs.
        addresses: Network name → IPv4 address. A fixed address counts in every state; an
            automatic one only while the container runs.
        network_ids: Network name → network id.
        network_mode: As created, for example ``container:<id>``.
    """

    id: str
    name: str
    status: ContainerStatus
    health: str = ""
    status_text: str = ""
    created: float = 0.0
    image: str = ""
    image_id: str = ""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    addresses: Mapping[str, str] = msgspec.field(default_factory=dict)
    network_ids: Mapping[str, str] = msgspec.field(default_factory=dict)
    network_mode: str = ""
    ports: tuple[PublishedPort, ...] = ()

    @property
    def exit_code(self) -> int | None:
        """Exit code of a container that does not run, out of the phrase; None if it has none."""
        found = _EXIT_CODE.match(self.status_text)
        return int(found[1]) if found else None


class ContainerDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What only an inspection of one container tells.

    Attributes:
        started_at: Seconds since the epoch of the last start; 0.0 if it never started.
        finished_at: Seconds since the epoch of the last end; 0.0 if it never ended.
        error: The Engine's message when the last start failed.
        health_output: Output of the Engine's last health check run.
        config: The container's Config as the Engine's API has it.
        host_config: The container's HostConfig as the Engine's API has it.
        health_runs: The last runs of the health check, oldest first; the Engine keeps five.
        aliases: Network name → names that the container was given on it.
        execs: Ids of the commands that run in it beside its own.
    """

    id: str
    name: str
    status: ContainerStatus
    started_at: float
    finished_at: float
    restart_count: int
    exit_code: int
    oom_killed: bool
    error: str
    health_output: str = ""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    config: Mapping[str, object] = msgspec.field(default_factory=dict)
    host_config: Mapping[str, object] = msgspec.field(default_factory=dict)
    health_runs: tuple[HealthRun, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    execs: tuple[str, ...] = ()


class HealthRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a container's health check; times are seconds since the epoch."""

    started_at: float
    ended_at: float
    exit_code: int
    output: str = ""


class EventSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened in the Engine.

    Attributes:
        time: Seconds since the epoch, by the Engine's clock.
        type: ``container``, ``volume``, ``network`` or ``image``.
        action: In the Engine's words, without what follows a colon: ``die``, ``health_status``.
        detail: What follows the colon, such as ``unhealthy``.
        id: Of the container; of a volume or an image its name.
        name: Of the container, as it was then.
        attributes: Labels of the container, and what the Engine adds, such as ``exitCode``.
    """

    time: float
    type: str
    action: str
    detail: str = ""
    id: str = ""
    name: str = ""
    attributes: Mapping[str, str] = msgspec.field(default_factory=dict)


class VolumeSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the Engine's volume list; ``created`` is RFC 3339 text."""

    name: str
    driver: str = "local"
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    options: Mapping[str, str] = msgspec.field(default_factory=dict)
    created: str = ""
    mountpoint: str = ""


class NetworkSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the Engine's network list; subnets, gateway and ip_range are text."""

    id: str
    name: str
    driver: str = "bridge"
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    subnets: tuple[str, ...] = ()
    gateway: str = ""
    ip_range: str = ""


class ImageSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An image that is present.

    Attributes:
        id: ``sha256:…``.
        digests: Names with digest under which a registry gave it; empty for a local build.
        entrypoint: As in the image's config.
        command: As in the image's config.
        user: As in the image's config.
        has_healthcheck: The image brings a health check of its own.
    """

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    has_healthcheck: bool = False
    architecture: str = ""
    os: str = "linux"


class EnginePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where an Engine is, seen from here; nobody has to be asked for that.

    Attributes:
        endpoint: Where it is reached, for example ``unix:///var/run/docker.sock``.
        is_local: It runs on this machine, reached over a local socket.
    """

    endpoint: str
    is_local: bool = True


class EngineInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which Engine answers, and what it can do.

    Attributes:
        api_version: The negotiated version, for example ``(1, 41)``.
        version: The Engine's own version, for example ``20.10.24``.
        endpoint: Where it was reached, for example ``unix:///var/run/docker.sock``.
        endpoint_source: Why this endpoint: ``DOCKER_HOST``, ``context NAME`` or ``default``.
        is_local: It runs on this machine, reached over a local socket.
        cpus: Processors of the Engine's machine; 0 if unknown.
        offered_api: The newest version that the Engine speaks.
        root: The folder of the Engine's data on its machine; empty if unknown.
        memory: Bytes of memory of the Engine's machine; 0 if unknown.
        name: Host name of the Engine's machine; empty if unknown.
        product: What speaks the API: ``Docker Engine`` or ``Podman``.
    """

    api_version: tuple[int, int]
    version: str
    endpoint: str
    endpoint_source: str = "default"
    is_local: bool = True
    os: str = "linux"
    architecture: str = "amd64"
    cpus: int = 0
    offered_api: tuple[int, int] = (0, 0)
    root: str = ""
    memory: int = 0
    name: str = ""
    product: str = "Docker Engine"


class DiskUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Space that the Engine's objects take, in bytes.

    Attributes:
        containers: Of the writable layers.
        volumes: Volume name → its size; without those of which the Engine does not know it.
    """

    images: int = 0
    containers: int = 0
    build_cache: int = 0
    volumes: Mapping[str, int] = msgspec.field(default_factory=dict)


class PathSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a path of a container's file system.

    Attributes:
        name: Last part of the path.
        link_target: For a link the absolute path where it leads to in the end, else empty.
    """

    name: str
    is_directory: bool = False
    is_link: bool = False
    link_target: str = ""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a container takes right now.

    Attributes:
        cores: Processors, as an average over about a second.
        memory_bytes: The working set: without what the kernel can drop at once.
    """

    cores: float
    memory_bytes: int


class ExecResult(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a command in a container.

    Attributes:
        exit_code: None if it did not end in time.
        output: Standard output and error together.
    """

    exit_code: int | None
    output: bytes = b""


class PullProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a pull has come: bytes so far and in all (0 if unknown), and the Engine's word."""

    image: str
    current: int = 0
    total: int = 0
    text: str = ""
