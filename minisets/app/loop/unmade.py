"""Pods that could not be made, as their sets' records have them: nothing else knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minisets.app.loop.sets import read_sets
from minisets.app.loop.targets import Target
from minisets.app.loop.world import World
from minisets.core.naming import split_pod_name
from minisets.core.pod.setback import Setback, is_over


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmadePod:
    """A pod that its set asks for and that is not there.

    Attributes:
        target: Its set.
        setback: Why it could not be made.
    """

    target: Target
    name: str
    setback: Setback


def standing_setbacks(world: World, target: Target) -> dict[str, Setback]:
    """Return pod → why it, or the one that is to follow it, could not be made.

    What another command has overcome since is left out.
    """
    facts, spec = target.facts, target.manifest.spec
    if not facts.setbacks or facts.is_stopped or facts.deletion:
        return {}
    start = spec.ordinals.start if spec.ordinals else 0
    wanted = range(start, start + spec.replicas)
    newest = max(facts.revisions, key=lambda one: one.number).name if facts.revisions else ""
    pods = {pod.name: pod for pod in world.pods(*target.key)}
    return {
        name: one
        for name, one in sorted(facts.setbacks.items(), key=lambda item: split_pod_name(item[0]))
        if split_pod_name(name)[1] in wanted and not is_over(one, pods.get(name), newest)
    }


def unmade_pods(world: World, targets: Iterable[Target]) -> list[UnmadePod]:
    """Return the pods of sets that have no container because they could not be made."""
    return [
        UnmadePod(target=target, name=name, setback=one)
        for target in targets
        if target.facts.setbacks
        for there in [{pod.name for pod in world.pods(*target.key)}]
        for name, one in standing_setbacks(world, target).items()
        if name not in there
    ]


def find_unmade(world: World, namespace: str, name: str) -> UnmadePod | None:
    """Return a pod that could not be made; None if nothing is known of it."""
    sets = [one for one in read_sets(world) if one.namespace == namespace]
    return next((one for one in unmade_pods(world, sets) if one.name == name), None)
