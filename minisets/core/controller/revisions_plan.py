"""Decisions about revisions: which one pods shall have, and which ones are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from minisets.core.controller.actions import (
    Action,
    CreateRevision,
    DeleteRevision,
    RenumberRevision,
)
from minisets.core.controller.controller_state import Revision, Snapshot, Status

NameOf = Callable[[str, int], str]

_DEFAULT_HISTORY_LIMIT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The revisions of one sync.

    Attributes:
        current: Name of the revision that pods have before the rollout.
        update: Name of the revision that pods shall have.
        actions: What makes the update revision exist as the newest one.
    """

    current: str
    update: str
    collision_count: int
    actions: tuple[Action, ...] = ()


def choose_revisions(snapshot: Snapshot, name_of: NameOf) -> Choice:
    """Pick the update revision, by creating or renumbering one where needed."""
    update, collision_count, actions = _update_revision(snapshot, name_of)
    return Choice(
        current=_current_revision(snapshot, update),
        update=update,
        collision_count=collision_count,
        actions=actions,
    )


def trim_history(snapshot: Snapshot, choice: Choice) -> tuple[Action, ...]:
    """Forget the oldest revisions beyond the limit that nothing uses.

    Kubernetes rule 7.7: in use are the current one, the update one and those of all pods. The
    list is the one from the start of the sync. A negative limit keeps everything.
    """
    limit = snapshot.set.revision_history_limit
    limit = _DEFAULT_HISTORY_LIMIT if limit is None else limit
    if limit < 0:
        return ()
    live = {choice.current, choice.update, *(pod.revision for pod in snapshot.pods)}
    history = [one for one in _oldest_first(snapshot.revisions) if one.name not in live]
    surplus = history[: max(0, len(history) - limit)]
    cause = f"unused, and the history keeps {limit}"
    return tuple(DeleteRevision(name=one.name, cause=cause) for one in surplus)


def _update_revision(snapshot: Snapshot, name_of: NameOf) -> tuple[str, int, tuple[Action, ...]]:
    # Kubernetes rule 7.3: the newest revision if it has this template, else the newest of the
    # older ones that have it (a rollback keeps its name), else a new one.
    revisions = _oldest_first(snapshot.revisions)
    status = snapshot.status if snapshot.status is not None else Status()
    equal = [one for one in revisions if one.template == snapshot.set.template]
    number = revisions[-1].number + 1 if revisions else 1
    if not equal:
        name, count = _free_name(snapshot, name_of, status.collision_count)
        cause = "the pod template is new"
        return name, count, (CreateRevision(name=name, number=number, cause=cause),)
    found = equal[-1]
    if found is revisions[-1]:
        return found.name, status.collision_count, ()
    cause = "the pod template is the one of this earlier revision again"
    action = RenumberRevision(name=found.name, number=number, cause=cause)
    return found.name, status.collision_count, (action,)


def _free_name(snapshot: Snapshot, name_of: NameOf, collision_count: int) -> tuple[str, int]:
    taken = {one.name for one in snapshot.revisions}
    name = name_of(snapshot.set.template, collision_count)
    while name in taken:
        collision_count += 1
        name = name_of(snapshot.set.template, collision_count)
    return name, collision_count


def _current_revision(snapshot: Snapshot, update: str) -> str:
    # Kubernetes rule 7.5: the one that the status names, if it still exists.
    names = {one.name for one in snapshot.revisions}
    if snapshot.status is not None and snapshot.status.current_revision in names:
        return snapshot.status.current_revision
    return update


def _oldest_first(revisions: tuple[Revision, ...]) -> list[Revision]:
    return sorted(revisions, key=lambda one: (one.number, one.name))
