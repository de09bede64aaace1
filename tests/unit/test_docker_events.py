"""Events of Docker and of Podman are the same to who reads them."""

from __future__ import annotations

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from minisets.core import labels
from minisets.core.observed import EventSeen
from minisets.core.pod.layout import Role
from minisets.engine import docker_events

ROWS: list[dict[str, Any]] = [
    {"Type": "container", "Action": "start", "Actor": {"ID": "a", "Attributes": {"app": "web"}}},
    {"Type": "container", "Action": "start", "Actor": {"ID": "b", "Attributes": {"app": "db"}}},
    {"Type": "container", "Action": "remove", "Actor": {"ID": "a", "Attributes": {"app": "web"}}},
]


class Link:
    """A connection to an Engine that answers with these rows; keeps what was asked."""

    def __init__(self, rows: list[dict[str, Any]], *, is_podman: bool) -> None:
        self.is_podman = is_podman
        self.asked: dict[str, Any] = {}
        self._body = b"".join(
            json.dumps(row | {"timeNano": (number + 1) * 1_000_000_000}).encode() + b"\n"
            for number, row in enumerate(rows)
        )

    def speaking(self, _: str) -> Any:
        return nullcontext()

    def stream(self, *_: str, params: dict[str, Any], timeout: None) -> Any:
        del timeout
        self.asked = params
        return nullcontext(SimpleNamespace(pieces=lambda: [self._body]))


def read(link: Any, *, until: float | None, **wanted: Any) -> list[EventSeen]:
    given = {"types": (), "actions": (), "labels": {}} | wanted
    return list(docker_events.read(link, since=0.0, until=until, **given))


def test_podmans_past_is_read_to_its_end_and_no_further_than_wanted():
    link = Link(ROWS, is_podman=True)

    assert [event.id for event in read(link, until=2.0)] == ["a", "b"]
    # With an end that is past, Podman ends before it has told all.
    assert link.asked["stream"] == "false"
    assert "until" not in link.asked


@pytest.mark.parametrize("is_podman", [False, True])
def test_what_is_still_to_come_ends_at_its_time(is_podman):
    link = Link(ROWS, is_podman=is_podman)
    read(link, until=1e11)

    assert link.asked["until"] == "100000000000.000000000"
    assert "stream" not in link.asked


def test_events_of_podman_that_carry_only_some_of_the_labels_are_left_out():
    link = Link(ROWS, is_podman=True)

    assert {event.id for event in read(link, until=None, labels={"app": "web"})} == {"a"}
    assert {event.id for event in read(link, until=None, labels={"app": None})} == {"a", "b"}


def test_who_asks_podman_for_removals_gets_them_by_dockers_word():
    link = Link(ROWS[2:], is_podman=True)

    assert [event.action for event in read(link, until=None, actions=("destroy",))] == ["destroy"]
    assert json.loads(link.asked["filters"])["event"] == ["destroy", "remove"]
    read(link, until=None)
    assert "event" not in json.loads(link.asked["filters"])


def test_a_volume_of_podman_that_is_removed_is_known_by_its_name():
    row = {"Type": "volume", "Action": "remove", "Actor": {"ID": "", "Attributes": {"name": "v"}}}
    (event,) = read(Link([row], is_podman=True), until=None)

    assert (event.id, event.action) == ("v", "destroy")


def told(*actions: str, wanted: tuple[str, ...] = (), **attributes: str) -> list[str]:
    """Return what is told of a container of Podman to which this happened."""
    actor = {"ID": "a", "Attributes": attributes}
    rows = [{"Type": "container", "Action": action, "Actor": actor} for action in actions]
    events = read(Link(rows, is_podman=True), until=100.0, actions=wanted)
    return [event.action for event in events]


@pytest.mark.parametrize("after", ["cleanup", "remove"])
def test_an_end_that_somebody_wanted_follows_a_kill(after):
    wanted = ("kill", "die", "destroy")

    assert told("die", after, wanted=wanted)[:2] == ["kill", "die"]
    assert told("stop", "die", after, wanted=wanted)[:2] == ["kill", "die"]
    # A command in the container ends with it.
    assert told("die", "exec_died", after, wanted=wanted)[:2] == ["kill", "die"]


def test_a_container_that_starts_again_by_itself_was_not_killed():
    assert told("die", "restart", "start", "die", wanted=("kill", "die")) == ["die", "die"]
    # The second end is another one than the first.
    assert told("stop", "die", "start", "die", "restart", wanted=("kill", "die")) == [
        *("kill", "die"),
        "die",
    ]


def test_an_init_container_ends_by_itself():
    own = {labels.ROLE: Role.INIT}

    assert told("die", "cleanup", "remove", wanted=("kill", "die"), **own) == ["die"]


def test_what_is_asked_for_only_to_tell_ends_apart_is_not_told():
    assert told("start", "stop", "die", "cleanup", wanted=("die",)) == ["die"]
