"""One attempt of a probe: by the way that leads to the pod, with a verdict instead of exceptions.

Thresholds and waiting are not its business; see minisets.core.probe_state.
"""

from __future__ import annotations

import re
import select
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from urllib.parse import quote, urljoin, urlsplit

from minisets.core.manifest_meta import IntOrString
from minisets.core.manifest_probe import HTTPGetAction, Probe
from minisets.core.observed import ContainerStatus, EngineInfo, ExecResult, PublishedPort
from minisets.core.probe_state import ProbeResult
from minisets.engine.ports import Engine
from minisets.errors import EngineError

USER_AGENT = "kube-probe/1.37"
# A bridge on this machine answers in microseconds; only packets that get lost take longer.
ROUTE_SECONDS = 0.5
# A proxy that cannot reach the port behind it closes at once; a server waits to be spoken to.
PROXY_SECONDS = 0.03
OUTPUT_BYTES = 1024
HEAD_BYTES = 64 * 1024
# As net/http, which the kubelet uses.
REDIRECTS = 10

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})[^\r\n]*")
_HEADER = re.compile(rb"(?im)^(content-length|location):[ \t]*([^\r\n]*?)[ \t]*\r?$")
# Characters that a path and its query may have as they are.
_PATH = "%/:=&?~+!$,;'@()*[]"
_TOOLS = ("curl", "nc", "bash", "wget")
# wget cannot open a bare connection, and nc and bash speak no TLS.
_ABLE: Mapping[str, tuple[str, ...]] = {
    "HTTP": ("curl", "nc", "bash", "wget"),
    "HTTPS": ("curl", "wget"),
    "TCP": ("nc", "bash", "curl"),
}
_FIND = "for t in " + " ".join(_TOOLS) + "; do command -v $t >/dev/null 2>&1 && echo $t; done; :"
_SCRIPTS = {
    # To connect only: -z of most, -e of the small one of busybox, which would wait for an answer.
    "nc": '[ -n "$1" ] || { nc -z -w "$4" "$2" "$3" 2>/dev/null ||'
    ' nc -w "$4" "$2" "$3" -e true; exit $?; }; printf %s "$1" | nc -w "$4" "$2" "$3"',
    "bash": 'exec 3<>"/dev/tcp/$2/$3" || exit 1; [ -n "$1" ] || exit 0;'
    ' printf %s "$1" >&3; read -r -d "" -N 1024 -t "$4" -u 3 answer; printf %s "$answer"',
}


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
        published: Ports that the Engine's host answers for.
        port_names: Name of a container port → its number.
        image_id: Containers of one image share what is known about its shell tools.
    """

    container_id: str
    address: str | None = None
    published: tuple[PublishedPort, ...] = ()
    port_names: Mapping[str, int] = field(default_factory=dict)
    image_id: str = ""


class _Unroutable(Exception):
    """Nothing answers there at all: not a verdict about the pod."""


class _Hopeless(Exception):
    """No later attempt can succeed."""


class _Failed(Exception):
    """This attempt failed; the text is the probe's output."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What to send where.

    Attributes:
        scheme: HTTP, HTTPS or TCP.
        host: The action's own host; empty for the pod.
        authority: Host and port as the kubelet would name them, whatever the way.
    """

    scheme: str
    port: int
    host: str
    authority: str
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Prober:
    """Runs probes on one Engine and remembers which way leads to its pods.

    Safe to use from several threads, as far as the Engine is. ``notices`` tells once what a
    person should know, for example that nothing here can probe a pod.
    """

    def __init__(self, engine: Engine, info: EngineInfo, *, platform: str = sys.platform) -> None:
        self._engine = engine
        self._info = info
        # Docker Desktop keeps its networks inside a virtual machine.
        self._works: dict[Way, bool | None] = {
            Way.ADDRESS: None if info.is_local and platform == "linux" else False,
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
            (Way.PUBLISHED, _endpoint(target, port, self._info)),
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
            if handler.grpc is not None:
                return ProbeResult(
                    ok=False, output="grpc probes are not supported yet", hopeless=True
                )
            output = self._reach(target, _to_request(target, handler), timeout)
        except _Hopeless as error:
            return ProbeResult(ok=False, output=str(error), hopeless=True)
        except _Failed as error:
            return ProbeResult(ok=False, output=str(error))
        except EngineError as error:
            return ProbeResult(ok=False, output=error.message)
        return ProbeResult(ok=True, output=output)

    def _exec(self, target: ProbeTarget, command: tuple[str, ...], timeout: float) -> ProbeResult:
        done = self._run(target.container_id, command, timeout)
        output = _text(done.output)
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
            raise _Failed("command timed out before and still runs")
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
            raise _Failed(f"command timed out after {timeout:g}s")
        self._running.pop(key, None)
        if isinstance(results[0], EngineError):
            raise results[0]
        return results[0]

    def _reach(self, target: ProbeTarget, request: _Request, timeout: float) -> str:
        if request.host:
            return self._attempt(None, (request.host, request.port), request, timeout)
        published = _endpoint(target, request.port, self._info)
        address = (target.address, request.port) if target.address else None
        for way, there in ((Way.ADDRESS, address), (Way.PUBLISHED, published)):
            if there is None or self._works[way] is False:
                continue
            try:
                return self._attempt(way, there, request, timeout)
            except _Unroutable:
                # The address of a container that has just ended does not answer either.
                self._require_running(target)
                self._works[way] = False
        return self._reach_by_shell(target, request, timeout)

    def _attempt(
        self, way: Way | None, there: tuple[str, int], request: _Request, timeout: float
    ) -> str:
        deadline = monotonic() + timeout
        connection = self._connect(way, there, timeout)
        with connection:
            if request.scheme != "TCP":
                return _get(connection, there, request, deadline)
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
            self._note_works(way)
            raise _Failed(f"dial tcp {_join(*there)}: connection refused") from error
        except OSError as error:
            if unknown:
                raise _Unroutable from error
            reason = "i/o timeout" if isinstance(error, TimeoutError) else _reason(error)
            raise _Failed(f"dial tcp {_join(*there)}: {reason}") from error
        self._note_works(way)
        return connection

    def _note_works(self, way: Way | None) -> None:
        if way is not None:
            self._works[way] = True

    def _require_running(self, target: ProbeTarget) -> None:
        status = self._engine.inspect(target.container_id).status
        if status is not ContainerStatus.RUNNING:
            raise _Failed(f"the container is {status.value}")

    def _reach_by_shell(self, target: ProbeTarget, request: _Request, timeout: float) -> str:
        known = self._find_tools(target, timeout)
        tool = next((tool for tool in _ABLE[request.scheme] if tool in known), None)
        if tool is None:
            self._require_running(target)
            notice = (
                f"nothing on this machine reaches port {request.port} of the pods, and their image"
                " has no shell tool for it: they count as ready when they run;"
                " an exec probe would tell more"
            )
            self._notices[notice] = None
            return "not probed: no way to the pod"
        # The server may listen on the pod's address only, as the kubelet would see it.
        command = _shell_command(tool, request, target.address or "127.0.0.1", timeout)
        # The tools end by themselves, which leaves no process behind; this is for those that hang.
        done = self._run(target.container_id, command, max(timeout, 1.0) + 0.5)
        if done.output.startswith(b"HTTP/"):
            return _judge(done.output, empty="")
        if done.exit_code != 0 or (tool != "wget" and request.scheme != "TCP"):
            raise _Failed(_text(done.output) or f"{tool} ended with exit code {done.exit_code}")
        return ""

    def _find_tools(self, target: ProbeTarget, timeout: float) -> tuple[str, ...]:
        image = target.image_id or target.container_id
        if image not in self._tools:
            done = self._run(target.container_id, ("sh", "-c", _FIND), max(timeout, 1.0))
            if done.exit_code != 0 and not _cannot_run(done):
                raise _Failed(_text(done.output) or "cannot look for shell tools in the container")
            words = done.output.decode("ascii", "replace").split() if done.exit_code == 0 else []
            self._tools[image] = tuple(tool for tool in _TOOLS if tool in words)
        return self._tools[image]


def _to_request(target: ProbeTarget, handler: Probe) -> _Request:
    action = handler.http_get or handler.tcp_socket
    if action is None:
        raise _Hopeless("the probe does not say what to do")
    port = _port_number(target, action.port)
    host = action.host or ""
    authority = _join(host or target.address or "127.0.0.1", port)
    if handler.http_get is None:
        return _Request("TCP", port, host, authority)
    path = quote("/" + handler.http_get.path.lstrip("/"), safe=_PATH)
    scheme = handler.http_get.scheme.upper()
    return _Request(scheme, port, host, authority, path, _headers(handler.http_get))


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


def _endpoint(target: ProbeTarget, port: int, info: EngineInfo) -> tuple[str, int] | None:
    """Return where the Engine's host answers for a container's port, IPv4 first."""
    host = "" if info.is_local else urlsplit(info.endpoint).hostname or ""
    places = []
    for published in target.published:
        if (published.container_port, published.protocol) != (port, "tcp"):
            continue
        own = published.host_address
        if own in ("", "0.0.0.0", "::"):  # noqa: S104  # Docker's words for "all addresses"
            places.append((host or ("::1" if own == "::" else "127.0.0.1"), published.host_port))
        elif info.is_local or not own.startswith(("127.", "::1")):
            places.append((own, published.host_port))
    return min(places, key=lambda place: ":" in place[0], default=None)


def _require_open(connection: socket.socket) -> None:
    """Fail if the other side hangs up at once, as Docker's proxy does before the app listens."""
    readable, _, _ = select.select([connection], [], [], PROXY_SECONDS)
    try:
        gone = bool(readable) and not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        gone = True
    if gone:
        raise _Failed("the proxy of the published port hangs up: nothing listens behind it")


