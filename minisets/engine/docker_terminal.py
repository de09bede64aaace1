"""A command in a container at this process's own terminal, or at its own streams."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from minisets.engine.docker_socket import HijackedSocket
from minisets.engine.docker_streams import FrameSplitter
from minisets.errors import InputError

_READ_BYTES = 65536
# The Engine refuses a size until the command has begun, which takes it a moment.
_SIZE_TRIES = 100
_SIZE_PAUSE_SECONDS = 0.02

Resize = Callable[[int, int], bool]
"""Tells the command the rows and columns of the terminal; False if it cannot be told yet."""


class _Window(Protocol):
    def update(self) -> bool:
        """Tell the size if it is not told yet; True if there is nothing left to tell."""


def relay(sock: HijackedSocket, *, tty: bool, stdin: bool, resize: Resize) -> None:
    """Carry input and output until the command ends.

    Changes the terminal to raw mode meanwhile, if ``tty`` and standard input is one: Ctrl-C and
    the like are then the command's.

    Args:
        sock: Connection to the command.
        tty: The command has a terminal: its output comes without frames.
        stdin: Pass standard input on.
        resize: Tells the command the size of the terminal.
    """
    source = _descriptor(sys.stdin) if stdin else None
    if stdin and source is None:
        sock.end_input()
    output = _Output(None if tty else FrameSplitter())
    with _raw_terminal(source if tty else None), _window(tty, resize) as window:
        _carry(sock, window, _Input(source), output)


def _descriptor(stream: TextIO | None) -> int | None:
    # Python has no stream object for what was closed at its start.
    return None if stream is None else stream.fileno()


def _carry(sock: HijackedSocket, window: _Window, source: _Input, output: _Output) -> None:
    """Carry both directions at once: none of them waits for who reads the other one."""
    while True:
        pause = None if window.update() else _SIZE_PAUSE_SECONDS
        # No more is read of a direction than is passed on.
        reads = source.readable + ([] if output.waiting else [sock.fileno()])
        writes = output.waiting + ([sock.fileno()] if source.has_more else [])
        is_ahead = not output.waiting and sock.pending() > 0
        ready, free, _ = select.select(reads, writes, [], 0 if is_ahead else pause)
        if output.waiting:
            if output.waiting[0] in free:
                output.write()
        elif is_ahead or sock.fileno() in ready:
            data = sock.recv_now(_READ_BYTES)
            if data == b"":
                return
            output.take(data or b"")
        if source.has_more:
            if sock.fileno() in free:
                source.send(sock)
        elif source.readable and source.readable[0] in ready:
            source.read(source.readable[0], sock)


class _Input:
    """Standard input, and what of it is still to be sent."""

    def __init__(self, number: int | None) -> None:
        self._number = number
        self._typed = memoryview(b"")

    @property
    def has_more(self) -> bool:
        return bool(self._typed)

    @property
    def readable(self) -> list[int]:
        """The descriptor that more is to be read from, if more is."""
        return [] if self._number is None or self._typed else [self._number]

    def read(self, number: int, sock: HijackedSocket) -> None:
        try:
            typed = os.read(number, _READ_BYTES)
        except OSError:
            # The terminal behind it has gone.
            typed = b""
        self._typed = memoryview(typed)
        if not typed:
            self._number = None
            with suppress(OSError):
                sock.end_input()

    def send(self, sock: HijackedSocket) -> None:
        try:
            self._typed = self._typed[sock.send_now(self._typed) :]
        except OSError:
            # A command that has ended takes no input, but its last output is still to come.
            self._number, self._typed = None, memoryview(b"")


class _Output:
    """Standard output and standard error, and what is still to be written there.

    Args:
        splitter: Takes the two apart; None: all of it is output.
    """

    def __init__(self, splitter: FrameSplitter | None) -> None:
        self._splitter = splitter
        self._numbers = {"stdout": _descriptor(sys.stdout), "stderr": _descriptor(sys.stderr)}
        self._left: deque[tuple[int, memoryview]] = deque()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()

    @property
    def waiting(self) -> list[int]:
        """The descriptor that the next of it is to be written to, if there is some."""
        return [self._left[0][0]] if self._left else []

    def take(self, data: bytes) -> None:
        parts = [("stdout", data)] if self._splitter is None else self._splitter.feed(data)
        for name, content in parts:
            number = self._numbers[name]
            if number is not None and content:
                self._left.append((number, memoryview(content)))

    def write(self) -> None:
        """Write what a free descriptor takes without waiting.

        Raises:
            InputError: It cannot be written.
        """
        number, content = self._left.popleft()
        try:
            done = os.write(number, content[: select.PIPE_BUF])
        except BlockingIOError:
            done = 0
        except BrokenPipeError:
            raise
        except OSError as error:
            raise InputError(f"cannot write the command's output: {error.strerror}") from error
        if done < len(content):
            self._left.appendleft((number, content[done:]))


@contextmanager
def _raw_terminal(number: int | None) -> Iterator[None]:
    if number is None or not os.isatty(number):
        yield
        return
    # Not on Windows, whose consoles have no such mode.
    import termios
    import tty

    before = termios.tcgetattr(number)
    # Not the default, which throws away what was typed ahead.
    tty.setraw(number, termios.TCSADRAIN)
    try:
        yield
    finally:
        # Where the terminal has gone there is nothing to restore.
        with suppress(termios.error):
            termios.tcsetattr(number, termios.TCSADRAIN, before)


class _NoWindow:
    def update(self) -> bool:
        return True


class _TerminalWindow:
    """The size of the terminal, told once at the beginning and after every change."""

    def __init__(self, number: int, resize: Resize) -> None:
        self._number = number
        self._resize = resize
        self._tries_left = _SIZE_TRIES
        self._is_telling = False

    def update(self) -> bool:
        if self._tries_left:
            self._tell()
        return not self._tries_left

    def changed(self, *_: object) -> None:
        self._tries_left = _SIZE_TRIES
        # In the middle of telling the connection may be locked; then the next update tells it.
        if not self._is_telling:
            self._tell()

    def _tell(self) -> None:
        self._tries_left -= 1
        before = self._tries_left
        self._is_telling = True
        try:
            size = os.get_terminal_size(self._number)
            is_told = self._resize(size.lines, size.columns)
        except OSError:
            is_told = True
        finally:
            self._is_telling = False
        # What has changed meanwhile is still to be told.
        if is_told and self._tries_left == before:
            self._tries_left = 0


@contextmanager
def _window(wanted: bool, resize: Resize) -> Iterator[_Window]:
    streams = (sys.stdout, sys.stdin, sys.stderr) if wanted else ()
    numbers = (_descriptor(one) for one in streams)
    found = next((one for one in numbers if one is not None and os.isatty(one)), None)
    if found is None:
        yield _NoWindow()
        return
    window = _TerminalWindow(found, resize)
    number = getattr(signal, "SIGWINCH", None)
    # Only the main thread may set signal handlers.
    if number is None or threading.current_thread() is not threading.main_thread():
        yield window
        return
    before = signal.signal(number, window.changed)
    try:
        yield window
    finally:
        signal.signal(number, before)
