"""The events of the fake Engine: kept, filtered and followed as the real one does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from minisets.core.observed import EventSeen


class FakeEvents:
    """What happened so far; streams that wait for more end when it is closed."""

    def __init__(self) -> None:
        self._happened: list[EventSeen] = []
        self._news = threading.Condition()
        self._is_closed = False

    def note(self, event: EventSeen) -> None:
        with self._news:
            self._happened.append(event)
            self._news.notify_all()

    def forget(self) -> None:
        """Lose all that happened so far, as the Engine does with its oldest events."""
        with self._news:
            self._happened.clear()

    def close(self) -> None:
        """End all streams, as the Engine does when it stops."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()

    def read(
        self,
        since: float,
        until: float | None,
        types: tuple[str, ...],
        actions: tuple[str, ...],
        labels: Mapping[str, str | None],
    ) -> Iterator[EventSeen]:
        at = 0
        while True:
            with self._news:
                while at == len(self._happened):
                    if until is not None or self._is_closed:
                        return
                    self._news.wait()
                event = self._happened[at]
                at += 1
            if event.time < since or (until is not None and event.time > until):
                continue
            if (types and event.type not in types) or (actions and event.action not in actions):
                continue
            if all(
                key in event.attributes and value in (None, event.attributes[key])
                for key, value in labels.items()
            ):
                yield event
