"""The doors to the outside as protocols: the Engine, probes, the clock and the reporter.

Verbs are dumb: one Engine call each, no policy. Creating what is there and removing what is gone
succeed where the text says so; everything else raises from minisets.errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
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
    from minisets.core.records.registry_login import RegistryLogin
    from minisets.engine.archives import ArchiveEntry


class ExecStream(Protocol):
    """A command that runs in a container, with its streams."""

    def recv(self, size: int, /) -> tuple[str, bytes]:
        """Read (``stdout`` or ``stderr``, content); no content at the end.

        Raises:
            OSError: The connection broke, or was closed.
        """

    def sendall(self, data: bytes, /) -> None:
        """Send to the command's input.

        Raises:
            OSError: The connection broke, or was closed.
        """

    def end_input(self) -> None:
        """Tell the command that its input is over, where the connection can."""

    def close(self) -> None:
        """Leave the command, also under a thread that reads; it may run on."""


class Engine(Protocol):
    """A Docker Engine.

    Every method raises EngineUnreachable when the Engine does not answer, EngineMissing for an
    object it does not know, EngineConflict for a taken name, address or port, ImageError for
    images, and EngineError for any other refusal, with the Engine's own words in the message.
    """

    @property
    def place(self) -> EnginePlace:
        """Where it is; costs no call."""

    def info(self) -> EngineInfo:
        """Tell which Engine this is. Costs calls only the first time."""

    def disk_usage(self, *, timeout_seconds: float) -> DiskUsage | None:
        """Add up what the Engine's objects take on disk; None if that takes too long."""

    def containers(self, labels: Mapping[str, str | None]) -> tuple[ContainerSeen, ...]:
        """List all containers, stopped ones too, that carry these labels (None: any value)."""

    def volumes(self, labels: Mapping[str, str | None]) -> tuple[VolumeSeen, ...]:
        """List the volumes that carry these labels (None: any value)."""

    def networks(self) -> tuple[NetworkSeen, ...]:
        """List all networks, also those that are not ours: their subnets are taken."""

    def create_network(
        self, name: str, *, subnet: str, ip_range: str, gateway: str, labels: Mapping[str, str]
    ) -> str | None:
        """Create a bridge network with an explicit subnet and return its id.

        Exactly one of several racing creates with one subnet wins; None means that the subnet
        overlaps with another network's, or that the name is taken: list again.
        """

    def remove_network(self, network_id: str) -> None:
        """Remove a network; gone already is fine."""

    def connect(
        self, network_id: str, container_id: str, *, address: str | None, aliases: tuple[str, ...]
    ) -> None:
        """Connect a container to a network."""

    def disconnect(self, network_id: str, container_id: str) -> None:
        """Disconnect a container from a network, also a running one."""

    def create_volume(
        self,
        name: str,
        *,
        labels: Mapping[str, str],
        driver: str = "local",
        options: Mapping[str, str] | None = None,
    ) -> VolumeSeen:
        """Create a volume, or return the one of that name with ITS labels and options."""

    def remove_volume(self, name: str) -> None:
        """Remove a volume; gone already is fine, in use raises EngineConflict."""

    def create_container(self, name: str, config: Mapping[str, Any]) -> str:
        """Create a container from the Engine API's own JSON and return its id.

        Args:
            name: Container name.
            config: Body of ``POST /containers/create``, with HostConfig and NetworkingConfig.

        Raises:
            EngineConflict: The name is taken; the message names the owner.
            ImageError: The image is not there.
        """

    def start(self, container_id: str) -> None:
        """Start a container; running already is fine.

        Raises:
            EngineConflict: The address or a host port is taken.
        """

    def stop(self, container_id: str, *, grace_seconds: int | None = None) -> None:
        """Stop a container, with its own grace period if none is given; stopped is fine."""

    def wait_exit(self, container_id: str, *, timeout_seconds: float) -> int | None:
        """Wait for a container to end and return its exit code; None if it still runs then.

        One that the Engine restarts counts as ended at each of its ends.
        """

    def forgo_restarts(self, container_id: str) -> None:
        """Let a container stay down when it ends, whatever policy it was made with."""

    def resume_restarts(self, container_id: str) -> None:
        """Let a container be run again whenever it ends."""

    def unpause(self, container_id: str) -> None:
        """Resume a paused container."""

    def restart(self, container_id: str) -> None:
        """Stop and start a container."""

    def remove_container(self, container_id: str, *, force: bool = False) -> None:
        """Remove a container and wait until it is gone; gone already is fine. Volumes stay."""

    def inspect(self, container_id: str) -> ContainerDetail:
        """Inspect one container."""

    def put_archive(self, container_id: str, path: str, tar: bytes) -> None:
        """Unpack a tar at a path of the container's file system, also before its start."""

    def get_archive(self, container_id: str, path: str) -> bytes:
        """Pack a file or a directory of the container's file system, volumes too, as a tar.

        Links stay links. ``PATH/.`` is the content of a directory.

        Raises:
            EngineMissing: The path is not there.
        """

    def archive_entry(self, container_id: str, path: str) -> ArchiveEntry | None:
        """Return what a path is, without its content: the first entry of its archive.

        Only the head of the stream is read. None if the path is not there.
        """

    def read_archive(self, container_id: str, path: str) -> Iterator[bytes]:
        """Yield a path of the container's file system as a tar, in pieces.

        The names in it begin with the last part of the path. A link at the end of the path is not
        followed. EngineMissing if the path is not there.
        """

    def write_archive(self, container_id: str, path: str, tar: Iterable[bytes]) -> None:
        """Unpack a tar, given in pieces, in a folder of the container's file system.

        Owners are kept as numbers. EngineMissing if the folder is not there.
        """

    def stat_path(self, container_id: str, path: str) -> PathSeen | None:
        """Look at a path of the container's file system; None if it is not there."""

    def archive_head(self, container_id: str, path: str) -> tuple[int, int] | None:
        """Return the owner's uid and the mode bits of the first entry of a path's archive.

        Only the head of the stream is read. None if the path is not there.
        """

    def exec(
        self,
        container_id: str,
        command: tuple[str, ...],
        *,
        timeout_seconds: float | None = None,
    ) -> ExecResult:
        """Run a command in a running container and collect its output.

        A total deadline, not one per read; when it is over, exit_code is None and the command
        may still run in the container.
        """

    def exec_stream(self, container_id: str, command: tuple[str, ...]) -> ExecStream:
        """Start a command in a running container, with an open input."""

    def exec_interactive(
        self, container_id: str, command: tuple[str, ...], *, tty: bool, stdin: bool
    ) -> int:
        """Run a command with this process's terminal or streams and return its exit code."""

    def attach(self, container_id: str, *, tty: bool, stdin: bool) -> None:
        """Connect this process's streams with a container's own until it ends.

        Args:
            container_id: Of a container that runs.
            tty: The container has a terminal.
            stdin: Pass standard input on.
        """

    def usage(self, container_id: str) -> Usage | None:
        """Measure what a container takes, over about a second; None if it does not run."""

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
        """Yield (``stdout`` or ``stderr``, entry) of a container's output, oldest first.

        An entry is a line with its end, or a piece of a long one; with ``timestamps`` each begins
        with its time. Of a container with a terminal it is any piece of the output. Following
        ends with the container's process, also if the Engine starts it again.
        """

    def events(
        self,
        *,
        since: float,
        until: float | None = None,
        types: tuple[str, ...] = (),
        actions: tuple[str, ...] = (),
        labels: Mapping[str, str | None] | None = None,
    ) -> Iterator[EventSeen]:
        """Yield what happened, oldest first; the Engine remembers the last 256 events only.

        Args:
            since: Seconds since the epoch, by the Engine's clock.
            until: As since; without it the stream waits for what comes, until it is closed or
                the Engine goes.
            types: Only of these types of objects; all if none are given.
            actions: Only these; all if none are given.
            labels: Only of containers that carry these labels (None: any value).
        """

    def volume_sizes(self) -> Mapping[str, int]:
        """Measure the volumes: name → bytes, for those that the Engine can measure.

        Walks through all their files: slow where there are many.
        """

    def image(self, name: str) -> ImageSeen | None:
        """Look an image up by name or id; None if it is not present."""

    def pull(
        self, name: str, *, platform: str | None = None, login: RegistryLogin | None = None
    ) -> Iterator[PullProgress]:
        """Pull an image with a login, or if there is none with the user's Docker credentials.

        Raises:
            ImageError: Says which: not found, access denied, no registry reachable, or a format
                that this Engine no longer takes; each with its remedy in the hint.
        """

    def import_image(self, tar: bytes, *, tag: str, changes: tuple[str, ...]) -> str:
        """Make an image from a root file system and return its id."""


class Clock(Protocol):
    """Time, and the only way to wait."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def nonce(self) -> str:
        """Return fresh random text, 16 hexadecimal digits."""
