"""The events of what a look shows: what the Engine remembers, and what things tell themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.targets import Target
from minisets.app.loop.unmade import standing_setbacks
from minisets.app.reading.look import Look
from minisets.app.reading.pod_parts import PodPart
from minisets.app.reading.views import PodView
from minisets.app.reading.views_pod import pod_views
from minisets.core import labels, naming
from minisets.core.pod.setback import Setback
from minisets.core.query.history import (
    MINISETS,
    Event,
    from_engine,
    from_inspection,
    merge,
    pod_created,
    probe_failed,
)
from minisets.core.query.setback_events import is_told_better, pod_setback
from minisets.core.timestamps import seconds_of


def read_events(look: Look) -> list[Event]:
    """Return the events of pods, sets and claims, oldest first.

    The Engine remembers its last 256 events, those of others among them: what is older is derived
    from the containers and volumes that are there.
    """
    setbacks = [
        (target, name, one)
        for target in look.sets
        for name, one in standing_setbacks(look.world, target).items()
    ]
    remembered = [
        event
        for event in from_engine(look.happened)
        if not any(
            event.namespace == target.namespace
            and is_told_better(event, one, set_name=target.name, pod=name)
            for target, name, one in setbacks
        )
    ]
    present = [event for pod in pod_views(look) for event in _of_pod(look, pod)]
    present += [event for found in setbacks for event in _of_setback(look, *found)]
    return merge(remembered, [*_of_claims(look), *present])


def _of_setback(look: Look, target: Target, pod: str, one: Setback) -> Iterator[Event]:
    is_there = any(seen.name == pod for seen in look.world.pods(*target.key))
    now = look.context.clock.now()
    yield from pod_setback(target.namespace, target.name, pod, one, now, is_there=is_there)


def _of_pod(look: Look, pod: PodView) -> Iterator[Event]:
    if pod.is_unmade:
        return
    for owner in pod.object["metadata"].get("ownerReferences") or ():
        yield pod_created(pod.namespace, owner["name"], pod.name, pod.created)
    for part in pod.parts:
        for event in _of_part(look, pod, part):
            yield replace(event, is_init=part.sight.kind != "main")


def _of_part(look: Look, pod: PodView, part: PodPart) -> Iterator[Event]:
    if part.container is None or part.detail is None:
        if part.sight.blocked and pod.setback is None:
            yield _blocked(look, pod, part)
        return
    name = part.sight.name
    is_probe = "exec" in (part.spec.get("readinessProbe") or {})
    yield from from_inspection(
        pod.namespace,
        pod.name,
        name,
        part.container.created,
        part.detail,
        check="Readiness probe" if is_probe else "Health check",
    )
    result = look.probed.get(part.container.id)
    if result is not None and not result.ok:
        kind = "Readiness" if part.spec.get("readinessProbe") else "Startup"
        since, now = part.detail.started_at, look.context.clock.now()
        failed = probe_failed(pod.namespace, pod.name, name, kind, result.output, now, since)
        yield replace(failed, container_id=part.container.id)


def _blocked(look: Look, pod: PodView, part: PodPart) -> Event:
    now = look.context.clock.now()
    return Event(
        namespace=pod.namespace,
        kind="Pod",
        name=pod.name,
        type="Warning",
        reason="Failed",
        message=f"Error: {part.sight.blocked}: {part.sight.blocked_message}",
        first=now,
        last=now,
        container=part.sight.name,
        source=MINISETS,
    )


def _of_claims(look: Look) -> Iterator[Event]:
    for space in sorted(look.world.namespaces()):
        for volume in look.world.claims(space):
            claim = volume.name.removeprefix(naming.prefix(space))
            created = seconds_of(volume.created)
            provisioned = Event(
                namespace=space,
                kind="PersistentVolumeClaim",
                name=claim,
                type="Normal",
                reason="ProvisioningSucceeded",
                message=f"Successfully provisioned volume {volume.name}",
                first=created,
                last=created,
                source=MINISETS,
            )
            yield provisioned
            owner = volume.labels.get(labels.SET)
            if owner:
                pod = f"{owner}-{volume.labels.get(labels.ORDINAL, '')}"
                yield replace(
                    provisioned,
                    kind=SET_KIND,
                    name=owner,
                    reason="SuccessfulCreate",
                    message=f"create Claim {claim} Pod {pod} in StatefulSet {owner} success",
                )
