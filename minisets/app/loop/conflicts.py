"""What somebody else has, or is at, when a pod is made: another address, port, or look."""

from __future__ import annotations

import threading

from minisets.app.context import Context
from minisets.app.loop.addressing import another_address
from minisets.app.loop.deeds import Workshop
from minisets.app.loop.publishing import another_port, wishes_of
from minisets.app.loop.setbacks import Unmade, making
from minisets.app.loop.targets import Target
from minisets.app.loop.world import Key
from minisets.core.pod.setback import CREATE, SCHEDULING
from minisets.errors import AddressTaken, Contended, EngineMissing, PortTaken

# Another command may be at the same pod at the same moment: it is given time, 6 s in all.
_MOST_CONFLICTS = 8
_FIRST_PAUSE = 0.05

Conflict = AddressTaken | PortTaken | Contended | EngineMissing
"""What another try may get round."""


class Conflicts:
    """Gets pods out of the way of others; safe to use from several threads.

    Args:
        context: Of the command.
        lock: Held while facts of sets are changed.

    Attributes:
        is_contended: Another command was in the way: what was found before may be gone.
    """

    def __init__(self, context: Context, lock: threading.Lock) -> None:
        self._context = context
        self._lock = lock
        self._counts: dict[tuple[Key, str], int] = {}
        self.is_contended = False

    def give_way(self, workshop: Workshop, pod: str, revision: str, error: Conflict) -> None:
        """Have a pod made otherwise or later, later each time.

        Raises:
            Unmade: There is no other port or address for it.
            EngineError: It was in vain too often.
        """
        target = workshop.target
        key = (target.key, pod)
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count >= _MOST_CONFLICTS:
            raise Unmade(pod, error, CREATE) if isinstance(error, EngineMissing) else error
        match error:
            case AddressTaken():
                with self._lock, making(pod, SCHEDULING):
                    target.change(blocks=another_address(workshop, pod))
            case PortTaken():
                # Each time twice as far: whoever has this port may have the next ones, too.
                self._move_port(workshop, pod, revision, error, 2 ** (count - 1))
            case _:
                self.is_contended = True
                self._context.clock.sleep(_FIRST_PAUSE * 2 ** (count - 1))

    def clear(self, target: Target, pod: str) -> None:
        """Take note that nothing is in the way of a pod any more."""
        self._counts.pop((target.key, pod), None)

    def _move_port(
        self, workshop: Workshop, pod: str, revision: str, error: PortTaken, step: int
    ) -> None:
        """Give a pod another port of the host."""
        target, world = workshop.target, workshop.world
        with self._lock, making(pod, SCHEDULING):
            asked = wishes_of(target, world.services(target.namespace), pod, revision)
            ports, notice = another_port(target, world, pod, asked, error, step)
            target.change(ports=ports)
        self._context.reporter.notice(notice)
