"""The raw connection that the Engine makes of the answer to an exec or an attach."""

from __future__ import annotations

import io
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from minisets.engine.docker_streams import FrameSplitter

_READ_BYTES = 65536
# What says that nothing has come, or that nothing goes, at the moment.
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class HijackedSocket:
    """The socket, or what the SDK returns for it, which is kept alive, too.

    One thread may read while another one sends: TLS needs a lock for that, which is never held
    while waiting.
    """

    def __init__(self, stream: Any, ahead: bytes = b"") -> None:  # noqa: ANN401 - by transport
        self._stream = stream
        # SocketIO of a plain socket hides the socket; TLS gives it as it is.
        self._socket = getattr(stream, "_sock", stream)
        self._lock = threading.Lock()
        self._limit: float | None = None
        self._socket.settimeout(0)
        self._ahead = ahead or self._read_ahead()

    def _read_ahead(self) -> bytes:
        # The first output may come together with the headers of the answer; then the SDK's reader
        # of headers holds it, and the socket does not give it again.
        answer = getattr(self._stream, "_response", None)
        reader = getattr(getattr(getattr(answer, "raw", None), "_fp", None), "fp", None)
        if not isinstance(reader, io.BufferedReader):
            return b""
        try:
            return reader.peek()
        except OSError:  # TLS says so when nothing is there
            return b""

    def recv_now(self, size: int, /) -> bytes | None:
        """Read what is there, at most ``size`` bytes; nothing at the end, None before more.

        A connection that breaks is at its end, too: what became of the command, the Engine says.
        """
        if self._ahead:
            ahead, self._ahead = self._ahead[:size], self._ahead[size:]
            return ahead
        with self._lock:
            try:
                data: bytes = self._socket.recv(size)
            except _NOT_NOW:
                return None
            except OSError:
                return b""
            return data

    def send_now(self, data: bytes | memoryview, /) -> int:
        """Send as much as goes without waiting, and return how many bytes that was."""
        with self._lock:
            try:
                sent: int = self._socket.send(data)
            except _NOT_NOW:
                return 0
            return sent

    def recv(self, size: int, /) -> bytes:
        """Read what is there, at most ``size`` bytes; nothing at the end.

        Raises:
            TimeoutError: Nothing has come within the limit.
        """
        while (data := self.recv_now(size)) is None:
            if not self._wait([self._socket], [], self._limit):
                raise TimeoutError
        return data

    def sendall(self, data: bytes, /) -> None:
        """Send all of it, however long that takes."""
        left = memoryview(data)
        while left:
            sent = self.send_now(left)
            left = left[sent:]
            if not sent:
                self._wait([], [self._socket], None)

    def _wait(self, readable: list[Any], writable: list[Any], seconds: float | None) -> bool:
        try:
            return any(select.select(readable, writable, [], seconds))
        except ValueError:
            # Another thread has closed it, which the next call will tell.
            return True

    def settimeout(self, seconds: float | None, /) -> None:
        """Limit each wait for more to read."""
        self._limit = seconds

    def fileno(self) -> int:
        """Return the descriptor."""
        number: int = self._socket.fileno()
        return number

    def pending(self) -> int:
        """Return how many bytes were read ahead, which no select sees."""
        if self._ahead:
            return len(self._ahead)
        ahead = getattr(self._socket, "pending", None)
        return int(ahead()) if callable(ahead) else 0

    def end_input(self) -> None:
        """Tell the command that its input is over, where the connection can: TLS cannot."""
        if not isinstance(self._socket, ssl.SSLSocket):
            self._socket.shutdown(socket.SHUT_WR)

    def shut(self) -> None:
        """End both directions, so that a thread that reads or sends sees the end."""
        with suppress(OSError):
            # The method of a TLS socket would leave what is read from then on encrypted.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        # The SDK hangs the answer on the stream; closing the answer closes both.
        getattr(self._stream, "_response", self._stream).close()


class CommandStream:
    """The streams of a command in a container, taken apart; see minisets.engine.ports."""

    def __init__(self, sock: HijackedSocket) -> None:
        self._sock = sock
        self._splitter = FrameSplitter()
        self._ready: deque[tuple[str, bytes]] = deque()

    def recv(self, size: int, /) -> tuple[str, bytes]:
        """Read (output, content); no content at the end."""
        while not self._ready:
            data = self._sock.recv(size)
            if not data:
                return "stdout", b""
            self._ready.extend(self._splitter.feed(data))
        return self._ready.popleft()

    def sendall(self, data: bytes, /) -> None:
        """Send to the command's input."""
        self._sock.sendall(data)

    def end_input(self) -> None:
        """Tell the command that its input is over, where the connection can."""
        self._sock.end_input()

    def close(self) -> None:
        """Leave the command, also under a thread that reads."""
        self._sock.shut()
        self._sock.close()


def collect(
    sock: HijackedSocket, *, timeout_seconds: float | None, monotonic: Callable[[], float]
) -> tuple[bytes, bool]:
    """Read a stream of frames to its end; return its content, and whether it ended in time.

    The deadline is for all of it: a time-out of each read never fires on chatty output.
    """
    deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
    splitter = FrameSplitter()
    content = bytearray()
    while True:
        left = None if deadline is None else deadline - monotonic()
        if left is not None and left <= 0:
            return bytes(content), False
        sock.settimeout(left)
        try:
            data = sock.recv(_READ_BYTES)
        except TimeoutError:
            return bytes(content), False
        if not data:
            return bytes(content), True
        for _, part in splitter.feed(data):
            content += part
