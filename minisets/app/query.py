"""The use case get: what there is, as views of each kind; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from minisets.app.context import Context
from minisets.app.publishing import places_of_pod, places_of_service
from minisets.app.readiness import Readiness
from minisets.app.sets import read_sets
from minisets.app.targets import Target
from minisets.app.view import watched_pods
from minisets.app.views_claim import ClaimView, claim_view
from minisets.app.views_pod import PodView, pod_view
from minisets.app.views_service import ServiceView, service_view
from minisets.app.views_set import SetView, set_view
from minisets.app.world import Key, World, observe
from minisets.core import labels
from minisets.core.decode import decode
from minisets.core.manifest import Service
from minisets.core.pod_layout import Part, layout
from minisets.core.pod_seen import PodSeen, container_of, role_of
from minisets.core.set_record import parse_object
from minisets.errors import EngineMissing, NotFound

# A reading command does not wait for slow probes: they count as not ready.
_PROBE_SECONDS = 1.0
_WORKERS = 8

ViewT = TypeVar("ViewT", SetView, PodView, ClaimView, ServiceView)


def get_sets(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[SetView]:
    """Return the sets of a namespace (None: of all), in the order of the names if given.

    Raises:
        NotFound: One of the names is not there.
    """
    world = observe(context.engine, namespace)
    targets = read_sets(world)
    ready = _ready(context, world, targets)
    views = [set_view(world, target, ready) for target in targets]
    return _named(views, names, "statefulsets.apps")


def get_pods(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[PodView]:
    """Return the pods of a namespace; see get_sets."""
    world = observe(context.engine, namespace)
    targets = read_sets(world, with_orphans=True)
    known = {target.key: target for target in targets}
    pods = [pod for space in sorted(world.namespaces()) for pod in world.pods(space)]
    with Readiness(context) as readiness:
        readiness.update(watched_pods(world, targets))
        readiness.settle(_PROBE_SECONDS)
        ready = readiness.ready_containers()
    with ThreadPoolExecutor(_WORKERS) as pool:
        restarts = list(pool.map(lambda pod: _restarts(context, pod), pods))
    views = [
        pod_view(pod, counts, ready, _parts(known, pod), _places(context, known, pod))
        for pod, counts in zip(pods, restarts, strict=True)
        if counts
    ]
    return _named(views, names, "pods")


def get_claims(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ClaimView]:
    """Return the claims of a namespace; see get_sets."""
    world = observe(context.engine, namespace)
    views = [
        claim_view(volume)
        for space in sorted(world.namespaces())
        for volume in world.claims(space)
    ]
    return _named(views, names, "persistentvolumeclaims")


def get_services(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ServiceView]:
    """Return the Services of a namespace; see get_sets."""
    world = observe(context.engine, namespace)
    targets = read_sets(world)
    views = []
    for record in world.of_kind("Service"):
        service = decode(parse_object(record.data).object)
        if isinstance(service, Service):
            address, places = places_of_service(context, world, targets, record.namespace, service)
            views.append(service_view(record, service, places, address))
    return _named(views, names, "services")


def _places(context: Context, known: Mapping[Key, Target], pod: PodSeen) -> tuple[str, ...]:
    """Return where a pod is to be found from outside; nowhere if its set is not known."""
    target = known.get((pod.labels[labels.NAMESPACE], pod.labels.get(labels.SET, "")))
    return places_of_pod(context, target, pod) if target is not None else ()


def _named(views: list[ViewT], names: Sequence[str], resource: str) -> list[ViewT]:
    if not names:
        return views
    known = {view.name: view for view in views}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound(f'{resource} "{missing[0]}" not found')
    return [known[name] for name in names]


def _ready(context: Context, world: World, targets: Sequence[Target]) -> dict[str, float]:
    with Readiness(context) as readiness:
        readiness.update(watched_pods(world, targets))
        readiness.settle(_PROBE_SECONDS)
        return readiness.ready_for()


def _restarts(context: Context, pod: PodSeen) -> dict[str, int]:
    """Return container id → how often it was restarted, which the list does not tell.

    Empty if the pod is gone.
    """
    try:
        return {one.id: context.engine.inspect(one.id).restart_count for one in pod.lasting} or {
            one.id: 0 for one in pod.containers
        }
    except EngineMissing:
        return {}


def _parts(known: Mapping[Key, Target], pod: PodSeen) -> tuple[Part, ...]:
    """Return the containers that a pod should have, by the revision that it was made from."""
    target = known.get((pod.labels[labels.NAMESPACE], pod.labels.get(labels.SET, "")))
    if target is None:
        # Its set is unknown: it shows what is there.
        return tuple(
            Part(role=role_of(one), name=container_of(one), place=place)
            for place, one in enumerate(pod.containers)
        )
    return layout(target.template_of(pod.labels.get(labels.REVISION, "")).spec)
