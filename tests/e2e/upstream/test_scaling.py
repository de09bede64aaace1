"""Upstream: scaling in order and in bursts, and the start ordinal."""

from __future__ import annotations

from functools import partial

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space, eventually
from tests.e2e.upstream.steps import (
    LEAN,
    PARALLEL,
    break_pod,
    by_creation,
    mend_pod,
    status,
    watched,
)

pytestmark = pytest.mark.docker


def runs(space: Space, pod: str) -> bool:
    return pod in space.running()


def test_scaling_should_happen_in_predictable_order_and_halt_if_any_stateful_pod_is_unhealthy(
    space: Space, edit: Edit
):
    space.apply(edit("web.yaml", {**LEAN, "spec.replicas": 1}))
    break_pod(space, "web-0")
    halted = space.run("scale", "sts/web", "--replicas=3", "--timeout=1s", code=4)
    assert space.running() == ["web-0"]
    assert "pod/web-0" in halted.err
    mend_pod(space, "web-0")
    space.run("rollout", "status", "sts/web")
    assert by_creation(space) == ["web-0", "web-1", "web-2"]

    # Were it one alone, it would be deleted: semantics of the upstream controller.
    for pod in space.running():
        break_pod(space, pod)
    before = space.ids()
    space.run("scale", "sts/web", "--replicas=0", "--timeout=1s", code=4)
    assert space.ids() == before
    for pod in before:
        mend_pod(space, pod)
    with watched(space) as log:
        space.run("start", "sts/web")
    assert space.pods() == {}
    assert log.of("die") == ["web-2", "web-1", "web-0"]


def test_scaling_down_halts_when_a_pod_that_stays_is_unhealthy(space: Space, edit: Edit):
    space.apply(edit("web.yaml", LEAN))
    before = space.ids()
    break_pod(space, "web-0")
    space.run("scale", "sts/web", "--replicas=1", "--timeout=1s", code=4)
    assert space.ids() == before
    going = space.begin("rollout", "status", "sts/web")
    mend_pod(space, "web-0")
    assert space.end(going).code == 0
    assert space.running() == ["web-0"]


def test_scaling_without_a_wait_goes_as_far_as_it_can_and_resumes(space: Space, edit: Edit):
    changes = {"spec.replicas": 1, "container.ports": None}
    space.apply(edit("gate.yaml", changes), "--wait=false")
    done = space.run("scale", "sts/gate", "--replicas=3", "--wait=false")
    assert list(space.pods()) == ["gate-0"]
    assert "minisets start sts/gate" in done.err
    going = space.begin("start", "sts/gate")
    for ordinal in range(3):
        pod = f"gate-{ordinal}"
        eventually(partial(runs, space, pod), what=pod)
        assert list(space.pods()) == [f"gate-{one}" for one in range(ordinal + 1)]
        space.sh(pod, "touch /tmp/open")
    assert space.end(going).code == 0
    assert by_creation(space) == ["gate-0", "gate-1", "gate-2"]


def test_burst_scaling_should_run_to_completion_even_with_unhealthy_pods(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {**LEAN, **PARALLEL, "spec.replicas": 2}))
    break_pod(space, "web-0")
    break_pod(space, "web-1")
    space.run("scale", "sts/web", "--replicas=5", "--timeout=1s", code=4)
    assert space.running() == [f"web-{ordinal}" for ordinal in range(5)]
    break_pod(space, "web-4")
    space.run("scale", "sts/web", "--replicas=1", "--wait=false")
    assert space.running() == ["web-0"]
    space.run("scale", "sts/web", "--replicas=0")
    assert space.pods() == {}


def test_burst_start_does_not_wait_for_one_pod_after_the_other(space: Space, edit: Edit):
    space.apply(edit("gate.yaml", PARALLEL), "--wait=false")
    # Both are there, and the gate of both is shut.
    assert space.running() == ["gate-0", "gate-1"]
    assert status(space, "gate")["readyReplicas"] == 0


START = [
    # before, after, ordinals before, ordinals after
    pytest.param(None, 2, [0, 1], [2, 3], id="setting"),
    pytest.param(2, 3, [2, 3], [3, 4], id="increasing"),
    pytest.param(3, 2, [3, 4], [2, 3], id="decreasing"),
    pytest.param(3, None, [3, 4], [0, 1], id="removing"),
]


@pytest.mark.parametrize(("before", "after", "first", "then"), START)
def test_scaling_statefulset_start_ordinal(
    space: Space,
    edit: Edit,
    before: int | None,
    after: int | None,
    first: list[int],
    then: list[int],
):
    def file(start: int | None):
        ordinals = None if start is None else {"start": start}
        return edit("web.yaml", {**LEAN, "spec.replicas": 2, "spec.ordinals": ordinals})

    space.apply(file(before))
    assert space.running() == [f"web-{ordinal}" for ordinal in first]
    ids = space.ids()
    space.apply(file(after))
    assert space.running() == [f"web-{ordinal}" for ordinal in then]
    # A pod whose ordinal stays in range is left alone.
    for pod in {*ids} & {*space.ids()}:
        assert space.ids()[pod] == ids[pod]
    assert status(space)["readyReplicas"] == 2
    indexes = [
        one["Config"]["Labels"]["apps.kubernetes.io/pod-index"] for one in space.pods().values()
    ]
    assert indexes == [str(ordinal) for ordinal in then]
