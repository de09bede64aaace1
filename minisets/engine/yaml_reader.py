"""YAML text to plain objects with their positions, by Kubernetes' rules for scalars.

Built on PyYAML's events (read in C where it was built so), since its own constructors read 1:30
as ninety and 2024-01-01 as a date and let the last of two equal keys win, and its C composer
overflows the stack on deep nesting.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from minisets.core.input.source import Document, Json, Path, Source, line_of
from minisets.engine.yaml_scalars import resolve_scalar
from minisets.errors import Problem

# PyYAML declares its events without their attributes, and its C loader not at all.
_Event = Any
_Loader = Any

# Values that come out of aliases; a file that needs more was made to exhaust memory.
MAX_ALIASED_VALUES = 100_000
MAX_DEPTH = 200

_LOADER: _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG_PREFIX = "tag:yaml.org,2002:"
_TEMPLATE_HINT = "this looks like a template: render it first, for example with helm template"


class _Refused(Exception):
    def __init__(self, message: str, mark: _Mark, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark
        self.hint = hint


_Mark = tuple[int, int]


@dataclass(slots=True)
class _Scalar:
    mark: _Mark
    text: str
    is_plain: bool
    tag: str | None


@dataclass(slots=True)
class _Sequence:
    mark: _Mark
    items: list[_Node]


@dataclass(slots=True)
class _Mapping:
    mark: _Mark
    pairs: list[tuple[_Node, _Node]]


@dataclass(slots=True)
class _Alias:
    mark: _Mark
    target: _Node


_Node = _Scalar | _Sequence | _Mapping | _Alias


def parse_text(text: str | bytes, file: str) -> tuple[list[Document], list[Problem]]:
    """Read every object of a YAML or JSON text; lists of objects are flattened.

    Returns:
        The objects, and what is wrong. A broken text gives its first error only, because what
        follows it cannot be trusted.
    """
    documents: list[Document] = []
    decoded = text if isinstance(text, str) else text.decode(errors="replace")
    try:
        decoded = _decode(text)
        for root in _read_nodes(decoded):
            value = _Builder().build(root)
            if value is None:
                continue
            _require_map(value, root)
            documents.extend(_flatten(value, root, file, decoded, ()))
    except _Refused as error:
        line, column = error.mark
        problem = Problem(
            message=error.message,
            file=file,
            line=line,
            column=column,
            hint=error.hint,
            quote=line_of(decoded, line),
        )
        return documents, [problem]
    return documents, []


def _require_map(value: Json, node: _Node) -> None:
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "a single value"
        raise _Refused(f"must be an object (a map of fields), not {kind}", node.mark)


def _flatten(
    obj: dict[str, Any], root: _Node, file: str, text: str, prefix: Path
) -> list[Document]:
    """Give the object, or the objects inside a List of objects."""
    kind, items = obj.get("kind"), obj.get("items")
    if kind == "List" or (isinstance(kind, str) and kind.endswith("List") and "items" in obj):
        if not isinstance(items, list):
            items = [] if items is None else [items]
        found: list[Document] = []
        for index, item in enumerate(items):
            path = (*prefix, "items", index)
            if not isinstance(item, dict):
                raise _Refused("must be an object (a map of fields)", _locate(root, path, True))
            found.extend(_flatten(item, root, file, text, path))
        return found

    def locate(path: Path, value: bool) -> tuple[int, int]:
        return _locate(root, (*prefix, *path), value)

    return [Document(obj=obj, source=Source(file=file, locator=locate, text=text))]


def _decode(text: str | bytes) -> str:
    if isinstance(text, bytes):
        utf16 = text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            text = text.decode("utf-16" if utf16 else "utf-8")
        except UnicodeDecodeError as error:
            coding = "UTF-16" if utf16 else "UTF-8"
            before = error.object[: error.start].decode(errors="replace")
            mark = (1, 1) if utf16 else _mark_at(before, len(before))
            raise _Refused(f"not a text in {coding}", mark) from error
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{") and "\t" in text and _is_json(text):
        # Tabs between the tokens are fine in JSON only; inside JSON strings they cannot stand.
        text = text.replace("\t", " ")
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _read_nodes(text: str) -> list[_Node]:
    """Compose the root node of every document."""
    roots: list[_Node] = []
    try:
        loader = _LOADER(text)
        while loader.check_event():
            event = loader.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                roots.append(_Composer(loader).compose(loader.get_event(), 0))
    except yaml.MarkedYAMLError as error:
        _refuse_syntax(error, text)
    except yaml.reader.ReaderError as error:
        found = error.character
        character = found if isinstance(found, str) else chr(int(found))
        # The reader's own position counts bytes. It refuses the character wherever it stands, so
        # the first one is it.
        mark = _mark_at(text, text.find(character))
        message = f"the character #x{ord(character):04x} is not allowed"
        raise _Refused(message, mark) from error
    except UnicodeEncodeError as error:
        raise _Refused("not a text in UTF-8", _mark_at(text, error.start)) from error
    return roots


def _mark_at(text: str, at: int) -> _Mark:
    """Return line and column of a position in a text; those of its beginning if it is negative."""
    before = text[: max(at, 0)]
    lines = f"{before}x".splitlines()
    return len(lines), len(lines[-1])


def _refuse_syntax(error: yaml.MarkedYAMLError, text: str) -> NoReturn:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    written = lines[line] if line < len(lines) else ""
    reason = error.problem or "broken YAML"
    if "cannot start any token" in reason:
        character = written[column : column + 1]
        reason = (
            "a tab is not allowed as indentation, use spaces"
            if character == "\t"
            else f'a value cannot start with "{character}" unless it is quoted'
        )
    elif error.context:
        reason = f"{reason} {error.context}"
    hint = _TEMPLATE_HINT if "{{" in text else ""
    raise _Refused(f"broken YAML: {reason}", (line + 1, column + 1), hint) from error


class _Composer:
    """Nests the events of one document; an alias points to its anchor's node."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self._anchors: dict[str, _Node] = {}

    def compose(self, event: _Event, depth: int) -> _Node:
        mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(event.anchor or "")
            if target is None:
                raise _Refused(f'broken YAML: no anchor "&{event.anchor}" before this', mark)
            return _Alias(mark, target)
        if depth > MAX_DEPTH:
            raise _Refused(f"nested more than {MAX_DEPTH} levels deep", mark)
        if isinstance(event, yaml.ScalarEvent):
            node: _Node = _Scalar(mark, event.value, event.implicit[0], event.tag)
            self._remember(event, node)
            return node
        self._check_collection_tag(event, mark)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, mark, depth)
        return self._mapping(event, mark, depth)

    def _sequence(self, event: _Event, mark: _Mark, depth: int) -> _Sequence:
        node = _Sequence(mark, [])
        self._remember(event, node)
        while not isinstance(event := self._loader.get_event(), yaml.SequenceEndEvent):
            node.items.append(self.compose(event, depth + 1))
        return node

    def _mapping(self, event: _Event, mark: _Mark, depth: int) -> _Mapping:
        node = _Mapping(mark, [])
        self._remember(event, node)
        while not isinstance(event := self._loader.get_event(), yaml.MappingEndEvent):
            key = self.compose(event, depth + 1)
            node.pairs.append((key, self.compose(self._loader.get_event(), depth + 1)))
        return node

    def _remember(self, event: _Event, node: _Node) -> None:
        if event.anchor:
            self._anchors[event.anchor] = node

    @staticmethod
    def _check_collection_tag(event: _Event, mark: _Mark) -> None:
        name = "seq" if isinstance(event, yaml.SequenceStartEvent) else "map"
        if event.tag not in (None, "!", _TAG_PREFIX + name):
            raise _Refused(f"the tag {event.tag} is not supported", mark)


