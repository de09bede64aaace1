"""The gRPC health call of a probe, over a connection that stands, with or without TLS.

https://github.com/grpc/grpc/blob/master/doc/health-checking.md
https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from minisets.engine.probe_http import USER_AGENT, Failed, Request, encrypt, to_reason, to_text

if TYPE_CHECKING:
    from h2.connection import H2Connection
    from h2.events import Event

_PATH = "/grpc.health.v1.Health/Check"
_SERVING = 1
# HealthCheckResponse.ServingStatus
_STATUSES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
    *("ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
    *("ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
    "UNAUTHENTICATED",
)


@dataclass(slots=True)
class _Answer:
    """What has come so far; trailers join the headers."""

    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    has_ended: bool = False


def check(connection: socket.socket, request: Request, deadline: float) -> str:
    """Ask for the health of a service, and return its status if that is a success.

    Closes the connection.

    Raises:
        Failed: The service is not serving, or nobody who knows it answers in time.
    """
    # Loading it costs as much as several probes, and few probes are gRPC.
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.exceptions import H2Error

    call = f"health call to {request.authority}"
    protocol = H2Connection(H2Configuration(client_side=True, header_encoding=None))
    with connection:
        try:
            answer = _call(connection, protocol, request, deadline)
        except TimeoutError as error:
            raise Failed(f"{call}: timed out while waiting for the answer") from error
        except OSError as error:
            raise Failed(f"{call}: {to_reason(error)}") from error
        except H2Error as error:
            raise Failed(f"{call}: malformed HTTP/2: {error}") from error
    return _judge(answer, call)


def _call(
    connection: socket.socket, protocol: H2Connection, request: Request, deadline: float
) -> _Answer:
    if request.scheme == "GRPCS":
        connection.settimeout(_seconds_left(deadline))
        connection = encrypt(connection, request.host, ("h2",))
    with connection:
        answer = _exchange(connection, protocol, request, deadline)
        # To leave without a word is an error in the log of many a server.
        protocol.close_connection()
        with contextlib.suppress(OSError):
            connection.sendall(protocol.data_to_send())
    return answer


def _exchange(
    connection: socket.socket, protocol: H2Connection, request: Request, deadline: float
) -> _Answer:
    protocol.initiate_connection()
    stream = protocol.get_next_available_stream_id()
    protocol.send_headers(stream, _headers(request, deadline))
    protocol.send_data(stream, _to_frame(request.service), end_stream=True)
    answer, begin = _Answer(), b""
    while not answer.has_ended:
        connection.settimeout(_seconds_left(deadline))
        # Besides the call itself: what HTTP/2 has to say, as the answer to a ping.
        connection.sendall(protocol.data_to_send())
        connection.settimeout(_seconds_left(deadline))
        chunk = connection.recv(16 * 1024)
        if not chunk:
            raise ConnectionError("EOF")
        begin += chunk[: max(80 - len(begin), 0)]
        _require_http2(begin)
        # Nothing enlarges the window of 64 KiB, so an answer without end stops there.
        for event in protocol.receive_data(chunk):
            if not answer.has_ended:
                _take(answer, event)
    return answer


def _require_http2(begin: bytes) -> None:
    """Fail on another protocol, whose text h2 takes for the length of a frame to wait for."""
    # The first frame is one of settings (RFC 9113, 3.4); its type stands behind three bytes.
    if len(begin) > 3 and begin[3] != 4:
        raise ConnectionError(f"no HTTP/2: {begin!r}")


def _headers(request: Request, deadline: float) -> list[tuple[str, str]]:
    # The protocol allows 8 digits.
    milliseconds = min(max(int((deadline - monotonic()) * 1000), 1), 99_999_999)
    return [
        (":method", "POST"),
        (":scheme", "https" if request.scheme == "GRPCS" else "http"),
        (":path", _PATH),
        (":authority", request.authority),
        ("te", "trailers"),
        ("grpc-timeout", f"{milliseconds}m"),
        ("content-type", "application/grpc"),
        ("user-agent", USER_AGENT),
    ]


def _seconds_left(deadline: float) -> float:
    # A server that keeps talking, by pings for example, must not keep the probe going.
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _take(answer: _Answer, event: Event) -> None:
    from h2 import events

    match event:
        case events.ResponseReceived() | events.TrailersReceived():
            for name, value in event.headers:
                answer.fields[_decode(name)] = _decode(value)
        case events.DataReceived():
            answer.body += event.data
        case events.StreamEnded():
            answer.has_ended = True
        case events.StreamReset():
            raise ConnectionError(f"the server gave it up (HTTP/2 error {event.error_code})")
        case events.ConnectionTerminated():
            # A server that shuts down might still answer; h2 hears nothing after this frame.
            raise ConnectionError(f"the server goes away (HTTP/2 error {event.error_code})")
        case _:
            pass


def _decode(text: bytes | str) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")


def _judge(answer: _Answer, call: str) -> str:
    http_status, code = answer.fields.get(":status"), answer.fields.get("grpc-status")
    if code is None:
        raise Failed(f"{call}: no gRPC (HTTP status {http_status})")
    if code != "0":
        name = _CODES[int(code)] if code.isdecimal() and int(code) < len(_CODES) else code
        message = to_text(unquote_to_bytes(answer.fields.get("grpc-message", "")))
        hint = ": it has no health service" if name == "UNIMPLEMENTED" else ""
        raise Failed(f"{call}: {name}{hint}" + f": {message}" * bool(message))
    try:
        status = _parse_frame(answer.body)
    except (IndexError, ValueError) as error:
        raise Failed(f"{call}: malformed answer {answer.body[:80]!r}") from error
    name = _STATUSES.get(status, str(status))
    if status != _SERVING:
        raise Failed(f"the service is {name}")
    return name


def _to_frame(service: str) -> bytes:
    """Return a HealthCheckRequest, behind "not compressed" and its length.

    The message has one field, ``string service = 1``: a tag, the length, the text; and nothing
    for the empty text. https://protobuf.dev/programming-guides/encoding/
    """
    text = service.encode()
    message = b"\x0a" + _to_varint(len(text)) + text if text else b""
    return b"\0" + len(message).to_bytes(4, "big") + message


def _to_varint(number: int) -> bytes:
    # Seven bits a byte, the lowest first; the top bit says that more follow.
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _parse_frame(body: bytes) -> int:
    """Return the status of a HealthCheckResponse, ``ServingStatus status = 1``; 0 if not there.

    Raises:
        IndexError, ValueError: It is cut off, or something else.
    """
    # Nobody was told that he may compress.
    if body[0] or int.from_bytes(body[1:5], "big") != len(body) - 5:
        raise ValueError(body)
    status, at = 0, 5
    while at < len(body):
        tag, at = _parse_varint(body, at)
        if tag == 1 << 3:
            status, at = _parse_varint(body, at)
        else:
            at = _skip(body, at, kind=tag & 7)
    if at > len(body):
        raise ValueError(body)
    return status


def _parse_varint(body: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = body[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
        if shift > 63:
            raise ValueError(body)


def _skip(body: bytes, at: int, *, kind: int) -> int:
    """Return where the next field begins: a receiver passes over those that it does not know."""
    match kind:
        case 0:
            return _parse_varint(body, at)[1]
        case 1:
            return at + 8
        case 2:
            length, at = _parse_varint(body, at)
            return at + length
        case 5:
            return at + 4
        case _:
            raise ValueError(body)
