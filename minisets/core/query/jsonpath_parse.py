"""Reads a JSONPath template: text in, nodes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from minisets.core.query.jsonpath_nodes import (
    OPERATORS,
    Constant,
    Descent,
    Element,
    Expression,
    Field,
    Filter,
    Node,
    Part,
    Range,
    Slice,
    Template,
    Union,
    Wildcard,
    fault,
)
from minisets.errors import InputError

_DEEPEST = 32
_TEXT = re.compile(r"[^{]+")
_KEYWORD = re.compile(r" *(range|end)(?=[ .\[\]$@{}]|$)")
_SKIPPED = re.compile(r"[ @$]*")
_BLANK = re.compile(r" *")
# Inside a filter a name also ends where the comparison starts or the filter ends.
_NAME = re.compile(r"(?:\\[^\r\n]|[^ \t\r\n.,\[\]$@{}\\])*")
_FILTER_NAME = re.compile(r"(?:\\[^\r\n]|[^ \t\r\n.,\[\]$@{}\\)!<>=])*")
_WORD = re.compile(r"\w[^ \t\r\n.,\[\]$@{})!<>=]*")
_NUMBER = re.compile(r"[+-]?[0-9.]+")
_QUOTED = re.compile(r"""'(?:[^'\\\n]|\\[^\n])*'|"(?:[^"\\\n]|\\[^\n])*\"""")
_KEY = re.compile(r"'[^'\n]*'")
_RANGE = re.compile(r"(?:-?[0-9]{1,9})?(?::(?:-?[0-9]{1,9})?){0,2}")
_OPERATOR = re.compile(r"[!<>=]+")
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
_ESCAPED = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


def parse_template(text: str, *, shift: int = 0) -> Template:
    """Read a template; ``shift`` corrects positions in the text of a rewritten path.

    Raises:
        InputError: The template is wrong; the message says where.
    """
    return Template(parts=_parse_parts(_Scanner(text, shift=shift)))


