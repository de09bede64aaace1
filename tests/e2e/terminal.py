"""A real pseudo-terminal with a command on it, and what a person would see there."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping
from time import monotonic

from tests.e2e.program import PROGRAM
from tests.e2e.space import Space

_LIMIT = 60
_SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>]")


class Screen:
    """As much of a terminal as line by line programs use: lines, colours and going back up."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self._row = self._column = 0
        self._rest = ""

    def feed(self, text: str) -> None:
        """Take what a program writes."""
        text = self._rest + text
        self._rest = ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                found = _SEQUENCE.match(text, at)
                if found is None:
                    # The rest of it is still to come.
                    self._rest = text[at:]
                    return
                self._obey(found[1] or "", found[2] or "")
                at = found.end()
            else:
                self._put(text[at])
                at += 1

    def _obey(self, numbers: str, letter: str) -> None:
        if letter == "A":
            self._row = max(0, self._row - int(numbers or 1))
        elif letter == "K":
            self.lines[self._row] = "" if numbers == "2" else self.lines[self._row][: self._column]

    def _put(self, letter: str) -> None:
        if letter == "\n":
            self._row += 1
            if self._row == len(self.lines):
                self.lines.append("")
        elif letter == "\r":
            self._column = 0
        elif letter == "\b":
            self._column = max(0, self._column - 1)
        elif letter >= " ":
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + letter + line[self._column + 1 :]
            self._column += 1


class Terminal:
    """A command at a terminal of its own; a context manager, which ends it.

    Args:
        space: Namespace to work in.
        args: Of the command.
        columns: Width of the terminal.
        rows: Height of the terminal.
        environ: Set beside this process's own environment.
    """

    def __init__(
        self,
        space: Space,
        *args: str,
        columns: int = 100,
        rows: int = 24,
        environ: Mapping[str, str] = {},
    ) -> None:
        self.screen = Screen()
        self.raw = ""
        # Letters of several bytes may come in pieces.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        own = {key: value for key, value in os.environ.items() if not _is_of_terminal(key)}
        own |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", **environ}
        ends: tuple[int, int] = pty.openpty()
        self._master, self._slave = ends
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(self._slave)
        self._process = subprocess.Popen(
            [PROGRAM, "-n", space.name, *args],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=own,
            start_new_session=True,
            preexec_fn=_begin_session,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._slave)
        os.close(self._master)

    @property
    def text(self) -> str:
        """What stands on the screen, without empty lines and ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.lines if line.strip())

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def is_as_before(self) -> bool:
        """Say whether the terminal has the settings that it had before the command."""
        return termios.tcgetattr(self._slave) == self.settings

    def resize(self, columns: int, rows: int = 24) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait_for(self, what: str | Callable[[], bool]) -> None:
        """Read until a text stands on the screen, or something else is true."""
        deadline = monotonic() + _LIMIT
        is_there = (lambda: what in self.text) if isinstance(what, str) else what
        while not is_there():
            assert monotonic() < deadline, f"not seen: {what!r}, but:\n{self.text}"
            self._read(0.1)

    def end(self) -> int:
        """Read to the end and return the exit code."""
        deadline = monotonic() + _LIMIT
        while self._process.poll() is None:
            assert monotonic() < deadline, f"no end; on the screen:\n{self.text}"
            self._read(0.1)
        while self._read(0):
            pass
        assert "Traceback" not in self.text, self.text
        return self._process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        text = self._decoder.decode(os.read(self._master, 65536))
        self.raw += text
        self.screen.feed(text)
        return True


def _is_of_terminal(name: str) -> bool:
    return name.startswith(("MINISETS_", "LC_")) or name in {
        "LANG",
        "NO_COLOR",
        "FORCE_COLOR",
        "COLUMNS",
        "LINES",
    }


def _begin_session() -> None:
    """Make the terminal the one that Ctrl-C and changes of size come from."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
