"""Label selectors (``-l``) and field selectors (``--field-selector``), as Kubernetes reads them.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from minisets.core.input.validate_names import check_labels
from minisets.core.suggest import did_you_mean
from minisets.errors import InputError

Json = Any
"""A value as JSON has it."""

LabelOperator = Literal["in", "notin", "exists", "!", ">", "<"]
_Relation = Literal["in", "notin", ">", "<"]

_TOKEN = re.compile(r"[ \t\r\n]*(==|!=|[=!<>(),]|[^ \t\r\n=!<>(),]+|\Z)")
_OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
_SYMBOLS = frozenset(("=", "==", "!=", "!", "<", ">", "(", ")", ",", ""))
_RELATIONS = {"=": "in", "==": "in", "!=": "notin"}
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}\Z")
_FIELD_TERM = re.compile(r"((?:\\.|[^\\,=!]|!(?!=))*)(!=|==|=)((?:\\.|[^\\,=])*)", re.DOTALL)
_FIELD_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequirement:
    """One condition on one label; ``a=b`` is ``a in (b)``."""

    key: str
    operator: LabelOperator
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSelector:
    """Conditions on labels, all of which must hold."""

    requirements: tuple[LabelRequirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRequirement:
    """A field that must, or must not, have a value; a missing field has the empty one."""

    path: str
    is_equal: bool
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSelector:
    """Conditions on fields, all of which must hold."""

    requirements: tuple[FieldRequirement, ...]


def parse_labels(text: str) -> LabelSelector:
    """Read a label selector; the empty text selects everything.

    Raises:
        InputError: The selector is wrong; the message says where.
    """
    tokens = _Tokens(text)
    requirements: list[LabelRequirement] = []
    while tokens.next or requirements:
        if tokens.next in _SYMBOLS and tokens.next != "!":
            after = "identifier after ','" if requirements else "!, identifier, or 'end of string'"
            raise tokens.fault(after)
        requirements.append(_read_label(tokens))
        if not tokens.next:
            break
        tokens.expect(",", "',' or 'end of string'")
    return LabelSelector(requirements=tuple(requirements))


def parse_fields(text: str, *, supported: Collection[str] | None = None) -> FieldSelector:
    r"""Read a field selector; ``\,``, ``\=`` and ``\\`` stand for the characters themselves.

    Args:
        supported: The fields that objects can be selected by; all, if none are given.

    Raises:
        InputError: The selector is wrong, or names a field that is not supported.
    """
    requirements: list[FieldRequirement] = []
    at = 0
    while at < len(text):
        if text[at] == ",":
            at += 1
            continue
        match = _FIELD_TERM.match(text, at)
        if match is None or text[match.end() : match.end() + 1] not in ("", ","):
            rest = text[at:].split(",")[0]
            message = f"invalid selector: '{text}'; can't understand '{rest}'"
            raise InputError(f"{message} at position {at + 1}")
        requirements.append(_read_field(match, supported))
        at = match.end()
    return FieldSelector(requirements=tuple(requirements))


def matches(selector: LabelSelector | FieldSelector, target: Mapping[str, Json]) -> bool:
    """Say whether all conditions hold.

    Args:
        target: The labels for a label selector, the whole object for a field selector.
    """
    if isinstance(selector, LabelSelector):
        return all(_label_holds(requirement, target) for requirement in selector.requirements)
    return all(
        (_field_text(target, requirement.path) == requirement.value) == requirement.is_equal
        for requirement in selector.requirements
    )


class _Tokens:
    """The words and symbols of a label selector, with the next one in view."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self.next = ""
        self.at = 0
        self.take()

    def take(self) -> str:
        """Step over the next token and return it; the last one is empty, again and again."""
        taken = self.next
        match = _TOKEN.match(self._text, self._end)
        # The pattern takes any character, so only the end of the text has no match.
        self.next, self.at, self._end = (
            (match[1], match.start(1), match.end()) if match else ("", self._end, self._end)
        )
        return taken

    def expect(self, token: str, expected: str) -> None:
        if self.next != token:
            raise self.fault(expected)
        self.take()

    def fault(self, expected: str) -> InputError:
        return InputError(
            f"unable to parse requirement: found '{self.next}', expected: {expected} "
            f"at position {self.at + 1}"
        )


def _read_label(tokens: _Tokens) -> LabelRequirement:
    is_absent = tokens.next == "!"
    if is_absent:
        tokens.take()
    if tokens.next in _SYMBOLS:
        raise tokens.fault("identifier")
    position = tokens.at + 1
    key = tokens.take()
    if is_absent or tokens.next in ("", ","):
        return _checked(
            LabelRequirement(key=key, operator="!" if is_absent else "exists"), position
        )
    if tokens.next not in _OPERATORS:
        raise tokens.fault(", ".join(_OPERATORS))
    written = tokens.take()
    relation = cast("_Relation", _RELATIONS.get(written, written))
    values = _read_values(tokens) if written in ("in", "notin") else {_read_value(tokens)}
    requirement = LabelRequirement(key=key, operator=relation, values=frozenset(values))
    return _checked(requirement, position)


def _read_value(tokens: _Tokens) -> str:
    if tokens.next in ("", ","):
        return ""
    if tokens.next in _SYMBOLS:
        raise tokens.fault("identifier")
    return tokens.take()


def _read_values(tokens: _Tokens) -> set[str]:
    tokens.expect("(", "'('")
    values: set[str] = set()
    while True:
        is_empty = tokens.next in (",", ")")
        if not is_empty and tokens.next in _SYMBOLS:
            raise tokens.fault("',', ')' or identifier")
        values.add("" if is_empty else tokens.take())
        if tokens.next == ")":
            tokens.take()
            return values
        tokens.expect(",", "',' or ')'")


def _checked(requirement: LabelRequirement, position: int) -> LabelRequirement:
    for value in sorted(requirement.values) or [""]:
        for problem in check_labels((), {requirement.key: value}):
            message = f"unable to parse requirement: {problem.message} at position {position}"
            raise InputError(message)
        if requirement.operator in ("<", ">") and not _INTEGER.match(value):
            message = f"for 'Gt', 'Lt' operators, the value must be an integer, not '{value}'"
            raise InputError(f"unable to parse requirement: {message} at position {position}")
    return requirement


def _label_holds(requirement: LabelRequirement, labels: Mapping[str, Json]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "exists":
            return value is not None
        case "!":
            return value is None
        case "in":
            return value in requirement.values
        case "notin":
            return value not in requirement.values
        case _:
            if value is None or not _INTEGER.match(value):
                return False
            (bound,) = requirement.values
            difference = int(value) - int(bound)
            return difference > 0 if requirement.operator == ">" else difference < 0


def _read_field(match: re.Match[str], supported: Collection[str] | None) -> FieldRequirement:
    path, sign, value = match.groups()
    for escape in _FIELD_ESCAPE.finditer(value):
        if escape[1] not in ",=\\":
            position = match.start(3) + escape.start() + 1
            message = f"invalid field selector: invalid escape sequence: {escape[0]}"
            raise InputError(f"{message} at position {position}")
    if supported is not None and path not in supported:
        listed = ", ".join(sorted(supported))
        raise InputError(
            f'"{path}" is not a known field selector: only {listed} '
            f"at position {match.start() + 1}",
            hint=did_you_mean(path, supported),
        )
    return FieldRequirement(
        path=path, is_equal=sign != "!=", value=_FIELD_ESCAPE.sub(r"\1", value)
    )


def _field_text(target: Json, path: str) -> str:
    value = target
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
