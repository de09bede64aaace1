"""The use case wait: until pods are ready, things are gone, or a field has a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minisets.app.context import Context
from minisets.app.delete import find_pod
from minisets.app.loop.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.loop.sets import SET_KIND, find_set, observe_whole
from minisets.app.loop.targets import open_target
from minisets.app.loop.unmade import find_unmade
from minisets.app.loop.world import World, observe
from minisets.app.query import get_claims, get_pods, get_services, get_sets
from minisets.core import labels
from minisets.core.query.jsonpath import Condition, holds
from minisets.errors import NotConverged, NotFound

_POLL_SECONDS = 0.25


def wait_ready(
    context: Context,
    namespace: str,
    pods: Sequence[str],
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> None:
    """Drive the sets of pods until these pods are ready.

    Kubernetes rule: a pod is followed by its name; one that is replaced meanwhile is waited for.

    Raises:
        NotFound: One of them is not there.
        NotConverged: Time is over, or a pod cannot get ready.
    """
    world = observe_whole(context, namespace)
    names = sorted({_set_of(world, namespace, pod) for pod in pods})
    targets = [find_set(context, namespace, name, world) for name in names]
    Drive(context, targets).run(
        timeout_seconds=timeout_seconds, seen=world, until=lambda ready: ready.issuperset(pods)
    )


def _set_of(world: World, namespace: str, pod: str) -> str:
    unmade = find_unmade(world, namespace, pod)
    if unmade is not None:
        return unmade.target.name
    return find_pod(world, namespace, pod).labels[labels.SET]


def wait_deleted(
    context: Context,
    namespace: str,
    kind: str,
    names: Sequence[str],
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> None:
    """Wait until objects are gone; a pod made anew under its name is another one.

    Args:
        context: Of the command.
        namespace: Of the objects.
        kind: ``Pod``, ``PersistentVolumeClaim`` or a kind that is a record.
        names: Of the objects; those that are not there are gone already.
        timeout_seconds: Of the wait.

    Raises:
        NotConverged: Time is over.
    """
    first = _identities(observe(context.engine, namespace), kind, namespace, names)

    def is_gone() -> bool:
        now = _identities(observe(context.engine, namespace), kind, namespace, names)
        return not first & now

    _poll(context, is_gone, timeout_seconds, f"{kind.lower()} {', '.join(names)} to be deleted")


def wait_field(
    context: Context,
    namespace: str,
    kind: str,
    names: Sequence[str],
    condition: Condition,
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> None:
    """Drive the namespace's sets until a field of objects has the value.

    Raises:
        NotFound: One of the objects is not there.
        NotConverged: Time is over.
    """
    read: Callable[[], list[dict[str, Any]]] = {
        SET_KIND: lambda: [view.object for view in get_sets(context, namespace, names)],
        "Pod": lambda: [view.object for view in get_pods(context, namespace, names)],
        "PersistentVolumeClaim": lambda: [
            view.object for view in get_claims(context, namespace, names)
        ],
        "Service": lambda: [view.object for view in get_services(context, namespace, names)],
    }[kind]
    read()
    world = observe_whole(context, namespace)
    targets = [open_target(record) for record in world.of_kind(SET_KIND, namespace)]

    def is_so(_ready: frozenset[str]) -> bool:
        try:
            return all(holds(condition, item) for item in read())
        except NotFound:
            # Gone in the meantime: what comes back under its name is waited for.
            return False

    Drive(context, targets).run(timeout_seconds=timeout_seconds, seen=world, until=is_so)


def _identities(world: World, kind: str, namespace: str, names: Sequence[str]) -> set[str]:
    """Return what tells each object apart from a later one of its name."""
    if kind == "Pod":
        return {pod.id for pod in world.pods(namespace) if pod.name in names}
    if kind == "PersistentVolumeClaim":
        return {
            f"{volume.name} {volume.created}"
            for volume in world.claims(namespace)
            if any(volume.name.endswith(name) for name in names)
        }
    return {
        str(record.data.get("uid"))
        for record in world.of_kind(kind, namespace)
        if record.name in names
    }


def _poll(context: Context, is_true: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = context.clock.monotonic() + seconds
    while not is_true():
        if context.clock.monotonic() >= deadline:
            raise NotConverged(f"timed out after {seconds:g}s waiting for {what}")
        context.clock.sleep(_POLL_SECONDS)
