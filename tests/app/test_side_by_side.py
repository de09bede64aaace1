"""Sets know nothing of each other: what is wrong with one keeps no other from its end."""

from __future__ import annotations

import pytest

from minisets.app.delete import delete_set
from minisets.app.park import start, stop
from minisets.core.observed import ContainerDetail, ContainerStatus
from minisets.errors import EngineError, NotConverged
from tests.app.bench import NO, OK, Bench, a_service, a_set, probed


def _refuse_to_stop(bench: Bench, *pods: str) -> None:
    stop_container = bench.engine.stop

    def refuse(container_id: str, *, grace_seconds: int | None = None) -> None:
        name = bench.engine.container(container_id).name
        if name in pods:
            raise EngineError(f"cannot stop {name}")
        stop_container(container_id, grace_seconds=grace_seconds)

    bench.engine.stop = refuse  # type: ignore[method-assign]


def _break(bench: Bench, *sets: str) -> None:
    """Let the pods of sets crash again and again from their next start on."""

    def on_start(found: object) -> None:
        name = getattr(found, "name", "")
        if name.partition("-")[0] in sets:
            bench.engine.crash(name, restarting=True)

    bench.engine.on_start = on_start
    inspect = bench.engine.inspect

    def inspect_later(container_id: str) -> ContainerDetail:
        found = bench.engine.container(container_id)
        found.restart_count += found.status is ContainerStatus.RESTARTING
        return inspect(container_id)

    bench.engine.inspect = inspect_later  # type: ignore[method-assign]


def test_a_set_that_cannot_start_keeps_no_other_from_it_and_each_error_is_told(bench: Bench):
    bench.apply(a_set("a"), probed(a_set("b")), a_set("c"))
    stop(bench.command(), "default")
    _break(bench, "a", "c")
    with pytest.raises(NotConverged) as caught:
        start(bench.command(), "default")
    for pod in ("a-0", "c-0"):
        assert f"pod/{pod} cannot get ready" in caught.value.message
    assert {"b-0", "b-1", "b-2"} <= set(bench.running)
    failed = [step for step in bench.reporter.steps if step.state == "failed"]
    # Of the last one that fails the command's own end tells.
    assert {step.subject for step in failed} <= {"sts/a", "sts/c"}
    assert failed
    assert not any(step.is_done for step in failed)


def test_a_pod_that_cannot_be_stopped_keeps_no_other_set_from_parking(bench: Bench):
    bench.apply(a_set("a", replicas=2), a_set("b", replicas=2))
    _refuse_to_stop(bench, "a-1")
    with pytest.raises(EngineError, match="cannot stop a-1"):
        stop(bench.command(), "default")
    assert bench.pods == ["a-0", "a-1"]


def test_a_single_set_that_fails_is_told_with_its_hint(bench: Bench):
    _break(bench, "a")
    with pytest.raises(NotConverged) as caught:
        bench.apply(a_set("a"))
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("minisets logs a-0")
    assert "; correct the manifest, apply it again; " in caught.value.hint
    assert caught.value.hint.endswith("minisets rollout status sts/a -n default")


def test_a_new_service_drives_only_the_sets_that_it_selects(bench: Bench):
    bench.apply(a_set("web"), a_set("db"))
    bench.engine.crash("db-1")
    before = bench.ids()
    bench.apply(a_service("front", selector="web"))
    assert all("front" in bench.aliases(pod) for pod in ("web-0", "web-1", "web-2"))
    assert bench.ids() == before
    assert "db-1" not in bench.running


def test_a_service_that_no_longer_selects_a_set_drives_it(bench: Bench):
    bench.apply(a_service("front", selector="web"), a_set("web"))
    bench.apply(a_service("front", selector="nobody"))
    assert not any("front" in bench.aliases(pod) for pod in bench.pods)


def test_a_set_is_driven_by_the_service_that_it_names(bench: Bench):
    bench.apply(a_set("web"))
    assert "web" in bench.aliases("web-0")
    bench.apply(a_service("web", selector="nobody"))
    assert "web" not in bench.aliases("web-0")


def test_a_service_is_applied_though_a_set_that_it_selects_is_broken(bench: Bench):
    bench.prober.answer = lambda found: NO if found.name == "web-2" else OK
    with pytest.raises(NotConverged):
        bench.apply(probed(a_set()), timeout_seconds=5)
    began = bench.clock.now()
    bench.apply(a_service("front", selector="web"))
    assert "front" in bench.aliases("web-0")
    (notice,) = [text for text in bench.reporter.notices if "not waited for" in text]
    assert notice.startswith("statefulset/web is not whole, and not waited for: web-2 ")
    assert notice.endswith("go on: minisets start sts/web -n default")
    assert bench.clock.now() - began < 60


def test_a_service_is_applied_though_a_set_that_it_selects_crashes(bench: Bench):
    _break(bench, "web")
    with pytest.raises(NotConverged):
        bench.apply(a_set())
    bench.apply(a_service("front", selector="web"))


def test_a_service_is_applied_though_a_set_that_it_selects_is_being_deleted(bench: Bench):
    bench.apply(a_set())
    _refuse_to_stop(bench, "web-1")
    with pytest.raises(EngineError):
        delete_set(bench.command(), "default", "web")
    bench.apply(a_service("front", selector="web"))
    assert bench.facts().deletion == "foreground"


def test_what_becomes_of_a_set_that_was_whole_is_told_as_an_error(bench: Bench):
    bench.apply(a_set())
    _break(bench, "web")
    service = a_service("front", selector="web")
    del service["spec"]["clusterIP"]
    service["spec"] |= {"type": "NodePort"}
    with pytest.raises(NotConverged, match="pod/web-2 cannot get ready"):
        bench.apply(service)