def _get(
    connection: socket.socket, there: tuple[str, int], request: _Request, deadline: float
) -> str:
    """Send a GET, follow redirects to the same place only, and return the status line."""
    place = f"{request.scheme.lower()}://{request.authority}"
    path = request.path
    for _ in range(REDIRECTS):
        try:
            answer = _exchange(connection, request, path, deadline)
        except TimeoutError as error:
            raise _Failed(f'Get "{place}{path}": timed out while waiting for headers') from error
        except OSError as error:
            raise _Failed(f'Get "{place}{path}": {_reason(error)}') from error
        next_path = _redirect(answer, place, path)
        if next_path is None:
            return _judge(answer, empty=f'Get "{place}{path}": EOF')
        path = next_path
        try:
            connection = socket.create_connection(there, _left(deadline))
        except OSError as error:
            raise _Failed(f"dial tcp {_join(*there)}: {_reason(error)}") from error
    connection.close()
    raise _Failed(f"stopped after {REDIRECTS} redirects")


def _redirect(answer: bytes, place: str, path: str) -> str | None:
    """Return the path to go on with; None if the answer is final.

    The kubelet, too, takes a redirect to another host for a success.
    """
    location = dict(_fields(answer)).get(b"location")
    if not (300 <= _status(answer) < 400 and location):
        return None
    new, old = urlsplit(urljoin(place + path, location.decode("latin-1"))), urlsplit(place)
    default = 443 if old.scheme == "https" else 80
    try:
        port = new.port or default
    except ValueError:
        return None
    if (new.scheme, new.hostname, port) != (old.scheme, old.hostname, old.port or default):
        return None
    return quote(new.path or "/", safe=_PATH) + (
        f"?{quote(new.query, safe=_PATH)}" if new.query else ""
    )


