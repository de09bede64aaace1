"""Follows a parsed JSONPath template through a value, and writes what it finds as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from minisets.core.query.jsonpath_nodes import (
    OPERATORS,
    Constant,
    Descent,
    Element,
    Expression,
    Field,
    Filter,
    Json,
    Node,
    Part,
    Slice,
    Union,
    Wildcard,
    fault,
)

# Go's JSON encoder escapes these even where JSON does not ask for it.
_GO_ESCAPES = str.maketrans(
    {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
)


def walk(parts: Sequence[Part], value: Json, *, strict: bool) -> Iterator[list[Json]]:
    """Yield the results of each expression; ``strict`` means that a missing key is an error.

    Raises:
        InputError: As ``minisets.core.query.jsonpath.render``.
    """
    for part in parts:
        results = _follow(part.nodes, [value], strict=strict)
        if isinstance(part, Expression):
            yield results
        else:
            for result in results:
                yield from walk(part.body, result, strict=strict)


def _follow(nodes: Sequence[Node], values: list[Json], *, strict: bool) -> list[Json]:
    for node in nodes:
        values = _step(node, values, strict=strict)
    return values


def _step(node: Node, values: list[Json], *, strict: bool) -> list[Json]:
    match node:
        case Constant():
            return [node.value]
        case Union():
            return [
                result
                for option in node.options
                for result in _step(option, values, strict=strict)
            ]
        case Field():
            found = [result for value in values for result in _field(node, value)]
            if strict and values and not found:
                raise fault(f"{node.name} is not found", node.position)
            return found
        case _:
            present = (value for value in values if value is not None)
            return [result for value in present for result in _spread(node, value, strict=strict)]


def _field(node: Field, value: Json) -> list[Json]:
    if isinstance(value, Mapping) and node.name in value:
        return [value[node.name]]
    if len(node.path) < 2:
        return []
    for name in node.path:
        if not isinstance(value, Mapping) or name not in value:
            return []
        value = value[name]
    return [value]


def _spread(
    node: Wildcard | Descent | Element | Slice | Filter, value: Json, *, strict: bool
) -> Sequence[Json]:
    if isinstance(node, Wildcard):
        return _children(value)
    if isinstance(node, Descent):
        return list(_descend(value))
    if not isinstance(value, list | tuple):
        verb = " and cannot be filtered" if isinstance(node, Filter) else ""
        raise fault(f"{to_text(value)} is not array or slice{verb}", node.position)
    match node:
        case Element():
            return [value[_bound(node.index, len(value) - 1, value, node.position)]]
        case Slice():
            return _slice(node, value)
        case _:
            return [element for element in value if _passes(node, element, strict=strict)]


def _children(value: Json) -> Sequence[Json]:
    # kubectl shows maps in random order; ours is the one of their JSON.
    match value:
        case Mapping():
            return [value[key] for key in sorted(value)]
        case list() | tuple():
            return value
        case _:
            return ()


def _descend(value: Json) -> Iterator[Json]:
    children = _children(value)
    if children:
        yield value
    for child in children:
        yield from _descend(child)


def _slice(node: Slice, value: Sequence[Json]) -> Sequence[Json]:
    length = len(value)
    start = 0 if node.start is None else node.start + length * (node.start < 0)
    stop = length if node.stop is None else node.stop + length * (node.stop < 0)
    if start == stop:
        return ()
    _bound(start, length - 1, value, node.position, from_end=False)
    _bound(stop, length, value, node.position, from_end=False)
    if start > stop:
        message = f"starting index {start} is greater than ending index {stop}"
        raise fault(message, node.position)
    return value[start : stop : node.step]


def _bound(
    index: int, last: int, value: Sequence[Json], position: int, *, from_end: bool = True
) -> int:
    found = index + len(value) if index < 0 and from_end else index
    if not 0 <= found <= last:
        message = f"array index out of bounds: index {found}, length {len(value)}"
        raise fault(message, position)
    return found


def _passes(node: Filter, element: Json, *, strict: bool) -> bool:
    if not node.operator:
        return bool(_follow(node.left, [element], strict=False))
    lefts = _follow(node.left, [element], strict=strict)
    rights = _follow(node.right, [element], strict=strict)
    if len(lefts) > 1 or len(rights) > 1:
        raise fault("can only compare one element at a time", node.position)
    if not lefts or not rights:
        return False
    kinds = {_kind(lefts[0]), _kind(rights[0])}
    if None in kinds or (kinds == {"truth"} and node.operator not in ("==", "!=")):
        raise fault("invalid type for comparison", node.position)
    if len(kinds) > 1:
        raise fault("incompatible types for comparison", node.position)
    return OPERATORS[node.operator](lefts[0], rights[0])


def _kind(value: Json) -> str | None:
    match value:
        case bool():
            return "truth"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return None


def to_text(value: Json) -> str:
    """Write a value as kubectl prints it: text as it is, maps and lists as JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return _go_float(value)
        case Mapping() | list() | tuple():
            text = json.dumps(
                _go_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            return text.translate(_GO_ESCAPES)
        case _:
            return str(value)


def _go_numbers(value: Json) -> Json:
    # Go writes 1.0 as 1.
    match value:
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {str(key): _go_numbers(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_go_numbers(inner) for inner in value]
        case _:
            return value


def _go_float(number: float) -> str:
    # Go's %v: the fewest digits, with an exponent below 1e-04 and from 1e+06 up.
    if not math.isfinite(number):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(number, "NaN")
    exact = Decimal(repr(number)).normalize()
    if not exact or -4 <= exact.adjusted() < 6:
        return f"{exact:f}"
    mantissa = exact.scaleb(-exact.adjusted())
    return f"{mantissa:f}e{exact.adjusted():+03d}"
