"""What has happened in the Engine, and what happens."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from minisets.core.observed import EventSeen
from minisets.engine import docker_parse, docker_streams
from minisets.engine.clock import SystemClock
from minisets.engine.docker_connection import Connection


def read(
    link: Connection,
    *,
    since: float,
    until: float | None,
    types: tuple[str, ...],
    actions: tuple[str, ...],
    labels: Mapping[str, str | None],
) -> Iterator[EventSeen]:
    """Yield what happened, oldest first; see the Engine port."""
    if link.is_podman:
        yield from _of_podman(link, since, until, types, actions, labels)
        return
    params = {
        "since": f"{since:.9f}",
        "filters": docker_parse.to_filters(labels, {"type": types, "event": actions}),
    }
    if until is not None:
        params["until"] = f"{until:.9f}"
    yield from _events(link, params)


def _events(link: Connection, params: Mapping[str, str]) -> Iterator[EventSeen]:
    doing = "read the events of the Engine"
    with (
        link.speaking(doing),
        link.stream(doing, "GET", "/events", params=params, timeout=None) as answer,
    ):
        # One event a line since API 1.24.
        lines = docker_streams.lines(answer.pieces())
        yield from (docker_parse.parse_event(json.loads(line)) for line in lines)


def _of_podman(
    link: Connection,
    since: float,
    until: float | None,
    types: tuple[str, ...],
    actions: tuple[str, ...],
    labels: Mapping[str, str | None],
) -> Iterator[EventSeen]:
    # Nobody else has to wait for what is imported.
    from minisets.engine import podman_events

    asked = podman_events.asked_for(actions)
    params = {
        "since": f"{since:.9f}",
        "filters": docker_parse.to_filters(labels, {"type": types, "event": asked}),
    }
    is_past = until is not None and until <= SystemClock().now()
    if is_past:
        # Podman stops reading when the end has come, and that would be at once.
        params["stream"] = "false"
    elif until is not None:
        params["until"] = f"{until:.9f}"
    found = podman_events.as_docker_tells(
        event
        for event in _events(link, params)
        # Podman gives the events that carry any of the labels.
        if (until is None or event.time <= until)
        and docker_parse.carries(event.attributes, labels)
    )
    for event in sorted(found, key=lambda one: one.time) if is_past else found:
        if not actions or event.action in actions:
            yield event
