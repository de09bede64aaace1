"""The use case get: what there is, as views of each kind; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TypeVar

from minisets.app.context import Context
from minisets.app.loop.sets import SET_KIND
from minisets.app.reading.look import Look
from minisets.app.reading.views import ClaimView, PodView, ServiceView, SetView, View
from minisets.core.query.absence import not_found

ViewT = TypeVar("ViewT", bound=View)

# A module is imported when its kind is read: a command that shows one kind is to start fast.
_READERS: Mapping[str, str] = {
    SET_KIND: "views_set:set_views",
    "Pod": "views_pod:pod_views",
    "PersistentVolumeClaim": "views_claim:claim_views",
    "PersistentVolume": "views_volume:volume_views",
    "Service": "views_service:service_views",
    "ControllerRevision": "views_object:revision_views",
    "Event": "views_event:event_views",
    "Namespace": "views_object:namespace_views",
}
"""Kind → what reads all objects of it; the others are records."""


def read_kind(look: Look, kind: str) -> list[View]:
    """Return all objects of a kind that a look shows."""
    if kind not in _READERS:
        from minisets.app.reading.views_object import record_views

        return list(record_views(look, kind))
    module, _, name = _READERS[kind].partition(":")
    reader: Callable[[Look], list[View]] = getattr(
        import_module(f"minisets.app.reading.{module}"), name
    )
    return list(reader(look))


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
        space = next((view.namespace for view in views), None)
        raise not_found(resource, missing[0], known, namespace=space)
    return [known[name] for name in names]


def get_sets(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[SetView]:
    """Return the sets of a namespace (None: of all), in the order of the names if given.

    Raises:
        NotFound: One of the names is not there.
    """
    from minisets.app.reading.views_set import set_views

    return choose(set_views(Look(context, namespace, is_whole=True)), names, "statefulsets.apps")


def get_pods(context: Context, namespace: str | None, names: Sequence[str] = ()) -> list[PodView]:
    """Return the pods of a namespace; see get_sets."""
    from minisets.app.reading.views_pod import pod_views

    return choose(pod_views(Look(context, namespace)), names, "pods")


def get_claims(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ClaimView]:
    """Return the claims of a namespace; see get_sets."""
    from minisets.app.reading.views_claim import claim_views

    return choose(claim_views(Look(context, namespace)), names, "persistentvolumeclaims")


def get_services(
    context: Context, namespace: str | None, names: Sequence[str] = ()
) -> list[ServiceView]:
    """Return the Services of a namespace; see get_sets."""
    from minisets.app.reading.views_service import service_views

    return choose(service_views(Look(context, namespace)), names, "services")
