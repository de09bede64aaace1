"""Draw docs/terminal.svg: what a real terminal shows after the commands below, run for real.

The commands run one after the other on one pseudo-terminal, in a namespace of their own that goes
afterwards. Nothing is drawn by hand. `make picture`; needs an Engine and the demo's image.
"""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterable
from html import escape
from itertools import groupby
from pathlib import Path

import pyte
from pyte.screens import Char
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "terminal.svg"
NAMESPACE = "picture"
COMMANDS = (
    "minisets apply -f examples/web/web.yaml",
    "minisets get all",
    "minisets exec web-2 -- wget -qO- web-0.nginx",
    "minisets delete pod web-1",
)
COLUMNS = 98
# More than is shown: the screen must not scroll.
ROWS = 80

# The template of rich asks another machine for a font; what is there already has to do.
_FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)


def record(commands: Iterable[str]) -> pyte.Screen:
    """Run shell lines on a pseudo-terminal and return its screen.

    Raises:
        SystemExit: A command failed.
    """
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    for command in commands:
        stream.feed(f"\x1b[1;32m$\x1b[0m {command}\r\n".encode())
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        process = subprocess.Popen(
            ["sh", "-c", command],
            cwd=ROOT,
            env=environment(),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        # The other end closed is an error on Linux, and the end elsewhere.
        try:
            while chunk := os.read(master, 65536):
                stream.feed(chunk)
        except OSError:
            pass
        finally:
            os.close(master)
        if code := process.wait():
            raise SystemExit(f"picture: exit code {code}: {command}\n" + "\n".join(screen.display))
    return screen


def environment() -> dict[str, str]:
    """Return the environment of the commands: a usual terminal, and this minisets."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("MINISETS_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    more = {"MINISETS_NAMESPACE": NAMESPACE, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    return {**own, **more, "PATH": path}


def quietly(command: str) -> str:
    """Run a shell line that is not shown, and return what it prints."""
    return subprocess.run(
        ["sh", "-c", command], env=environment(), cwd=ROOT, capture_output=True, text=True
    ).stdout


def draw(screen: pyte.Screen) -> str:
    """Return a screen as SVG, without the empty lines at its end."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
    rows = [[screen.buffer[row][column] for column in range(COLUMNS)] for row in range(ROWS)]
    while rows and not any(char.data.strip() for char in rows[-1]):
        rows.pop()
    for row in rows:
        console.print(_line(row), soft_wrap=True)
    text = console.export_svg(title="minisets", theme=MONOKAI, unique_id="terminal")
    return _FONT.sub("", text).rstrip() + "\n"


def _line(row: list[Char]) -> Text:
    line = Text()
    for style, chars in groupby(row, key=_style):
        line.append("".join(char.data for char in chars), style)
    line.rstrip()
    return line


def _style(char: Char) -> Style:
    # pyte calls yellow brown; rich has bright_red and #00ff00 for its brightred and 00ff00.
    colour = char.fg.replace("brown", "yellow")
    colour = re.sub(r"^bright(?!_)", "bright_", colour)
    colour = re.sub(r"^[0-9a-f]{6}$", r"#\g<0>", colour)
    return Style(color=colour, bold=char.bold, italic=char.italics, reverse=char.reverse)


def shows(svg: str, command: str) -> bool:
    """Say whether a picture has a command line in it."""
    return escape(command).replace(" ", "&#160;") in svg


def main() -> int:
    """Run the commands and write the picture."""
    if quietly("minisets get all,pvc -o name"):
        raise SystemExit(f"picture: the namespace {NAMESPACE} is in use")
    try:
        screen = record(COMMANDS)
    finally:
        quietly(f"minisets delete namespace {NAMESPACE} --volumes")
    PICTURE.write_text(draw(screen), encoding="utf-8")
    print("\n".join(line.rstrip() for line in screen.display if line.strip()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