def _exchange(connection: socket.socket, request: _Request, path: str, deadline: float) -> bytes:
    """Return the head of the answer, and for a person the begin of its body; closes."""
    with connection:
        connection.settimeout(_left(deadline))
        if request.scheme == "HTTPS":
            connection = _encrypt(connection, request.host)
        with connection:
            connection.sendall(_message(request, path))
            return _read_answer(connection, deadline)


def _read_answer(connection: socket.socket, deadline: float) -> bytes:
    answer = b""
    while len(answer) < HEAD_BYTES:
        head, separator, body = answer.partition(b"\r\n\r\n")
        if separator and head.startswith(b"HTTP/1.") and head[9:10] == b"1":
            answer = body  # 100 Continue and its like announce the real answer
            continue
        fields = dict(_fields(head))
        length = fields.get(b"content-length", b"")
        # Without a length, waiting for the body of a success would be waiting for nothing.
        success = 200 <= _status(head) < 400
        want = OUTPUT_BYTES if not length.isdigit() else min(int(length), OUTPUT_BYTES)
        if separator and (len(body) >= want or (success and not length.isdigit())):
            break
        connection.settimeout(_left(deadline))
        try:
            chunk = connection.recv(16 * 1024)
        except OSError:
            if separator:
                break
            raise
        if not chunk:
            break
        answer += chunk
    return answer


