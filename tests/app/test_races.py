"""Two commands at once: the later one goes on, the earlier one stops with a message."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from minisets.app.delete import delete_pod, delete_set
from minisets.app.park import scale, stop
from minisets.app.query import get_pods
from minisets.core.pod.probe_state import ProbeResult
from minisets.errors import EngineMissing, MinisetsError, NotConverged, Overtaken
from tests.app.bench import NO, OK, Bench, a_set, probed, with_claim, with_env
from tests.fakes import FakeContainer


def _meanwhile(bench: Bench, pod: str, command: Callable[[], object]) -> None:
    """Run another command once, when a pod is first probed; the pod is ready afterwards."""
    done: list[bool] = []

    def answer(found: FakeContainer) -> ProbeResult:
        if found.name != pod or done:
            return OK
        done.append(True)
        command()
        return NO

    bench.prober.answer = answer


def test_a_command_whose_set_was_changed_stops_with_a_message(bench: Bench):
    _meanwhile(bench, "web-1", lambda: scale(bench.command(), "default", "web", 5, wait=False))
    with pytest.raises(Overtaken, match="changed by another command") as caught:
        bench.apply(probed(a_set()))
    assert caught.value.hint == "minisets rollout status sts/web -n default"
    assert bench.facts().object["spec"]["replicas"] == 5
    bench.prober.answer = lambda _found: OK
    scale(bench.command(), "default", "web", 5)
    assert len(bench.running) == 5


def test_a_command_whose_set_was_deleted_stops_and_leaves_no_pod(bench: Bench):
    _meanwhile(bench, "web-1", lambda: delete_set(bench.command(), "default", "web"))
    with pytest.raises(Overtaken):
        bench.apply(with_claim(probed(a_set())))
    assert (bench.pods, bench.records) == ([], [])
    assert bench.claims == ["data-web-0", "data-web-1"]


def test_a_command_whose_set_was_stopped_leaves_it_stopped(bench: Bench):
    _meanwhile(bench, "web-1", lambda: stop(bench.command(), "default"))
    with pytest.raises(Overtaken):
        bench.apply(probed(a_set()))
    assert bench.pods == []
    assert bench.facts().is_stopped


def test_a_pod_removed_by_hand_during_an_apply_comes_back(bench: Bench):
    _meanwhile(bench, "web-1", lambda: bench.remove_by_hand("web-0"))
    bench.apply(probed(a_set()))
    assert len(bench.running) == 3


def test_deleting_a_pod_during_an_apply_ends_with_all_pods(bench: Bench):
    _meanwhile(bench, "web-1", lambda: delete_pod(bench.command(), "default", "web-0", wait=False))
    bench.apply(probed(a_set()))
    assert len(bench.running) == 3


def test_the_same_apply_at_the_same_time_converges(bench: Bench):
    manifest = with_claim(probed(a_set()))
    outcomes: list[str] = []

    def other() -> None:
        try:
            bench.apply(manifest)
            outcomes.append("done")
        except MinisetsError as error:
            outcomes.append(type(error).__name__)

    _meanwhile(bench, "web-0", other)
    try:
        bench.apply(manifest)
    except Overtaken:
        outcomes.append("Overtaken")
    bench.apply(manifest)
    assert len(bench.running) == 3
    assert bench.claims == ["data-web-0", "data-web-1", "data-web-2"]


def test_a_later_apply_wins_over_an_earlier_one(bench: Bench):
    blue = with_env(probed(a_set()), COLOR="blue")
    _meanwhile(bench, "web-1", lambda: bench.apply(blue))
    with pytest.raises(Overtaken):
        bench.apply(probed(a_set()))
    assert {str(bench.engine.container(pod).config["Env"]) for pod in bench.pods} == {
        "['COLOR=blue']"
    }


def test_creating_a_set_twice_at_once_is_refused_for_one(bench: Bench):
    bench.engine.fail("create_volume", error=Overtaken("written by another command"))
    with pytest.raises(Overtaken):
        bench.apply(a_set())
    bench.apply(a_set())
    assert len(bench.running) == 3


@pytest.mark.parametrize("verb", ["start", "put_archive"])
def test_a_pod_that_is_removed_while_it_is_started_is_looked_for_again(bench: Bench, verb: str):
    gone = EngineMissing("No such container")
    bench.engine.fail(verb, error=gone)
    bench.apply(with_claim(probed(a_set())))
    assert bench.running == ["web-0", "web-1", "web-2"]


def test_a_pod_that_goes_on_vanishing_is_told_as_one_that_cannot_start(bench: Bench):
    for _ in range(8):
        bench.engine.fail("start", error=EngineMissing("No such container"))
    with pytest.raises(NotConverged, match="pod/web-0 cannot start: No such container"):
        bench.apply(a_set())


def test_a_pod_that_goes_while_pods_are_listed_is_left_out(bench: Bench):
    bench.apply(a_set())
    bench.engine.fail("inspect", error=EngineMissing("No such container"))
    assert len(get_pods(bench.command(), "default")) == 2
