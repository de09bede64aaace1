"""The streams of a command at pipes of this process, against a socket that plays the Engine."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest

from minisets.engine.docker_socket import HijackedSocket
from minisets.engine.docker_terminal import relay

MANY = 8_000_000
_LIMIT = 60


class Streams:
    """Standard input and output as pipes, whose far ends are here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ours, theirs = os.pipe(), os.pipe()
        self.typing = os.fdopen(ours[1], "wb", 0)
        self.shown = os.fdopen(theirs[0], "rb", 0)
        self._ends: list[IO[Any]] = [os.fdopen(ours[0], "r"), os.fdopen(theirs[1], "w")]
        self._monkeypatch = monkeypatch

    def take_over(self) -> None:
        """Become this process's streams: in the test itself, for pytest sets them before it."""
        for name, end in zip(("stdin", "stdout"), self._ends, strict=True):
            self._monkeypatch.setattr(f"sys.{name}", end)

    def close_ends(self) -> None:
        for end in self._ends:
            end.close()

    def close(self) -> None:
        self.close_ends()
        self.typing.close()
        self.shown.close()


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Iterator[Streams]:
    found = Streams(monkeypatch)
    yield found
    found.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def frame(content: bytes) -> bytes:
    return bytes([1, 0, 0, 0]) + len(content).to_bytes(4, "big") + content


def at_work(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def finish(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(_LIMIT)
        assert not thread.is_alive(), "it hangs"


def start(near: socket.socket, streams: Streams) -> threading.Thread:
    streams.take_over()
    return carry(near)


def carry(near: socket.socket, *, stdin: bool = True) -> threading.Thread:
    sock = HijackedSocket(SimpleNamespace(_sock=near))
    return at_work(lambda: relay(sock, tty=False, stdin=stdin, resize=lambda *_: True))


def read_all(source: IO[bytes], count: int) -> int:
    while count and (piece := source.read(min(count, 65536))):
        count -= len(piece)
    return count


def test_a_command_that_writes_and_does_not_read_is_read(
    streams: Streams, ends: tuple[socket.socket, socket.socket]
):
    near, far = ends

    def play() -> None:
        far.sendall(frame(b"x" * MANY))
        far.shutdown(socket.SHUT_RDWR)

    typing = at_work(lambda: _type(streams, b"y" * MANY))
    command, carrying = at_work(play), start(near, streams)
    assert read_all(streams.shown, MANY) == 0
    finish(command, carrying)
    streams.close_ends()
    finish(typing)


def _type(streams: Streams, data: bytes) -> None:
    left = memoryview(data)
    try:
        while left:
            left = left[streams.typing.write(left) or 0 :]
    except BrokenPipeError:
        # Nobody took the rest of it.
        return
    streams.typing.close()


def test_a_command_that_reads_gets_all_though_nobody_reads_what_it_writes(
    streams: Streams, ends: tuple[socket.socket, socket.socket]
):
    near, far = ends
    taken = []
    # More than a pipe holds, and less than the connection beside it.
    said = 150_000

    def play() -> None:
        far.sendall(frame(b"x" * said))
        taken.append(read_all(far.makefile("rb"), MANY))
        far.shutdown(socket.SHUT_RDWR)

    # The output is read only when all of the input has gone through.
    carrying, command = start(near, streams), at_work(play)
    finish(at_work(lambda: _type(streams, b"y" * MANY)))
    assert read_all(streams.shown, said) == 0
    finish(command, carrying)
    assert taken == [0]


def test_the_end_of_the_input_is_passed_on_and_output_goes_on(
    streams: Streams, ends: tuple[socket.socket, socket.socket]
):
    near, far = ends

    def play() -> None:
        content = far.makefile("rb").read()
        far.sendall(frame(content.upper()))
        far.shutdown(socket.SHUT_RDWR)

    command, carrying = at_work(play), start(near, streams)
    streams.typing.write(b"typed")
    streams.typing.close()
    finish(command, carrying)
    assert streams.shown.read(5) == b"TYPED"


def test_without_a_standard_input_the_command_is_told_its_end(
    streams: Streams, ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
):
    near, far = ends
    streams.take_over()
    monkeypatch.setattr("sys.stdin", None)
    carrying = carry(near)
    far.settimeout(_LIMIT)
    assert far.recv(1) == b""
    far.shutdown(socket.SHUT_RDWR)
    finish(carrying)


def test_a_connection_that_breaks_off_with_input_unread_is_an_end(
    streams: Streams, ends: tuple[socket.socket, socket.socket]
):
    near, far = ends
    streams.typing.write(b"never read")
    carrying = start(near, streams)
    # Closing a socket with something unread resets the connection.
    far.sendall(frame(b"said"))
    assert streams.shown.read(4) == b"said"
    far.close()
    finish(carrying)


def test_an_output_that_cannot_be_written_is_no_trouble_of_the_engine(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
):
    near, far = ends
    far.sendall(frame(b"x"))
    errors: list[Exception] = []

    def carry() -> None:
        try:
            sock = HijackedSocket(SimpleNamespace(_sock=near))
            relay(sock, tty=False, stdin=False, resize=lambda *_: True)
        except Exception as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        finish(at_work(carry))
    assert [str(error) for error in errors] == [
        "cannot write the command's output: No space left on device"
    ]


def test_a_terminal_that_changes_while_its_size_is_told_is_told_once_more_and_not_meanwhile(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
):
    near, far = ends
    master, terminal = os.openpty()
    calls: list[str] = []

    def resize(_rows: int, _columns: int) -> bool:
        calls.append("begin")
        if len(calls) == 1:
            # The way to the Engine is locked here, and must not be gone again from the handler.
            signal.raise_signal(signal.SIGWINCH)
        elif calls.count("begin") == 2:
            far.shutdown(socket.SHUT_RDWR)
        calls.append("end")
        return True

    with os.fdopen(master, "rb", 0), os.fdopen(terminal, "w") as shown:
        monkeypatch.setattr("sys.stdout", shown)
        relay(HijackedSocket(near), tty=True, stdin=False, resize=resize)
    assert calls == ["begin", "end"] * 2
