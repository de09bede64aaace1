"""The use case apply --dry-run: the whole road, every step with its cause, and nothing touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from minisets.app.changes import prepare, world_after
from minisets.app.concerned import concerned
from minisets.app.context import Context
from minisets.app.loop.blueprint import Blueprint
from minisets.app.loop.change import Change, Verb
from minisets.app.loop.image_users import check_present_users
from minisets.app.loop.images import policies
from minisets.app.loop.network import find_network
from minisets.app.loop.planning import Planning, road_from_nothing, take_ports
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.sets import SET_KIND, observe_whole
from minisets.app.loop.view import watched_pods
from minisets.app.loop.world import Key, World, as_set
from minisets.app.notices import notices
from minisets.core.controller.actions import Plan, render_action
from minisets.core.input.load import LoadedObject
from minisets.core.input.source import Notice
from minisets.core.network.publishing import PublishFlags
from minisets.core.pod.kubelet import Care, render_care

_NOTHING = World(containers=(), volumes=())
_PROBE_SECONDS = 1.0
_NO_STEPS = ("nothing to do",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What apply would do with one object; ``steps`` are lines, of a set only."""

    kind: str
    name: str
    verb: Verb
    steps: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


def dry_run(
    context: Context | None,
    objects: Sequence[LoadedObject],
    publish: PublishFlags | None = None,
) -> list[Outlook]:
    """Return what apply would do, object by object, in the order in which it would.

    Sets that are not in the input and see some of its changes come last.

    Args:
        context: Of the command; None if no Engine answers: then from nothing.
        objects: With their namespaces filled in.
        publish: What the command line says about published ports.

    Raises:
        ManifestError: An object is not valid, or changes what cannot be changed.
    """
    world = observe_whole(context, None, is_dry=True) if context is not None else _NOTHING
    changes = prepare(context, world, objects, publish)
    if context is not None:
        sets = [as_set(change.merged) for change in changes if change.loaded.kind == SET_KIND]
        pods = [manifest.spec.template.spec for manifest in sets]
        check_present_users(context.engine, changes, policies(pods, None))
    said = notices(world, changes, "", context.engine if context is not None else None)
    roads = _roads(context, world_after(world, changes), changes)
    found = [
        Outlook(
            kind=change.loaded.kind,
            name=change.loaded.name,
            verb=change.verb,
            steps=roads.pop((change.namespace, change.loaded.name))
            if change.loaded.kind == SET_KIND
            else (),
            notices=tuple(
                notice
                for notice in said
                if notice.subject == f"{change.loaded.kind.lower()}/{change.loaded.name}"
            ),
        )
        for change in changes
    ]
    others = [
        Outlook(kind=SET_KIND, name=name, verb="unchanged", steps=steps)
        for (_, name), steps in roads.items()
        if steps != _NO_STEPS
    ]
    return [*found, *others]


def _roads(
    context: Context | None, world: World, changes: Sequence[Change]
) -> dict[Key, tuple[str, ...]]:
    """Return set → its steps, for all that apply would drive: the input's first."""
    driven = concerned(world, changes)
    targets = [*driven.named, *driven.touched]
    if context is None:
        return {target.key: _steps((), road_from_nothing(target)) for target in targets}
    with Readiness(context) as readiness:
        readiness.update(watched_pods(world, targets))
        readiness.settle(_PROBE_SECONDS)
    planning = Planning(context, readiness, is_brief=True)
    found = {}
    for target in targets:
        take_ports(target, world, targets)
        network = find_network(context, target.namespace)
        blueprint = Blueprint(context=context, target=target, world=world, network=network)
        repairs = planning.repairs(blueprint)
        found[target.key] = _steps(repairs, planning.road(target, world, repairs))
    return found


def _steps(repairs: Iterable[Care], plans: Iterable[Plan]) -> tuple[str, ...]:
    # No plan is made until no pod needs care.
    first = tuple(map(render_care, repairs))
    then = tuple(render_action(action) for step in plans for action in step.actions)
    return (*first, *then) or _NO_STEPS
