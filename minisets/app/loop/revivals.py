"""Containers that a command starts again and again: counted, and let rest longer each time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from minisets.engine.ports import Clock

# As the Engine does where it restarts by itself; the longest pause is the kubelet's.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 300.0
_MOST_DOUBLINGS = 12
_PROOF_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revival:
    """How often a container was started in a row, and when last, by the monotonic clock."""

    count: int
    at: float

    @property
    def next_at(self) -> float:
        """When it may be started again."""
        pause = _FIRST_PAUSE * 2.0 ** min(self.count, _MOST_DOUBLINGS)
        return self.at + min(pause, _LONGEST_PAUSE)


class Revivals:
    """Counts the starts of containers that had ended; safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, _Revival] = {}
        self._lock = threading.Lock()

    def note(self, container_id: str) -> None:
        """Take note of a start; one that ran for ten seconds before begins anew."""
        now = self._clock.monotonic()
        with self._lock:
            last = self._known.get(container_id)
            is_in_row = last is not None and now < last.next_at + _PROOF_SECONDS
            count = last.count if last is not None and is_in_row else 0
            self._known[container_id] = _Revival(count=count + 1, at=now)

    def is_resting(self, container_id: str) -> bool:
        """Say whether a container that has ended again is to be let alone for now."""
        last = self._known.get(container_id)
        return last is not None and self._clock.monotonic() < last.next_at

    def count(self, container_id: str) -> int:
        """Return how often a container was started in a row."""
        last = self._known.get(container_id)
        return last.count if last is not None else 0
