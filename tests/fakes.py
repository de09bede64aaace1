"""An Engine and a clock in memory: no Docker, no real time.

FakeEngine passes the same contract as the real one (tests/contract). What an Engine does by
itself is programmed: ``engine.crash("web-0")``, ``engine.fail("start", nth=2)``.
"""

from __future__ import annotations

import io
import ipaddress
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from minisets.core import labels as keys
from minisets.core.observed import (
    ContainerDetail,
    ContainerSeen,
    ContainerStatus,
    DiskUsage,
    EngineInfo,
    EnginePlace,
    EventSeen,
    ExecResult,
    ImageSeen,
    NetworkSeen,
    PathSeen,
    PublishedPort,
    PullProgress,
    Usage,
    VolumeSeen,
)
from minisets.core.records.registry_login import RegistryLogin
from minisets.engine import docker_errors
from minisets.engine.archives import ArchiveEntry
from minisets.engine.pause_image import FILES_PROGRAM
from minisets.engine.porter import GROUP_PROGRAM
from minisets.engine.ports import ExecStream
from minisets.errors import AddressTaken, EngineConflict, EngineError, EngineMissing, ImageError
from tests.fake_events import FakeEvents
from tests.fake_files import FakeFiles, Tree

DEMO = "minisets/demo:1"
MEMORY = 8 * 2**30