class _Builder:
    """Turns the nodes of one document into values, following aliases within limits."""

    def __init__(self) -> None:
        self._aliased_values = 0
        self._open_aliases: list[int] = []

    def build(self, node: _Node) -> Json:
        if self._open_aliases:
            self._aliased_values += 1
            if self._aliased_values > MAX_ALIASED_VALUES:
                raise _Refused(
                    f"aliases expand to more than {MAX_ALIASED_VALUES} values", node.mark
                )
        match node:
            case _Scalar():
                return _scalar_value(node)
            case _Sequence():
                return [self.build(item) for item in node.items]
            case _Mapping():
                return self._map(node)
            case _Alias():
                return self._follow(node)

    def _follow(self, alias: _Alias) -> Json:
        target = alias.target
        if id(target) in self._open_aliases or len(self._open_aliases) > MAX_DEPTH:
            raise _Refused("this alias contains itself", alias.mark)
        self._open_aliases.append(id(target))
        value = self.build(target)
        self._open_aliases.pop()
        return value

    def _map(self, node: _Mapping) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.pairs:
            if _is_merge(key_node):
                for source in self._merge_sources(value_node):
                    merged = {**source, **merged}
                continue
            key = _key_text(key_node)
            if key in own:
                raise _Refused(f'the key "{key}" is already set in this map', key_node.mark)
            own[key] = self.build(value_node)
        return {**merged, **own}

    def _merge_sources(self, node: _Node) -> list[dict[str, Any]]:
        value = self.build(node)
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise _Refused("<< takes a map or a list of maps", node.mark)
        return sources


