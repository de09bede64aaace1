"""What a command that drives a set would do next, and the status that it would write."""

from __future__ import annotations

from minisets.app.look import Look
from minisets.app.targets import Target
from minisets.core.actions import Plan
from minisets.core.planner import plan
from minisets.core.snapshot import take_snapshot


def plan_of(look: Look, target: Target) -> Plan:
    """Return what a command that drives the set would do next."""
    snapshot = take_snapshot(
        target.facts,
        target.manifest,
        namespace=target.namespace,
        pods=look.world.pods(target.namespace, target.name),
        volumes=look.world.claims(target.namespace, target.name),
        ready_for=look.ready,
    )
    return plan(snapshot)
