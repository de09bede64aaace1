"""What is said of an object that is not there: the name that was meant, or where to look."""

from __future__ import annotations

from collections.abc import Iterable

from minisets.core import naming
from minisets.core.suggest import did_you_mean
from minisets.errors import NotFound

# As hands type them.
_SHORT = {
    "configmaps": "cm",
    "controllerrevisions.apps": "controllerrevisions",
    "persistentvolumeclaims": "pvc",
    "persistentvolumes": "pv",
    "services": "svc",
    "statefulsets.apps": "sts",
    "storageclasses.storage.k8s.io": "sc",
}


def not_found(
    resource: str, name: str, known: Iterable[str], *, namespace: str | None = None
) -> NotFound:
    """Return the error for an object that a command names and that does not exist.

    Args:
        resource: As kubectl says it in messages, such as ``statefulsets.apps``.
        name: As typed.
        known: Names of the objects that there are.
        namespace: That was looked into; None: all of them, or the objects have none.
    """
    there = list(known)
    return NotFound(
        f'{resource} "{name}" not found',
        hint=(_siblings(name, there) if resource == "pods" else None)
        or did_you_mean(name, there)
        or _listing(resource, namespace, is_empty=not there),
    )


def _siblings(pod: str, known: Iterable[str]) -> str | None:
    """Return which pods the set of a pod with too high an ordinal has; None if it has none."""
    stem, dash, ordinal = pod.rpartition("-")
    if not dash or not ordinal.isdecimal():
        return None
    there = sorted(
        int(rest)
        for one in known
        for before, _, rest in [one.rpartition("-")]
        if before == stem and rest.isdecimal()
    )
    if not there:
        return None
    if len(there) == 1:
        return f"{stem} has 1 pod: {stem}-{there[0]}"
    return f"{stem} has {len(there)} pods: {stem}-{there[0]} to {stem}-{there[-1]}"


def _listing(resource: str, namespace: str | None, *, is_empty: bool) -> str:
    command = f"minisets get {_SHORT.get(resource, resource.partition('.')[0])}"
    if namespace is None:
        return command
    if is_empty:
        # Most likely the namespace was forgotten.
        return f"there are none in namespace {namespace}; all: {command} -A"
    return f"{command}{naming.flag(namespace)}"
