"""A kind or a field of it: its type, what Kubernetes says of it, and what becomes of it here.

Types come from the packaged schema, descriptions from descriptions.json beside it, and what
becomes of a field from the support table.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from minisets.core.input.defaults import API_VERSIONS
from minisets.core.input.schema import load_schema, type_of
from minisets.core.input.support_table import TABLE, YES, Level, Support
from minisets.core.suggest import did_you_mean
from minisets.errors import InputError

# A pod is no object of its own here, but what a set's template describes.
_POD = "Pod"
_TYPES = {_POD: "PodTemplateSpec"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One field.

    Attributes:
        name: Empty for a kind.
        type: As kubectl writes it: ``string``, ``[]Container``, ``map[string]string``.
        inner: Name of the definition that it leads to; empty for a plain value.
        values: All that it may be, where they are counted.
        support: What becomes of it here; a part of what is refused is refused.
    """

    name: str
    type: str
    inner: str
    description: str
    is_required: bool
    values: tuple[str, ...]
    support: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A kind or a field, with the fields in it.

    Attributes:
        group: Empty for the core group.
        path: Field names; empty for the kind itself.
        field: What the path leads to.
    """

    kind: str
    group: str
    version: str
    path: tuple[str, ...]
    field: Explained
    fields: tuple[Explained, ...]


def explain(kind: str, path: Sequence[str]) -> Explanation:
    """Explain a kind or a field.

    Args:
        kind: For example ``StatefulSet``, or ``Pod``.
        path: Names of fields; lists need no index.

    Raises:
        InputError: There is no such field.
    """
    type_name = _TYPES.get(kind, kind)
    group, _, version = API_VERSIONS.get(kind, "v1").rpartition("/")
    field = Explained(
        name="",
        type=kind,
        inner=type_name,
        description=_description(type_name, ""),
        is_required=False,
        values=(),
        support=YES,
    )
    for depth, name in enumerate(path):
        known = {one.name: one for one in fields_of(field)}
        if name not in known:
            raise _no_such_field(kind, path[:depth], name, list(known))
        field = known[name]
    return Explanation(
        kind=kind,
        group=group,
        version=version,
        path=tuple(path),
        field=field,
        fields=fields_of(field),
    )


def fields_of(field: Explained) -> tuple[Explained, ...]:
    """Return the fields in a field, by name; none in a plain value."""
    if not field.inner:
        return ()
    definition = load_schema()["$defs"][field.inner]
    required = definition.get("required", ())
    return tuple(
        Explained(
            name=name,
            type=_type(declared),
            inner=_inner(declared),
            description=_description(field.inner, name),
            is_required=name in required,
            values=_values(declared),
            support=_support(field, name),
        )
        for name, declared in sorted(definition.get("properties", {}).items())
    )


def _support(parent: Explained, name: str) -> Support:
    if parent.support.level is not Level.HONOURED:
        return parent.support
    return TABLE.get(parent.inner, {}).get(name, YES)


def _inner(declared: dict[str, Any]) -> str:
    found = type_of(declared) or type_of(declared.get("additionalProperties") or {})
    # Named types without fields are free-form values.
    return found if "properties" in load_schema()["$defs"].get(found, {}) else ""


def _type(declared: dict[str, Any]) -> str:
    if "$ref" in declared:
        return type_of(declared)
    kind = declared["type"]
    if isinstance(kind, list):
        return "IntOrString" if "integer" in kind else "Quantity"
    if kind == "array":
        return f"[]{_type(declared['items'])}"
    values = declared.get("additionalProperties")
    if kind == "object" and isinstance(values, dict):
        return f"map[string]{_type(values)}"
    return str(kind)


def _values(declared: dict[str, Any]) -> tuple[str, ...]:
    listed = declared.get("enum") or declared.get("items", {}).get("enum") or ()
    return tuple(str(value) or '""' for value in listed)


def _no_such_field(
    kind: str, before: Sequence[str], name: str, known: Sequence[str]
) -> InputError:
    place = ".".join((kind, *before))
    return InputError(
        f'field "{name}" does not exist in {place}',
        hint=did_you_mean(name, known) or f"minisets explain {place}",
    )


def _description(type_name: str, field: str) -> str:
    found = _descriptions().get(type_name, {}).get(field, "")
    return str(found)


@cache
def _descriptions() -> dict[str, dict[str, str]]:
    data = pkgutil.get_data("minisets.core.input", "descriptions.json")
    if data is None:
        raise FileNotFoundError("minisets/core/input/descriptions.json")
    texts: dict[str, dict[str, str]] = json.loads(data)["types"]
    return texts
