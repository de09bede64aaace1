"""Compares what the planner decides with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, assert_never

from minisets.core.controller.actions import (
    Action,
    CreateClaim,
    CreatePod,
    CreateRevision,
    DeletePod,
    DeleteRevision,
    Plan,
    RenumberRevision,
    SetClaimOwners,
    UpdatePod,
)
from minisets.core.controller.controller_state import Snapshot, Status
from minisets.core.controller.planner import Options, plan
from minisets.core.controller.revision import (
    parse_template,
    revision_data,
    revision_name,
    template_text,
)
from minisets.core.controller.revisions_plan import NameOf
from minisets.core.controller.simulate import apply_plan
from tests.conformance.fields import TraceError
from tests.conformance.scenario import SET_NAME, Outcome, Scenario, Sync


def sync_differences(sync: Sync) -> list[str]:
    """Return how the planner's answer to one sync differs from the recorded one."""
    answer = plan_like(sync.given, sync.expected)
    return list(_differences(sync.given, answer, sync.expected))


def plan_like(snapshot: Snapshot, recorded: Outcome) -> Plan:
    """Plan with the name for a new revision that the recording used."""
    return plan(snapshot, Options(name_of=_names_of(recorded)))


def outcome_differences(snapshot: Snapshot, answer: Plan, recorded: Outcome) -> list[str]:
    """Return how a plan differs from a recorded outcome."""
    return list(_differences(snapshot, answer, recorded))


def revision_differences(scenario: Scenario) -> list[str]:
    """Return where our revision data or names differ from the recorded bytes."""
    found = []
    for name, data in scenario.revision_data.items():
        text = _template_text_of(data)
        found += _difference(f"data of {name}", revision_data(text), data)
        found += _difference("revision name", revision_name(SET_NAME, text), name)
    return found


def _template_text_of(data: str) -> str:
    try:
        template = parse_template(data)["spec"]["template"]
        return template_text({key: template[key] for key in template if key != "$patch"})
    except (KeyError, TypeError, ValueError) as error:
        raise TraceError(f"revision data that is no template patch: {error!r}") from error


def _names_of(recorded: Outcome) -> NameOf:
    # A template tag does not tell the name, so it is taken from the recording. The count makes
    # names differ, so that a recording that uses a taken name is a mismatch and not a loop.
    created = [row[1] for row in recorded.actions if row and row[0] == "createRevision"]
    name = created[0] if created else "unrecorded"
    return lambda _template, collisions: f"{name}!{collisions}" if collisions else name


def _differences(snapshot: Snapshot, answer: Plan, recorded: Outcome) -> Iterator[str]:
    actions = tuple(_row(action) for action in answer.actions)
    yield from _difference("actions", actions, recorded.actions)
    yield from _status_differences(answer.status, recorded.status)
    yield from _difference("statusWritten", answer.status_changed, recorded.status_written)
    yield from _difference("error", answer.error, recorded.error)
    after = apply_plan(snapshot, answer).revisions
    yield from _difference("revisionsAfter", after, recorded.revisions)


def _status_differences(got: Status, expected: Status) -> Iterator[str]:
    for one in fields(Status):
        values = getattr(got, one.name), getattr(expected, one.name)
        yield from _difference(f"status.{one.name}", *values)


def _difference(what: str, got: object, expected: object) -> list[str]:
    if got == expected:
        return []
    return [f"{what}\n      expected {_shown(expected)}\n      got      {_shown(got)}"]


def _shown(value: object) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return " | ".join(" ".join(str(part) for part in row) for row in value)
    return str(value)


def _row(action: Action) -> tuple[Any, ...]:
    match action:
        case CreateRevision() | RenumberRevision():
            row: tuple[Any, ...] = (action.name, action.number)
        case CreatePod():
            row = (action.name, action.revision)
        case SetClaimOwners():
            row = (action.name, action.owners)
        case DeleteRevision() | CreateClaim() | DeletePod() | UpdatePod():
            row = (action.name,)
        case _:
            assert_never(action)
    kind = type(action).__name__
    return (kind[0].lower() + kind[1:], *row)
