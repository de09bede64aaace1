"""Two commands at once: the later one goes on, the earlier one stops with a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from minisets.app.delete import delete_set
from minisets.app.delete_pods import delete_pod
from minisets.app.park import scale, stop
from minisets.app.query import get_pods
from minisets.core import labels
from minisets.core.pod.probe_state import ProbeResult
from minisets.errors import EngineMissing, MinisetsError, NotConverged, Overtaken
from tests.app.bench import NO, OK, Bench, a_set, probed, with_claim, with_env
from tests.fakes import DEMO, FakeContainer


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


def _before_creation(bench: Bench, wanted: str, command: Callable[[], object]) -> None:
    """Run another command once, in the moment before a container is created."""
    create = bench.engine.create_container
    done: list[bool] = []

    def delayed(name: str, config: Mapping[str, Any]) -> str:
        if name == wanted and not done:
            done.append(True)
            command()
        return create(name, config)

    bench.engine.create_container = delayed  # type: ignore[method-assign]


@pytest.mark.parametrize("cascade", ["foreground", "background"])
@pytest.mark.parametrize("name", ["web-0", "web-1", "web-2"])
def test_a_set_that_is_deleted_while_its_pod_is_made_does_not_come_back(
    bench: Bench, name: str, cascade: Any
):
    _before_creation(
        bench, name, lambda: delete_set(bench.command(), "default", "web", cascade=cascade)
    )
    with pytest.raises(Overtaken):
        bench.apply(with_claim(probed(a_set())))
    assert (bench.pods, bench.records) == ([], [])
    assert get_pods(bench.command(), "default") == []


def test_a_container_that_is_made_while_its_set_is_deleted_does_not_stay(bench: Bench):
    manifest = a_set(replicas=1)
    manifest["spec"]["template"]["spec"]["containers"].append({"name": "log", "image": DEMO})
    _before_creation(bench, "web-0.log", lambda: delete_set(bench.command(), "default", "web"))
    with pytest.raises(MinisetsError):
        bench.apply(manifest)
    assert (bench.pods, bench.records) == ([], [])


def test_a_pod_that_comes_while_its_set_is_deleted_goes_too(bench: Bench):
    bench.apply(a_set(replicas=2))
    config = bench.engine.container("web-1").config
    stop_container = bench.engine.stop

    def stop_and_make(container_id: str, *, grace_seconds: int | None = None) -> None:
        stop_container(container_id, grace_seconds=grace_seconds)
        bench.engine.stop = stop_container  # type: ignore[method-assign]
        marks = {**config["Labels"], labels.POD_NAME: "web-2"}
        bench.engine.create_container("web-2", {**config, "Labels": marks})

    bench.engine.stop = stop_and_make  # type: ignore[method-assign]
    delete_set(bench.command(), "default", "web")
    assert (bench.pods, bench.records) == ([], [])


def test_pods_whose_record_is_pruned_while_they_are_made_stay(bench: Bench):
    _meanwhile(bench, "web-1", bench.prune_volumes)
    with pytest.raises(Overtaken):
        bench.apply(probed(a_set()))
    assert bench.pods == ["web-0", "web-1"]
    bench.prober.answer = lambda _found: OK
    bench.apply(probed(a_set()))
    assert len(bench.running) == 3


def test_a_set_that_was_deleted_and_made_anew_meanwhile_is_left_to_who_made_it(bench: Bench):
    def again() -> None:
        delete_set(bench.command(), "default", "web")
        bench.apply(a_set(replicas=1))

    bench.apply(probed(a_set()))
    for _ in range(3):
        scale(bench.command(), "default", "web", 2)
        scale(bench.command(), "default", "web", 3)
    bench.remove_by_hand("web-2")
    _meanwhile(bench, "web-2", again)
    with pytest.raises(Overtaken):
        scale(bench.command(), "default", "web", 3)
    assert bench.facts().object["spec"]["replicas"] == 1
    assert bench.pods == ["web-0"]
