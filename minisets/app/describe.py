"""The use case describe: all that is known of an object, for a person who looks for a cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from minisets.app.loop.change import Change
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.targets import Target
from minisets.app.loop.unmade import standing_setbacks, unmade_pods
from minisets.app.notices import notices
from minisets.app.query import read_kind
from minisets.app.reading.history import read_events
from minisets.app.reading.look import Look
from minisets.app.reading.outlook import next_steps, repairs_of
from minisets.app.reading.pod_parts import PodPart
from minisets.app.reading.views import ClaimView, PodView, ServiceView, SetView, View
from minisets.app.reading.views_pod import pod_views
from minisets.core import labels, naming
from minisets.core.input.load import LoadedObject
from minisets.core.input.notice_groups import group_notices
from minisets.core.input.source import Source
from minisets.core.input.support import review
from minisets.core.observed import VolumeSeen
from minisets.core.pod.seen import PodSeen
from minisets.core.pod.setback import waiting_reason
from minisets.core.query.absence import not_found
from minisets.core.query.history import Event
from minisets.core.query.selectors import matches, parse_labels
from minisets.core.records.set_record import RevisionEntry
from minisets.errors import EngineError

_LOG_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PodFacts:
    """What is known of a pod.

    Attributes:
        names: DNS names that it was given on its network.
        probes: Container → what its probe said just now, and whether that is good.
        output: Container that does not do well → its last lines.
        steps: What it needs before anything else is done to it; empty if it needs nothing.
        events: Of the pod, oldest first.
    """

    view: PodView
    names: tuple[str, ...]
    probes: dict[str, tuple[bool, str]]
    output: dict[str, tuple[str, ...]]
    steps: tuple[str, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFacts:
    """What is known of a set.

    Attributes:
        pods: Of the set.
        held_up: Why pods could not be made or updated, a line each, with what to do.
        steps: What a command that drives the set would do next, with its causes.
        notices: What apply had to say of the manifest.
        applied_from: The file, and when that was in seconds since the epoch.
        revisions: Remembered templates.
        events: Of the set, oldest first.
    """

    view: SetView
    pods: tuple[PodView, ...]
    held_up: tuple[str, ...]
    steps: tuple[str, ...]
    notices: tuple[str, ...]
    applied_from: tuple[str, float]
    revisions: tuple[RevisionEntry, ...]
    is_stopped: bool
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """What is known of a claim.

    Attributes:
        volume: Behind it; None while no pod has needed it.
        used_by: Names of the pods that mount it.
        events: Of the claim, oldest first.
    """

    view: ClaimView
    volume: VolumeSeen | None
    used_by: tuple[str, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """What is known of a Service.

    Attributes:
        pods: That it selects.
        names: DNS names that stand for them.
    """

    view: ServiceView
    pods: tuple[PodView, ...]
    names: tuple[str, ...]


Facts = PodFacts | SetFacts | ClaimFacts | ServiceFacts | View


def find_views(look: Look, kind: str, names: Sequence[str], resource: str) -> list[View]:
    """Return the objects with these names, or whose names begin so.

    Args:
        look: At their namespace.
        kind: Of the objects.
        names: Of the objects; all of them, if none are given.
        resource: As kubectl says it in messages, such as ``statefulsets.apps``.

    Raises:
        NotFound: A name is not there, and no name begins with it.
    """
    views = read_kind(look, kind)
    if not names:
        return views
    found = []
    for name in names:
        exact = [view for view in views if view.name == name]
        begun = exact or [view for view in views if view.name.startswith(name)]
        if not begun:
            known = [view.name for view in views]
            raise not_found(resource, name, known, namespace=look.namespace)
        found += begun
    return found


def describe_views(look: Look, views: Sequence[View]) -> list[Facts]:
    """Return what is known of objects.

    Args:
        look: That shows them: whole, and with sizes for claims.
        views: The objects.
    """
    events = read_events(look) if any(_has_events(view) for view in views) else []
    return [_facts(look, view, events) for view in views]


def _has_events(view: View) -> bool:
    return isinstance(view, PodView | SetView | ClaimView)


def _facts(look: Look, view: View, events: Sequence[Event]) -> Facts:
    match view:
        case PodView():
            return _pod(look, view, _events_of(events, "Pod", view))
        case SetView():
            return _set(look, view, _events_of(events, "StatefulSet", view))
        case ClaimView():
            return _claim(look, view, _events_of(events, "PersistentVolumeClaim", view))
        case ServiceView():
            return _service(look, view)
        case _:
            return view


def _events_of(events: Sequence[Event], kind: str, view: View) -> tuple[Event, ...]:
    wanted = (kind, view.namespace, view.name)
    return tuple(event for event in events if (event.kind, event.namespace, event.name) == wanted)


def _pod(look: Look, view: PodView, events: tuple[Event, ...]) -> PodFacts:
    probes = {
        part.sight.name: (result.ok, result.output)
        for part in view.parts
        if part.container and (result := look.probed.get(part.container.id)) is not None
    }
    return PodFacts(
        view=view,
        steps=tuple(_steps_of(look, view)),
        names=() if view.is_unmade else _names_of(look, view),
        probes=probes,
        output={
            part.sight.name: lines
            for part in view.parts
            if _is_unwell(part) and (lines := _last_lines(look, part))
        },
        events=events,
    )


def _steps_of(look: Look, view: PodView) -> Iterator[str]:
    if view.setback is not None and view.setback.hint:
        yield view.setback.hint
    if view.is_unmade:
        return
    target = look.target_of(_seen(look, view))
    repair = repairs_of(look, target).get(view.name) if target is not None else None
    if repair:
        yield repair


def _seen(look: Look, view: PodView) -> PodSeen:
    wanted = (view.namespace, view.name)
    return next(pod for pod in look.pods if (pod.labels[labels.NAMESPACE], pod.name) == wanted)


def _names_of(look: Look, view: PodView) -> tuple[str, ...]:
    holder = _seen(look, view).holder
    detail = look.inspect([holder]).get(holder.id)
    if detail is None:
        return ()
    found = detail.aliases.get(naming.network_name(view.namespace), ())
    # Engines before 25 add their own id.
    return tuple(name for name in found if not holder.id.startswith(name))


def _is_unwell(part: PodPart) -> bool:
    is_done = part.sight.kind == "init" and part.sight.exit_code == 0
    return part.detail is not None and not part.sight.is_ready and not is_done


def _last_lines(look: Look, part: PodPart) -> tuple[str, ...]:
    if part.container is None:
        return ()
    try:
        chunks = look.context.engine.logs(part.container.id, tail=_LOG_LINES)
        output = b"".join(chunk for _, chunk in chunks)
    except EngineError:
        # A log driver that cannot be read, or a container that has just gone.
        return ()
    return tuple(output.decode(errors="replace").splitlines()[-_LOG_LINES:])


def _set(look: Look, view: SetView, events: tuple[Event, ...]) -> SetFacts:
    target = next(one for one in look.sets if one.key == (view.namespace, view.name))
    facts = target.facts
    names = {
        pod.name
        for pod in look.pods
        if (pod.labels[labels.NAMESPACE], pod.labels.get(labels.SET)) == target.key
    }
    names |= {pod.name for pod in unmade_pods(look.world, [target])}
    return SetFacts(
        view=view,
        pods=tuple(
            pod for pod in pod_views(look) if pod.namespace == view.namespace and pod.name in names
        ),
        held_up=tuple(_held_up(look, target)),
        steps=next_steps(look, target),
        notices=tuple(_notices(look, target)),
        applied_from=(facts.applied_from.path, facts.applied_from.time),
        revisions=facts.revisions,
        is_stopped=facts.is_stopped,
        events=events,
    )


def _held_up(look: Look, target: Target) -> Iterator[str]:
    for name, one in standing_setbacks(look.world, target).items():
        reason, message = waiting_reason(one, look.context.clock.now())
        hint = f" ({one.hint})" if one.hint else ""
        yield f"pod {name}: {reason}: {message}{hint}"


def _notices(look: Look, target: Target) -> Iterator[str]:
    """Yield what apply would have to say of a set that it does not change."""
    facts = target.facts
    said, _ = review(facts.last_applied) if facts.last_applied else ((), ())
    unchanged = Change(
        loaded=LoadedObject(
            kind=SET_KIND,
            namespace=target.namespace,
            name=target.name,
            raw=facts.last_applied,
            value=target.manifest,
            source=Source(),
        ),
        namespace=target.namespace,
        live=target.record,
        before=facts.object,
        applied=facts.last_applied,
        merged=facts.object,
    )
    standing = notices(look.world, [unchanged], facts.applied_from.path, look.context.engine)
    # The page is about one object, and its file may be another one by now.
    yield from group_notices(
        replace(notice, subject="", file="", line=0) for notice in (*said, *standing)
    )


def _claim(look: Look, view: ClaimView, events: tuple[Event, ...]) -> ClaimFacts:
    name = naming.volume_name(view.namespace, view.name)
    volume = next((one for one in look.world.volumes if one.name == name), None)
    return ClaimFacts(
        view=view,
        volume=volume,
        used_by=tuple(
            pod.name
            for pod in pod_views(look)
            if pod.namespace == view.namespace and view.name in _claims_of(pod)
        ),
        events=events,
    )


def _claims_of(pod: PodView) -> set[str]:
    return {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod.object["spec"].get("volumes") or ()
        if "persistentVolumeClaim" in volume
    }


def _service(look: Look, view: ServiceView) -> ServiceFacts:
    selector = view.object["spec"].get("selector") or {}
    wanted = parse_labels(",".join(f"{key}={value}" for key, value in selector.items()))
    pods = [
        pod
        for pod in pod_views(look)
        if selector
        and pod.namespace == view.namespace
        and matches(wanted, pod.object["metadata"]["labels"])
    ]
    full = f"{view.name}.{view.namespace}.svc.cluster.local"
    short = [full.removesuffix(end) for end in (".svc.cluster.local", ".cluster.local", "")]
    return ServiceFacts(view=view, pods=tuple(pods), names=(view.name, *short))
