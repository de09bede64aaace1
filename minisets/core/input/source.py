"""Where an object was written: file, line and column of each of its fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from minisets.errors import Problem

Json = Any
"""A value as JSON has it: map, list, text, number, true, false or null."""

Path = tuple[str | int, ...]
"""Field names and list positions from the root of an object."""

Locator = Callable[[Path, bool], tuple[int, int]]

# How messages begin that are about the value of a field, not about the field.
_ABOUT_VALUES = (
    *("Duplicate value", "Invalid value", "Not found", "Unsupported value"),
    *("must be", "no matches for kind"),
)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_PATH_PART = re.compile(r"\[([^\]]*)\]|([^.\[]+)")


def _unknown_place(_path: Path, _value: bool) -> tuple[int, int]:
    return (0, 0)


@dataclass(frozen=True, slots=True)
class Source:
    """The place in a file that an object came from.

    Attributes:
        file: Its name in messages.
        locator: Finds the line and column of a field.
        text: All of the file, to quote from: standard input and URLs cannot be read again.
    """

    file: str = ""
    locator: Locator = field(default=_unknown_place, repr=False, compare=False)
    text: str = field(default="", repr=False, compare=False)

    def locate(self, path: Path, *, value: bool = False) -> tuple[int, int]:
        """Find the line and column, from 1, of the deepest part of the path that was written.

        Args:
            path: Field names and list positions.
            value: Point at the value of the last field instead of its name.
        """
        return self.locator(path, value)

    def place(self, problem: Problem) -> Problem:
        """Fill in the file, line and column of a problem from its field path, and the line."""
        path = parse_path(problem.path)
        line, column = self.locate(path)
        if problem.message.startswith(_ABOUT_VALUES):
            at = self.locate(path, value=True)
            # A map or a list below its name is better found by the name.
            line, column = at if at[0] == line else (line, column)
        quote = line_of(self.text, line)
        return replace(problem, file=self.file, line=line, column=column, quote=quote)

    def place_notice(self, notice: Notice) -> Notice:
        """Fill in the file and line of a notice from its field path."""
        return replace(notice, file=self.file, line=self.locate(parse_path(notice.path))[0])


def line_of(text: str, line: int) -> str:
    """Return a line of a text, counted from 1; empty if it has no such line."""
    lines = text.splitlines() if line else []
    return lines[line - 1] if 0 < line <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Document:
    """One object as it was written, and where."""

    obj: dict[str, Any]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that the user should know and that stops nothing.

    Attributes:
        message: One sentence; where something is ignored, the reason.
        path: Field path; empty for a whole object.
        file: File name as given; empty if unknown.
        line: Line in the file, from 1; 0 if unknown.
        subject: The object, such as ``statefulset/web``; empty if unknown.
        ignored: Names of the fields that are ignored, or the kind of an object that is.
    """

    message: str
    path: str = ""
    file: str = ""
    line: int = 0
    subject: str = ""
    ignored: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Say whether a whole object is ignored."""
        return bool(self.ignored) and not self.path

    def __str__(self) -> str:
        """Render as ``file:line: subject: message``; where that is unknown, with the path."""
        place = f"{self.file}:{self.line}" if self.file and self.line else ""
        path = "" if place or self.ignored else self.path
        message = self.message
        if self.is_whole:
            what = f"{self.subject or self.ignored[0]} is ignored"
            return ": ".join(part for part in (place, what, message) if part)
        if self.ignored:
            verb = "is" if len(self.ignored) == 1 else "are"
            message = f"{', '.join(self.ignored)} {verb} ignored: {message}"
        return ": ".join(part for part in (place, self.subject, path, message) if part)


def render_path(path: Path) -> str:
    """Write a path as Kubernetes does: ``spec.containers[0].image``, ``labels[a.b/c]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.match(part):
            text += f".{part}" if text else part
        else:
            text += f"[{part}]"
    return text


def parse_path(text: str) -> Path:
    """Read a path that render_path wrote."""
    return tuple(
        int(inner) if inner.isdecimal() else inner or plain
        for inner, plain in _PATH_PART.findall(text)
    )
