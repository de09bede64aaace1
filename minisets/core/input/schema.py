"""The official Kubernetes schema: unknown fields, wrong types, missing fields.

The data lies in schema.json, written by scripts/generate_schema.py. Only the definition of the
object's own kind is compiled.
"""

from __future__ import annotations

import json
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from minisets.core.input.source import Json, Path, render_path
from minisets.core.suggest import nearest
from minisets.errors import Problem

if TYPE_CHECKING:
    import jsonschema_rs

# Where the API reads a null in a map of strings as the empty string, instead of dropping it.
_STRING_MAPS = frozenset(
    {"annotations", "data", "labels", "matchLabels", "parameters", "stringData"}
)
UNKNOWN_FIELD = "unknown field"
"""How the message begins of a field that its type does not have."""

_TYPE_WORDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}
# Where a missing field usually comes from; by type and field.
_REQUIRED_HINTS = {
    ("StatefulSetSpec", "selector"): "it repeats labels of the template; where kustomize adds "
    "them: kubectl kustomize FOLDER | minisets apply -f -",
}


@cache
def load_schema() -> dict[str, Any]:
    """Read the shipped schema; ``$defs`` has one entry per Kubernetes type, by its short name."""
    data = pkgutil.get_data("minisets.core.input", "schema.json")
    if data is None:
        raise FileNotFoundError("minisets/core/input/schema.json")
    schema: dict[str, Any] = json.loads(data)
    return schema


def strip_nulls(value: Json, *, parent: str = "") -> Json:
    """Copy a value without its null fields, which Kubernetes treats as not written.

    Nulls in lists stay, for the schema to refuse; a null in a map of strings, such as the data of
    a ConfigMap, becomes the empty string.
    """
    if isinstance(value, dict):
        if parent in _STRING_MAPS:
            return {key: "" if item is None else item for key, item in value.items()}
        return {
            key: strip_nulls(item, parent=key) for key, item in value.items() if item is not None
        }
    if isinstance(value, list):
        return [strip_nulls(item) for item in value]
    return value


def check_schema(obj: dict[str, Any], kind: str) -> tuple[Problem, ...]:
    """List everything in an object without nulls that the schema of its kind refuses.

    Args:
        obj: The object, its nulls stripped.
        kind: Name of a definition, usually the kind of the object.
    """
    # 20 ms to import: only commands that read a manifest pay for it.
    import jsonschema_rs

    schema = load_schema()
    validator = jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/$defs/{kind}", "$defs": _reachable(kind, schema["$defs"])}
    )
    problems: list[Problem] = []
    for error in validator.iter_errors(obj):
        problems.extend(_problems_of(error))
    return tuple(sorted(problems, key=lambda problem: problem.path))


@cache
def _closure(kind: str) -> tuple[str, ...]:
    definitions = load_schema()["$defs"]
    seen: dict[str, None] = {}
    todo = [kind]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen[name] = None
        for declared in definitions[name].get("properties", {}).values():
            inner = declared.get("items") or declared.get("additionalProperties") or declared
            if isinstance(inner, dict) and "$ref" in inner:
                todo.append(type_of(inner))
    return tuple(seen)


def type_of(declared: dict[str, Any]) -> str:
    """Name the definition that a field's schema refers to; empty for a scalar or a plain map."""
    inner = declared.get("items") or declared
    reference: str = inner.get("$ref", "")
    return reference.rpartition("/")[2]


def _reachable(kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    return {name: definitions[name] for name in _closure(kind)}


def _problems_of(error: jsonschema_rs.ValidationError) -> list[Problem]:
    """Turn one error of the validator into problems; the keyword decides the wording."""
    path: Path = tuple(error.instance_path)
    keyword = error.kind.name
    details: Any = error.kind
    if keyword == "additionalProperties":
        # schema_path is $defs, <type>, additionalProperties
        known = load_schema()["$defs"][error.schema_path[1]]["properties"]
        return [_unknown_field(path, name, list(known)) for name in details.unexpected]
    if keyword == "required":
        field = str(details.property)
        hint = _REQUIRED_HINTS.get((str(error.schema_path[1]), field), "")
        return [Problem(message="Required value", path=render_path((*path, field)), hint=hint)]
    hint = _suggest(str(error.instance), list(details.options)) if keyword == "enum" else ""
    return [Problem(message=_wrong_value(error), path=render_path(path), hint=hint)]


def _unknown_field(path: Path, name: str, known: list[str]) -> Problem:
    return Problem(
        message=f'{UNKNOWN_FIELD} "{name}"',
        path=render_path((*path, name)),
        hint=_suggest(name, known),
    )


def _suggest(name: str, known: list[Any]) -> str:
    near = nearest(name, map(str, known))
    return f'did you mean "{near}"?' if near else ""


def _wrong_value(error: jsonschema_rs.ValidationError) -> str:
    keyword, value = error.kind.name, error.instance
    details: Any = error.kind
    if keyword == "type":
        wanted = details.types
        words = sorted(_TYPE_WORDS[name] for name in wanted)
        return f"must be {' or '.join(words)}, not {describe(value)}"
    if keyword == "enum":
        supported = ", ".join(json.dumps(option) for option in details.options)
        return f"Unsupported value: {json.dumps(value)}: supported values: {supported}"
    return f"Invalid value: {value}: is out of range"


def describe(value: Json) -> str:
    """Say what a value is, with the value itself where it is short: ``the string "3"``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        short = value if len(value) <= 40 else f"{value[:40]}..."
        return f"the string {json.dumps(short, ensure_ascii=False)}"
    return "a list" if isinstance(value, list) else "a map"
