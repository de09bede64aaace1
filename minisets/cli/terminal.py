"""What the terminal behind a stream can show, and text made for it."""

from __future__ import annotations

import os
from typing import TextIO

# A paragraph is not wrapped into a thinner column than this.
_LEAST_WIDTH = 20


def is_terminal(stream: TextIO | None) -> bool:
    """Say whether a stream leads to a terminal; what was closed at the start leads nowhere."""
    return stream is not None and not stream.closed and stream.isatty()


def has_colours(stream: TextIO | None) -> bool:
    """Say whether to colour what goes to a stream: https://no-color.org, and dumb terminals."""
    return (
        is_terminal(stream)
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") not in {"dumb", ""}
    )


def has_unicode(encoding: str) -> bool:
    """Say whether more than ASCII may be shown.

    Python writes UTF-8 whatever a locale of C says; the terminal may go by the locale.

    Args:
        encoding: Of the stream.
    """
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((name for name in names if name), "")
    says_utf = not locale or "utf" in locale.lower()
    # The console of a Linux machine has few glyphs.
    return says_utf and encoding.lower().startswith("utf") and os.environ.get("TERM") != "linux"


def width_of(stream: TextIO | None) -> int | None:
    """Return the columns of the terminal behind a stream; None if there is none."""
    if stream is None or not is_terminal(stream):
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def wrap(text: str, width: int | None) -> str:
    """Break the prose of a text between words; lines that are set in stay as they are."""
    if width is None or width < _LEAST_WIDTH or len(text) <= width:
        return text
    from textwrap import wrap as wrap_words

    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= width or line.startswith((" ", "\t")):
            lines.append(line)
        else:
            # A path or a command is one thing, wherever it has dashes.
            lines += wrap_words(
                line,
                width,
                subsequent_indent="  ",
                break_on_hyphens=False,
                break_long_words=False,
            )
    return "\n".join(lines)
