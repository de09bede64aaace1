"""Commands in containers, and the streams of containers themselves: exec and attach."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import Any

from minisets.core.observed import ContainerDetail, ContainerStatus, ExecResult
from minisets.engine import docker_parse, docker_socket, docker_terminal
from minisets.engine.clock import SystemClock
from minisets.engine.docker_connection import Connection
from minisets.engine.docker_parse import short_id
from minisets.errors import EngineError, EngineMissing, EngineUnreachable

# The Engine leaves a terminal at Ctrl-P Ctrl-Q, and so keeps every Ctrl-P back until the next key.
# It cannot be told not to; nobody types this.
_DETACH_KEYS = ",".join(["ctrl-@"] * 8)
# How soon the end is looked for once the output has ended, and how long the Engine may take to
# note the end of a container.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.01, 0.5
_END_SECONDS = 30.0


def run(
    link: Connection, container_id: str, command: tuple[str, ...], timeout_seconds: float | None
) -> ExecResult:
    """Run a command and collect its output; see the Engine port."""
    deadline = math.inf if timeout_seconds is None else time.monotonic() + timeout_seconds
    doing = _doing(container_id, command)
    exec_id = _create(link, container_id, command, doing)
    with link.speaking(doing):
        sock = _start(link, exec_id, doing, tty=False)
        try:
            output, ended = docker_socket.collect(
                sock, timeout_seconds=timeout_seconds, monotonic=time.monotonic
            )
        finally:
            sock.close()
    code = None
    if ended:
        with suppress(TimeoutError):
            code = _exit_code(link, exec_id, doing, deadline)
    return ExecResult(exit_code=code, output=output)


def stream(
    link: Connection, container_id: str, command: tuple[str, ...]
) -> docker_socket.CommandStream:
    """Start a command with an open input."""
    doing = _doing(container_id, command)
    exec_id = _create(link, container_id, command, doing, AttachStdin=True)
    with link.speaking(doing):
        return docker_socket.CommandStream(_start(link, exec_id, doing, tty=False))


def interact(
    link: Connection, container_id: str, command: tuple[str, ...], *, tty: bool, stdin: bool
) -> int:
    """Run a command with this process's terminal or streams and return its exit code."""
    doing = _doing(container_id, command)
    more = {"DetachKeys": _DETACH_KEYS} if tty else {}
    exec_id = _create(link, container_id, command, doing, Tty=tty, AttachStdin=stdin, **more)

    def resize(rows: int, columns: int) -> bool:
        try:
            _resize(link, f"/exec/{exec_id}/resize", rows, columns)
        except EngineError:
            # The command is over, or has not quite begun.
            return False
        return True

    with link.speaking(doing):
        sock = _start(link, exec_id, doing, tty=tty)
        try:
            docker_terminal.relay(sock, tty=tty, stdin=stdin, resize=resize)
        finally:
            sock.close()
    return _exit_code(link, exec_id, doing, math.inf)


def attach(link: Connection, container_id: str, *, tty: bool, stdin: bool) -> None:
    """Connect this process's streams with a container's own until it ends."""
    doing = f"attach to container {short_id(container_id)}"
    before = _look(link, container_id)
    wanted: dict[str, Any] = {"stream": 1, "stdout": 1, "stderr": 1, "stdin": int(stdin)}
    if tty:
        wanted["detachKeys"] = _DETACH_KEYS

    def resize(rows: int, columns: int) -> bool:
        with suppress(EngineError):
            _resize(link, f"/containers/{container_id}/resize", rows, columns)
        return True

    with link.speaking(doing):
        sock = link.take_over(doing, f"/containers/{container_id}/attach", params=wanted)
        try:
            docker_terminal.relay(sock, tty=tty, stdin=stdin, resize=resize)
        finally:
            sock.close()
    _require_end(link, container_id, before)


def _doing(container_id: str, command: tuple[str, ...]) -> str:
    return f"run {command[0]} in container {short_id(container_id)}"


def _create(
    link: Connection,
    container_id: str,
    command: tuple[str, ...],
    doing: str,
    **more: object,
) -> str:
    wanted = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True, **more}
    made = link.ask(doing, "POST", f"/containers/{container_id}/exec", body=wanted)
    return str(made["Id"])


def _resize(link: Connection, path: str, rows: int, columns: int) -> None:
    size = {"h": rows, "w": columns}
    link.exchange("resize the terminal", "POST", path, params=size)


def _start(
    link: Connection, exec_id: str, doing: str, *, tty: bool
) -> docker_socket.HijackedSocket:
    wanted = {"Tty": tty, "Detach": False}
    return link.take_over(doing, f"/exec/{exec_id}/start", body=wanted)


def _exit_code(link: Connection, exec_id: str, doing: str, deadline: float) -> int:
    """Return how a command has ended whose output has.

    Raises:
        TimeoutError: It has not by the deadline.
        EngineError: Nobody knows any more: the Engine, or the connection to it, was lost.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            state = link.get(doing, f"/exec/{exec_id}/json")
        except EngineMissing as error:
            raise EngineMissing(
                f"cannot {doing} to its end: no such container any more, or the Engine was "
                "started anew"
            ) from error
        except EngineUnreachable as error:
            raise EngineUnreachable(
                f"the connection was lost, and whether the command has ended is not known: "
                f"{error.message}",
                hint=error.hint,
            ) from error
        if not state["Running"] and state["ExitCode"] is not None:
            return int(state["ExitCode"])
        # It has closed its output and goes on, or the Engine has not noted the end yet.
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        SystemClock().sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _look(link: Connection, container_id: str) -> ContainerDetail:
    # Not asked again where the Engine does not answer: that it restarts is what is to be told.
    doing = f"inspect container {short_id(container_id)}"
    return docker_parse.parse_detail(link.ask(doing, "GET", f"/containers/{container_id}/json"))


def _require_end(link: Connection, container_id: str, before: ContainerDetail) -> None:
    """Make sure that an output has ended because its process has.

    Raises:
        EngineUnreachable: The connection was lost.
    """
    deadline, pause = time.monotonic() + _END_SECONDS, _FIRST_PAUSE_SECONDS
    while time.monotonic() < deadline:
        try:
            seen = _look(link, container_id)
        except EngineMissing:
            return
        except EngineUnreachable as error:
            raise EngineUnreachable(
                f"the connection was lost: {error.message}", hint=error.hint
            ) from error
        if seen.status is not ContainerStatus.RUNNING or seen.started_at != before.started_at:
            return
        # The Engine notes the end some time after the output has ended.
        SystemClock().sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    raise EngineUnreachable(
        f"the connection to container {short_id(container_id)} was lost: its output has ended, "
        "but it still runs"
    )
