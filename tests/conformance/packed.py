"""Unfolds the packed form of a scenario, one JSON line each, into the full form.

The packed form leaves out what follows from the line before: spec and stored status of a sync, and
what a sync did not change. Rows stand for objects, and template tags for revision names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.fields import TraceError

STATUS_FIELDS = (
    "observedGeneration",
    "replicas",
    "readyReplicas",
    "availableReplicas",
    "currentReplicas",
    "updatedReplicas",
    "currentRevision",
    "updateRevision",
    "collisionCount",
)
_REVISION_FIELDS = ("currentRevision", "updateRevision")


def unpack(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the full form of a packed scenario."""
    try:
        return _unpack(line)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TraceError(f"not a packed scenario: {error!r}") from error


@dataclass
class _Course:
    """What the next line of a scenario refers back to."""

    names: Mapping[str, str]
    spec: dict[str, Any]
    status: dict[str, Any] | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)


def _unpack(line: Mapping[str, Any]) -> dict[str, Any]:
    course = _Course(names=line["revisionNames"], spec=dict(line["spec"]))
    scenario: dict[str, Any] = {
        "name": line["name"],
        "maxUnavailableGate": line["gate"],
        "spec": dict(line["spec"]),
        "steps": course.steps,
    }
    if "initial" in line:
        course.spec = dict(line["initial"]["spec"])
        course.status = _status(line["initial"]["s"], course.names)
        scenario |= {"presettled": True, "initial": _state(line["initial"], course)}
    for step in line["steps"]:
        if step["op"] == "sync":
            course.steps.append(_sync(step, course))
            continue
        if step["op"] == "spec":
            course.spec |= step["patch"]
        course.steps.append(dict(step))
    return scenario


def _sync(step: Mapping[str, Any], course: _Course) -> dict[str, Any]:
    given = _state(step["in"], course)
    packed = step["out"]
    status = _status(packed["s"], course.names) if "s" in packed else course.status
    out: dict[str, Any] = {
        "actions": [_action(row, course.names) for row in packed["a"]],
        "status": status,
        "statusWritten": bool(packed.get("w")),
        "revisionsAfter": _revisions(packed["r"], course.names)
        if "r" in packed
        else given["revisions"],
    }
    if "e" in packed:
        out["error"] = packed["e"]
    if out["statusWritten"] or "error" in out:
        course.status = status
    return {"op": "sync", "in": given, "out": out}


def _state(packed: Mapping[str, Any], course: _Course) -> dict[str, Any]:
    return {
        "generation": packed["g"],
        "deleting": bool(packed.get("d")),
        "spec": dict(course.spec),
        "status": course.status,
        "revisions": _revisions(packed["r"], course.names),
        "pods": [_pod(row, course.names) for row in packed["p"]],
        "claims": [_claim(name, *row) for name, row in sorted(packed.get("c", {}).items())],
    }


def _action(row: list[Any], names: Mapping[str, str]) -> list[Any]:
    kind, *rest = row
    return [kind, *(names.get(one, one) if isinstance(one, str) else one for one in rest)]


def _revisions(rows: list[Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": names[tag], "revision": number, "template": tag} for tag, number in rows]


def _pod(row: list[Any], names: Mapping[str, str]) -> dict[str, Any]:
    name, revision, phase, ready_for, terminating = row
    return {
        "name": name,
        "rev": names.get(revision, revision),
        "phase": phase,
        "readyFor": ready_for,
        "terminating": bool(terminating),
    }


def _claim(name: str, owners: list[str], terminating: object) -> dict[str, Any]:
    return {"name": name, "owners": owners, "terminating": bool(terminating)}


def _status(row: list[Any] | None, names: Mapping[str, str]) -> dict[str, Any] | None:
    if row is None:
        return None
    status = dict(zip(STATUS_FIELDS, row, strict=True))
    return status | {one: names.get(status[one], status[one]) for one in _REVISION_FIELDS}
