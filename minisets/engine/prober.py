"""One attempt of a probe: by the way that leads to the pod, with a verdict instead of exceptions.

Thresholds and waiting are not its business; see minisets.core.pod.probe_state.
"""

from __future__ import annotations

import select
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from urllib.parse import urlsplit

from minisets.core.manifest.meta import IntOrString
from minisets.core.manifest.probe import GRPCAction, HTTPGetAction, Probe
from minisets.core.observed import ContainerStatus, EnginePlace, ExecResult, PublishedPort
from minisets.core.pod.probe_state import ProbeResult
from minisets.engine import probe_shell
from minisets.engine.ports import Engine
from minisets.engine.probe_http import (
    HEAD_BYTES,
    OUTPUT_BYTES,
    REDIRECTS,
    USER_AGENT,
    Failed,
    Request,
    get,
    join_address,
    judge,
    quote_path,
    to_reason,
    to_text,
)
from minisets.engine.routes import has_bridge, published_place
from minisets.errors import EngineError

__all__ = [
    "HEAD_BYTES",
    "OUTPUT_BYTES",
    "PROXY_SECONDS",
    "REDIRECTS",
    "ROUTE_SECONDS",
    "USER_AGENT",
    "ProbeTarget",
    "Prober",
    "Way",
]

# A bridge on this machine answers in microseconds; only packets that get lost take longer.
ROUTE_SECONDS = 0.5
# A proxy that cannot reach the port behind it closes at once; a server waits to be spoken to.
PROXY_SECONDS = 0.03
# What no later attempt changes. An exec into a container that is just ending fails in other words.
_NEVER_RUNS = (
    b"not found",
    b"no such file or directory",
    b"permission denied",
    b"is a directory",
    b"exec format error",
)

# Docker's words, and Podman's two.
_RUNTIMES = (
    b"OCI runtime exec failed",
    b"OCI runtime attempted to invoke a command that was not found",
    b"OCI permission denied",
)


class Way(StrEnum):
    """How a pod is reached."""

    ADDRESS = "address"
    PUBLISHED = "published port"
    SHELL = "shell tool"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTarget:
    """The container to probe.

    Attributes:
        address: IP address of its pod; None if it has none of its own.
        network_id: Id of the network that the address is on; empty if unknown.
        published: Ports that the Engine's host answers for.
        port_names: Name of a container port → its number.
        image_id: Containers of one image share what is known about its shell tools.
        is_on_host: It is on the host's network: the host answers for every port.
    """

    container_id: str
    address: str | None = None
    network_id: str = ""
    published: tuple[PublishedPort, ...] = ()
    port_names: Mapping[str, int] = field(default_factory=dict)
    image_id: str = ""
    is_on_host: bool = False


class _Unroutable(Exception):
    """Nothing answers there at all: not a verdict about the pod."""


class _Refused(Exception):
    """A published port refuses: nothing listens behind it, or it is another machine's."""


class _Hopeless(Exception):
    """No later attempt can succeed."""


