"""The verbs of the Engine port over the Engine's API: one call each, and no policy.

Knows the way there only as a Connection, and no exception of docker or requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from minisets.core import labels as keys
from minisets.core.observed import (
    ContainerDetail,
    ContainerSeen,
    DiskUsage,
    EngineInfo,
    EnginePlace,
    EventSeen,
    ExecResult,
    ImageSeen,
    NetworkSeen,
    PathSeen,
    PullProgress,
    Usage,
    VolumeSeen,
)
from minisets.engine import (
    docker_errors,
    docker_events,
    docker_files,
    docker_logs,
    docker_parse,
    docker_streams,
)
from minisets.engine.clock import SystemClock
from minisets.engine.docker_connection import ANSWER_SECONDS, Connection, Params
from minisets.engine.docker_parse import short_id
from minisets.errors import (
    EngineConflict,
    EngineError,
    EngineMissing,
    EngineUnreachable,
    ImageError,
)

if TYPE_CHECKING:
    from minisets.core.records.registry_login import RegistryLogin
    from minisets.engine.archives import ArchiveEntry
    from minisets.engine.docker_socket import CommandStream

_SAMPLE_SECONDS = 1.0


class DockerEngine:
    """The Engine port over the Docker Engine API; safe to use from many threads."""

    def __init__(self, connection: Connection) -> None:
        self._link = connection
        self._info: EngineInfo | None = None

    def close(self) -> None:
        """Close all connections."""
        self._link.close()

    @property
    def calls(self) -> int:
        """How many answers the Engine has given so far."""
        return self._link.calls

    @property
    def api_version(self) -> tuple[int, int]:
        """The version agreed on; costs no call, as info() does."""
        return self._link.api_version

    @property
    def place(self) -> EnginePlace:
        """Where it is; costs no call."""
        return docker_parse.to_place(self._link.endpoint)

    def info(self) -> EngineInfo:
        """Tell which Engine this is. Costs one call the first time."""
        if self._info is None:
            found = self._link.get("ask the Engine what it is", "/info")
            self._info = docker_parse.parse_info(
                found,
                self._link.endpoint,
                self._link.api_version,
                self._link.offered_api,
                is_podman=self._link.is_podman,
            )
        return self._info

    def disk_usage(self, *, timeout_seconds: float) -> DiskUsage | None:
        """Add up what the Engine's objects take on disk; None if that takes too long."""
        # Seconds with much data: the Engine walks every volume and every writable layer. An older
        # one refuses to do so for two at once.
        try:
            body = self._link.ask(
                "ask for the disk usage", "GET", "/system/df", timeout=timeout_seconds
            )
        except EngineError:
            return None
        return docker_parse.parse_disk_usage(body)

    def containers(self, labels: Mapping[str, str | None]) -> tuple[ContainerSeen, ...]:
        """List all containers, stopped ones too, that carry these labels (None: any value)."""
        params: Params = {"all": 1, "filters": docker_parse.to_filters(labels)}
        rows = self._link.get("list containers", "/containers/json", params)
        return tuple(docker_parse.parse_container(row) for row in rows)

    def volumes(self, labels: Mapping[str, str | None]) -> tuple[VolumeSeen, ...]:
        """List the volumes that carry these labels (None: any value)."""
        params = {"filters": docker_parse.to_filters(labels)}
        body = self._link.get("list volumes", "/volumes", params)
        found = (docker_parse.parse_volume(row) for row in body.get("Volumes") or ())
        # Podman gives the volumes that carry any of the labels.
        return tuple(volume for volume in found if docker_parse.carries(volume.labels, labels))

    def networks(self) -> tuple[NetworkSeen, ...]:
        """List all networks, also those that are not ours: their subnets are taken."""
        rows = self._link.get("list networks", "/networks")
        return tuple(docker_parse.parse_network(row) for row in rows)

    def create_network(
        self, name: str, *, subnet: str, ip_range: str, gateway: str, labels: Mapping[str, str]
    ) -> str | None:
        """Create a bridge network with an explicit subnet and return its id.

        None if the subnet overlaps with another network's, or if the name is taken.
        """
        pool = {"Subnet": subnet, "IPRange": ip_range, "Gateway": gateway}
        try:
            made = self._link.ask(
                f"create network {name}",
                "POST",
                "/networks/create",
                body={
                    "Name": name,
                    "Driver": "bridge",
                    "IPAM": {"Driver": "default", "Config": [pool]},
                    "CheckDuplicate": True,
                    "Labels": dict(labels),
                },
            )
        except EngineError as error:
            # By Engine 403, 409, or 500 for the same subnet with another ip-range.
            if any(words in error.message for words in docker_errors.NETWORK_TAKEN):
                return None
            raise
        return str(made["Id"])

    def remove_network(self, network_id: str) -> None:
        """Remove a network; gone already is fine."""
        with suppress(EngineMissing):
            doing = f"remove network {short_id(network_id)}"
            self._link.ask(doing, "DELETE", f"/networks/{network_id}")

    def connect(
        self, network_id: str, container_id: str, *, address: str | None, aliases: tuple[str, ...]
    ) -> None:
        """Connect a container to a network."""
        config: dict[str, object] = {"Aliases": list(aliases)}
        if address is not None:
            config["IPAMConfig"] = {"IPv4Address": address}
        self._link.ask(
            f"connect container {short_id(container_id)} to its network",
            "POST",
            f"/networks/{network_id}/connect",
            body={"Container": container_id, "EndpointConfig": config},
        )

    def disconnect(self, network_id: str, container_id: str) -> None:
        """Disconnect a container from a network, also a running one."""
        self._link.ask(
            f"disconnect container {short_id(container_id)} from its network",
            "POST",
            f"/networks/{network_id}/disconnect",
            body={"Container": container_id},
        )

    def create_volume(
        self,
        name: str,
        *,
        labels: Mapping[str, str],
        driver: str = "local",
        options: Mapping[str, str] | None = None,
    ) -> VolumeSeen:
        """Create a volume, or return the one of that name with ITS labels and options."""
        wanted = {
            "Name": name,
            "Driver": driver,
            "DriverOpts": dict(options or {}),
            "Labels": dict(labels),
        }

        def create() -> VolumeSeen:
            made = self._link.ask(f"create volume {name}", "POST", "/volumes/create", body=wanted)
            return docker_parse.parse_volume(made)

        try:
            return create()
        except EngineConflict:
            # Podman says so to whoever comes second at the same moment; later it tells the first.
            return create()

    def remove_volume(self, name: str) -> None:
        """Remove a volume; gone already is fine, in use raises EngineConflict."""
        with suppress(EngineMissing):
            self._link.ask(f"remove volume {name}", "DELETE", f"/volumes/{name}")

    def create_container(self, name: str, config: Mapping[str, Any]) -> str:
        """Create a container from the Engine API's own JSON and return its id."""
        try:
            made = self._link.ask(
                f"create container {name}",
                "POST",
                "/containers/create",
                params={"name": name},
                body=config,
            )
        except EngineConflict as error:
            owner = docker_errors.owner_of_name(error.message)
            if owner is None:
                raise
            raise self._name_taken(name, owner) from error
        return str(made["Id"])

    def _name_taken(self, name: str, owner: str) -> EngineConflict:
        image, ours = None, None
        with suppress(EngineMissing):
            seen = self.inspect(owner)
            image = str(seen.config.get("Image"))
            if keys.is_ours(seen.labels):
                ours = (
                    f"of minisets, in namespace {seen.labels.get(keys.NAMESPACE)}, "
                    f"set {seen.labels.get(keys.SET)}"
                )
        return docker_errors.name_taken(name, owner, image, ours)

    def start(self, container_id: str) -> None:
        """Start a container; running already is fine."""
        doing = f"start container {short_id(container_id)}"
        self._link.ask(doing, "POST", f"/containers/{container_id}/start")

    def stop(self, container_id: str, *, grace_seconds: int | None = None) -> None:
        """Stop a container, with its own grace period if none is given; stopped is fine."""
        self._link.ask(
            f"stop container {short_id(container_id)}",
            "POST",
            f"/containers/{container_id}/stop",
            params={} if grace_seconds is None else {"t": grace_seconds},
            timeout=None if grace_seconds is None else grace_seconds + ANSWER_SECONDS,
        )

    def wait_exit(self, container_id: str, *, timeout_seconds: float) -> int | None:
        """Wait for a container to end and return its exit code; None if it still runs then."""
        doing = f"wait for container {short_id(container_id)}"
        path = f"/containers/{container_id}/wait"
        try:
            ended = self._link.ask(doing, "POST", path, timeout=timeout_seconds)
        except EngineUnreachable as error:
            if isinstance(error.__cause__, TimeoutError):
                return None
            raise
        return int(ended["StatusCode"])

    def forgo_restarts(self, container_id: str) -> None:
        """Let a container stay down when it ends, whatever policy it was made with."""
        self._set_restarts(container_id, "no")

    def resume_restarts(self, container_id: str) -> None:
        """Let a container be run again whenever it ends."""
        self._set_restarts(container_id, "always")

    def _set_restarts(self, container_id: str, policy: str) -> None:
        self._link.ask(
            f"update container {short_id(container_id)}",
            "POST",
            f"/containers/{container_id}/update",
            body={"RestartPolicy": {"Name": policy}},
        )

    def unpause(self, container_id: str) -> None:
        """Resume a paused container."""
        doing = f"unpause container {short_id(container_id)}"
        self._link.ask(doing, "POST", f"/containers/{container_id}/unpause")

    def restart(self, container_id: str) -> None:
        """Stop and start a container."""
        doing = f"restart container {short_id(container_id)}"
        self._link.ask(doing, "POST", f"/containers/{container_id}/restart", timeout=None)

    def remove_container(self, container_id: str, *, force: bool = False) -> None:
        """Remove a container and wait until it is gone; gone already is fine. Volumes stay."""
        doing = f"remove container {short_id(container_id)}"
        with suppress(EngineMissing):
            try:
                params = {"force": int(force)}
                self._link.ask(doing, "DELETE", f"/containers/{container_id}", params=params)
            except EngineError as error:
                if "already in progress" not in error.message:
                    raise
                gone = {"condition": "removed"}
                self._link.ask(doing, "POST", f"/containers/{container_id}/wait", params=gone)

    def inspect(self, container_id: str) -> ContainerDetail:
        """Inspect one container."""
        return docker_parse.parse_detail(self._inspect(container_id))

    def _inspect(self, container_id: str) -> Any:  # noqa: ANN401 - the API's JSON
        doing = f"inspect container {short_id(container_id)}"
        return self._link.get(doing, f"/containers/{container_id}/json")

    def put_archive(self, container_id: str, path: str, tar: bytes) -> None:
        """Unpack a tar at a path of the container's file system, also before its start."""
        parts = {path: tar}
        if self._link.is_podman:
            from minisets.engine import podman_archives

            parts = podman_archives.split(tar, path, self._mounts(container_id))
        for place, part in parts.items():
            self._link.exchange(
                f"write files to {place} in container {short_id(container_id)}",
                "PUT",
                f"/containers/{container_id}/archive",
                params={"path": place},
                body=part,
                content_type="application/x-tar",
                timeout=None,
            )

    def get_archive(self, container_id: str, path: str) -> bytes:
        """Pack a file or a directory of the container's file system as a tar."""
        if self._link.is_podman and path.endswith("/."):
            from minisets.engine import podman_archives

            places = podman_archives.below(path, self._mounts(container_id))
            if places:
                parts = {
                    place: self._archive(container_id, f"{path[:-1]}{place}/.") for place in places
                }
                with suppress(EngineMissing):
                    # The folder itself is made when the container starts.
                    parts = {".": self._archive(container_id, path), **parts}
                return podman_archives.join(parts)
        return self._archive(container_id, path)

    def _archive(self, container_id: str, path: str) -> bytes:
        answer = self._link.exchange(
            f"read {path} in container {short_id(container_id)}",
            "GET",
            f"/containers/{container_id}/archive",
            params={"path": path},
            timeout=None,
        )
        return answer.body

    def _mounts(self, container_id: str) -> tuple[str, ...]:
        """Return where a container of Podman has mounts, the deepest first."""
        from minisets.engine import podman_archives

        return podman_archives.mounts_of(self._inspect(container_id))

    def archive_entry(self, container_id: str, path: str) -> ArchiveEntry | None:
        """Return the first entry of a path's archive; only the head of the stream is read."""
        # Few commands look into archives, and all have to wait for what is imported.
        from minisets.engine.archives import first_entry

        read: Callable[[Any], ArchiveEntry | None] = first_entry
        if self._link.is_podman:
            from minisets.engine import podman_archives

            path, read = podman_archives.way_to_entry(path)
        try:
            doing = f"look at {path} in container {short_id(container_id)}"
            place = f"/containers/{container_id}/archive"
            with (
                self._link.speaking(doing),
                # Closing the connection ends the archive, however large the folder is.
                self._link.stream(doing, "GET", place, params={"path": path}) as answer,
            ):
                return read(answer)
        except EngineMissing as error:
            if "no such container" in error.message.lower():
                raise
            return None

    def archive_head(self, container_id: str, path: str) -> tuple[int, int] | None:
        """Return the owner's uid and the mode bits of the first entry of a path's archive."""
        entry = self.archive_entry(container_id, path)
        return None if entry is None else (entry.uid, entry.mode)

    def read_archive(self, container_id: str, path: str) -> Iterator[bytes]:
        """Yield a path of the container's file system as a tar, in pieces."""
        return docker_files.read(self._link, container_id, path)

    def write_archive(self, container_id: str, path: str, tar: Iterable[bytes]) -> None:
        """Unpack a tar, given in pieces, in a folder of the container's file system."""
        docker_files.write(self._link, container_id, path, tar)

    def stat_path(self, container_id: str, path: str) -> PathSeen | None:
        """Look at a path of the container's file system; None if it is not there."""
        return docker_files.stat(self._link, container_id, path)

    def usage(self, container_id: str) -> Usage | None:
        """Measure what a container takes, over about a second; None if it does not run."""
        doing = f"measure container {short_id(container_id)}"
        place = f"/containers/{container_id}/stats"
        # Of a container that goes meanwhile the answer is empty.
        body = self._link.get(doing, place, {"stream": 0}) or {}
        usage = docker_parse.parse_usage(body)
        if usage is None or not docker_parse.is_one_sample(body):
            return usage
        # Podman looks once; Docker does twice, a second apart.
        SystemClock().sleep(_SAMPLE_SECONDS)
        later = self._link.get(doing, place, {"stream": 0}) or {}
        return docker_parse.parse_usage(later, earlier=body)

    def exec(
        self,
        container_id: str,
        command: tuple[str, ...],
        *,
        timeout_seconds: float | None = None,
    ) -> ExecResult:
        """Run a command in a running container and collect its output.

        An exit code of 126 or 127 may mean that it could not be run; the output then says why.
        """
        from minisets.engine import docker_exec

        return docker_exec.run(self._link, container_id, command, timeout_seconds)

    def exec_stream(self, container_id: str, command: tuple[str, ...]) -> CommandStream:
        """Start a command in a running container, with an open input."""
        from minisets.engine import docker_exec

        return docker_exec.stream(self._link, container_id, command)

    def exec_interactive(
        self, container_id: str, command: tuple[str, ...], *, tty: bool, stdin: bool
    ) -> int:
        """Run a command with this process's terminal or streams and return its exit code."""
        from minisets.engine import docker_exec

        return docker_exec.interact(self._link, container_id, command, tty=tty, stdin=stdin)

    def attach(self, container_id: str, *, tty: bool, stdin: bool) -> None:
        """Connect this process's streams with a container's own until it ends."""
        from minisets.engine import docker_exec

        docker_exec.attach(self._link, container_id, tty=tty, stdin=stdin)

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
        """Yield (``stdout`` or ``stderr``, entry) of a container's output, oldest first."""
        return docker_logs.read(
            self._link,
            container_id,
            follow=follow,
            tail=tail,
            since=since,
            until=until,
            timestamps=timestamps,
        )

    def events(
        self,
        *,
        since: float,
        until: float | None = None,
        types: tuple[str, ...] = (),
        actions: tuple[str, ...] = (),
        labels: Mapping[str, str | None] | None = None,
    ) -> Iterator[EventSeen]:
        """Yield what happened, oldest first; without an end it goes on until it is closed."""
        return docker_events.read(
            self._link, since=since, until=until, types=types, actions=actions, labels=labels or {}
        )

    def volume_sizes(self) -> Mapping[str, int]:
        """Measure the volumes: name → bytes, for those that the Engine can measure."""
        # An older Engine takes no type, and measures images and containers, too.
        params = {"type": "volume"} if self._link.api_version >= (1, 42) else {}
        body = self._link.ask(
            "measure the volumes", "GET", "/system/df", params=params, timeout=None
        )
        return docker_parse.parse_volume_sizes(body)

    def image(self, name: str) -> ImageSeen | None:
        """Look an image up by name or id; None if it is not present."""
        try:
            body = self._link.get(f"look up image {name}", f"/images/{name}/json")
        except (EngineMissing, ImageError) as error:
            if "invalid reference" in error.message:
                raise
            return None
        return docker_parse.parse_image(body)

    def pull(
        self, name: str, *, platform: str | None = None, login: RegistryLogin | None = None
    ) -> Iterator[PullProgress]:
        """Pull an image with a login, or if there is none with the user's Docker credentials."""
        own = None
        if login is not None:
            own = {
                "username": login.username,
                "password": login.password,
                "serveraddress": login.server,
            }
        try:
            with self._link.speaking(f"pull {name}"):
                lines = self._link.client.pull(
                    name, stream=True, decode=True, platform=platform, auth_config=own
                )
                yield from docker_streams.pull_progress(name, lines)
        except (EngineUnreachable, ImageError):
            raise
        except EngineError as error:
            words = error.message.removeprefix(f"cannot pull {name}: ")
            raise docker_errors.pull_failure(name, words) from error

    def import_image(self, tar: bytes, *, tag: str, changes: tuple[str, ...]) -> str:
        """Make an image from a root file system and return its id."""
        repository, _, version = tag.rpartition(":")
        with self._link.speaking(f"import image {tag}"):
            text = self._link.client.import_image_from_data(
                tar, repository=repository, tag=version, changes=list(changes)
            )
        last = json.loads(text.strip().splitlines()[-1])
        if "error" in last:
            raise ImageError(f"cannot import image {tag}: {last['error']}")
        return str(last["status"])
