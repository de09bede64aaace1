"""What the terminal behind a stream can show."""

from __future__ import annotations

import os
from typing import TextIO


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
