"""The use case apply --dry-run: the whole road, every step with its cause, and nothing touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minisets.app.changes import Change, Verb, prepare
from minisets.app.context import Context
from minisets.app.loop.image_users import check_present_users
from minisets.app.loop.images import policies
from minisets.app.loop.publishing import published_texts
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.targets import Target
from minisets.app.loop.view import watched_pods
from minisets.app.loop.world import World, as_set, observe
from minisets.app.notices import notices
from minisets.core.controller.actions import render_action
from minisets.core.controller.planner import Options
from minisets.core.controller.simulate import road
from minisets.core.controller.snapshot import take_snapshot
from minisets.core.input.decode import decode
from minisets.core.input.load import LoadedObject
from minisets.core.input.source import Notice
from minisets.core.manifest import Service
from minisets.core.network.publishing import PublishFlags
from minisets.core.records.record import Record
from minisets.core.records.set_record import SetRecord, parse_set

_NOTHING = World(containers=(), volumes=())
_PROBE_SECONDS = 1.0


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

    Args:
        context: Of the command; None if no Engine answers: then from nothing.
        objects: With their namespaces filled in.
        publish: What the command line says about published ports.

    Raises:
        ManifestError: An object is not valid, or changes what cannot be changed.
    """
    world = observe(context.engine) if context is not None else _NOTHING
    changes = prepare(context, world, objects, publish)
    if context is not None:
        sets = [as_set(change.merged) for change in changes if change.loaded.kind == SET_KIND]
        pods = [manifest.spec.template.spec for manifest in sets]
        check_present_users(context.engine, changes, policies(pods, None))
    said = notices(world, changes, "", context.engine if context is not None else None)
    return [
        Outlook(
            kind=change.loaded.kind,
            name=change.loaded.name,
            verb=change.verb,
            steps=_road(context, world, change, changes) if change.loaded.kind == SET_KIND else (),
            notices=tuple(
                notice
                for notice in said
                if notice.subject == f"{change.loaded.kind.lower()}/{change.loaded.name}"
            ),
        )
        for change in changes
    ]


def _road(
    context: Context | None, world: World, change: Change, changes: Sequence[Change]
) -> tuple[str, ...]:
    facts = parse_set(change.live.data) if change.live else None
    manifest = as_set(change.merged)
    record = change.live or Record(
        kind=SET_KIND,
        namespace=change.namespace,
        name=change.loaded.name,
        generation=1,
        nonce="",
        data={},
    )
    after = SetRecord(
        object=change.merged,
        uid=facts.uid if facts else "",
        generation=(facts.generation + 1) if facts else 1,
        revisions=facts.revisions if facts else (),
        status=facts.status if facts else None,
        ports=facts.ports if facts else (),
        claim_owners=facts.claim_owners if facts else {},
        ready_since=facts.ready_since if facts else {},
    )
    target = Target(record=record, facts=after, manifest=manifest)
    snapshot = take_snapshot(
        after,
        manifest,
        namespace=change.namespace,
        pods=world.pods(change.namespace, change.loaded.name),
        volumes=world.claims(change.namespace, change.loaded.name),
        ready_for=_ready_for(context, world, target),
        published=_published(world, target, changes),
    )
    plans = road(snapshot, Options(repair_broken=True))
    steps = tuple(render_action(action) for step in plans for action in step.actions)
    return steps or ("nothing to do",)


def _published(world: World, target: Target, changes: Sequence[Change]) -> dict[str, str]:
    """Return the ports of the host that the set's pods should have once all is applied."""
    services = {service.metadata.name: service for service in world.services(target.namespace)}
    for change in changes:
        if change.namespace == target.namespace and change.loaded.kind == "Service":
            service = decode(change.merged)
            if isinstance(service, Service):
                services[change.loaded.name] = service
    return published_texts(
        target, world.pods(target.namespace, target.name), tuple(services.values())
    )


def _ready_for(context: Context | None, world: World, target: Target) -> dict[str, float]:
    if context is None:
        return {}
    with Readiness(context) as readiness:
        readiness.update(watched_pods(world, [target]))
        readiness.settle(_PROBE_SECONDS)
        return readiness.ready_for()