class Prober:
    """Runs probes on one Engine and remembers which way leads to its pods.

    Safe to use from several threads, as far as the Engine is. ``notices`` tells once what a
    person should know, for example that nothing here can probe a pod.
    """

    def __init__(
        self, engine: Engine, place: EnginePlace, *, platform: str = sys.platform
    ) -> None:
        self._engine = engine
        self._place = place
        # Docker Desktop keeps its networks inside a virtual machine.
        self._works: dict[Way, bool | None] = {
            Way.ADDRESS: None if place.is_local and platform == "linux" else False,
            Way.PUBLISHED: None,
        }
        self._tools: dict[str, tuple[str, ...]] = {}
        self._running: dict[tuple[str, tuple[str, ...]], threading.Thread] = {}
        self._notices: dict[str, None] = {}

    @property
    def notices(self) -> tuple[str, ...]:
        """What came up so far, each once."""
        return tuple(self._notices)

    def way(self, target: ProbeTarget, port: int) -> Way | None:
        """Return the way to a port of a pod; None until an attempt has found it."""
        for way, there in (
            (Way.ADDRESS, target.address),
            (Way.PUBLISHED, endpoint(target, port, self._place)),
        ):
            if there and self._works[way] is not False:
                return way if self._works[way] else None
        tools = self._tools.get(target.image_id or target.container_id)
        if tools is None:
            return None
        return Way.SHELL if tools else Way.NONE

    def probe(self, target: ProbeTarget, handler: Probe, *, timeout: float) -> ProbeResult:
        """Try once; what the Engine or the network refuses is a failure, never an exception.

        Finding the way may take longer than ``timeout`` seconds, once per Engine.
        """
        try:
            if handler.exec is not None:
                return self._exec(target, handler.exec.command, timeout)
            output = self._reach(target, _to_request(target, handler), timeout)
        except _Hopeless as error:
            return ProbeResult(ok=False, output=str(error), hopeless=True)
        except Failed as error:
            return ProbeResult(ok=False, output=str(error))
        except EngineError as error:
            return ProbeResult(ok=False, output=error.message)
        return ProbeResult(ok=True, output=output)

    def _exec(self, target: ProbeTarget, command: tuple[str, ...], timeout: float) -> ProbeResult:
        done = self._run(target.container_id, command, timeout)
        output = to_text(done.output)
        if done.exit_code == 0:
            return ProbeResult(ok=True, output=output)
        if _cannot_run(done):
            return ProbeResult(ok=False, output=output, hopeless=True)
        return ProbeResult(
            ok=False, output=output or f"command ended with exit code {done.exit_code}"
        )

    def _run(self, container_id: str, command: tuple[str, ...], timeout: float) -> ExecResult:
        """Run a command, but never while its last run goes on: the API cannot end one."""
        key = (container_id, command)
        if (last := self._running.get(key)) is not None and last.is_alive():
            raise Failed("command timed out before and still runs")
        results: list[ExecResult | EngineError] = []

        def work() -> None:
            try:
                results.append(self._engine.exec(container_id, command))
            except EngineError as error:
                results.append(error)

        # A daemon: a command that hangs for ever must not keep minisets from ending.
        thread = threading.Thread(target=work, daemon=True, name="probe")
        self._running[key] = thread
        thread.start()
        thread.join(timeout)
        if not results:
            raise Failed(f"command timed out after {timeout:g}s")
        self._running.pop(key, None)
        if isinstance(results[0], EngineError):
            raise results[0]
        return results[0]

    def _reach(self, target: ProbeTarget, request: Request, timeout: float) -> str:
        if request.host:
            return self._attempt(None, (request.host, request.port), request, timeout)
        published = endpoint(target, request.port, self._place)
        address = (target.address, request.port) if target.address else None
        self._look_for_bridge(target)
        for way, there in ((Way.ADDRESS, address), (Way.PUBLISHED, published)):
            if there is None or self._works[way] is False:
                continue
            try:
                return self._attempt(way, there, request, timeout)
            except _Refused as error:
                return self._reach_elsewhere(target, request, timeout, str(error))
            except _Unroutable:
                # The address of a container that has just ended does not answer either.
                self._require_running(target)
                self._works[way] = False
        return self._reach_by_shell(target, request, timeout)

    def _reach_elsewhere(
        self, target: ProbeTarget, request: Request, timeout: float, reason: str
    ) -> str:
        """Ask from inside the pod whether the way is the wrong one; else it is not ready."""
        if not probe_shell.is_possible(request.scheme) or not self._find_tools(target, timeout):
            raise Failed(reason)
        output = self._reach_by_shell(target, request, timeout)
        self._works[Way.PUBLISHED] = False
        return output

    def _look_for_bridge(self, target: ProbeTarget) -> None:
        """Rule the way by address out where another Engine's container may have the address."""
        is_open = self._works[Way.ADDRESS] is None and bool(target.network_id)
        if is_open and not has_bridge(target.network_id):
            self._works[Way.ADDRESS] = False

    def _attempt(
        self, way: Way | None, there: tuple[str, int], request: Request, timeout: float
    ) -> str:
        deadline = monotonic() + timeout
        connection = self._connect(way, there, timeout)
        with connection:
            if request.scheme in ("GRPC", "GRPCS"):
                from minisets.engine import probe_grpc

                return probe_grpc.check(connection, request, deadline)
            if request.scheme != "TCP":
                return get(connection, there, request, deadline)
            if way is Way.PUBLISHED:
                _require_open(connection)
        return ""

    def _connect(self, way: Way | None, there: tuple[str, int], timeout: float) -> socket.socket:
        unknown = way is not None and self._works[way] is None
        try:
            connection = socket.create_connection(
                there, ROUTE_SECONDS if unknown and way is Way.ADDRESS else timeout
            )
        except ConnectionRefusedError as error:
            reason = f"dial tcp {join_address(*there)}: connection refused"
            if unknown and way is Way.PUBLISHED:
                raise _Refused(reason) from error
            self._note_works(way)
            raise Failed(reason) from error
        except OSError as error:
            if unknown:
                raise _Unroutable from error
            reason = "i/o timeout" if isinstance(error, TimeoutError) else to_reason(error)
            raise Failed(f"dial tcp {join_address(*there)}: {reason}") from error
        self._note_works(way)
        return connection

    def _note_works(self, way: Way | None) -> None:
        if way is not None:
            self._works[way] = True

    def _require_running(self, target: ProbeTarget) -> None:
        status = self._engine.inspect(target.container_id).status
        if status is not ContainerStatus.RUNNING:
            raise Failed(f"the container is {status.value}")

    def _reach_by_shell(self, target: ProbeTarget, request: Request, timeout: float) -> str:
        has_any = probe_shell.is_possible(request.scheme)
        known = self._find_tools(target, timeout) if has_any else ()
        tool = probe_shell.choose_tool(request.scheme, known)
        if tool is None:
            self._require_running(target)
            lacking = (
                "their image has no shell tool for it" if has_any else "no shell tool speaks gRPC"
            )
            notice = (
                f"nothing on this machine reaches port {request.port} of the pods, and {lacking}:"
                " they count as ready when they run; an exec probe would tell more"
            )
            self._notices[notice] = None
            return "not probed: no way to the pod"
        # The server may listen on the pod's address only, as the kubelet would see it.
        command = probe_shell.to_command(tool, request, target.address or "127.0.0.1", timeout)
        # The tools end by themselves, which leaves no process behind; this is for those that hang.
        done = self._run(target.container_id, command, max(timeout, 1.0) + 0.5)
        if done.output.startswith(b"HTTP/"):
            return judge(done.output, empty="")
        if done.exit_code != 0 or (tool != "wget" and request.scheme != "TCP"):
            raise Failed(to_text(done.output) or f"{tool} ended with exit code {done.exit_code}")
        return ""

    def _find_tools(self, target: ProbeTarget, timeout: float) -> tuple[str, ...]:
        image = target.image_id or target.container_id
        if image not in self._tools:
            done = self._run(
                target.container_id, ("sh", "-c", probe_shell.FIND_TOOLS), max(timeout, 1.0)
            )
            if done.exit_code != 0 and not _cannot_run(done):
                raise Failed(
                    to_text(done.output) or "cannot look for shell tools in the container"
                )
            output = done.output if done.exit_code == 0 else b""
            self._tools[image] = probe_shell.parse_tools(output)
        return self._tools[image]


