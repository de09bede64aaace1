"""What a command that drives a set would do next, and the status that it would write."""

from __future__ import annotations

from minisets.app.loop.deeds import Workshop
from minisets.app.loop.needs import needs
from minisets.app.loop.network import find_network
from minisets.app.loop.targets import Target
from minisets.app.reading.look import Look
from minisets.core.controller.actions import Plan, render_action
from minisets.core.controller.planner import plan
from minisets.core.controller.snapshot import take_snapshot


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


def repairs_of(look: Look, target: Target) -> dict[str, str]:
    """Return pod → what it needs before anything else is done to it, and why."""
    place = find_network(look.context, target.namespace)
    workshop = Workshop(context=look.context, target=target, world=look.world, network=place)
    return {one.pod: f"repair pod {one.pod} - {one.cause}" for one in needs(workshop)}


def next_steps(look: Look, target: Target) -> tuple[str, ...]:
    """Return what a command that drives the set would do next, each step with its cause."""
    if target.facts.is_stopped:
        return ()
    # The plan waits until no pod needs care.
    repairs = repairs_of(look, target).values()
    return tuple(repairs) or tuple(map(render_action, plan_of(look, target).actions))
