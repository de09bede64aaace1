"""Errors as text for a person: the message, the offending line with a caret, what to do next."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import zip_longest
from unicodedata import category, combining, east_asian_width

import click

from minisets.cli.terminal import has_colours, width_of, wrap
from minisets.errors import ManifestError, MinisetsError, Problem

_WIDEST_LINE = 160
_COLOURS = {"error:": "red", "notice:": "yellow", "hint:": "cyan"}
_CUT = "..."
_CARET = re.compile(r"( +\|\s*)\^")


def render_error(error: MinisetsError, *, is_quoted: bool = True) -> list[str]:
    """Return the lines of an error, beginning with ``error:``.

    Args:
        error: To show.
        is_quoted: Show the lines of manifests that are wrong.
    """
    if isinstance(error, ManifestError):
        lines = _render_problems(error.problems, is_quoted=is_quoted)
    else:
        lines = [f"error: {error.message}"]
    return [*lines, f"hint: {error.hint}"] if error.hint else lines


def _render_problems(problems: tuple[Problem, ...], *, is_quoted: bool) -> list[str]:
    if len(problems) == 1:
        first, *rest = render_problem(problems[0], is_quoted=is_quoted)
        return [f"error: {first}", *rest]
    lines = [f"error: {len(problems)} problems in the manifests; nothing was touched"]
    for problem in problems:
        lines += ["", *render_problem(problem, is_quoted=is_quoted)]
    return lines


def render_problem(problem: Problem, *, is_quoted: bool = True) -> list[str]:
    """Return place, path and reason, then the source line with a caret, then the remedy."""
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    lines = [": ".join(part for part in (place, problem.path, problem.message) if part)]
    if is_quoted and problem.quote:
        lines += _quote(problem.quote, problem.line, problem.column)
    lines = [_printable(line) for line in lines]
    return [*lines, f"hint: {problem.hint}"] if problem.hint else lines


def _quote(source: str, line: int, column: int) -> list[str]:
    number = f"{line:>5}"
    source = source.rstrip()
    quoted = f"{number} | {source}".rstrip()
    caret = f"{' ' * len(number)} | {_pad(source[: max(column - 1, 0)])}^"
    if column:
        return _fit_quote(quoted, caret, _WIDEST_LINE)
    return _fit_quote(quoted, caret, _WIDEST_LINE)[:1]


def _printable(line: str) -> str:
    """Replace what would steer the terminal; a tab stays, and every letter keeps its place."""
    return "".join(
        letter if letter == "\t" or category(letter) != "Cc" else "?" for letter in line
    )


def _pad(text: str) -> str:
    """Return blanks as wide as a text on a terminal; tabs stay tabs."""
    return "".join("\t" if letter == "\t" else " " * _cells(letter) for letter in text)


def _cells(text: str) -> int:
    """Count the columns of a terminal that a text takes; a tab counts as one."""
    return sum(
        0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in text
    )


def dress(lines: Sequence[str]) -> list[str]:
    """Make the lines of an error fit for the terminal on standard error, if it is one."""
    width = width_of(sys.stderr)
    if width is None:
        return list(lines)
    fitting: list[str] = []
    for line, below in zip_longest(lines, lines[1:], fillvalue=""):
        if _CARET.fullmatch(line) and fitting:
            # Cut like the line above it.
            fitting[-1:] = _fit_quote(fitting[-1], line, width)
        elif _CARET.fullmatch(below) or line.startswith("hint:"):
            # Hints stay whole: they hold commands, which are to be copied.
            fitting.append(line)
        else:
            fitting.append(wrap(line, width))
    return [_coloured(line) for line in fitting] if has_colours(sys.stderr) else fitting


def _fit_quote(quote: str, caret: str, width: int) -> list[str]:
    """Cut a quoted line so that it fits and the place of the caret is in it."""
    if _cells(quote) <= width:
        return [quote, caret]
    margin = quote.index("|") + 2
    text = quote[margin:]
    at = _letter_at(text, len(caret) - 1 - margin)
    room = max(1, width - margin - 2 * len(_CUT))
    while True:
        first = 0 if at < room - len(_CUT) else max(0, at - room // 2)
        shown = text[first : first + room]
        # Wide letters take more room than they are.
        if room == 1 or _cells(shown) <= width - margin - 2 * len(_CUT):
            break
        room -= 1
    before = _CUT if first else ""
    after = _CUT if first + room < len(text) else ""
    pad = _pad(before + text[first:at]) + " " * (at - len(text))
    return [quote[:margin] + before + shown + after, f"{caret[:margin]}{pad}^"]


def _letter_at(text: str, column: int) -> int:
    """Return which letter begins at a column of the terminal, both counted from 0."""
    cells = 0
    for index, letter in enumerate(text):
        if cells >= column:
            return index
        cells += _cells(letter)
    return len(text) + column - cells


def _coloured(line: str) -> str:
    word, _, rest = line.partition(" ")
    if word in _COLOURS:
        return f"{click.style(word, fg=_COLOURS[word], bold=word == 'error:')} {rest}"
    caret = _CARET.fullmatch(line)
    return f"{caret[1]}{click.style('^', fg='red', bold=True)}" if caret else line
