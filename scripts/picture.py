"""Draw docs/terminal.svg: what a real terminal shows during the commands below, run for real.

The commands run one after the other on one pseudo-terminal, in the namespace default, which has to
be empty and is emptied afterwards. Each change of the screen is kept with its time, so the picture
moves as the screen did; who cannot play it, or wishes no motion, sees the last screen. Nothing is
drawn by hand. `make picture`; needs an Engine and the demo's image.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterable, Sequence
from html import escape
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import pyte
from pyte.screens import Char

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "terminal.svg"
COMMANDS = (
    "minisets apply -f examples/web/web.yaml",
    "minisets get all",
    "minisets exec web-2 -- wget -qO- web-0.nginx",
    "minisets delete pod web-1",
)
COLUMNS = 76
# More than is shown: the screen must not scroll.
ROWS = 80
# What a person needs: to read the command before it runs, its output after, and all in the end.
BEFORE_SECONDS, AFTER_SECONDS, END_SECONDS = 0.8, 1.6, 6.0
# What is shown for less, nobody sees.
INSTANT_SECONDS = 0.04

WIDTH, HEIGHT, FONT = 9.6, 21, 16
MARGIN, BAR = 18, 38
PAPER, EDGE, INK = "#0d1117", "#3d444d", "#e6edf3"
# Each at least 7 : 1 on the paper.
COLOURS = {
    "red": "#ff9492",
    "green": "#4ae168",
    "brown": "#f0b72f",
    "blue": "#91cbff",
    "magenta": "#dbb7ff",
    "cyan": "#56d4dd",
    "black": "#9ea7b3",
    "white": "#f0f6fc",
}


class Span(NamedTuple):
    """Text in one style, from a column on."""

    column: int
    text: str
    style: str


Row = tuple[Span, ...]


class Frame(NamedTuple):
    """The rows of a screen, from so many seconds of the picture on."""

    seconds: float
    rows: tuple[Row, ...]


def record(commands: Iterable[str]) -> list[Frame]:
    """Run shell lines on a pseudo-terminal and return what its screen showed.

    Raises:
        SystemExit: A command failed.
    """
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    frames: list[Frame] = []
    now = 0.0
    for command in commands:
        stream.feed(f"\x1b[1;32m$\x1b[0m {command}\r\n".encode())
        frames.append(Frame(now, rows_of(screen)))
        now += BEFORE_SECONDS
        began = time.monotonic()

        def take(chunk: bytes, start: float = now - began) -> None:
            stream.feed(chunk)
            frames.append(Frame(start + time.monotonic(), rows_of(screen)))

        if code := _run(command, take):
            raise SystemExit(f"picture: exit code {code}: {command}\n" + "\n".join(screen.display))
        now += time.monotonic() - began + AFTER_SECONDS
    return frames


def _run(command: str, take: Callable[[bytes], None]) -> int:
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
            take(chunk)
    except OSError:
        pass
    finally:
        os.close(master)
    return process.wait()


def environment() -> dict[str, str]:
    """Return the environment of the commands: a usual terminal, and this minisets."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("MINISETS_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**own, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": path}


def quietly(command: str) -> str:
    """Run a shell line that is not shown, and return what it prints."""
    return subprocess.run(
        ["sh", "-c", command], env=environment(), cwd=ROOT, capture_output=True, text=True
    ).stdout


def rows_of(screen: pyte.Screen) -> tuple[Row, ...]:
    """Return what a screen shows, without the empty rows at its end."""
    rows = [
        _row([screen.buffer[number][column] for column in range(screen.columns)])
        for number in range(screen.lines)
    ]
    while rows and not rows[-1]:
        rows.pop()
    return tuple(rows)


def _row(chars: Sequence[Char]) -> Row:
    spans = []
    column = 0
    for style, group in groupby(chars, key=_style):
        text = "".join(char.data for char in group)
        # Where text begins and ends counts, not the space around it.
        if text.strip():
            begin = column + len(text) - len(text.lstrip())
            spans.append(Span(begin, text.strip(), style))
        column += len(text)
    return tuple(spans)


def _style(char: Char) -> str:
    # A hue is told by its name, whether it is bright or not; pyte calls yellow brown.
    colour = COLOURS.get(re.sub(r"^bright_?", "", char.fg).replace("yellow", "brown"))
    if re.fullmatch(r"[0-9a-f]{6}", char.fg):
        colour = f"#{char.fg}"
    parts = [f"fill:{colour}"] if colour else []
    parts += ["font-weight:bold"] if char.bold else []
    parts += ["font-style:italic"] if char.italics else []
    return ";".join(parts)


