"""Errors as text for a person: the message, the offending line with a caret, what to do next."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import zip_longest

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
    if is_quoted and 0 < len(problem.quote) <= _WIDEST_LINE:
        lines += _quote(problem.quote, problem.line, problem.column)
    return [*lines, f"hint: {problem.hint}"] if problem.hint else lines


def _quote(source: str, line: int, column: int) -> list[str]:
    number = f"{line:>5}"
    quoted = [f"{number} | {source.rstrip()}".rstrip()]
    if column:
        # Tabs stay tabs, so that the caret stands below its character in any terminal.
        pad = "".join("\t" if letter == "\t" else " " for letter in source[: column - 1])
        quoted.append(f"{' ' * len(number)} | {pad}^")
    return quoted


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
    if len(quote) <= width:
        return [quote, caret]
    margin = quote.index("|") + 2
    room = max(1, width - margin - 2 * len(_CUT))
    at = len(caret) - 1 - margin
    first = 0 if at < room - len(_CUT) else max(0, at - room // 2)
    text = quote[margin:]
    shown = (_CUT if first else "") + text[first : first + room]
    shown += _CUT if first + room < len(text) else ""
    shift = first - (len(_CUT) if first else 0)
    return [quote[:margin] + shown, caret[:margin] + " " * (at - shift) + "^"]


def _coloured(line: str) -> str:
    word, _, rest = line.partition(" ")
    if word in _COLOURS:
        return f"{click.style(word, fg=_COLOURS[word], bold=word == 'error:')} {rest}"
    caret = _CARET.fullmatch(line)
    return f"{caret[1]}{click.style('^', fg='red', bold=True)}" if caret else line
