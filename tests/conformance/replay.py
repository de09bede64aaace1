"""Replays a whole scenario: our plans change our world, and the recording must come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from minisets.core.controller.controller_state import Phase, Snapshot
from minisets.core.controller.simulate import (
    advance,
    apply_plan,
    ask_to_go,
    end_claim,
    make_ready,
    make_unready,
    own_claim,
    remove_claim,
    remove_pod,
)
from tests.conformance.check import outcome_differences, plan_like
from tests.conformance.fields import TraceError, field
from tests.conformance.scenario import Event, Scenario, Sync, parse_spec

Change = Callable[[Snapshot, str], Snapshot]

_FOREIGN_CONTROLLER = "Backup/bk"

_POD_EVENTS: Mapping[str, Change] = {
    "pending": lambda world, pod: make_unready(world, pod, Phase.PENDING),
    "running": make_unready,
    "notready": make_unready,
    "ready": make_ready,
    "failed": lambda world, pod: make_unready(world, pod, Phase.FAILED),
    "succeeded": lambda world, pod: make_unready(world, pod, Phase.SUCCEEDED),
    "unknown": lambda world, pod: make_unready(world, pod, Phase.UNKNOWN),
    "delete": ask_to_go,
    "gone": remove_pod,
    "goneNoGC": lambda world, pod: remove_pod(world, pod, collect=False),
}
_CLAIM_EVENTS: Mapping[str, Change] = {
    "removed": remove_claim,
    "terminating": end_claim,
    "foreignController": lambda world, claim: own_claim(world, claim, _FOREIGN_CONTROLLER),
}


def replay_differences(scenario: Scenario) -> list[str]:
    """Return where our course first leaves the recorded one; empty if it never does."""
    world = scenario.start
    spec = dict(scenario.spec)
    for number, step in enumerate(scenario.steps):
        if isinstance(step, Event):
            world = _after_event(world, step, spec)
            continue
        found = _world_differences(world, step)
        answer = plan_like(world, step.expected)
        found += outcome_differences(world, answer, step.expected)
        if found:
            return [f"step {number}: {one}" for one in found]
        world = apply_plan(world, answer)
    return []


def _world_differences(world: Snapshot, sync: Sync) -> list[str]:
    return [
        f"world.{one.name}\n      expected {getattr(sync.given, one.name)}"
        f"\n      got      {getattr(world, one.name)}"
        for one in fields(Snapshot)
        if getattr(world, one.name) != getattr(sync.given, one.name)
    ]


def _after_event(world: Snapshot, event: Event, spec: dict[str, Any]) -> Snapshot:
    match event.op:
        case "spec":
            spec |= field(event.data, "patch", dict)
            return replace(world, set=parse_spec(spec), generation=world.generation + 1)
        case "advance":
            return advance(world, field(event.data, "secs", int))
        case "deleteSet":
            return replace(world, deleting=True)
        case "pod":
            return _named_change(world, event, _POD_EVENTS)
        case "claim":
            return _named_change(world, event, _CLAIM_EVENTS)
        case other:
            raise TraceError(f"an event {other!r} is not known")


def _named_change(world: Snapshot, event: Event, changes: Mapping[str, Change]) -> Snapshot:
    state = field(event.data, "state", str)
    if state not in changes:
        raise TraceError(f"a {event.op} cannot become {state!r}")
    return changes[state](world, field(event.data, "name", str))
