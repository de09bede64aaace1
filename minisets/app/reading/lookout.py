"""Looking again whenever something happened: the Engine's events wake, its lists tell."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Self

from minisets.app.context import Context
from minisets.app.loop.readiness import Readiness
from minisets.app.reading.look import Look
from minisets.core import labels
from minisets.core.observed import ContainerDetail, EventSeen
from minisets.errors import MinisetsError

_TYPES = ("container", "volume")
# Others tell of commands in containers and of their files: probes alone would flood us.
_ACTIONS = (
    "create",
    "destroy",
    "die",
    "health_status",
    "kill",
    "oom",
    "pause",
    "rename",
    "restart",
    "start",
    "stop",
    "unpause",
    "update",
)
# The stream begins a little before the first look, whatever the two clocks say.
_OVERLAP_SECONDS = 10.0
# Several events come together: a pod that starts is worth one look.
_GATHER_SECONDS = 0.05
# Between two events, probes that are due are run.
_PAUSE_SECONDS = 0.2
_INSTANT = 0.02


class Lookout:
    """Looks at the Engine, and again each time that something may have changed.

    Args:
        context: Of the command.
        namespace: To look at; None: all of them.
        is_whole: Objects are to be shown as a whole.
        has_probes: The readiness of pods is to be watched, too: it changes without any event.
    """

    def __init__(
        self,
        context: Context,
        namespace: str | None,
        *,
        is_whole: bool = False,
        has_probes: bool = True,
    ) -> None:
        self._context = context
        self._namespace = namespace
        self._is_whole = is_whole
        self._has_probes = has_probes
        self._news: SimpleQueue[EventSeen | MinisetsError | None] = SimpleQueue()
        self._details: dict[str, ContainerDetail] = {}
        self._readiness = Readiness(context)
        self._began = 0.0

    def __enter__(self) -> Self:
        """Return itself; leaving stops the probes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Start no further probe."""
        self._readiness.__exit__()

    def looks(self) -> Iterator[Look]:
        """Yield the first look, and further ones without end.

        Raises:
            EngineUnreachable: The Engine has gone, and does not come back.
        """
        self._subscribe()
        while True:
            yield Look(
                self._context,
                self._namespace,
                is_whole=self._is_whole,
                readiness=self._readiness,
                details=self._details,
            )
            self._wait()

    def _subscribe(self) -> None:
        self._began = self._context.clock.now()
        # It waits in a read that nothing ends: such a thread must not keep the program alive.
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        since = self._began - _OVERLAP_SECONDS
        try:
            for event in self._context.engine.events(since=since, types=_TYPES, actions=_ACTIONS):
                self._news.put(event)
        except MinisetsError as error:
            self._news.put(error)
        self._news.put(None)

    def _wait(self) -> None:
        """Return when there is a reason to look again."""
        while True:
            try:
                event = self._news.get(timeout=_PAUSE_SECONDS)
            except Empty:
                if self._has_probes and self._readiness.wait(_INSTANT):
                    return
                continue
            if self._take(event):
                self._context.clock.sleep(_GATHER_SECONDS)
                while not self._news.empty():
                    self._take(self._news.get())
                return

    def _take(self, event: EventSeen | MinisetsError | None) -> bool:
        """Forget what an event has made untrue; say whether it is worth a look."""
        match event:
            case None:
                # The Engine ended the stream: it restarts. The next look says if it is back.
                self._details.clear()
                self._subscribe()
                return True
            case MinisetsError():
                return False
            case EventSeen():
                self._details.pop(event.id, None)
                if event.action == "start" and event.time > self._began:
                    # However short it was down: it has to get ready again.
                    self._readiness.note_started(event.id)
                return self._concerns(event)

    def _concerns(self, event: EventSeen) -> bool:
        if event.type != "container":
            # Volumes do not tell their labels.
            return True
        found = event.attributes.get(labels.NAMESPACE)
        return found is not None and self._namespace in {None, found}
