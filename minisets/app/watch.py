"""The use case watch: keep sets whole until somebody interrupts; nothing else is running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from minisets.app.context import Context
from minisets.app.loop.drive import Drive
from minisets.app.loop.liveness import Liveness
from minisets.app.loop.sets import SET_KIND, find_set, observe_whole
from minisets.app.loop.targets import Target, open_target
from minisets.app.loop.world import Key
from minisets.errors import MinisetsError, NotConverged, NotFound, Overtaken

# After what went wrong, the next try is this much later, doubled each time up to the most.
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


def watch(
    context: Context,
    namespace: str | None,
    names: Sequence[str] = (),
    *,
    until: Callable[[], bool] = lambda: False,
) -> None:
    """Keep sets as their specs ask, and act on liveness, until interrupted.

    What another command changes is taken over; what goes wrong is told and tried again.

    Args:
        context: Of the command.
        namespace: Of the sets; None: of all.
        names: Of the sets; all of them if there are none, also those that come later.
        until: Asked at each look; for those who cannot interrupt.

    Raises:
        NotFound: There is no set of one of the names.
    """
    pause = _FIRST_PAUSE
    with Liveness(context) as liveness:
        while not until():
            targets = _targets(context, namespace, names)
            if not targets:
                context.clock.sleep(_FIRST_PAUSE)
                continue
            drive = Drive(context, targets, liveness=liveness)
            try:
                drive.keep(partial(_is_enough, until, targets, bool(names)))
                pause = _FIRST_PAUSE
            except Overtaken:
                # Another command has changed a set: it is taken up as it is now.
                continue
            except (NotConverged, NotFound) as error:
                _tell(context, error)
                context.clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


def _is_enough(
    until: Callable[[], bool], targets: Sequence[Target], are_named: bool, there: frozenset[Key]
) -> bool:
    """Say whether to begin again: with the sets that have come, or not at all."""
    return until() or not (are_named or there == frozenset(target.key for target in targets))


def _targets(context: Context, namespace: str | None, names: Sequence[str]) -> list[Target]:
    world = observe_whole(context, namespace)
    if names and namespace is not None:
        return [find_set(context, namespace, name, world) for name in names]
    return [
        target
        for record in world.of_kind(SET_KIND, namespace)
        if not (target := open_target(record)).facts.deletion
    ]


def _tell(context: Context, error: MinisetsError) -> None:
    context.reporter.notice(error.message if not error.hint else f"{error.message} ({error.hint})")
