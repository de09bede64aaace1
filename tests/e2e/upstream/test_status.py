"""Upstream: the status of a set, minReadySeconds, generations."""

from __future__ import annotations

import pytest
import yaml

from tests.e2e.conftest import Edit
from tests.e2e.space import Space
from tests.e2e.upstream.steps import (
    LEAN,
    PARALLEL,
    break_pod,
    live,
    mend_pod,
    rolling,
    status,
    version,
)

pytestmark = pytest.mark.docker

NEVER = 36_000


def test_should_validate_statefulset_status_endpoints(space: Space, edit: Edit):
    base = {**LEAN, **rolling(partition=2)}
    space.apply(edit("web.yaml", {**base, **version(1)}))
    found = yaml.safe_load(space.run("get", "sts/web", "-o", "yaml").out)
    first = found["status"]["updateRevision"]
    assert found["metadata"]["generation"] == 1
    assert found["status"] == {
        "observedGeneration": 1,
        "replicas": 3,
        "readyReplicas": 3,
        "availableReplicas": 3,
        "currentReplicas": 3,
        "updatedReplicas": 3,
        "currentRevision": first,
        "updateRevision": first,
        "collisionCount": 0,
    }
    space.apply(edit("web.yaml", {**base, **version(2)}))
    break_pod(space, "web-0")
    found = yaml.safe_load(space.run("get", "sts/web", "-o", "yaml").out)
    second = found["status"]["updateRevision"]
    assert second != first
    assert found["metadata"]["generation"] == 2
    assert found["status"] == {
        "observedGeneration": 2,
        "replicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "currentReplicas": 2,
        "updatedReplicas": 1,
        "currentRevision": first,
        "updateRevision": second,
        "collisionCount": 0,
    }
    mend_pod(space, "web-0")
    space.run("wait", "sts/web", "--for=jsonpath={.status.readyReplicas}=3")


def test_min_ready_seconds_should_be_honored_when_enabled(space: Space, edit: Edit):
    file = edit("web.yaml", {**LEAN, "spec.minReadySeconds": NEVER})
    space.apply(file, "--timeout=1s", code=4)
    # The next one comes when this one is available, and not already when it is ready.
    assert space.running() == ["web-0"]
    counts = status(space)
    assert (counts["readyReplicas"], counts.get("availableReplicas", 0)) == (1, 0)
    space.apply(edit("web.yaml", {**LEAN, "spec.minReadySeconds": 1}))
    assert (status(space)["readyReplicas"], status(space)["availableReplicas"]) == (3, 3)


def test_available_replicas_should_get_updated_accordingly_when_min_ready_seconds_is_enabled(
    space: Space, edit: Edit
):
    def apply(seconds: int, *more: str, code: int = 0) -> tuple[int, int]:
        changes = {**LEAN, **PARALLEL, "spec.replicas": 2, "spec.minReadySeconds": seconds}
        space.apply(edit("web.yaml", changes), *more, code=code)
        counts = status(space)
        return counts["readyReplicas"], counts.get("availableReplicas", 0)

    assert apply(NEVER, "--timeout=1s", code=4) == (2, 0)
    ids = space.ids()
    assert apply(0) == (2, 2)
    assert apply(NEVER, "--wait=false") == (2, 0)
    assert apply(1) == (2, 2)
    assert space.ids() == ids


def test_spec_replicas_change(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {**LEAN, "spec.replicas": 1}))
    for generation, replicas in ((2, 2), (3, 0)):
        space.run("scale", "sts/web", f"--replicas={replicas}")
        found = live(space)
        assert found["metadata"]["generation"] == generation
        assert found["status"]["observedGeneration"] == generation
        assert found["status"].get("replicas", 0) == replicas
        assert found["status"].get("readyReplicas", 0) == replicas
    # What changes nothing of the spec is no new generation.
    space.run("scale", "sts/web", "--replicas=0")
    assert live(space)["metadata"]["generation"] == 3


def test_statefulset_status_with_pod_fail(space: Space, edit: Edit):
    # The Engine refuses to start such a container.
    broken = {"container.command": ["/no/such/program"]}
    done = space.apply(edit("web.yaml", {**LEAN, **broken}), code=4)
    assert "pod/web-0 cannot start" in done.err
    counts = status(space)
    assert counts["observedGeneration"] == 1
    # Upstream's pod is refused at its creation. This one is there, as with a kubelet, and waits.
    assert (counts["replicas"], counts["readyReplicas"]) == (1, 0)
    space.apply(edit("web.yaml", LEAN))
    assert status(space)["readyReplicas"] == 3
