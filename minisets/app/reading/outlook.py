"""What a command that drives a set would do next, and the status that it would write."""

from __future__ import annotations

from dataclasses import replace

from minisets.app.loop.blueprint import Blueprint
from minisets.app.loop.network import find_network
from minisets.app.loop.planning import take_ports
from minisets.app.loop.targets import Target
from minisets.app.reading.look import Look
from minisets.core.controller.actions import Plan, render_action
from minisets.core.pod.kubelet import render_care


def plan_of(look: Look, target: Target) -> Plan:
    """Return what a command that drives the set would do next."""
    driven = replace(target)
    take_ports(driven, look.world, look.sets)
    return look.planning.plan(look.planning.snapshot(driven, look.world))


def repairs_of(look: Look, target: Target) -> dict[str, str]:
    """Return pod → what it needs before anything else is done to it, and why."""
    place = find_network(look.context, target.namespace)
    blueprint = Blueprint(context=look.context, target=target, world=look.world, network=place)
    return {deed.pod: render_care(deed) for deed in look.planning.repairs(blueprint)}


def next_steps(look: Look, target: Target) -> tuple[str, ...]:
    """Return what a command that drives the set would do next, each step with its cause."""
    if target.facts.is_stopped:
        return ()
    # The plan waits until no pod needs care.
    repairs = repairs_of(look, target).values()
    return tuple(repairs) or tuple(map(render_action, plan_of(look, target).actions))
