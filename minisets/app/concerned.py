"""Which sets an apply drives: those of its input, and those whose Services or files it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from minisets.app.loop.change import Change
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.targets import Target, open_target
from minisets.app.loop.world import World
from minisets.core.input.decode import decode
from minisets.core.manifest import Service
from minisets.core.pod.identity import pod_labels, selects
from minisets.core.volumes.pod_files import references


@dataclass(frozen=True, kw_only=True)
class Concerned:
    """The sets that an apply drives.

    Attributes:
        named: Those of the input.
        touched: Others that see some of what it changes; none that is parked or goes away.
    """

    named: tuple[Target, ...]
    touched: tuple[Target, ...]


def concerned(world: World, changes: Sequence[Change]) -> Concerned:
    """Return the sets that an apply drives.

    Args:
        world: With the changes written.
        changes: Of the input.
    """
    own = {
        (change.namespace, change.loaded.name)
        for change in changes
        if change.loaded.kind == SET_KIND
    }
    changed = [change for change in changes if change.verb != "unchanged"]
    named, touched = [], []
    for record in world.of_kind(SET_KIND):
        if (record.namespace, record.name) in own:
            named.append(open_target(record))
        elif any(change.namespace == record.namespace for change in changed):
            target = open_target(record)
            is_at_rest = target.facts.is_stopped or target.facts.deletion
            if not is_at_rest and any(_is_seen(change, target, world) for change in changed):
                touched.append(target)
    return Concerned(named=tuple(named), touched=tuple(touched))


def _is_seen(change: Change, target: Target, world: World) -> bool:
    """Say whether pods of a set see an object: a Service by their names, others by their files."""
    if change.namespace != target.namespace:
        return False
    if change.loaded.kind != "Service":
        volumes = target.manifest.spec.template.spec.volumes
        return (change.loaded.kind, change.loaded.name) in references(volumes)
    if target.manifest.spec.service_name == change.loaded.name:
        return True
    states = [decode(state) for state in (change.before, change.merged) if state]
    services = [state for state in states if isinstance(state, Service)]
    return any(selects(service, pod) for service in services for pod in _labels(target, world))


def _labels(target: Target, world: World) -> Iterator[dict[str, str]]:
    """Yield the labels of the pods that a set has, and of those that it asks for."""
    for pod in world.pods(*target.key):
        yield dict(pod.labels)
    for ordinal in target.manifest.spec.pod_ordinals:
        yield pod_labels(target.manifest, f"{target.name}-{ordinal}", ordinal)