def _fields(answer: bytes) -> list[tuple[bytes, bytes]]:
    head = answer.partition(b"\r\n\r\n")[0]
    return [(name.lower(), value) for name, value in _HEADER.findall(head)]


def _status(answer: bytes) -> int:
    status = _STATUS.match(answer)
    return int(status[1]) if status else 0


def _message(request: _Request, path: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1"]
    if not any(name.lower() == "host" for name, _ in request.headers):
        lines.append(f"Host: {request.authority}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += ["Connection: close", "", ""]
    return "\r\n".join(lines).encode()


def _encrypt(connection: socket.socket, host: str) -> socket.socket:
    # Loading it costs as much as several probes, and few probes are HTTPS.
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # The kubelet does not verify either: a pod's certificate names its Service.
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=host or None)


def _judge(answer: bytes, *, empty: str) -> str:
    status = _STATUS.match(answer)
    if status is None:
        raise _Failed(empty if not answer else f"malformed HTTP response {answer[:80]!r}")
    line = status[0].decode("latin-1").partition(" ")[2]
    if 200 <= int(status[1]) < 400:
        return line
    body = _text(answer.partition(b"\r\n\r\n")[2])
    raise _Failed(f"HTTP probe failed with statuscode: {line}" + f"\n{body}" * bool(body))


def _shell_command(tool: str, request: _Request, host: str, timeout: float) -> tuple[str, ...]:
    seconds = str(max(round(timeout), 1))
    url = f"{request.scheme.lower()}://{request.authority}{request.path}"
    headers = [f"{name}: {value}" for name, value in request.headers]
    if tool in _SCRIPTS:
        text = "" if request.scheme == "TCP" else _message(request, request.path).decode()
        shell = "bash" if tool == "bash" else "sh"
        return (shell, "-c", _SCRIPTS[tool], shell, text, host, str(request.port), seconds)
    if tool == "curl" and request.scheme == "TCP":
        # A server that waits to be spoken to ends in a time-out, after it was connected.
        script = (
            'after=$(curl -s -m "$1" --noproxy "*" -o /dev/null'
            ' -w "%{time_connect}" "$2" </dev/null)'
            '; [ "${after#*[1-9]}" != "$after" ]'
        )
        return ("sh", "-c", script, "sh", seconds, f"telnet://{_join(host, request.port)}")
    if tool == "curl":
        options = ("-sSkg", "--http1.1", "--noproxy", "*", "-m", seconds, "-D", "-")
        given = tuple(word for header in headers for word in ("-H", header))
        return ("curl", *options, "-o", "/dev/null", *given, url)
    secure = ("--no-check-certificate",) * (request.scheme == "HTTPS")
    given = tuple(word for header in headers for word in ("--header", header))
    return ("wget", "-q", "-T", seconds, "-O", "/dev/null", *secure, *given, url)


def _cannot_run(done: ExecResult) -> bool:
    # Engine 20.10 says 126 and 28 says 127; a shell's own 127 lacks the words.
    return done.exit_code in (126, 127) and b"OCI runtime exec failed" in done.output


def _text(output: bytes) -> str:
    return output[:OUTPUT_BYTES].decode("utf-8", "replace").strip()


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionResetError):
        return "connection reset by peer"
    return error.strerror or str(error) or type(error).__name__


def _left(deadline: float) -> float:
    # 0 would mean: do not wait, which fails in other ways.
    return max(deadline - monotonic(), 0.001)
