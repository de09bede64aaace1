"""The Engine's streams, as values: frames of two outputs in one stream, and progress of a pull."""

from __future__ import annotations

import io
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from minisets.core.observed import PullProgress
from minisets.engine.docker_errors import pull_failure

STREAM_NAMES = {0: "stdout", 1: "stdout", 2: "stderr"}
_HEADER_BYTES = 8
_READ_BYTES = 65536


class HijackedSocket:
    """The socket behind what the SDK returns for an exec; it keeps the answer alive, too."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - four types, by transport
        self._stream = stream
        # SocketIO of a plain socket hides the socket; TLS and SSH give it as it is.
        self._socket = getattr(stream, "_sock", stream)
        self._ahead = self._read_ahead()

    def _read_ahead(self) -> bytes:
        # The first output may come together with the headers of the answer; then the SDK's reader
        # of headers holds it, and the socket does not give it again.
        answer = getattr(self._stream, "_response", None)
        reader = getattr(getattr(getattr(answer, "raw", None), "_fp", None), "fp", None)
        if not isinstance(reader, io.BufferedReader):
            return b""
        before = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            return reader.peek()
        except OSError:  # TLS says so when nothing is there
            return b""
        finally:
            self._socket.settimeout(before)

    def recv(self, size: int, /) -> bytes:
        """Read what is there, at most ``size`` bytes; nothing at the end."""
        if self._ahead:
            ahead, self._ahead = self._ahead[:size], self._ahead[size:]
            return ahead
        data: bytes = self._socket.recv(size)
        return data

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def settimeout(self, seconds: float | None, /) -> None:
        """Limit each read."""
        self._socket.settimeout(seconds)

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
        # Costs more to import than a short command has time for.
        import ssl

        if hasattr(self._socket, "shutdown_write"):
            self._socket.shutdown_write()
        elif isinstance(self._socket, socket.socket) and not isinstance(
            self._socket, ssl.SSLSocket
        ):
            self._socket.shutdown(socket.SHUT_WR)

    def shut(self) -> None:
        """End both directions, so that a thread that reads sees the end."""
        if isinstance(self._socket, socket.socket):
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        # The SDK hangs the answer on the stream; closing the answer closes both.
        getattr(self._stream, "_response", self._stream).close()


class FrameSplitter:
    """Takes a stream of frames apart as it comes in, in pieces of any size.

    A frame is the number of its output, three zero bytes, its size in four bytes, its content.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._name = "stdout"
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield what the next piece of the stream holds, as (output, content)."""
        data = self._rest + data
        self._rest = b""
        while data:
            if self._left == 0:
                if len(data) < _HEADER_BYTES:
                    self._rest = data
                    return
                self._name = STREAM_NAMES.get(data[0], "stderr")
                self._left = int.from_bytes(data[4:_HEADER_BYTES], "big")
                data = data[_HEADER_BYTES:]
            content, data = data[: self._left], data[self._left :]
            self._left -= len(content)
            if content:
                yield self._name, content


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream as soon as each is whole; empty ones are left out."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest


class CommandStream:
    """The streams of a command in a container, taken apart; see minisets.engine.ports."""

    def __init__(self, sock: HijackedSocket) -> None:
        sock.settimeout(None)
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


def demultiplex(chunks: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (output, content) from a stream of frames, each frame as a whole."""
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        at = 0
        while len(rest) - at >= _HEADER_BYTES:
            end = at + _HEADER_BYTES + int.from_bytes(rest[at + 4 : at + _HEADER_BYTES], "big")
            if len(rest) < end:
                break
            yield STREAM_NAMES.get(rest[at], "stderr"), bytes(rest[at + _HEADER_BYTES : end])
            at = end
        del rest[:at]


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


def pull_progress(image: str, lines: Iterable[Mapping[str, Any]]) -> Iterator[PullProgress]:
    """Add up the layers of a pull.

    Raises:
        ImageError: The stream tells of a failure.
    """
    layers: dict[str, tuple[int, int]] = {}
    for line in lines:
        error = line.get("error") or (line.get("errorDetail") or {}).get("message")
        if error:
            raise pull_failure(image, str(error))
        text, layer = str(line.get("status") or ""), str(line.get("id") or "")
        detail = line.get("progressDetail") or {}
        if text == "Downloading" and detail:
            layers[layer] = (int(detail.get("current") or 0), int(detail.get("total") or 0))
        elif layer in layers and text in ("Download complete", "Pull complete", "Extracting"):
            layers[layer] = (layers[layer][1], layers[layer][1])
        yield PullProgress(
            image=image,
            current=sum(current for current, _ in layers.values()),
            total=sum(total for _, total in layers.values()),
            text=f"{layer}: {text}" if layer else text,
        )
