"""Documents to checked, typed objects: the one way in for manifests.

Old API versions are converted first, so that the schema of today judges them; then come the
schema, the support table, the defaults, the cross-field rules and the types.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from minisets.core.input.cluster_api import api_notice
from minisets.core.input.decode import decode
from minisets.core.input.defaults import API_VERSIONS, apply_defaults, convert_to_current
from minisets.core.input.kubernetes_kinds import unknown_kind
from minisets.core.input.schema import UNKNOWN_FIELD, check_schema, strip_nulls
from minisets.core.input.source import Document, Json, Notice, Path, Source, parse_path
from minisets.core.input.support import notice_of_other_kind, review
from minisets.core.input.support_table import NO_API
from minisets.core.input.validate import find_overwritten, validate
from minisets.core.input.zero_values import drop_zeros
from minisets.core.manifest import Manifest
from minisets.errors import ManifestError, Problem

UnknownFields = Literal["strict", "warn", "ignore"]

_MEANT = re.compile('did you mean "([^"]+)"')


@dataclass(frozen=True, slots=True)
class LoadedObject:
    """One object of the input.

    Attributes:
        kind: A kind that minisets keeps.
        namespace: As written; None where the file has none, for the caller to fill in.
        name: The name.
        raw: As written, without nulls, in today's API version, without defaults.
        value: The typed object, with defaults.
        source: Where it was written.
    """

    kind: str
    namespace: str | None
    name: str
    raw: dict[str, Any]
    value: Manifest
    source: Source


@dataclass(frozen=True, slots=True)
class Loaded:
    """All objects of the input, in its order, and what the user should know about them."""

    objects: tuple[LoadedObject, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class _Checked:
    raw: dict[str, Any]
    defaulted: dict[str, Any]
    source: Source


def load(documents: Iterable[Document], *, unknown_fields: UnknownFields = "strict") -> Loaded:
    """Check and type every document.

    Args:
        documents: As they were read.
        unknown_fields: Fields that Kubernetes does not know are refused, left out with a notice
            (warn), or left out (ignore), as by ``kubectl apply --validate``.

    Raises:
        ManifestError: At least one is wrong; carries every problem of every document.
    """
    checked: list[_Checked] = []
    notices: list[Notice] = []
    problems: list[Problem] = []
    documents = tuple(documents)
    others = [document.obj for document in documents]
    for document in documents:
        found, said, wrong = _check(document, others, unknown_fields)
        checked.extend(found)
        notices.extend(document.source.place_notice(notice) for notice in said)
        placed = [document.source.place(problem) for problem in dict.fromkeys(wrong)]
        problems.extend(sorted(placed, key=lambda problem: (problem.line, problem.column)))
    if problems:
        raise ManifestError(tuple(problems))
    overwritten = find_overwritten(entry.defaulted for entry in checked)
    notices.extend(_overwritten_notice(checked[old], checked[new]) for old, new in overwritten)
    kept = [entry for index, entry in enumerate(checked) if index not in dict(overwritten)]
    return Loaded(tuple(_loaded(entry) for entry in kept), tuple(notices))


def _check(
    document: Document, others: Sequence[Json], unknown_fields: UnknownFields
) -> tuple[list[_Checked], list[Notice], list[Problem]]:
    raw = strip_nulls(document.obj)
    problems = _check_identity(raw)
    if problems:
        return [], [], problems
    unknown = unknown_kind(raw["apiVersion"], raw["kind"])
    if unknown is not None:
        return [], [], [unknown]
    if _is_foreign(raw):
        return [], [notice_of_other_kind(raw)], []
    converted, changes = convert_to_current(raw)
    kind = converted["kind"]
    if converted["apiVersion"] != API_VERSIONS[kind]:
        message = f'no matches for kind "{kind}" in version "{raw["apiVersion"]}"'
        hint = f"use {API_VERSIONS[kind]}"
        return [], [], [Problem(message=message, path="apiVersion", hint=hint)]
    read = drop_zeros(converted, kind)
    wrong = check_schema(read, kind)
    left_out = _left_out(wrong, (converted, read)) if unknown_fields != "strict" else ()
    wrong = tuple(problem for problem in wrong if problem not in left_out)
    if wrong:
        return [], [], [*wrong, *_more_problems(read, wrong)]
    notices, refused = _review(read, others)
    defaulted = apply_defaults(converted)
    problems = [*refused, *validate(defaulted)]
    subject = f"{kind.lower()}/{converted['metadata'].get('name', '')}"
    said = [Notice(message="; ".join(changes), subject=subject, path="apiVersion")] * bool(changes)
    if unknown_fields == "warn":
        said += [
            Notice(message=f"{problem.message} is left out", subject=subject, path=problem.path)
            for problem in left_out
        ]
    return [_Checked(converted, defaulted, document.source)], [*said, *notices], problems


def _left_out(wrong: Iterable[Problem], objects: Iterable[dict[str, Any]]) -> tuple[Problem, ...]:
    """Take unknown fields out of the objects, in place, and return what was wrong with them."""
    unknown = tuple(problem for problem in wrong if problem.message.startswith(UNKNOWN_FIELD))
    for obj in objects:
        for problem in unknown:
            _take_out(obj, parse_path(problem.path), meant=None)
    return unknown


def _review(
    obj: dict[str, Any], others: Sequence[Json]
) -> tuple[tuple[Notice, ...], tuple[Problem, ...]]:
    """Review an object; what tells that it wants the Kubernetes API becomes one notice."""
    notices, refused = review(obj)
    said = api_notice(obj, others) if obj["kind"] == "StatefulSet" else None
    if said is None:
        return notices, refused
    return (*(notice for notice in notices if notice.message != NO_API), said), refused


def _overwritten_notice(old: _Checked, new: _Checked) -> Notice:
    kind, name = old.raw["kind"], old.raw["metadata"]["name"]
    line, _ = new.source.locate(("metadata", "name"))
    place = f"{new.source.file}:{line}" if new.source.file and line else "further down"
    said = Notice(
        subject=f"{kind.lower()}/{name}",
        path="metadata.name",
        message=f"it stands in the input again, and the last one counts: {place}",
    )
    return old.source.place_notice(said)


def _more_problems(obj: dict[str, Any], wrong: tuple[Problem, ...]) -> list[Problem]:
    """Return what else is wrong with an object that the schema refuses: all of it at once.

    The refused fields are taken out; if what is left is an object, the other rules judge it.
    """
    rest = copy.deepcopy(obj)
    for problem in wrong:
        _take_out(rest, parse_path(problem.path), meant=_MEANT.search(problem.hint))
    if check_schema(rest, rest["kind"]):
        return []
    _, refused = review(rest)
    told = {problem.path for problem in wrong}
    # What was taken out is there, so nobody may be asked to write it.
    return [
        problem
        for problem in (*refused, *validate(apply_defaults(rest)))
        if problem.path not in told
    ]


def _take_out(obj: Json, path: Path, *, meant: re.Match[str] | None) -> None:
    """Take a field out, or give it the name that was meant: what it holds is judged, too."""
    for part in path[:-1]:
        try:
            obj = obj[part]
        except (KeyError, IndexError, TypeError):
            return
    if path and isinstance(obj, dict):
        value = obj.pop(path[-1], None)
        if meant is not None:
            obj.setdefault(meant[1], value)


def _check_identity(obj: dict[str, Any]) -> list[Problem]:
    problems = []
    for field in ("apiVersion", "kind"):
        value = obj.get(field)
        if value is None or value == "":
            problems.append(Problem(message="Required value", path=field))
        elif not isinstance(value, str):
            problems.append(Problem(message="must be a string", path=field))
    return problems


def _is_foreign(obj: dict[str, Any]) -> bool:
    """Tell whether an object is of a kind that minisets does not keep."""
    current = API_VERSIONS.get(obj["kind"])
    if current is None:
        return True
    # Other API groups have kinds of the same name, such as the Service of Knative.
    group, slash, _ = obj["apiVersion"].rpartition("/")
    own_group = current.rpartition("/")[0]
    return bool(slash) and group != own_group


def _loaded(entry: _Checked) -> LoadedObject:
    metadata = entry.raw["metadata"]
    return LoadedObject(
        kind=entry.raw["kind"],
        namespace=metadata.get("namespace") or None,
        name=metadata["name"],
        raw=entry.raw,
        value=decode(entry.defaulted),
        source=entry.source,
    )
