"""An apply that cannot go on ends early, and says which pod, why, and what to type next."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space
from tests.e2e.upstream.steps import LEAN, status

pytestmark = pytest.mark.docker

TALK = "echo listening on nothing"


def test_a_crash_loop_ends_early(space: Space, edit: Edit):
    crash = {"container.command": ["sh", "-c", f"{TALK}; exit 7"]}
    done = space.apply(edit("web.yaml", {**LEAN, **crash}), code=4)
    assert list(space.pods()) == ["web-0"]
    for part in ("pod/web-0", "exit code 7", "listening on nothing"):
        assert part in done.err
    assert f"minisets logs web-0 -n {space.name}" in done.err
    assert status(space).get("readyReplicas", 0) == 0


def test_a_probe_command_that_is_missing_ends_early(space: Space, edit: Edit):
    probe = {"exec": {"command": ["/no/such/program"]}, "periodSeconds": 1}
    done = space.apply(edit("web.yaml", {**LEAN, "container.readinessProbe": probe}), code=4)
    assert list(space.pods()) == ["web-0"]
    for part in ("pod/web-0", "its probe can never succeed", "/no/such/program"):
        assert part in done.err
    assert f"minisets logs web-0 -n {space.name}" in done.err


FAILING: dict[str, Any] = {
    "disk is full": {"exec": {"command": ["sh", "-c", "echo disk is full; exit 1"]}},
    "404": {"httpGet": {"port": "http", "path": "/none"}},
}


@pytest.mark.parametrize("words", FAILING)
def test_a_probe_that_fails_is_quoted_when_time_is_over(space: Space, edit: Edit, words: str):
    file = edit("web.yaml", {**LEAN, "container.readinessProbe": FAILING[words]})
    # A busy machine takes longer to ask for the first time.
    for seconds in (1, 10, 60):
        done = space.apply(file, f"--timeout={seconds}s", code=4)
        if words in done.err:
            break
    for part in (f"within {seconds}s", "pod/web-0", words, "web-0: serving"):
        assert part in done.err
    assert f"minisets logs web-0 -n {space.name}" in done.err


@pytest.mark.parametrize("policy", ["Never", "IfNotPresent"])
def test_a_missing_image_ends_before_anything_is_touched(space: Space, edit: Edit, policy: str):
    # No registry answers at this address.
    image = "127.0.0.1:9/none:1"
    changes = {**LEAN, "container.image": image, "container.imagePullPolicy": policy}
    done = space.apply(edit("web.yaml", changes), code=4)
    assert image in done.err
    assert space.is_empty()
