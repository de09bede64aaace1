"""The use case get: what there is, as views of each kind; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from minisets.app.context import Context
from minisets.app.look import Look
from minisets.app.sets import SET_KIND
from minisets.app.views_claim import ClaimView, claim_views
from minisets.app.views_event import event_views
from minisets.app.views_object import (
    REVISION_KIND,
    ObjectView,
    namespace_views,
    record_views,
    revision_views,
)
from minisets.app.views_pod import PodView, pod_views
from minisets.app.views_service import ServiceView, service_views
from minisets.app.views_set import SetView, set_views
from minisets.app.views_volume import volume_views
from minisets.errors import NotFound

View = SetView | PodView | ClaimView | ServiceView | ObjectView
ViewT = TypeVar("ViewT", bound=View)

_READERS: Mapping[str, Callable[[Look], Sequence[View]]] = {
    SET_KIND: set_views,
    "Pod": pod_views,
    "PersistentVolumeClaim": claim_views,
    "PersistentVolume": volume_views,
    "Service": service_views,
    REVISION_KIND: revision_views,
    "Event": event_views,
    "Namespace": namespace_views,
}
"""Kind → what reads all objects of it; the others are records."""


def read_kind(look: Look, kind: str) -> list[View]:
    """Return all objects of a kind that a look shows."""
    reader = _READERS.get(kind)
    return list(reader(look) if reader else record_views(look, kind))


def choose(views: Sequence[ViewT], names: Sequence[str], resource: str) -> list[ViewT]:
    """Return the objects with these names, in the order of the names; all if none are given.

    Args:
        views: To choose from.
        names: Of objects.
        resource: As kubectl says it in messages, such as ``statefulsets.apps``.

    Raises:
        NotFound: One of the names is not there.
    """
    if not names:
        return list(views)
    known = {view.name: view for view in views}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound(f'{resource} "{missing[0]}" not found')
    return [known[name] for name in names]


def get_sets(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[SetView]:
    """Return the sets of a namespace (None: of all), in the order of the names if given.

    Raises:
        NotFound: One of the names is not there.
    """
    return choose(set_views(Look(context, namespace)), names, "statefulsets.apps")


def get_pods(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[PodView]:
    """Return the pods of a namespace; see get_sets."""
    return choose(pod_views(Look(context, namespace)), names, "pods")


def get_claims(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ClaimView]:
    """Return the claims of a namespace; see get_sets."""
    return choose(claim_views(Look(context, namespace)), names, "persistentvolumeclaims")


def get_services(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ServiceView]:
    """Return the Services of a namespace; see get_sets."""
    return choose(service_views(Look(context, namespace)), names, "services")
