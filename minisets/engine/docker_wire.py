"""HTTP over a socket to the Engine, on connections of the standard library that are kept.

The SDK's own transport takes longer to import than most commands take in all, and several times
the processor time for each call.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from minisets.engine.docker_transport import Body, Stream

CONNECT_SECONDS = 10
_PIECE_BYTES = 1 << 18
_UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}
# Older Engines and Podman say 200 where they do not switch by name.
_TAKEN_OVER = frozenset({101, 200})
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
        self._headers = {"User-Agent": "minisets"} | dict(headers or {})
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
        response = self._ask(line, method, target, body, self._with_type(content_type), timeout)
        if response.will_close and not response.getheader("Connection"):
            # Engines say how long an answer is, or that it ends with the connection.
            response.close()
            line.close()
            raise ConnectionResetError(_ENDED)
        return _Reply(response, line, self._give_back)

    def take_over(
        self, target: str, body: bytes | None, *, content_type: str, timeout: float
    ) -> Taken | Stream:
        """Post a request that makes a raw connection of its own; return the answer of a refusal.

        Raises:
            OSError: As open.
        """
        line = self._take()
        headers = self._with_type(content_type) | _UPGRADE
        response = self._ask(line, "POST", target, body, headers, timeout)
        if response.status in _TAKEN_OVER:
            return line.release(response)
        return _Reply(response, line, self._give_back)

    def _with_type(self, content_type: str) -> dict[str, str]:
        return self._headers | ({"Content-Type": content_type} if content_type else {})

    def _ask(
        self,
        line: _Line,
        method: str,
        target: str,
        body: Body | None,
        headers: Mapping[str, str],
        timeout: float | None,
    ) -> HTTPResponse:
        try:
            with _plain():
                response = line.ask(method, target, body, headers, timeout)
        except BaseException:
            line.close()
            raise
        if self._on_answer is not None:
            self._on_answer(method, target)
        return response

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


class _Line(HTTPConnection):
    """One connection, which was opened before."""

    # A broken connection is told, not opened anew: a write might be done twice.
    auto_open = 0

    def __init__(self, sock: socket.socket) -> None:
        super().__init__("docker")
        self.sock: socket.socket = sock
        self._given = sock

    def is_readable(self) -> bool:
        # Unlike select, poll knows no highest descriptor.
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def ask(
        self,
        method: str,
        target: str,
        body: Body | None,
        headers: Mapping[str, str],
        timeout: float | None,
    ) -> HTTPResponse:
        self.sock.settimeout(timeout)
        # Who refuses a long body answers, then hangs up: the answer says why. Linux tells a sender
        # of a reset who waits for room just then.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.request(method, target, body, headers)
        return self.getresponse()

    def release(self, response: HTTPResponse) -> Taken:
        """Return the bare connection, which waits for nothing from now on."""
        self._given.settimeout(0)
        ahead = response.fp.peek()
        # HTTP takes it for closed where an answer has no length.
        bare = socket.socket(fileno=os.dup(response.fileno()))
        bare.settimeout(0)
        response.close()
        self.close()
        return Taken(bare, ahead)


class _Reply:
    """An answer that comes over a connection, which it gives back when it is whole."""

    def __init__(
        self, response: HTTPResponse, line: _Line, give_back: Callable[[_Line], None]
    ) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self._response = response
        self._line: _Line | None = line
        self._give_back = give_back
        self._pieces = self._read()
        if response.length == 0:
            # Nobody has to read what is not there.
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        line, self._line = self._line, None
        self._response.close()
        if line is not None:
            # The rest of the answer is on its way.
            line.close()

    def pieces(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, size: int, /) -> bytes:
        with _plain():
            data = self._response.read(size)
        if len(data) < size:
            self._check_whole()
            self._end()
        return data

    def _read(self) -> Iterator[bytes]:
        while piece := self._next():
            yield piece
        self._end()

    def _next(self) -> bytes:
        with _plain():
            piece = self._response.read1(_PIECE_BYTES)
        if not piece:
            self._check_whole()
        return piece

    def _check_whole(self) -> None:
        # The library takes the end of the connection for the end of the answer.
        if self._response.length:
            raise ConnectionResetError(_ENDED)

    def _end(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        # Older versions of the library leave open what has a length: no other answer may begin.
        self._response.close()
        if self._response.will_close:
            line.close()
        else:
            self._give_back(line)


@contextmanager
def _plain() -> Iterator[None]:
    """Raise what a socket would raise: an answer that is none is a broken connection."""
    try:
        yield
    except HTTPException as error:
        if isinstance(error, OSError):
            raise
        raise ConnectionError(f"what answers does not speak HTTP: {error!r}") from error
