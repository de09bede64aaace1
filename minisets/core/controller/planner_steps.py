"""The bookkeeping of a walk over pods: what was decided, what stops it, how far it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from minisets.core.controller.actions import Action

Place = TypeVar("Place")

# Kubernetes rule 4.6: batches double up to this size.
_LARGEST_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was decided about one pod, or about several in a row.

    Attributes:
        stop: Why an ordered walk ends here; None if it goes on.
        errors: Why the sync fails here.
        updated: How many of the deletions are the rolling update's.
    """

    actions: tuple[Action, ...] = ()
    stop: str | None = None
    errors: tuple[str, ...] = ()
    updated: int = 0


def in_order(visit: Callable[[Place], Step], places: Sequence[Place]) -> Step:
    """Visit one place after the other until one of them stops the walk."""
    steps: list[Step] = []
    for place in places:
        steps.append(visit(place))
        if is_over(steps[-1]):
            break
    return joined(steps)


def in_batches(visit: Callable[[Place], Step], places: Sequence[Place]) -> Step:
    """Visit all places, whatever the visits say, in batches of 1, 2, 4, 8, ...

    Kubernetes rule 4.6: only an error ends this, and only after the batch it happened in.
    """
    steps: list[Step] = []
    size = 1
    start = 0
    while (batch := places[start : start + size]) and not any(step.errors for step in steps):
        steps += [replace(visit(place), stop=None) for place in batch]
        start += size
        size = min(2 * size, _LARGEST_BATCH)
    return joined(steps)


def is_over(step: Step) -> bool:
    """Say whether nothing may be done after this step."""
    return step.stop is not None or bool(step.errors)


def joined(steps: Sequence[Step]) -> Step:
    """Return several steps as one."""
    return Step(
        actions=tuple(action for step in steps for action in step.actions),
        stop=first(step.stop for step in steps),
        errors=tuple(error for step in steps for error in step.errors),
    )


def first(sentences: Iterable[str | None]) -> str | None:
    """Return the first sentence there is."""
    return next((sentence for sentence in sentences if sentence is not None), None)


def error_text(errors: tuple[str, ...]) -> str | None:
    """Return the errors of a sync as one text, the way Kubernetes writes several of them."""
    different = tuple(dict.fromkeys(errors))
    if len(different) > 1:
        return f"[{', '.join(different)}]"
    return first(different)
