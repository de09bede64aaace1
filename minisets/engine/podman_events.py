"""Events as Docker tells them, on Podman: it does not tell which ends of containers were wanted.

Pure translation. Podman starts a container that has ended by itself again at once, and says so;
after an end that somebody wanted it cleans up, or removes the container.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from minisets.core import labels
from minisets.core.observed import EventSeen
from minisets.core.pod.layout import Role

_AGAIN = "restart"
_REMOVED = "remove"
_AFTER_AN_END = frozenset({_AGAIN, "cleanup", _REMOVED, "start", "stop"})


def asked_for(actions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the actions to ask Podman for; none: all."""
    more = set()
    if "destroy" in actions:
        more.add(_REMOVED)
    if "die" in actions:
        # What an end was is told by what follows it.
        more |= _AFTER_AN_END
    return (*actions, *sorted(more - {*actions}))


def as_docker_tells(events: Iterable[EventSeen]) -> Iterator[EventSeen]:
    """Yield events with a ``kill`` before each end that was wanted.

    An end of which nobody knows yet waits for what follows it, or for the end of the events.
    """
    ends: dict[str, EventSeen] = {}
    stopped: set[str] = set()
    for event in events:
        if event.action in _AFTER_AN_END and (end := ends.pop(event.id, None)) is not None:
            if event.action != _AGAIN:
                yield _kill(end)
            yield end
        if event.action == "stop":
            stopped.add(event.id)
            yield _kill(event)
        elif event.action == "start":
            stopped.discard(event.id)
        if _is_open(event) and event.id not in stopped:
            ends[event.id] = event
        elif event.action == _REMOVED:
            yield msgspec.structs.replace(event, action="destroy")
        else:
            yield event
    yield from ends.values()


def _is_open(event: EventSeen) -> bool:
    # An init container ends by itself, and is not started again.
    return event.action == "die" and event.attributes.get(labels.ROLE) != Role.INIT


def _kill(event: EventSeen) -> EventSeen:
    attributes = {**event.attributes, "signal": "SIGTERM"}
    return msgspec.structs.replace(event, action="kill", attributes=attributes)
