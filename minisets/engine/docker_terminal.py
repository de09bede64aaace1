"""A command in a container at this process's own terminal, or at its own streams."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from minisets.engine.docker_streams import FrameSplitter, HijackedSocket

_READ_BYTES = 65536


def relay(
    sock: HijackedSocket, *, tty: bool, stdin: bool, resize: Callable[[int, int], None]
) -> None:
    """Carry input and output until the command ends.

    Changes the terminal to raw mode meanwhile, if ``tty`` and standard input is one.

    Args:
        sock: Connection to the command.
        tty: The command has a terminal: its output comes without frames.
        stdin: Pass standard input on.
        resize: Tells the command the rows and columns of the terminal.
    """
    sock.settimeout(None)
    with _raw_terminal(tty and stdin), _resizing(tty, resize):
        _carry(sock, splitter=None if tty else FrameSplitter(), stdin=stdin)


def _carry(sock: HijackedSocket, *, splitter: FrameSplitter | None, stdin: bool) -> None:
    source = sys.stdin.fileno() if stdin else None
    while True:
        watched = [sock.fileno()] if source is None else [sock.fileno(), source]
        ready = watched[:1] if sock.pending() else select.select(watched, [], [])[0]
        if watched[0] in ready:
            data = sock.recv(_READ_BYTES)
            if not data:
                return
            for name, content in [("stdout", data)] if splitter is None else splitter.feed(data):
                _write(name, content)
        if source is not None and source in ready:
            typed = os.read(source, _READ_BYTES)
            # A command that has ended takes no input, but its last output is still to come.
            with suppress(ConnectionError):
                if typed:
                    sock.sendall(typed)
                    continue
                sock.end_input()
            source = None


def _write(name: str, content: bytes) -> None:
    out = sys.stdout if name == "stdout" else sys.stderr
    out.buffer.write(content)
    out.flush()


@contextmanager
def _raw_terminal(wanted: bool) -> Iterator[None]:
    if not (wanted and sys.stdin.isatty()):
        yield
        return
    # Not on Windows, whose consoles have no such mode.
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    # Not the default, which throws away what was typed ahead.
    tty.setraw(number, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


@contextmanager
def _resizing(wanted: bool, resize: Callable[[int, int], None]) -> Iterator[None]:
    if not (wanted and sys.stdout.isatty()):
        yield
        return

    def tell(*_: object) -> None:
        size = shutil.get_terminal_size()
        resize(size.lines, size.columns)

    tell()
    changed = getattr(signal, "SIGWINCH", None)
    # Only the main thread may set signal handlers.
    if changed is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(changed, tell)
    try:
        yield
    finally:
        signal.signal(changed, before)