def _to_request(target: ProbeTarget, handler: Probe) -> Request:
    if handler.grpc is not None:
        return _to_grpc_request(target, handler.grpc)
    action = handler.http_get or handler.tcp_socket
    if action is None:
        raise _Hopeless("the probe does not say what to do")
    port = _port_number(target, action.port)
    host = action.host or ""
    authority = join_address(host or target.address or "127.0.0.1", port)
    if handler.http_get is None:
        return Request("TCP", port, host, authority)
    path = quote_path("/" + handler.http_get.path.lstrip("/"))
    scheme = handler.http_get.scheme.upper()
    return Request(scheme, port, host, authority, path, _headers(handler.http_get))


def _to_grpc_request(target: ProbeTarget, action: GRPCAction) -> Request:
    authority = join_address(target.address or "127.0.0.1", action.port)
    scheme = "GRPCS" if action.mode == "TLS" else "GRPC"
    return Request(scheme, action.port, "", authority, service=action.service)


def _port_number(target: ProbeTarget, port: IntOrString) -> int:
    if isinstance(port, int):
        return port
    if port in target.port_names:
        return target.port_names[port]
    if port.isascii() and port.isdigit():
        return int(port)
    raise _Hopeless(f"the container has no port named {port!r}")


def _headers(action: HTTPGetAction) -> tuple[tuple[str, str], ...]:
    given = tuple((header.name, header.value) for header in action.http_headers)
    if any(character in "\r\n" for name, value in given for character in name + value):
        raise _Hopeless("a header of the probe has a line break")
    names = {name.lower() for name, _ in given}
    standard = (("User-Agent", USER_AGENT), ("Accept", "*/*"))
    # To give one of these as empty means not to send it.
    kept = tuple(
        (name, value)
        for name, value in given
        if value or name.lower() not in ("host", "user-agent", "accept")
    )
    return kept + tuple(pair for pair in standard if pair[0].lower() not in names)


def endpoint(target: ProbeTarget, port: int, engine: EnginePlace) -> tuple[str, int] | None:
    """Return where the Engine's host answers for a port of a pod; None if it does not."""
    if target.is_on_host:
        host = "" if engine.is_local else urlsplit(engine.endpoint).hostname or ""
        return host or "127.0.0.1", port
    return published_place(target.published, port, engine)


def _require_open(connection: socket.socket) -> None:
    """Fail if the other side hangs up at once, as Docker's proxy does before the app listens."""
    readable, _, _ = select.select([connection], [], [], PROXY_SECONDS)
    try:
        gone = bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        gone = True
    if gone:
        raise Failed("the proxy of the published port hangs up: nothing listens behind it")


def _cannot_run(done: ExecResult) -> bool:
    # Engine 20.10 says 126 and 28 says 127; a shell's own 127 lacks the words.
    is_runtimes = done.exit_code in (126, 127) and any(words in done.output for words in _RUNTIMES)
    return is_runtimes and any(reason in done.output for reason in _NEVER_RUNS)
