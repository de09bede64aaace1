"""A recorded scenario as typed values, read from its full JSON form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from minisets.core.controller.controller_state import (
    Claim,
    Phase,
    Pod,
    Retention,
    RetentionChoice,
    Revision,
    SetSpec,
    Snapshot,
    Status,
    Strategy,
)
from tests.conformance.fields import TraceError, checked, field, optional, texts
from tests.conformance.packed import STATUS_FIELDS

SET_NAME = "web"
Policy = Literal["OrderedReady", "Parallel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens to the world between two syncs, as recorded."""

    op: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a sync did, as recorded."""

    actions: tuple[tuple[Any, ...], ...]
    status: Status
    status_written: bool
    error: str | None
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One recorded sync, complete in itself."""

    step: int
    given: Snapshot
    expected: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A recorded course of events and syncs."""

    name: str
    gate: bool
    start: Snapshot
    spec: Mapping[str, Any]
    steps: tuple[Event | Sync, ...]
    revision_data: Mapping[str, str]

    @property
    def syncs(self) -> tuple[Sync, ...]:
        """The syncs alone."""
        return tuple(step for step in self.steps if isinstance(step, Sync))


def parse_scenario(record: object) -> Scenario:
    """Return the scenario that a full-form JSON value describes."""
    record = checked(record, "scenario", dict)
    name = field(record, "name", str)
    try:
        spec = field(record, "spec", dict)
        initial = optional(record, "initial", dict, {})
        return Scenario(
            name=name,
            gate=field(record, "maxUnavailableGate", bool),
            start=parse_snapshot(initial) if initial else Snapshot(set=parse_spec(spec)),
            spec=initial.get("spec", spec),
            steps=tuple(
                _parse_step(number, step)
                for number, step in enumerate(field(record, "steps", list))
            ),
            revision_data=optional(record, "revisionData", dict, {}),
        )
    except TraceError as error:
        raise TraceError(f"{name}: {error}") from error


def parse_spec(record: Mapping[str, Any]) -> SetSpec:
    """Return the set that a recorded spec describes."""
    retention = optional(record, "retention", dict, {})
    percent = record.get("maxUnavailable")
    if percent is not None and not isinstance(percent, int) and not _is_percentage(percent):
        raise TraceError(f"'maxUnavailable' is a number or a percentage, not {percent!r:.60}")
    return SetSpec(
        name=SET_NAME,
        replicas=field(record, "replicas", int),
        template=field(record, "template", str),
        ordered=_choice(record, "podManagementPolicy", Policy) == "OrderedReady",
        strategy=_choice(record, "strategy", Strategy),
        partition=optional(record, "partition", int, 0),
        max_unavailable=percent,
        rolling_update_is_nil=optional(record, "rollingUpdateNil", bool, False),
        min_ready_seconds=optional(record, "minReadySeconds", int, 0),
        revision_history_limit=optional(record, "revisionHistoryLimit", int, 10),
        retention=Retention(
            when_deleted=_choice(retention, "whenDeleted", RetentionChoice, "Retain"),
            when_scaled=_choice(retention, "whenScaled", RetentionChoice, "Retain"),
        ),
        ordinals_start=optional(record, "ordinalsStart", int, 0),
        claim_templates=texts(record, "claims"),
    )


def parse_snapshot(record: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot that a recorded state describes."""
    status = optional(record, "status", dict, {})
    return Snapshot(
        set=parse_spec(field(record, "spec", dict)),
        revisions=_parse_revisions(field(record, "revisions", list)),
        pods=tuple(_parse_pod(pod) for pod in field(record, "pods", list)),
        claims=tuple(_parse_claim(claim) for claim in optional(record, "claims", list, [])),
        status=_parse_status(status) if status else None,
        generation=field(record, "generation", int),
        deleting=optional(record, "deleting", bool, False),
    )


def _parse_step(number: int, record: object) -> Event | Sync:
    try:
        op = field(record, "op", str)
        if op != "sync":
            return Event(op=op, data=checked(record, "step", dict))
        return Sync(
            step=number,
            given=parse_snapshot(field(record, "in", dict)),
            expected=_parse_outcome(field(record, "out", dict)),
        )
    except TraceError as error:
        raise TraceError(f"step {number}: {error}") from error


def _parse_outcome(record: Mapping[str, Any]) -> Outcome:
    actions = field(record, "actions", list)
    return Outcome(
        actions=tuple(_frozen(checked(action, "action", list)) for action in actions),
        status=_parse_status(field(record, "status", dict)),
        status_written=field(record, "statusWritten", bool),
        error=optional(record, "error", str, "") or None,
        revisions=_parse_revisions(field(record, "revisionsAfter", list)),
    )


def _frozen(row: list[Any]) -> tuple[Any, ...]:
    return tuple(tuple(one) if isinstance(one, list) else one for one in row)


def _parse_revisions(rows: list[Any]) -> tuple[Revision, ...]:
    return tuple(
        Revision(
            name=field(row, "name", str),
            number=field(row, "revision", int),
            template=field(row, "template", str),
        )
        for row in rows
    )


def _parse_pod(record: Mapping[str, Any]) -> Pod:
    name = field(record, "name", str)
    ordinal = re.search(r"-(\d+)$", name)
    if not isinstance(record.get("readyFor"), int | None):
        raise TraceError(f"'readyFor' of {name} is a number of seconds")
    return Pod(
        name=name,
        ordinal=int(ordinal[1]) if ordinal else -1,
        revision=field(record, "rev", str),
        phase=Phase(_choice(record, "phase", None, choices=tuple(Phase))),
        ready_for_seconds=record.get("readyFor"),
        terminating=optional(record, "terminating", bool, False),
    )


def _parse_claim(record: Mapping[str, Any]) -> Claim:
    return Claim(
        name=field(record, "name", str),
        owners=texts(record, "owners"),
        terminating=optional(record, "terminating", bool, False),
    )


def _parse_status(record: Mapping[str, Any]) -> Status:
    values: dict[str, Any] = {
        re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name): field(
            record, name, str if name.endswith("Revision") else int
        )
        for name in STATUS_FIELDS
    }
    return Status(**values)


def _is_percentage(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d+%", value) is not None


def _choice(
    record: Mapping[str, Any],
    name: str,
    literal: Any,
    default: str | None = None,
    *,
    choices: tuple[str, ...] = (),
) -> Any:
    value = record.get(name, default)
    known = choices or get_args(literal)
    if value not in known:
        raise TraceError(f"{name!r} is one of {', '.join(known)}, not {value!r:.60}")
    return value
