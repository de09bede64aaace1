"""Independent work side by side: all of it comes to its end, and each error is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from minisets.app.loop.crew import Crew
from minisets.errors import MinisetsError, NotFound, joined

# More threads gain nothing: the Engine's own work is what takes the time.
WORKERS = 8

Job = Callable[[], None]
Thing = TypeVar("Thing")
Result = TypeVar("Result")


def side_by_side(jobs: Sequence[Job], pool: Crew | None = None) -> None:
    """Run jobs side by side, in a pool of their own if none is given, and let all of them end.

    Raises:
        MinisetsError: The first that failed, with what the others have to say.
    """
    raise_all(outcomes(jobs, pool))


def outcomes(jobs: Sequence[Job], pool: Crew | None = None) -> list[MinisetsError | None]:
    """Run jobs side by side, and return what became of each: its error, or None."""
    if len(jobs) == 1:
        return [_outcome(jobs[0])]
    if pool is not None:
        return list(pool.map(_outcome, jobs))
    with Crew(WORKERS) as own:
        return list(own.map(_outcome, jobs))


def for_each(
    things: Sequence[Thing], act: Callable[[Thing], Result], tell: Callable[[Thing, Result], None]
) -> list[MinisetsError | None]:
    """Do the same with several things side by side, and return what became of each.

    Args:
        things: Each of them once.
        act: Done with each.
        tell: Told what came of each that succeeded, in the order of the things, as soon as those
            before it have come to their end.
    """
    done: dict[Thing, Callable[[], None]] = {}
    left = list(things)
    lock = threading.Lock()

    def one(thing: Thing) -> None:
        told: Callable[[], None] = _nothing
        try:
            told = partial(tell, thing, act(thing))
        finally:
            with lock:
                done[thing] = told
                while left and left[0] in done:
                    done[left.pop(0)]()

    return outcomes([partial(one, thing) for thing in things])


def raise_all(found: Iterable[MinisetsError | None], *, ignore_not_found: bool = False) -> None:
    """Raise what went wrong, all of it together.

    Args:
        found: What became of each of several things.
        ignore_not_found: That one is not there is nothing wrong.
    """
    errors = [
        error
        for error in found
        if error is not None and not (ignore_not_found and isinstance(error, NotFound))
    ]
    if errors:
        raise joined(errors)


def _nothing() -> None:
    """Tell nothing: it failed."""


def _outcome(job: Job) -> MinisetsError | None:
    try:
        job()
    except MinisetsError as error:
        return error
    return None
