"""A command in a container at this process's own terminal, or at its own streams."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol, TextIO

from minisets.engine.docker_streams import FrameSplitter, HijackedSocket

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
    sock.settimeout(None)
    source = _descriptor(sys.stdin) if stdin else None
    with _raw_terminal(source if tty else None), _window(tty, resize) as window:
        _carry(sock, window, splitter=None if tty else FrameSplitter(), source=source)


def _descriptor(stream: TextIO | None) -> int | None:
    # Python has no stream object for what was closed at its start.
    return None if stream is None else stream.fileno()


def _carry(
    sock: HijackedSocket,
    window: _Window,
    *,
    splitter: FrameSplitter | None,
    source: int | None,
) -> None:
    while True:
        pause = None if window.update() else _SIZE_PAUSE_SECONDS
        watched = [sock.fileno()] if source is None else [sock.fileno(), source]
        ready = watched[:1] if sock.pending() else select.select(watched, [], [], pause)[0]
        if watched[0] in ready:
            data = sock.recv(_READ_BYTES)
            if not data:
                return
            for name, content in [("stdout", data)] if splitter is None else splitter.feed(data):
                _write(name, content)
        if source is not None and source in ready:
            typed = _read_input(source)
            # A command that has ended takes no input, but its last output is still to come.
            with suppress(ConnectionError):
                if typed:
                    sock.sendall(typed)
                    continue
                sock.end_input()
            source = None


def _read_input(source: int) -> bytes:
    try:
        return os.read(source, _READ_BYTES)
    except OSError:
        # The terminal behind it has gone.
        return b""


def _write(name: str, content: bytes) -> None:
    out = sys.stdout if name == "stdout" else sys.stderr
    if out is not None:
        out.buffer.write(content)
        out.flush()


@contextmanager
def _raw_terminal(number: int | None) -> Iterator[None]:
    if number is None or not os.isatty(number):
        yield
        return
    # Not on Windows, whose consoles have no such mode.
    import termios
    import tty

    before = termios.tcgetattr(number)

    def restore() -> None:
        termios.tcsetattr(number, termios.TCSADRAIN, before)

    with _restored_when_ended(restore):
        # Not the default, which throws away what was typed ahead.
        tty.setraw(number, termios.TCSADRAIN)
        try:
            yield
        finally:
            restore()


@contextmanager
def _restored_when_ended(restore: Callable[[], None]) -> Iterator[None]:
    """Restore the terminal also when a signal ends this process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: FrameType | None) -> None:
        with suppress(OSError):
            restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _NoWindow:
    def update(self) -> bool:
        return True


class _TerminalWindow:
    """The size of the terminal, told once at the beginning and after every change."""

    def __init__(self, number: int, resize: Resize) -> None:
        self._number = number
        self._resize = resize
        self._tries_left = _SIZE_TRIES

    def update(self) -> bool:
        if self._tries_left:
            self._tries_left -= 1
            self._tell()
        return not self._tries_left

    def changed(self, *_: object) -> None:
        self._tries_left = _SIZE_TRIES
        self._tell()

    def _tell(self) -> None:
        with suppress(OSError):
            size = os.get_terminal_size(self._number)
            if not self._resize(size.lines, size.columns):
                return
        self._tries_left = 0


@contextmanager
def _window(wanted: bool, resize: Resize) -> Iterator[_Window]:
    numbers = (_descriptor(one) for one in (sys.stdout, sys.stdin, sys.stderr))
    found = next((one for one in numbers if one is not None and os.isatty(one)), None)
    if not wanted or found is None:
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
