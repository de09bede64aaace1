"""The use case get: what there is, as views of each kind; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from minisets.app.context import Context
from minisets.app.readiness import Readiness
from minisets.app.sets import read_sets
from minisets.app.targets import Target
from minisets.app.view import watched_pods
from minisets.app.views_claim import ClaimView, claim_view
from minisets.app.views_pod import PodView, pod_view
from minisets.app.views_service import ServiceView, service_view
from minisets.app.views_set import SetView, set_view
from minisets.app.world import World, observe
from minisets.core.observed import ContainerSeen
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
    ready = _ready(context, world, targets)
    pods = [container for space in sorted(world.namespaces()) for container in world.pods(space)]
    with ThreadPoolExecutor(_WORKERS) as pool:
        restarts = list(pool.map(lambda pod: _restarts(context, pod), pods))
    views = [
        pod_view(container, count, is_ready=container.id in ready)
        for container, count in zip(pods, restarts, strict=True)
        if count is not None
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
    views = [service_view(record) for record in world.of_kind("Service")]
    return _named(views, names, "services")


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


def _restarts(context: Context, pod: ContainerSeen) -> int | None:
    """Return how often a pod was restarted, which the list does not tell; None if it is gone."""
    try:
        return context.engine.inspect(pod.id).restart_count
    except EngineMissing:
        return None
