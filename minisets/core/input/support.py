"""What minisets makes of a manifest: which fields it honours, ignores and refuses.

The statuses are data, in support_table. This module walks an object beside the schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from minisets.core.input.schema import load_schema, type_of
from minisets.core.input.source import Json, Notice, Path, render_path
from minisets.core.input.support_table import (
    DISK_LIMIT,
    HUGE_PAGES,
    OTHER_KINDS,
    OTHER_RESOURCES,
    RESOURCES,
    SHARED_VOLUME,
    TABLE,
    UNKNOWN_KIND,
    YES,
    Level,
    Support,
)
from minisets.errors import Problem


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the support table, as the README shows it."""

    type_name: str
    field: str
    support: Support


@dataclass(frozen=True, slots=True)
class _Finding:
    path: Path
    support: Support


def table() -> tuple[Row, ...]:
    """Give the whole table, by type and field."""
    return tuple(
        Row(type_name, field, support)
        for type_name, fields in TABLE.items()
        for field, support in fields.items()
    )


def review(obj: dict[str, Any]) -> tuple[tuple[Notice, ...], tuple[Problem, ...]]:
    """List what will be ignored and what is refused in an object that has passed the schema.

    Takes the object as it was written, before defaults: what nobody wrote is not worth a notice.
    The same reason is noticed once per object, at its first field.
    """
    kind = str(obj.get("kind", ""))
    subject = _subject(kind, obj)
    if kind not in TABLE:
        return (notice_of_other_kind(obj),), ()
    ignored: dict[str, list[Path]] = {}
    problems = []
    for finding in _findings(kind, obj):
        if finding.support.level is Level.REFUSED:
            problems.append(
                Problem(message=finding.support.reason, path=render_path(finding.path))
            )
        elif finding.support.level is Level.IGNORED:
            ignored.setdefault(finding.support.reason, []).append(finding.path)
    notices = tuple(_notice(reason, paths, subject) for reason, paths in ignored.items())
    return notices, tuple(problems)


def notice_of_other_kind(obj: dict[str, Any]) -> Notice:
    """Say that an object of a kind that minisets does not keep is left out, and why."""
    kind = str(obj.get("kind", ""))
    reason = OTHER_KINDS.get(kind, UNKNOWN_KIND)
    return Notice(message=reason, subject=_subject(kind, obj), ignored=(kind,))


def _subject(kind: str, obj: dict[str, Any]) -> str:
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{kind.lower()}/{name}" if name else kind.lower()


def _notice(reason: str, paths: list[Path], subject: str) -> Notice:
    if paths[0] == ("spec",):
        return Notice(message=reason, path="spec", subject=subject)
    return Notice(
        message=reason,
        path=render_path(paths[0]),
        subject=subject,
        ignored=tuple(dict.fromkeys(str(path[-1]) for path in paths)),
    )


def _findings(kind: str, obj: dict[str, Any]) -> Iterator[_Finding]:
    yield from _walk(kind, obj, (), _claim_names(obj))
    if kind == "StatefulSet":
        yield from _shared_mounts(obj)


def _claim_names(obj: dict[str, Any]) -> frozenset[str]:
    claims = obj.get("spec", {}).get("volumeClaimTemplates", ())
    return frozenset(claim.get("metadata", {}).get("name", "") for claim in claims)


def _walk(type_name: str, value: Json, path: Path, claims: frozenset[str]) -> Iterator[_Finding]:
    statuses = TABLE[type_name]
    declared = load_schema()["$defs"][type_name]["properties"]
    for field, item in _reviewed_fields(type_name, value, claims).items():
        support = statuses.get(field, YES)
        if support.level is not Level.HONOURED:
            if not _is_harmless(item, support):
                yield _Finding((*path, field), support)
            continue
        yield from _limits_of(type_name, field, item, (*path, field))
        inner = type_of(declared[field])
        if inner not in TABLE:
            continue
        if isinstance(item, list):
            for index, element in enumerate(item):
                yield from _walk(inner, element, (*path, field, index), claims)
        else:
            yield from _walk(inner, item, (*path, field), claims)


def _reviewed_fields(
    type_name: str, value: dict[str, Json], claims: frozenset[str]
) -> dict[str, Json]:
    if type_name != "Volume":
        return value
    if value.get("name") in claims:
        # The claim template wins over a volume of its name, so that one is never mounted.
        return {}
    return value if len(value) > 1 else {**value, "emptyDir": {}}


def _is_harmless(value: Json, support: Support) -> bool:
    # Type and value: 0 equals False in Python, but a deadline of 0 is not "no deadline".
    return any(type(value) is type(none) and value == none for none in support.harmless)


def _limits_of(type_name: str, field: str, value: Json, path: Path) -> Iterator[_Finding]:
    """Find what the table cannot say by field alone."""
    if type_name == "Volume" and field == "emptyDir":
        medium = value.get("medium", "")
        if medium not in ("", "Memory"):
            yield _Finding((*path, "medium"), HUGE_PAGES)
        elif value.get("sizeLimit") and medium != "Memory":
            yield _Finding((*path, "sizeLimit"), DISK_LIMIT)
    if type_name == "ResourceRequirements" and field in ("limits", "requests"):
        for name in value:
            other = HUGE_PAGES if name.startswith("hugepages-") else OTHER_RESOURCES
            support = RESOURCES.get(name, other)
            is_wanted = not _is_harmless(value[name], support)
            if support.level is not Level.HONOURED and is_wanted:
                yield _Finding((*path, name), support)


def _shared_mounts(obj: dict[str, Any]) -> Iterator[_Finding]:
    pod = obj.get("spec", {}).get("template", {}).get("spec", {})
    host_paths = {one["name"] for one in pod.get("volumes", ()) if "hostPath" in one}
    for name in ("initContainers", "containers"):
        for place, container in enumerate(pod.get(name, ())):
            for index, mount in enumerate(container.get("volumeMounts", ())):
                is_shared = mount.get("mountPropagation") == "Bidirectional"
                if is_shared and mount["name"] not in host_paths - _claim_names(obj):
                    path: Path = ("spec", "template", "spec", name, place, "volumeMounts", index)
                    yield _Finding((*path, "mountPropagation"), SHARED_VOLUME)