def _is_merge(node: _Node) -> bool:
    return isinstance(node, _Scalar) and node.text == "<<" and node.is_plain


def _key_text(node: _Node) -> str:
    """Give a map key as kubectl does: numbers and booleans become the text of their value."""
    if isinstance(node, _Alias):
        return _key_text(node.target)
    if not isinstance(node, _Scalar):
        hint = _TEMPLATE_HINT if isinstance(node, _Mapping) else ""
        raise _Refused("a key must be a string, not a map or a list", node.mark, hint)
    value = _scalar_value(node)
    if value is None:
        raise _Refused("a key must be a string, not null", node.mark)
    return value if isinstance(value, str) else json.dumps(value)


def _scalar_value(node: _Scalar) -> Json:
    tag = (node.tag or "").removeprefix(_TAG_PREFIX)
    if tag in ("str", "!", "timestamp") or (not tag and not node.is_plain):
        return node.text
    if tag == "binary":
        try:
            return base64.b64decode(node.text).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _Refused("!!binary does not hold text in base64", node.mark) from error
    if tag not in ("", "bool", "int", "float", "null"):
        raise _Refused(f"the tag {node.tag} is not supported", node.mark)
    try:
        return resolve_scalar(node.text)
    except ValueError as error:
        raise _Refused(str(error), node.mark) from error


def _locate(root: _Node, path: Path, value: bool) -> _Mark:
    """Find the deepest part of the path that was written."""
    mark = root.mark
    node = root
    for part in path:
        found = _child(node, part, 0)
        if found is None:
            return mark
        key, node = found
        mark = node.mark if key is None or value else key.mark
    return mark


def _child(node: _Node, part: str | int, depth: int) -> tuple[_Node | None, _Node] | None:
    """Find a field (with its key) or a list item (without one), also behind ``<<``."""
    while isinstance(node, _Alias):
        node = node.target
    if isinstance(node, _Sequence):
        inside = isinstance(part, int) and 0 <= part < len(node.items)
        return (None, node.items[part]) if inside and isinstance(part, int) else None
    if not isinstance(node, _Mapping) or depth > MAX_DEPTH:
        return None
    for key, item in node.pairs:
        if not _is_merge(key) and _key_text(key) == str(part):
            return key, item
    for key, item in node.pairs:
        if _is_merge(key):
            found = _child_of_merged(item, part, depth + 1)
            if found:
                return found
    return None


def _child_of_merged(
    node: _Node, part: str | int, depth: int
) -> tuple[_Node | None, _Node] | None:
    while isinstance(node, _Alias):
        node = node.target
    sources = node.items if isinstance(node, _Sequence) else [node]
    for source in sources:
        found = _child(source, part, depth)
        if found:
            return found
    return None