class FakeClock:
    """Time that passes only by sleeping, and nonces that count."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.time = now
        self.slept: list[float] = []
        self._nonces = 0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.time += seconds

    def nonce(self) -> str:
        with self._lock:
            self._nonces += 1
            return f"{self._nonces:016x}"


@dataclass(kw_only=True)
class FakeContainer:
    """A container as the Engine keeps it."""

    id: str
    name: str
    config: dict[str, Any]
    created: float
    image_id: str
    status: ContainerStatus = ContainerStatus.CREATED
    networks: dict[str, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)
    health: str = ""
    started_at: float = 0.0
    finished_at: float = 0.0
    exit_code: int = 0
    restart_count: int = 0
    error: str = ""
    output: list[tuple[str, bytes]] = field(default_factory=list)
    said_at: dict[int, float] = field(default_factory=dict)
    usage: Usage | None = None
    execs: tuple[str, ...] = ()
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    tree: Tree = field(default_factory=dict)

    @property
    def host(self) -> dict[str, Any]:
        return dict(self.config.get("HostConfig") or {})

    @property
    def _chosen_port(self) -> int:
        return 49153 + int(self.id, 16) % 16000

    @property
    def is_up(self) -> bool:
        return self.status in (ContainerStatus.RUNNING, ContainerStatus.PAUSED)

    def volumes(self) -> set[str]:
        mounts = {
            mount["Source"]
            for mount in self.host.get("Mounts") or ()
            if mount.get("Type") == "volume"
        }
        binds = {bind.split(":")[0] for bind in self.host.get("Binds") or ()}
        return mounts | {source for source in binds if not source.startswith("/")}

    def bound(self) -> set[str]:
        """Return where directories of the machine are mounted: every path is one."""
        mounts = {
            mount["Target"]
            for mount in self.host.get("Mounts") or ()
            if mount.get("Type") == "bind"
        }
        return mounts | {bind.split(":")[1] for bind in self.host.get("Binds") or ()}

    def ports(self) -> tuple[PublishedPort, ...]:
        return tuple(
            PublishedPort(
                container_port=int(port.split("/")[0]),
                # Without one it is the Engine that chooses.
                host_port=int(binding["HostPort"] or self._chosen_port),
                host_address=binding.get("HostIp") or "0.0.0.0",  # noqa: S104 - Docker's default
                protocol=port.partition("/")[2] or "tcp",
            )
            for port, bindings in (self.host.get("PortBindings") or {}).items()
            for binding in bindings
        )


class FakeEngine:
    """The Engine port in memory; may be used from many threads.

    Attributes:
        log: Verb and object of every call, such as ``start web-0``.
        images: Name → what is present.
        registry: Name → what a pull brings.
        passwords: Name → password that a pull needs; none if it is not here.
        on_exec: Answers commands; by default each succeeds without output.
        happened: Its events.
        volume_bytes: Name of a volume → what it measures; others are empty.
        ends: Exit code of a container that ends as soon as it starts, None for one that runs on;
            by default those that are not restarted after success end well.
        on_stream: Gives the streams of a command that is started with an open input.
        busy_ports: Protocol and number of ports that other programs of the host have.
        on_start: Called with each container that has just started, to crash it or mark it.
    """

    def __init__(self, clock: FakeClock | None = None, *, cpus: int = 2) -> None:
        self.clock = clock or FakeClock()
        self.log: list[str] = []
        self.images = {DEMO: ImageSeen(id="sha256:" + "d" * 64, tags=(DEMO,))}
        self.registry: dict[str, ImageSeen] = {}
        self.passwords: dict[str, str] = {}
        self.on_exec: Callable[[FakeContainer, tuple[str, ...]], ExecResult] = (
            lambda _container, _command: ExecResult(exit_code=0)
        )
        self.on_stream: Callable[[str, tuple[str, ...]], ExecStream] = _no_stream
        self.on_start: Callable[[FakeContainer], None] = lambda _container: None
        self.happened = FakeEvents()
        self.volume_bytes: dict[str, int] = {}
        self.ends: Callable[[FakeContainer], int | None] = _ends
        self.busy_ports: set[tuple[str, int]] = set()
        self._cpus = cpus
        self._containers: dict[str, FakeContainer] = {}
        self._volumes: dict[str, VolumeSeen] = {}
        self._contents: dict[str, Tree] = {}
        self._networks: dict[str, NetworkSeen] = {}
        self._faults: list[list[Any]] = []
        self._ids = 0
        self._is_known = False
        self._lock = threading.RLock()

    # What tests do to it.

    def fail(self, verb: str = "", *, nth: int = 1, error: Exception | None = None) -> None:
        """Let the nth call of a verb from now on fail (of any verb: an empty one)."""
        self._faults.append([verb, nth, error or EngineError(f"{verb or 'call'} failed")])

    def container(self, name: str) -> FakeContainer:
        """Return the container itself, by name or id, to look at or to change."""
        for container in self._containers.values():
            if name in (container.name, container.id):
                return container
        raise EngineMissing(f"No such container: {name}")

    def crash(self, name: str, *, exit_code: int = 1, restarting: bool = False) -> None:
        """End a container as if its process had died."""
        container = self.container(name)
        container.status = ContainerStatus.RESTARTING if restarting else ContainerStatus.EXITED
        container.exit_code = exit_code
        container.finished_at = self.clock.time
        container.restart_count += restarting
        self._note(container, "die", exitCode=str(exit_code))

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass; containers that are restarting run again."""
        self.clock.sleep(seconds)
        for container in self._containers.values():
            if container.status is ContainerStatus.RESTARTING:
                container.status = ContainerStatus.RUNNING
                container.started_at = self.clock.time
                self._note(container, "start")

    def count(self, verb: str) -> int:
        """Return how often a verb was called."""
        return sum(1 for line in self.log if line.split(" ")[0] == verb)

    # The port.

    @property
    def place(self) -> EnginePlace:
        return EnginePlace(endpoint="fake://")

    def info(self) -> EngineInfo:
        if not self._is_known:
            # As the port says: only the first time.
            with self._call("info"):
                self._is_known = True
        return EngineInfo(
            api_version=(1, 41),
            version="20.10.0",
            endpoint="fake://",
            cpus=self._cpus,
            memory=MEMORY,
            name="fake",
        )

    def disk_usage(self, *, timeout_seconds: float) -> DiskUsage | None:
        return DiskUsage(volumes=dict.fromkeys(self._volumes, 0))

    def containers(self, labels: Mapping[str, str | None]) -> tuple[ContainerSeen, ...]:
        with self._call("containers"):
            rows = [self._seen(container) for container in self._containers.values()]
            return tuple(row for row in reversed(rows) if _carries(row.labels, labels))

    def volumes(self, labels: Mapping[str, str | None]) -> tuple[VolumeSeen, ...]:
        with self._call("volumes"):
            return tuple(v for v in self._volumes.values() if _carries(v.labels, labels))

    def networks(self) -> tuple[NetworkSeen, ...]:
        with self._call("networks"):
            return tuple(self._networks.values())

    def create_network(
        self, name: str, *, subnet: str, ip_range: str, gateway: str, labels: Mapping[str, str]
    ) -> str | None:
        with self._call("create_network", name):
            new = ipaddress.ip_network(subnet)
            for known in self._networks.values():
                if known.name == name or any(
                    new.overlaps(ipaddress.ip_network(taken)) for taken in known.subnets
                ):
                    return None
            network = NetworkSeen(
                id=self._new_id(),
                name=name,
                labels=dict(labels),
                subnets=(subnet,),
                gateway=gateway,
                ip_range=ip_range,
            )
            self._networks[network.id] = network
            return network.id

    def remove_network(self, network_id: str) -> None:
        with self._call("remove_network", network_id):
            found = self._network(network_id)
            if found is None:
                return
            if any(c.is_up and found.id in c.networks for c in self._containers.values()):
                raise EngineConflict(f"network {found.name} has active endpoints")
            del self._networks[found.id]

    def connect(
        self, network_id: str, container_id: str, *, address: str | None, aliases: tuple[str, ...]
    ) -> None:
        with self._call("connect", container_id):
            self._some_network(network_id)
            self.container(container_id).networks[network_id] = (address, aliases)

    def disconnect(self, network_id: str, container_id: str) -> None:
        with self._call("disconnect", container_id):
            container = self.container(container_id)
            if network_id not in container.networks:
                raise EngineError(f"container {container.name} is not connected to the network")
            del container.networks[network_id]

    def create_volume(
        self,
        name: str,
        *,
        labels: Mapping[str, str],
        driver: str = "local",
        options: Mapping[str, str] | None = None,
    ) -> VolumeSeen:
        with self._call("create_volume", name):
            created = datetime.fromtimestamp(self.clock.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            volume = VolumeSeen(
                name=name,
                driver=driver,
                labels=dict(labels),
                options=dict(options or {}),
                created=labels.get(keys.CREATED) or created,
                mountpoint=f"/var/lib/docker/volumes/{name}/_data",
            )
            if name not in self._volumes:
                self._note_volume(name, "create")
            return self._volumes.setdefault(name, volume)

    def remove_volume(self, name: str) -> None:
        with self._call("remove_volume", name):
            users = [c.id for c in self._containers.values() if name in c.volumes()]
            if name in self._volumes and users:
                raise EngineConflict(f"remove {name}: volume is in use - {users}")
            if self._volumes.pop(name, None):
                self._note_volume(name, "destroy")
            self._contents.pop(name, None)

    def create_container(self, name: str, config: Mapping[str, Any]) -> str:
        with self._call("create_container", name):
            for other in self._containers.values():
                if other.name == name:
                    is_ours = keys.is_ours(other.config.get("Labels") or {})
                    raise docker_errors.name_taken(
                        name, other.id, other.config["Image"], "of minisets" if is_ours else None
                    )
            image = self._image(config["Image"])
            if image is None:
                raise ImageError(
                    f"cannot create container {name}: No such image: {config['Image']}"
                )
            container = FakeContainer(
                id=self._new_id(),
                name=name,
                config=dict(config),
                created=self.clock.time,
                image_id=image.id,
            )
            wanted = (config.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
            for network, entry in wanted.items():
                known = self._network(network)
                address = (entry.get("IPAMConfig") or {}).get("IPv4Address")
                aliases = tuple(entry.get("Aliases") or ())
                container.networks[known.id if known else network] = (address, aliases)
            for volume in container.volumes():
                self._volumes.setdefault(volume, VolumeSeen(name=volume))
            self._containers[container.id] = container
            self._note(container, "create")
            return container.id

    def start(self, container_id: str) -> None:
        with self._call("start", container_id):
            container = self.container(container_id)
            if container.is_up:
                return
            try:
                self._check_start(container)
            except EngineError as error:
                container.error, container.exit_code = error.message, 128
                raise
            self._run(container)

    def _run(self, container: FakeContainer) -> None:
        container.status, container.started_at = ContainerStatus.RUNNING, self.clock.time
        container.error, container.exit_code = "", 0
        self._note(container, "start")
        self.on_start(container)
        code = self.ends(container)
        if code is not None and container.is_up:
            container.status = ContainerStatus.EXITED if code == 0 else ContainerStatus.RESTARTING
            container.exit_code, container.finished_at = code, self.clock.time

    def _check_start(self, container: FakeContainer) -> None:
        for network_id, (address, _) in container.networks.items():
            self._some_network(network_id)
            for other in self._containers.values():
                if other.is_up and address and other.networks.get(network_id, ("",))[0] == address:
                    raise AddressTaken(f"cannot start {container.name}: Address already in use")
        taken = {
            (port.protocol, port.host_port)
            for other in self._containers.values()
            if other.is_up
            for port in other.ports()
        } | self.busy_ports
        for port in container.ports():
            if port.host_port and (port.protocol, port.host_port) in taken:
                raise docker_errors.refusal(
                    f"start container {container.name}",
                    500,
                    f"Bind for {port.host_address}:{port.host_port} failed: "
                    "port is already allocated",
                )
        mode = str(container.host.get("NetworkMode") or "")
        if mode.startswith("container:") and not self.container(mode.partition(":")[2]).is_up:
            raise EngineError("cannot join network of a non running container")

    def stop(self, container_id: str, *, grace_seconds: int | None = None) -> None:
        with self._call("stop", container_id):
            container = self.container(container_id)
            if container.is_up or container.status is ContainerStatus.RESTARTING:
                container.status = ContainerStatus.EXITED
                container.finished_at = self.clock.time
                self._note(container, "kill", signal="15")
                self._note(container, "die", exitCode="0")

    def wait_exit(self, container_id: str, *, timeout_seconds: float) -> int | None:
        with self._call("wait_exit", container_id):
            container = self.container(container_id)
            return None if container.is_up else container.exit_code

    def forgo_restarts(self, container_id: str) -> None:
        with self._call("forgo_restarts", container_id):
            self._set_restarts(container_id, "no")

    def resume_restarts(self, container_id: str) -> None:
        with self._call("resume_restarts", container_id):
            self._set_restarts(container_id, "always")

    def _set_restarts(self, container_id: str, policy: str) -> None:
        container = self.container(container_id)
        host = {**container.host, "RestartPolicy": {"Name": policy, "MaximumRetryCount": 0}}
        container.config = {**container.config, "HostConfig": host}

    def unpause(self, container_id: str) -> None:
        with self._call("unpause", container_id):
            container = self.container(container_id)
            if container.status is not ContainerStatus.PAUSED:
                raise EngineError(f"Container {container.name} is not paused")
            container.status = ContainerStatus.RUNNING

    def restart(self, container_id: str) -> None:
        with self._call("restart", container_id):
            container = self.container(container_id)
            container.status = ContainerStatus.EXITED
            self._check_start(container)
            self._run(container)

    def remove_container(self, container_id: str, *, force: bool = False) -> None:
        with self._call("remove_container", container_id):
            try:
                container = self.container(container_id)
            except EngineMissing:
                return
            if container.is_up and not force:
                raise EngineError(f"You cannot remove a running container {container.id}")
            del self._containers[container.id]
            self._note(container, "destroy")

    def inspect(self, container_id: str) -> ContainerDetail:
        with self._call("inspect", container_id):
            found = self.container(container_id)
            return ContainerDetail(
                id=found.id,
                name=found.name,
                status=found.status,
                started_at=found.started_at,
                finished_at=found.finished_at,
                restart_count=found.restart_count,
                exit_code=found.exit_code,
                oom_killed=False,
                error=found.error,
                labels=found.config.get("Labels") or {},
                config={key: v for key, v in found.config.items() if key != "HostConfig"},
                host_config=found.host,
                execs=found.execs,
                aliases={
                    (self._network(key) or NetworkSeen(id=key, name=key)).name: aliases
                    for key, (_, aliases) in found.networks.items()
                },
            )

    def put_archive(self, container_id: str, path: str, tar: bytes) -> None:
        with self._call("put_archive", container_id):
            container = self.container(container_id)
            if container.host.get("ReadonlyRootfs"):
                raise EngineError("container rootfs is marked read-only")
            self._files(container_id).put(path, tar)
            with tarfile.open(fileobj=io.BytesIO(tar)) as entries:
                for entry in entries:
                    name = f"{path.rstrip('/')}/{entry.name.strip('/')}"
                    container.files[name] = (entry.uid, entry.mode)

    def get_archive(self, container_id: str, path: str) -> bytes:
        with self._call("get_archive", container_id):
            return self._files(container_id).get(path)

    def archive_entry(self, container_id: str, path: str) -> ArchiveEntry | None:
        with self._call("archive_entry", container_id):
            if path in self.container(container_id).bound():
                return ArchiveEntry(path=path, kind="directory", mode=0o755, uid=0, gid=0)
            return self._files(container_id).entry(path)

    def read_archive(self, container_id: str, path: str) -> Iterator[bytes]:
        yield self.get_archive(container_id, path)

    def write_archive(self, container_id: str, path: str, tar: Iterable[bytes]) -> None:
        self.put_archive(container_id, path, b"".join(tar))

    def stat_path(self, container_id: str, path: str) -> PathSeen | None:
        found = self.archive_entry(container_id, path)
        if found is None:
            return None
        return PathSeen(
            name=path.rstrip("/").rpartition("/")[2],
            is_directory=found.kind == "directory",
            is_link=found.kind == "link",
            link_target=found.target if found.kind == "link" else "",
        )

    def archive_head(self, container_id: str, path: str) -> tuple[int, int] | None:
        with self._call("archive_head", container_id):
            known = self.container(container_id).files.get(path.rstrip("/"))
            entry = None if known else self._files(container_id).entry(path)
            return (entry.uid, entry.mode) if entry else known

    def exec(
        self,
        container_id: str,
        command: tuple[str, ...],
        *,
        timeout_seconds: float | None = None,
    ) -> ExecResult:
        with self._call("exec", container_id):
            return self._exec(container_id, command)

    def exec_stream(self, container_id: str, command: tuple[str, ...]) -> ExecStream:
        with self._call("exec_stream", container_id):
            self._exec(container_id, command)
            return self.on_stream(container_id, command)

    def exec_interactive(
        self, container_id: str, command: tuple[str, ...], *, tty: bool, stdin: bool
    ) -> int:
        with self._call("exec_interactive", container_id):
            return self._exec(container_id, command).exit_code or 0

    def _exec(self, container_id: str, command: tuple[str, ...]) -> ExecResult:
        container = self.container(container_id)
        if container.status is not ContainerStatus.RUNNING:
            raise EngineError(f"Container {container.id} is {container.status}, not running")
        if command[0] == FILES_PROGRAM:
            return ExecResult(exit_code=self._files(container_id).run(command[1:]))
        if command[0] == GROUP_PROGRAM:
            self._files(container_id).hand_over(int(command[1]), command[2:])
            return ExecResult(exit_code=0)
        return self.on_exec(container, command)

    def logs(
        self,
        container_id: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        since: float | None = None,
        until: float | None = None,
        timestamps: bool = False,
    ) -> Iterator[tuple[str, bytes]]:
        with self._call("logs", container_id):
            found = self.container(container_id)
            entries = [
                (found.said_at.get(index, self.clock.time), output, text)
                for index, (output, text) in enumerate(found.output)
            ]
        # As the Engine does: first the tail of all there is, then what is of the time asked for.
        for at, output, text in entries[0 if tail is None else max(0, len(entries) - tail) :]:
            if (since is None or at >= since) and (until is None or at < until):
                yield output, stamp(at) + text if timestamps else text

    def say(self, name: str, text: str, *, output: str = "stdout") -> None:
        """Let a container write a line, now."""
        found = self.container(name)
        found.said_at[len(found.output)] = self.clock.time
        found.output.append((output, f"{text}\n".encode()))

    def attach(self, container_id: str, *, tty: bool, stdin: bool) -> None:
        with self._call("attach", container_id):
            self.container(container_id)

    def usage(self, container_id: str) -> Usage | None:
        with self._call("usage", container_id):
            return self.container(container_id).usage

    def events(
        self,
        *,
        since: float,
        until: float | None = None,
        types: tuple[str, ...] = (),
        actions: tuple[str, ...] = (),
        labels: Mapping[str, str | None] | None = None,
    ) -> Iterator[EventSeen]:
        # The lock is not held meanwhile: a stream that waits must not keep other calls waiting.
        with self._call("events"):
            pass
        yield from self.happened.read(since, until, types, actions, labels or {})

    def volume_sizes(self) -> Mapping[str, int]:
        with self._call("volume_sizes"):
            return {name: self.volume_bytes.get(name, 0) for name in self._volumes}

    def image(self, name: str) -> ImageSeen | None:
        with self._call("image", name):
            return self._image(name)

    def pull(
        self, name: str, *, platform: str | None = None, login: RegistryLogin | None = None
    ) -> Iterator[PullProgress]:
        with self._call("pull", f"{name} as {login.username}" if login else name):
            if self.passwords.get(name, login and login.password) != (login and login.password):
                raise ImageError(f"image {name} could not be pulled: access denied")
            if name not in self.registry:
                raise ImageError(f"image {name} was not found in its registry")
            yield PullProgress(image=name, current=1, total=1, text="Pull complete")
            self.images[name] = self.registry[name]

    def import_image(self, tar: bytes, *, tag: str, changes: tuple[str, ...]) -> str:
        with self._call("import_image", tag):
            identity = f"sha256:{self._new_id()}"
            self.images[tag] = ImageSeen(id=identity, tags=(tag,))
            return identity

    # Its inside.

    def _note(self, container: FakeContainer, action: str, **more: str) -> None:
        own = {"name": container.name, "image": container.config["Image"], **more}
        self.happened.note(
            EventSeen(
                time=self.clock.time,
                type="container",
                action=action,
                id=container.id,
                name=container.name,
                attributes={**(container.config.get("Labels") or {}), **own},
            )
        )

    def _note_volume(self, name: str, action: str) -> None:
        self.happened.note(EventSeen(time=self.clock.time, type="volume", action=action, id=name))

    def _files(self, container_id: str) -> FakeFiles:
        container = self.container(container_id)
        mounts = {
            str(mount["Target"]): self._contents.setdefault(str(mount["Source"]), {})
            for mount in container.host.get("Mounts") or ()
            if mount.get("Type") == "volume"
        }
        return FakeFiles(container.tree, mounts)

    def _call(self, verb: str, what: str = "") -> threading.RLock:
        with self._lock:
            known = self._containers.get(what)
            self.log.append(f"{verb} {known.name if known else what}".strip())
            for fault in self._faults:
                if fault[0] in ("", verb):
                    fault[1] -= 1
                    if fault[1] == 0:
                        raise fault[2]
        return self._lock

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:064x}"

    def _network(self, name: str) -> NetworkSeen | None:
        return next((n for n in self._networks.values() if name in (n.id, n.name)), None)

    def _some_network(self, name: str) -> NetworkSeen:
        found = self._network(name)
        if found is None:
            raise EngineMissing(f"network {name} not found")
        return found

    def _image(self, name: str) -> ImageSeen | None:
        return self.images.get(name) or next(
            (image for image in self.images.values() if image.id == name), None
        )

    def _seen(self, found: FakeContainer) -> ContainerSeen:
        names = {
            key: (self._network(key) or NetworkSeen(id=key, name=key)).name
            for key in found.networks
        }
        return ContainerSeen(
            id=found.id,
            name=found.name,
            status=found.status,
            health=found.health,
            status_text=_text(found),
            created=found.created,
            image=found.config["Image"],
            image_id=found.image_id,
            labels=found.config.get("Labels") or {},
            addresses={
                names[key]: address for key, (address, _) in found.networks.items() if address
            },
            network_ids={names[key]: key for key in found.networks},
            network_mode=str(found.host.get("NetworkMode") or ""),
            ports=found.ports() if found.is_up else (),
        )


def _no_stream(_container_id: str, command: tuple[str, ...]) -> ExecStream:
    raise EngineError(f"{command[0]}: no such program")


def _carries(labels: Mapping[str, str], wanted: Mapping[str, str | None]) -> bool:
    return all(
        key in labels and (value is None or labels[key] == value) for key, value in wanted.items()
    )


def _ends(container: FakeContainer) -> int | None:
    policy = (container.host.get("RestartPolicy") or {}).get("Name")
    return 0 if policy == "on-failure" else None


def _text(found: FakeContainer) -> str:
    match found.status:
        case ContainerStatus.EXITED | ContainerStatus.RESTARTING:
            return f"{found.status.capitalize()} ({found.exit_code}) 1 second ago"
        case _:
            return str(found.status)


def stamp(at: float) -> bytes:
    """Return a time as the Engine writes it before an entry of a log."""
    whole = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{round(at % 1 * 1e9):09}Z ".encode()
