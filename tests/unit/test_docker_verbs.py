"""What the Engine answers out of the ordinary, by a client that answers so."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from minisets.core.observed import Usage
from minisets.engine import docker_verbs
from minisets.engine.docker_verbs import DockerEngine
from minisets.errors import EngineConflict


def engine(answer: Callable[[], Any]) -> DockerEngine:
    """Return an Engine that answers everything so."""
    connection: Any = SimpleNamespace(get=lambda *_: answer(), ask=lambda *_, **__: answer())
    return DockerEngine(connection)


def test_a_container_that_goes_while_it_is_measured_has_no_usage():
    assert engine(lambda: None).usage("0123") is None


def sample(second: int, cpu: float) -> dict[str, Any]:
    """Return what Podman says: of one moment, with an earlier one that is none."""
    return {
        "read": f"2030-01-01T00:00:0{second}Z",
        "preread": "0001-01-01T00:00:00Z",
        "cpu_stats": {"cpu_usage": {"total_usage": int(cpu * 1e9)}},
        "precpu_stats": {"cpu_usage": {"total_usage": 0}},
        "memory_stats": {"usage": 4096},
    }


def test_who_is_told_of_one_moment_only_looks_twice(monkeypatch):
    monkeypatch.setattr(docker_verbs, "_SAMPLE_SECONDS", 0)
    answers = [sample(1, 50.0), sample(3, 50.5)]

    assert engine(lambda: answers.pop(0)).usage("0123") == Usage(cores=0.25, memory_bytes=4096)


def test_a_container_that_goes_between_two_looks_has_no_usage(monkeypatch):
    monkeypatch.setattr(docker_verbs, "_SAMPLE_SECONDS", 0)
    answers = [sample(1, 50.0), None]

    assert engine(lambda: answers.pop(0)).usage("0123") is None


def test_who_comes_second_to_a_volume_at_the_same_moment_gets_the_first_ones():
    answers: list[Any] = [EngineConflict("volume already exists"), {"Name": "v", "Labels": {}}]

    def create() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert engine(create).create_volume("v", labels={"a": "b"}).labels == {}


def test_volumes_that_carry_only_some_of_the_labels_are_left_out():
    rows = [{"Name": str(number), "Labels": {"kind": f"{number}"}} for number in range(2)]
    found = engine(lambda: {"Volumes": [*rows, {"Name": "2", "Labels": None}]})

    assert [one.name for one in found.volumes({"kind": "1"})] == ["1"]
    assert [one.name for one in found.volumes({"kind": None})] == ["0", "1"]
