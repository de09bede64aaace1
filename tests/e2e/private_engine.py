"""A Docker Engine of a test's own: it may be stopped and killed without harm to anybody else."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
from requests.exceptions import RequestException

from tests.e2e.space import Space, eventually

_PROGRAMS = ("dockerd", "unshare", "nsenter", "sleep")


def why_impossible() -> str:
    """Return why no private Engine can be started here; nothing if one can."""
    if os.geteuid() != 0:
        return "only root can start a dockerd of its own"
    missing = [program for program in _PROGRAMS if not shutil.which(program)]
    return f"not on the PATH: {', '.join(missing)}" if missing else ""


class PrivateEngine:
    """A dockerd with a folder and a network stack of its own.

    The network stack outlives the daemon, as a machine's does. Within it no subnet and no
    firewall rule meets one of the Engine under test.
    """

    def __init__(self) -> None:
        # Short: the path of a socket has at most 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="minisets-engine-"))
        self._name = f"minisets-{secrets.token_hex(4)}"
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"], start_new_session=True
        )
        self._daemon: subprocess.Popen[bytes] | None = None
        self._url = f"unix://{self._folder}/docker.sock"
        self.api = docker.APIClient(base_url=self._url, version="1.41")

    def space(self, name: str) -> Space:
        """Return a namespace of this Engine."""
        return Space(
            name=name, api=self.api, environ={"DOCKER_HOST": self._url}, prefix=self._enter
        )

    @property
    def _enter(self) -> tuple[str, ...]:
        return ("nsenter", f"--net=/proc/{self._holder.pid}/ns/net")

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        own = Path("/proc/self/ns/net").readlink()
        eventually(
            lambda: Path(f"/proc/{self._holder.pid}/ns/net").readlink() != own,
            what="a network stack of its own",
        )
        with (self._folder / "log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [
                    *self._enter,
                    "dockerd",
                    f"--data-root={self._folder}/data",
                    f"--exec-root={self._folder}/exec",
                    f"--pidfile={self._folder}/pid",
                    f"--host={self._url}",
                    # A containerd of the system may serve both Engines.
                    f"--containerd-namespace={self._name}",
                    f"--containerd-plugins-namespace={self._name}-plugins",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(self._answers, what=f"an answer of dockerd\n{self._log()}", seconds=60)

    def stop(self) -> None:
        """End the daemon as an init system does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the daemon without a word of warning."""
        self._end(signal.SIGKILL)
        # Its containerd dies with it. Where nobody collects the dead, a new daemon takes it for
        # alive by its number, and waits in vain; on most machines a reboot clears this folder.
        file = self._folder / "exec" / "containerd" / "containerd.pid"
        if file.exists():
            pid = int(file.read_text())
            eventually(lambda: is_dead(pid), what="the end of containerd")
            file.unlink()

    def copy_image(self, source: docker.APIClient, name: str) -> None:
        """Load an image that another Engine has."""
        self.api.load_image(b"".join(source.get_image(name)))

    def dispose(self) -> None:
        """Remove everything, whatever state it is in."""
        if self._listens():
            for row in self.api.containers(all=True):
                self.api.remove_container(row["Id"], force=True)
        self.api.close()
        if self._daemon is not None and self._daemon.poll() is None:
            self.stop()
        # A killed daemon leaves its containerd behind, and that its containers.
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._holder.kill()
        self._holder.wait()
        for mount in sorted(self._mounts(), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        assert self._daemon is not None
        self._daemon.send_signal(number)
        self._daemon.wait(timeout=60)
        # The connections that were kept open lead nowhere now.
        self.api.close()
        self.api = docker.APIClient(base_url=self._url, version="1.41")

    def _answers(self) -> bool:
        assert self._daemon is not None
        code = self._daemon.poll()
        assert code is None, f"dockerd ended with {code}\n{self._log()}"
        if not self._listens():
            return False
        try:
            return bool(self.api.ping())
        except RequestException:
            # It listens some time before it answers.
            return False

    def _listens(self) -> bool:
        # Not by the SDK: it forgets a socket that could not be connected.
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self._url.removeprefix("unix://"))
            except OSError:
                return False
        return True

    def _log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-2000:]

    def _processes(self) -> Iterator[int]:
        """Yield the processes that work with this Engine's folder, and no others."""
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if str(self._folder).encode() in entry.read_bytes():
                    yield int(entry.parent.name)

    def _mounts(self) -> list[str]:
        table = Path("/proc/self/mounts").read_text(encoding="utf-8")
        points = [line.split()[1] for line in table.splitlines()]
        return [point for point in points if point.startswith(f"{self._folder}/")]


def is_dead(pid: int) -> bool:
    """Say whether a process has ended, be it that nobody has collected it yet."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] in {"Z", "X"}
