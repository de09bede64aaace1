r"""kubectl's JSONPath: templates with ``{...}`` expressions, and the paths of columns and waits.

It is a dialect of its own: ``$`` and ``@`` both mean the value at hand, a dot in a name is written
``\.``, and an index outside its list is an error.
https://kubernetes.io/docs/reference/kubectl/jsonpath/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from minisets.core.query.jsonpath_eval import to_text, walk
from minisets.core.query.jsonpath_nodes import Json, Template
from minisets.core.query.jsonpath_parse import parse_template
from minisets.errors import InputError

__all__ = [
    "Condition",
    "Json",
    "Template",
    "find",
    "holds",
    "parse",
    "parse_condition",
    "parse_path",
    "render",
    "select",
    "to_text",
]

_RELAXED = re.compile(r"\{\.?([^{}]+)\}\Z|\.?([^{}]+)\Z")
_EQUALS = re.compile(r"[=!<>]=|=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What ``kubectl wait --for=jsonpath=...`` waits for; no value means any value."""

    path: Template
    value: str | None


def parse(text: str) -> Template:
    """Read a template as ``-o jsonpath=`` takes it; what is outside braces is text.

    Raises:
        InputError: The template is wrong; the message says where.
    """
    return parse_template(text)


def parse_path(text: str) -> Template:
    """Read one path as columns, sorting and waiting take it: braces and first dot may be missing.

    Raises:
        InputError: The path is wrong; the message says where.
    """
    match = _RELAXED.match(text)
    if match is None:
        message = (
            f"unexpected path string {text!r} at position 1, expected a 'name1.name2' or "
            "'.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        )
        raise InputError(message)
    path = match[1] or match[2]
    shift = match.end(match.lastindex or 0) - len(path) - 2
    return parse_template(f"{{.{path}}}", shift=shift)


def render(template: Template, value: Json, *, allow_missing_keys: bool = True) -> str:
    """Print a value through a template, several results of an expression apart by a space.

    Raises:
        InputError: An index is outside its list, a comparison makes no sense, or a key is missing
            and must not be.
    """
    groups = walk(template.parts, value, strict=not allow_missing_keys)
    return "".join(" ".join(to_text(result) for result in group) for group in groups)


def select(template: Template, value: Json, *, allow_missing_keys: bool = True) -> list[Json]:
    """Return all results of a template, as values.

    Raises:
        InputError: As ``render``.
    """
    groups = walk(template.parts, value, strict=not allow_missing_keys)
    return [result for group in groups for result in group]


def find(text: str, value: Json) -> list[Json]:
    """Return what a path leads to; what is missing leads to nothing.

    Raises:
        InputError: The path is wrong, or an index is outside its list.
    """
    return select(parse_path(text), value)


def parse_condition(text: str) -> Condition:
    """Read what follows ``--for=jsonpath=``: a path, and perhaps ``=`` and a value.

    Raises:
        InputError: The path is wrong, or the value is empty or holds a ``=``.
    """
    text = text.removeprefix("jsonpath=")
    marks = [match.start() for match in _EQUALS.finditer(text) if match[0] == "="]
    if len(marks) > 1:
        example = "--for=jsonpath='{.status.readyReplicas}'"
        message = f"jsonpath wait format must be {example}=3 or {example}"
        raise InputError(f"{message}; there is one '=' too many at position {marks[1] + 1}")
    if not marks:
        return Condition(path=parse_path(text), value=None)
    path, value = text[: marks[0]], text[marks[0] + 1 :].strip("'\"")
    if not value:
        message = (
            f"jsonpath wait has to have a value after equal sign at position {marks[0] + 1}, "
            "like --for=jsonpath='{.status.readyReplicas}'=3"
        )
        raise InputError(message)
    return Condition(path=parse_path(path), value=value)


def holds(condition: Condition, value: Json) -> bool:
    """Say whether the path leads to something, and if a value is asked for, to its text.

    Raises:
        InputError: The path leads to several values, or to a map or a list that is compared.
    """
    results = select(condition.path, value)
    if not results:
        return False
    if len(results) > 1:
        raise InputError("given jsonpath expression matches more than one value")
    if condition.value is None:
        return True
    if isinstance(results[0], Mapping | list | tuple):
        raise InputError("jsonpath leads to a nested object or list which is not supported")
    return to_text(results[0]).strip() == condition.value.strip()
