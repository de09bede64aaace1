"""Errors as text for a person: the message, the offending line with a caret, what to do next."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from minisets.cli.terminal import has_colours, width_of, wrap
from minisets.errors import ManifestError, MinisetsError, Problem

ReadLine = Callable[[str, int], str | None]
"""Returns a line of a file, without its end; None if it cannot be read again."""

_WIDEST_LINE = 160
_COLOURS = {"error:": "red", "notice:": "yellow", "hint:": "cyan"}
_CARET = re.compile(r"( +\|\s*)\^")


def read_line(file: str, line: int) -> str | None:
    """Return a line of a file; None where that is not possible: standard input, URLs."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    lines = text.splitlines()
    return lines[line - 1] if 0 < line <= len(lines) else None


def render_error(error: MinisetsError, read: ReadLine = read_line) -> list[str]:
    """Return the lines of an error, beginning with ``error:``."""
    if isinstance(error, ManifestError):
        lines = _render_problems(error.problems, read)
    else:
        lines = [f"error: {error.message}"]
    return [*lines, f"hint: {error.hint}"] if error.hint else lines


def _render_problems(problems: tuple[Problem, ...], read: ReadLine) -> list[str]:
    if len(problems) == 1:
        first, *rest = render_problem(problems[0], read)
        return [f"error: {first}", *rest]
    lines = [f"error: {len(problems)} problems in the manifests; nothing was touched"]
    for problem in problems:
        lines += ["", *render_problem(problem, read)]
    return lines


def render_problem(problem: Problem, read: ReadLine) -> list[str]:
    """Return place, path and reason, then the source line with a caret, then the remedy."""
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    lines = [": ".join(part for part in (place, problem.path, problem.message) if part)]
    source = read(problem.file, problem.line) if problem.file and problem.line else None
    if source is not None and len(source) <= _WIDEST_LINE:
        lines += _quote(source, problem.line, problem.column)
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
    # Hints stay whole: they hold commands, which are to be copied.
    fitting = [line if line.startswith("hint:") else wrap(line, width) for line in lines]
    return [_coloured(line) for line in fitting] if has_colours(sys.stderr) else fitting


def _coloured(line: str) -> str:
    word, _, rest = line.partition(" ")
    if word in _COLOURS:
        return f"{click.style(word, fg=_COLOURS[word], bold=word == 'error:')} {rest}"
    caret = _CARET.fullmatch(line)
    return f"{caret[1]}{click.style('^', fg='red', bold=True)}" if caret else line
