"""What the Engine answers out of the ordinary, by a client that answers so."""

from __future__ import annotations

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from minisets.engine.docker_verbs import DockerEngine
from minisets.errors import EngineConflict


def engine(**answers: Any) -> DockerEngine:
    connection: Any = SimpleNamespace(
        client=SimpleNamespace(**answers),
        read=lambda doing, ask: ask(),
        speaking=lambda doing: nullcontext(),
    )
    return DockerEngine(connection)


def test_a_container_that_goes_while_it_is_measured_has_no_usage():
    def stats(container_id: str, *, stream: bool) -> Any:
        return json.loads("")

    assert engine(stats=stats).usage("0123") is None


def test_who_comes_second_to_a_volume_at_the_same_moment_gets_the_first_ones():
    answers: list[Any] = [EngineConflict("volume already exists"), {"Name": "v", "Labels": {}}]

    def create(name: str, **_: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert engine(create_volume=create).create_volume("v", labels={"a": "b"}).labels == {}


def test_volumes_that_carry_only_some_of_the_labels_are_left_out():
    rows = [{"Name": str(number), "Labels": {"kind": f"{number}"}} for number in range(2)]
    found = engine(volumes=lambda filters: {"Volumes": [*rows, {"Name": "2", "Labels": None}]})

    assert [one.name for one in found.volumes({"kind": "1"})] == ["1"]
    assert [one.name for one in found.volumes({"kind": None})] == ["0", "1"]
