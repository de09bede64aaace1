"""What the Engine answers out of the ordinary, by a client that answers so."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from minisets.engine.docker_verbs import DockerEngine


def engine(**answers: Any) -> DockerEngine:
    connection: Any = SimpleNamespace(
        client=SimpleNamespace(**answers), read=lambda doing, ask: ask()
    )
    return DockerEngine(connection)


def test_a_container_that_goes_while_it_is_measured_has_no_usage():
    def stats(container_id: str, *, stream: bool) -> Any:
        return json.loads("")

    assert engine(stats=stats).usage("0123") is None


def test_volumes_that_carry_only_some_of_the_labels_are_left_out():
    rows = [{"Name": str(number), "Labels": {"kind": f"{number}"}} for number in range(2)]
    found = engine(volumes=lambda filters: {"Volumes": [*rows, {"Name": "2", "Labels": None}]})

    assert [one.name for one in found.volumes({"kind": "1"})] == ["1"]
    assert [one.name for one in found.volumes({"kind": None})] == ["0", "1"]
