"""Waiting for pods: they are followed by name, as kubectl wait does."""

from __future__ import annotations

import pytest

from minisets.app.wait import Awaited, wait_for
from minisets.core.observed import ContainerStatus
from minisets.core.query.goals import parse_goal
from minisets.errors import NotConverged
from tests.app.bench import NO, OK, Bench, a_set, probed, with_env
from tests.fakes import FakeContainer


def wait(bench: Bench, pods: list[str], goal: str = "condition=Ready") -> None:
    things = [Awaited(kind="Pod", namespace="default", name=pod, printed="pods") for pod in pods]
    wait_for(bench.command(), things, parse_goal(goal), timeout_seconds=60)


def _is_blue(found: FakeContainer) -> bool:
    return "COLOUR=blue" in (found.config["Env"] or ())


def _broken_then_corrected(bench: Bench) -> None:
    """Leave a set whose pods never get ready, and whose correction no command drives."""
    bench.prober.answer = lambda found: OK if _is_blue(found) else NO
    with pytest.raises(NotConverged):
        bench.apply(probed(a_set()), timeout_seconds=10)
    bench.apply(with_env(probed(a_set()), COLOUR="blue"), wait=False)


def test_a_pod_that_the_drive_replaces_is_waited_for_under_its_name(bench: Bench):
    bench.apply(probed(a_set()))
    before = bench.ids()
    for pod in bench.pods:
        bench.engine.crash(pod)
        bench.engine.container(pod).status = ContainerStatus.DEAD
    wait(bench, ["web-0", "web-1"])
    assert bench.ids()["web-1"] != before["web-1"]
    assert {"web-0", "web-1"} <= set(bench.running)


def test_a_broken_pod_that_is_corrected_is_waited_for_under_its_name(bench: Bench):
    _broken_then_corrected(bench)
    wait(bench, ["web-0"])
    assert _is_blue(bench.engine.container("web-0"))


def test_a_pod_that_is_gone_for_a_moment_is_waited_for(bench: Bench):
    bench.apply(probed(a_set()))
    bench.engine.container("web-1").status = ContainerStatus.DEAD
    wait(bench, ["web-0", "web-1"], "jsonpath={.status.containerStatuses[0].ready}=true")
    assert bench.running == ["web-0", "web-1", "web-2"]


def test_who_waits_for_what_is_there_touches_nothing(bench: Bench):
    bench.apply(probed(a_set()))
    bench.apply(with_env(probed(a_set()), COLOUR="blue"), wait=False)
    before = bench.ids()
    wait(bench, ["web-0"])
    assert bench.ids()["web-0"] == before["web-0"]


@pytest.mark.parametrize(
    ("pod", "goal"),
    [("web-0", "condition=Foo"), ("web-5", "create"), ("web-0", "condition=Ready")],
)
def test_a_wait_that_is_over_tells_of_what_was_asked_for_alone(bench: Bench, pod: str, goal: str):
    bench.prober.answer = lambda _found: NO
    with pytest.raises(NotConverged):
        bench.apply(probed(a_set(podManagementPolicy="Parallel")), timeout_seconds=10)

    with pytest.raises(NotConverged) as caught:
        wait(bench, [pod], goal)

    said = caught.value.message.splitlines()
    assert said[:2] == [
        f"timed out waiting for the condition on pods/{pod}",
        "the time-out is 60s",
    ]
    assert not [line for line in said[2:] if line.startswith("pod/") and pod not in line]
    assert "within" not in caught.value.message
