"""Pods that could not be made, as their sets' records have them: nothing else knows of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minisets.app.loop.sets import read_sets
from minisets.app.loop.targets import Target
from minisets.app.loop.world import World
from minisets.core import labels
from minisets.core.pod.seen import PodSeen
from minisets.core.pod.setback import Setback
from minisets.core.records import standing


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
    """Return pod → why it, or the one that is to follow it, could not be made."""
    if not target.facts.setbacks:
        return {}
    pods = {pod.name: pod for pod in world.pods(*target.key)}
    return standing.standing_setbacks(target.facts, target.manifest, pods)


def own_setback(world: World, target: Target, pod: PodSeen) -> Setback | None:
    """Return why a pod that is there could not be completed; None if that is not known.

    One that is about the pod that is to follow it is left out.
    """
    found = standing_setbacks(world, target).get(pod.name)
    is_own = found is not None and found.revision == pod.labels.get(labels.REVISION, "")
    return found if is_own else None


def unmade_pods(world: World, targets: Iterable[Target]) -> list[UnmadePod]:
    """Return the pods of sets that have no container because they could not be made."""
    found = []
    for target in targets:
        there = {pod.name for pod in world.pods(*target.key)}
        found += [
            UnmadePod(target=target, name=name, setback=one)
            for name, one in standing_setbacks(world, target).items()
            if name not in there
        ]
    return found


def find_unmade(world: World, namespace: str, name: str) -> UnmadePod | None:
    """Return a pod that could not be made; None if nothing is known of it."""
    sets = [one for one in read_sets(world) if one.namespace == namespace]
    return next((one for one in unmade_pods(world, sets) if one.name == name), None)
