"""What ``wait --for`` waits for: conditions, fields, the beginning or the end of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minisets.core.query.jsonpath import Condition, holds, parse_condition
from minisets.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Existence:
    """The object is there, or it is gone."""

    is_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCondition:
    """One of ``status.conditions`` has a value; case makes no difference."""

    name: str
    value: str = "true"


Goal = Existence | StatusCondition | Condition


def parse_goal(text: str) -> Goal:
    """Read what stands behind ``--for``.

    Raises:
        InputError: It is none of the forms that kubectl knows, or its path is wrong.
    """
    if text.lower() in {"create", "delete"}:
        return Existence(is_there=text.lower() == "create")
    form, _, rest = text.partition("=")
    if form == "jsonpath":
        return parse_condition(rest)
    name, equals, value = rest.partition("=")
    if form != "condition" or not name or (equals and not value):
        raise InputError(
            f'unrecognized condition: "{text}"',
            hint="create, delete, condition=Ready, condition=Ready=false, "
            "or jsonpath='{.status.phase}'=Running",
        )
    return StatusCondition(name=name, value=value or "true")


def is_met(goal: StatusCondition | Condition, found: dict[str, Any]) -> bool:
    """Say whether an object is as it is waited for.

    Kubernetes rule: what was observed of an earlier generation says nothing of this one.

    Raises:
        InputError: A path leads to what cannot be compared.
    """
    if isinstance(goal, Condition):
        return holds(goal, found)
    for condition in found.get("status", {}).get("conditions") or ():
        if str(condition.get("type", "")).casefold() == goal.name.casefold():
            seen = condition.get("observedGeneration") or found["status"].get("observedGeneration")
            if seen is not None and seen < found["metadata"].get("generation", seen):
                return False
            return str(condition.get("status", "")).casefold() == goal.value.casefold()
    return False
