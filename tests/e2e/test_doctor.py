"""doctor on a real Engine: what is broken by hand is found, and its remedy repairs it."""

from __future__ import annotations

import shlex

import pytest

from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker


def findings(space: Space) -> list[dict[str, str]]:
    """Return what is wrong in this namespace; others may be at work on the same Engine."""
    found = space.minisets("doctor", "-o", "json", code=None)
    assert found.code in {0, 1}, found
    return [one for one in found.json()["findings"] if f"in {space.name}" in one["message"]]


def test_a_pod_removed_by_hand_is_found_and_the_remedy_brings_it_back(space: Space):
    space.apply(MANIFESTS / "web.yaml")
    assert findings(space) == []
    space.lose("web-1")

    (found,) = findings(space)

    assert (found["check"], found["level"]) == ("pods", "problem")
    assert "web-1" in found["message"]
    program, *words = shlex.split(found["remedy"])
    assert program == "minisets"
    space.minisets(*words)
    assert findings(space) == []
    assert "web-1" in space.running()


def test_the_engine_of_this_machine_is_described(space: Space):
    out = space.minisets("doctor", code=None).out

    version = space.api.version()
    assert f"Docker Engine {version['Version']}" in out
    assert f"API {version['ApiVersion']}, spoken " in out
