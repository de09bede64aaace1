"""The HTTP exchange of a probe: a GET over a connection that stands, judged as by the kubelet."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from urllib.parse import quote, urljoin, urlsplit

USER_AGENT = "kube-probe/1.37"
OUTPUT_BYTES = 1024
HEAD_BYTES = 64 * 1024
# As net/http, which the kubelet uses.
REDIRECTS = 10

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})[^\r\n]*")
_HEADER = re.compile(rb"(?im)^(content-length|location):[ \t]*([^\r\n]*?)[ \t]*\r?$")
# Characters that a path and its query may have as they are.
_PATH = "%/:=&?~+!$,;'@()*[]"


class Failed(Exception):
    """This attempt failed; the text is the probe's output."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to send where.

    Attributes:
        scheme: HTTP, HTTPS, TCP, GRPC, or GRPCS for gRPC by TLS.
        host: The action's own host; empty for the pod.
        authority: Host and port as the kubelet would name them, whatever the way.
        service: What GRPC asks for the health of; empty for the server as a whole.
    """

    scheme: str
    port: int
    host: str
    authority: str
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    service: str = ""


def get(
    connection: socket.socket, there: tuple[str, int], request: Request, deadline: float
) -> str:
    """Send a GET, follow redirects to the same place only, and return the status line.

    Closes the connection.

    Raises:
        Failed: No answer in time, or none that counts as a success.
    """
    place = f"{request.scheme.lower()}://{request.authority}"
    path = request.path
    for _ in range(REDIRECTS):
        try:
            answer = _exchange(connection, request, path, deadline)
        except TimeoutError as error:
            raise Failed(f'Get "{place}{path}": timed out while waiting for headers') from error
        except OSError as error:
            raise Failed(f'Get "{place}{path}": {to_reason(error)}') from error
        next_path = _redirect(answer, place, path)
        if next_path is None:
            return judge(answer, empty=f'Get "{place}{path}": EOF')
        path = next_path
        try:
            connection = socket.create_connection(there, seconds_left(deadline))
        except OSError as error:
            raise Failed(f"dial tcp {join_address(*there)}: {to_reason(error)}") from error
    connection.close()
    raise Failed(f"stopped after {REDIRECTS} redirects")


def quote_path(text: str) -> str:
    """Escape what a path or a query may not have as it is."""
    return quote(text, safe=_PATH)


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
    return quote_path(new.path or "/") + (f"?{quote_path(new.query)}" if new.query else "")


def _exchange(connection: socket.socket, request: Request, path: str, deadline: float) -> bytes:
    """Return the head of the answer, and for a person the begin of its body; closes."""
    with connection:
        connection.settimeout(seconds_left(deadline))
        if request.scheme == "HTTPS":
            connection = encrypt(connection, request.host)
        with connection:
            connection.sendall(to_message(request, path))
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
        connection.settimeout(seconds_left(deadline))
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


def to_message(request: Request, path: str) -> bytes:
    """Return the bytes of the GET."""
    lines = [f"GET {path} HTTP/1.1"]
    if not any(name.lower() == "host" for name, _ in request.headers):
        lines.append(f"Host: {request.authority}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += ["Connection: close", "", ""]
    return "\r\n".join(lines).encode()


def encrypt(connection: socket.socket, host: str, protocols: Sequence[str] = ()) -> socket.socket:
    """Speak TLS from now on, with whoever answers.

    Args:
        connection: It has its time-out.
        host: To ask for by name; empty for none.
        protocols: To offer above TLS, by their ALPN names.
    """
    # Loading it costs as much as several probes, and few probes are HTTPS.
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # The kubelet does not verify either: a pod's certificate names its Service.
    context.verify_mode = ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context.wrap_socket(connection, server_hostname=host or None)


def judge(answer: bytes, *, empty: str) -> str:
    """Return the status line of a success.

    Raises:
        Failed: It is no success, or no HTTP; with the words of ``empty`` if it is nothing.
    """
    status = _STATUS.match(answer)
    if status is None:
        raise Failed(empty if not answer else f"malformed HTTP response {answer[:80]!r}")
    line = status[0].decode("latin-1").partition(" ")[2]
    if 200 <= int(status[1]) < 400:
        return line
    body = to_text(answer.partition(b"\r\n\r\n")[2])
    raise Failed(f"HTTP probe failed with statuscode: {line}" + f"\n{body}" * bool(body))


def to_text(output: bytes) -> str:
    """Return as much of an output as a person gets to see."""
    return output[:OUTPUT_BYTES].decode("utf-8", "replace").strip()


def join_address(host: str, port: int) -> str:
    """Return ``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def to_reason(error: OSError) -> str:
    """Say what a network error is about, without its number."""
    if isinstance(error, ConnectionResetError):
        return "connection reset by peer"
    return error.strerror or str(error) or type(error).__name__


def seconds_left(deadline: float) -> float:
    """Return the time-out for the next step, which is never 0."""
    # 0 would mean: do not wait, which fails in other ways.
    return max(deadline - monotonic(), 0.001)