class _Scanner:
    """Reads a template from left to right; ``shift`` corrects positions of rewritten paths."""

    def __init__(self, text: str, *, shift: int = 0) -> None:
        self.text = text
        self.at = 0
        self._shift = shift
        self._depth = 0

    def position(self) -> int:
        return max(1, self.at + 1 + self._shift)

    def fault(self, message: str) -> InputError:
        return fault(message, self.position())

    def take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def has(self, text: str) -> bool:
        found = self.text.startswith(text, self.at)
        if found:
            self.at += len(text)
        return found

    def nodes(self, closers: str) -> tuple[Node, ...]:
        """Read steps up to one of the characters, which stays unread."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.fault("filters are nested too deep")
        found: list[Node] = []
        while True:
            self.take(_SKIPPED)
            here = self.text[self.at : self.at + 1]
            if here in ("", "\n", "\r"):
                raise self.fault("unclosed action")
            if here in closers:
                self._depth -= 1
                return tuple(found)
            found.extend(self._step(here, found, closers))

    def _step(self, here: str, before: Sequence[Node], closers: str) -> Iterator[Node]:
        if here == ".":
            yield from self._dotted(before, _NAME if closers == "}" else _FILTER_NAME)
        elif here == "[":
            yield self._bracket()
        elif here in "'\"":
            yield Constant(value=self._quoted())
        elif here in "+-0123456789":
            yield Constant(value=self._number())
        else:
            yield Constant(value=self._word(here))

    def _dotted(self, before: Sequence[Node], name: re.Pattern[str]) -> Iterator[Node]:
        if self.has(".."):
            if before and isinstance(before[-1], Descent):
                raise self.fault("invalid multiple recursive descent")
            yield Descent()
        else:
            self.at += 1
        position = self.position()
        written = self.take(name)
        if written == "*":
            yield Wildcard()
        elif written:
            yield Field(name=_unescape(written), path=(), position=position)

    def _bracket(self) -> Node:
        self.at += 1
        if self.has("?("):
            return self._filter()
        options = [self._option()]
        while self.has(","):
            options.append(self._option())
        if not self.has("]"):
            whole = "]" in self.text[self.at :]
            raise self.fault("invalid array index" if whole else "unterminated array")
        return options[0] if len(options) == 1 else Union(options=tuple(options))

    def _option(self) -> Node:
        self.take(_BLANK)
        position = self.position()
        if key := self.take(_KEY):
            path = re.split(r"(?<!\\)\.", key[1:-1])
            names = tuple(_unescape(name) for name in path)
            node: Node = Field(name=_unescape(key[1:-1]), path=names, position=position)
        elif self.has("*"):
            node = Slice(start=None, stop=None, step=1, position=position)
        else:
            node = self._slice(position)
        self.take(_BLANK)
        return node

    def _slice(self, position: int) -> Node:
        written = self.take(_RANGE)
        if not written:
            closed = "]" in self.text[self.at :]
            raise self.fault("invalid array index" if closed else "unterminated array")
        start, *others = [int(bound) if bound else None for bound in written.split(":")]
        if not others and start is not None:
            return Element(index=start, position=position)
        stop, step = (*others, None)[:2]
        if step is not None and step <= 0:
            raise fault("step must be > 0", position)
        return Slice(start=start, stop=stop, step=step or 1, position=position)

    def _filter(self) -> Filter:
        position = self.position()
        left = self.nodes(")!<>=")
        compared = self.take(_OPERATOR)
        if compared and compared not in OPERATORS:
            raise fault(f"unrecognized filter operator {compared}", position)
        right = self.nodes(")") if compared else ()
        if compared and not right:
            raise self.fault("the filter compares with nothing")
        if not self.has(")]"):
            raise self.fault("unclosed array expect ]")
        return Filter(left=left, operator=compared, right=right, position=position)

    def _quoted(self) -> str:
        written = self.take(_QUOTED)
        if not written:
            raise self.fault("unterminated quoted string")
        try:
            return _ESCAPE.sub(_unquote, written[1:-1])
        except ValueError as error:
            raise self.fault(f"unquote string {written} error invalid syntax") from error

    def _number(self) -> float:
        position = self.position()
        written = self.take(_NUMBER)
        try:
            number = float(written)
        except ValueError as error:
            raise fault(f"cannot parse number {written}", position) from error
        return number if "." in written or abs(number) >= 2**63 else int(written)

    def _word(self, here: str) -> bool:
        position = self.position()
        word = self.take(_WORD)
        if word in ("true", "false"):
            return word == "true"
        if word:
            raise fault(f"unrecognized identifier {word}", position)
        shown = f"U+{ord(here):04X} {here!r}"
        raise self.fault(f"unrecognized character in action: {shown}")


def _parse_parts(scanner: _Scanner) -> tuple[Part, ...]:
    # A range without an end goes on to the end of the template, as in kubectl.
    levels: list[tuple[tuple[Node, ...], list[Part]]] = [((), [])]
    while scanner.at < len(scanner.text):
        if text := scanner.take(_TEXT):
            levels[-1][1].append(Expression(nodes=(Constant(value=text),)))
            continue
        position = scanner.position()
        scanner.has("{")
        keyword = scanner.take(_KEYWORD).strip()
        nodes = scanner.nodes("}")
        scanner.has("}")
        if keyword == "range":
            if len(levels) > _DEEPEST:
                raise fault("ranges are nested too deep", position)
            levels.append((nodes, []))
        elif keyword == "end":
            if len(levels) == 1 or nodes:
                raise fault("not in range, nothing to end", position)
            _close(levels)
        else:
            levels[-1][1].append(Expression(nodes=nodes))
    while len(levels) > 1:
        _close(levels)
    return tuple(levels[0][1])


def _close(levels: list[tuple[tuple[Node, ...], list[Part]]]) -> None:
    nodes, body = levels.pop()
    levels[-1][1].append(Range(nodes=nodes, body=tuple(body)))


def _unescape(name: str) -> str:
    return name.replace("\\", "")


def _unquote(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits or match[4]:
        code = int(digits, 16) if digits else int(match[4], 8)
        if 0xD800 <= code < 0xE000:
            raise ValueError(match[0])
        # chr refuses what lies above Unicode in two ways.
        return chr(min(code, 0x110000))
    if match[5] not in _ESCAPED:
        raise ValueError(match[0])
    return _ESCAPED[match[5]]
