"""HTTP over a socket to the Engine, on connections that are kept.

The SDK's own transport takes longer to import than most commands take in all, and several times
the processor time for each call.
"""

from __future__ import annotations

import select
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from io import BufferedReader

    from minisets.engine.docker_transport import Body, Stream

CONNECT_SECONDS = 10
_LINE_BYTES = 1 << 16
_PIECE_BYTES = 1 << 18
_NO_BODY = frozenset({204, 304})
_UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
_SWITCHED = 101
_TAKEN_OVER = frozenset({_SWITCHED, 200})
_ENDED = "the connection ended before the answer did"


class Answer(NamedTuple):
    """An answer as a whole; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Taken(NamedTuple):
    """A connection that is no longer HTTP, and what has come over it already."""

    connection: socket.socket
    ahead: bytes


def dial_socket(path: str) -> socket.socket:
    """Connect to the socket at a path.

    Raises:
        OSError: Nobody listens there.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(CONNECT_SECONDS)
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


class Wire:
    """The transport over sockets of this machine.

    Args:
        dial: Opens a socket to the Engine.
        on_answer: Told method and target of every answer, from the thread that asked.
        headers: Sent with every request.
    """

    def __init__(
        self,
        dial: Callable[[], socket.socket],
        on_answer: Callable[[str, str], None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._dial = dial
        self._on_answer = on_answer
        usual = {"Host": "docker", "User-Agent": "minisets"} | dict(headers or {})
        self._headers = tuple(f"{name}: {value}" for name, value in usual.items())
        self._idle: list[_Line] = []
        # Who forgets to close it leaves no open socket behind.
        weakref.finalize(self, _close_all, self._idle)
        self._lock = threading.Lock()

    def open(
        self,
        method: str,
        target: str,
        body: Body | None = None,
        *,
        content_type: str = "",
        timeout: float | None,
    ) -> Stream:
        """Send a request and return the answer's head; see Transport."""
        line = self._take()
        try:
            line.send(method, target, self._headers, body, content_type, timeout)
            status, headers = line.read_head()
        except BaseException:
            line.close()
            raise
        self._tell(method, target)
        has_body = method != "HEAD" and status not in _NO_BODY
        return _Reply(status, headers, line, self._give_back, has_body=has_body)

    def take_over(
        self, target: str, body: bytes | None, *, content_type: str, timeout: float
    ) -> Taken | Stream:
        """Post a request that makes a raw connection of its own; return the answer of a refusal.

        Raises:
            OSError: As open.
        """
        line = self._take()
        try:
            line.send("POST", target, (*self._headers, *_UPGRADE), body, content_type, timeout)
            status, headers = line.read_head()
            self._tell("POST", target)
            # Older Engines and Podman say 200 where they do not switch by name.
            if status in _TAKEN_OVER:
                return line.release()
        except BaseException:
            line.close()
            raise
        return _Reply(status, headers, line, self._give_back, has_body=True)

    def _tell(self, method: str, target: str) -> None:
        if self._on_answer is not None:
            self._on_answer(method, target)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            _close_all(self._idle)

    def _take(self) -> _Line:
        while True:
            with self._lock:
                line = self._idle.pop() if self._idle else None
            if line is None:
                return _Line(self._dial())
            # Nothing is owed: what can be read is the end, of an Engine that has restarted.
            if not line.is_readable():
                return line
            line.close()

    def _give_back(self, line: _Line) -> None:
        with self._lock:
            self._idle.append(line)


def _close_all(lines: list[_Line]) -> None:
    while lines:
        lines.pop().close()


class _Line:
    """One connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.reader: BufferedReader = sock.makefile("rb")

    def is_readable(self) -> bool:
        # Unlike select, poll knows no highest descriptor.
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        with suppress(OSError):
            self.reader.close()
        self._socket.close()

    def release(self) -> Taken:
        """Return the bare connection, which waits for nothing from now on."""
        self._socket.settimeout(0)
        ahead = self.reader.peek()
        self.reader.close()
        return Taken(self._socket, ahead)

    def send(
        self,
        method: str,
        target: str,
        headers: tuple[str, ...],
        body: Body | None,
        content_type: str,
        timeout: float | None,
    ) -> None:
        lines = [f"{method} {target} HTTP/1.1", *headers]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        whole = body if isinstance(body, bytes) else b""
        is_chunked = body is not None and not isinstance(body, bytes)
        lines.append(
            "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(whole)}"
        )
        self._socket.settimeout(timeout)
        # Who refuses a long body answers, then hangs up: the answer says why.
        with suppress(BrokenPipeError):
            self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + whole)
            for piece in () if body is None or isinstance(body, bytes) else body:
                if piece:
                    self._socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            if is_chunked:
                self._socket.sendall(b"0\r\n\r\n")

    def read_head(self) -> tuple[int, dict[str, str]]:
        status = self._read_status()
        headers = self.read_headers()
        while 100 <= status < 200 and status != _SWITCHED:
            status = self._read_status()
            headers = self.read_headers()
        return status, headers

    def _read_status(self) -> int:
        line = self.read_line()
        version, _, rest = line.partition(b" ")
        if not (version.startswith(b"HTTP/1.") and rest[:3].isdigit()):
            raise ConnectionError(f"what answers does not speak HTTP: {line[:80]!r}")
        return int(rest[:3])

    def read_headers(self) -> dict[str, str]:
        headers = {}
        while line := self.read_line().rstrip(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def read_line(self) -> bytes:
        line = self.reader.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise ConnectionResetError(_ENDED)
        return line


class _Reply:
    """An answer that comes over a connection, which it gives back when it is whole."""

    def __init__(
        self,
        status: int,
        headers: dict[str, str],
        line: _Line,
        give_back: Callable[[_Line], None],
        *,
        has_body: bool,
    ) -> None:
        self.status = status
        self.headers = headers
        self._line: _Line | None = line
        self._give_back = give_back
        self._ahead = b""
        self._pieces = self._read(line) if has_body else iter(())
        if not has_body:
            self._end(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            # The rest of the answer is on its way.
            line.close()

    def pieces(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, size: int, /) -> bytes:
        while len(self._ahead) < size and (piece := next(self._pieces, b"")):
            self._ahead += piece
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def _end(self, line: _Line) -> None:
        self._line = None
        if self.headers.get("connection", "").lower() == "close":
            line.close()
        else:
            self._give_back(line)

    def _read(self, line: _Line) -> Iterator[bytes]:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := _to_size(line.read_line()):
                yield from _exactly(line, size)
                line.read_line()
            # What may follow the last chunk, up to an empty line.
            line.read_headers()
        elif "content-length" in self.headers:
            yield from _exactly(line, int(self.headers["content-length"]))
        else:
            self.headers["connection"] = "close"
            while piece := line.reader.read1(_PIECE_BYTES):
                yield piece
        self._end(line)


def _to_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise ConnectionError(f"a chunk of the answer has no size: {line[:80]!r}") from error


def _exactly(line: _Line, size: int) -> Iterator[bytes]:
    while size:
        piece = line.reader.read1(min(size, _PIECE_BYTES))
        if not piece:
            raise ConnectionResetError(_ENDED)
        size -= len(piece)
        yield piece