def draw(frames: Sequence[Frame]) -> str:
    """Return frames as an SVG that plays them, over and over."""
    frames = _seen(frames)
    total = frames[-1].seconds + END_SECONDS
    lines = max(len(frame.rows) for frame in frames)
    width = 2 * MARGIN + COLUMNS * WIDTH
    height = BAR + lines * HEIGHT + MARGIN
    styles: dict[str, str] = {}
    moves: dict[str, str] = {}
    body: list[str] = []
    for number in range(lines):
        for row, begin, end in _runs(frames, number):
            drawn = "".join(_draw(span, number, styles) for span in row)
            if begin == 0 and end is None:
                body.append(drawn)
                continue
            move = moves.setdefault(_move(begin, end, total), f"m{len(moves)}")
            body.append(f'<g class="{move}{"" if end is None else " past"}">{drawn}</g>')
    rules = [f".{name}{{{style}}}" for style, name in styles.items()]
    rules += [
        f"@keyframes {name}{{{move}}}.{name}{{animation:{name} {total:.2f}s step-end infinite}}"
        for move, name in moves.items()
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">',
            "<title>minisets in a terminal</title>",
            "<style>",
            "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',"
            f"monospace;font-size:{FONT}px;fill:{INK}}}",
            ".past{opacity:0}",
            *rules,
            "@media (prefers-reduced-motion:reduce){g{animation:none!important}}",
            "</style>",
            f'<rect x="1" y="1" width="{width - 2:g}" height="{height - 2:g}" rx="10" '
            f'fill="{PAPER}" stroke="{EDGE}"/>',
            *(
                f'<circle cx="{MARGIN + 4 + 20 * place}" cy="20" r="6" fill="{colour}"/>'
                for place, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
            ),
            *body,
            "</svg>\n",
        ]
    )


def _seen(frames: Sequence[Frame]) -> list[Frame]:
    """Leave out the frames that the next one follows at once."""
    kept = [
        one
        for one, after in pairwise(frames)
        if after.seconds - one.seconds >= INSTANT_SECONDS or one is frames[0]
    ]
    return [*kept, frames[-1]] if len(frames) > 1 else list(frames)


def _runs(frames: Sequence[Frame], number: int) -> list[tuple[Row, float, float | None]]:
    """Return what a row showed, from when to when; None: to the end."""
    runs: list[tuple[Row, float, float | None]] = []
    shown = [(f.rows[number] if number < len(f.rows) else (), f.seconds) for f in frames]
    for row, group in groupby(shown, key=lambda pair: pair[0]):
        begin = next(group)[1]
        if runs:
            runs[-1] = (*runs[-1][:2], begin)
        runs.append((row, begin, None))
    return [run for run in runs if run[0]]


def _move(begin: float, end: float | None, total: float) -> str:
    """Return the key frames of what is shown from begin to end."""
    steps = [(0.0, begin == 0), (begin, True)]
    steps += [] if end is None else [(end, False)]
    return "".join(
        f"{100 * seconds / total:.2f}%{{opacity:{int(is_shown)}}}"
        for seconds, is_shown in dict(steps).items()
    ) + ("100%{opacity:1}" if end is None else "100%{opacity:0}")


def _draw(span: Span, number: int, styles: dict[str, str]) -> str:
    name = styles.setdefault(span.style, f"s{len(styles)}") if span.style else ""
    x, y = MARGIN + span.column * WIDTH, BAR + (number + 1) * HEIGHT - 5
    # The length holds columns in line, whatever font there is.
    return (
        f'<text x="{x:g}" y="{y:g}" textLength="{len(span.text) * WIDTH:g}"'
        f"{f' class={name!r}' if name else ''}>{_escaped(span.text)}</text>"
    )


def _escaped(text: str) -> str:
    return escape(text).replace(" ", "&#160;")


def shows(svg: str, command: str) -> bool:
    """Say whether a picture has a command line in it."""
    return _escaped(command) in svg


def main() -> int:
    """Run the commands and write the picture."""
    if quietly("minisets get all,pvc -o name"):
        raise SystemExit("picture: the namespace default is in use")
    try:
        frames = record(COMMANDS)
    finally:
        quietly("minisets delete namespace default --volumes")
    PICTURE.write_text(draw(frames), encoding="utf-8")
    for row in frames[-1].rows:
        print("  ".join(span.text for span in row))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
