from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from minisets.app.context import make_context
from minisets.app.loop.readiness import Readiness, Watched, WatchedPod
from minisets.core.input.decode import decode_as
from minisets.core.manifest import Container
from minisets.core.observed import ContainerStatus
from minisets.core.pod.probe_state import ProbeResult
from minisets.engine.prober import ProbeTarget
from tests.fakes import DEMO, FakeClock, FakeEngine

OK = ProbeResult(ok=True)
NO = ProbeResult(ok=False, output="refused")
PROBE = {"exec": {"command": ["check"]}, "periodSeconds": 2, "failureThreshold": 2}


class _Reporter:
    def progress(self, step: object) -> None:
        pass

    def notice(self, text: str) -> None:
        pass


class _Bench:
    """One running container, a clock, and a prober that answers as told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.engine = FakeEngine(self.clock)
        self.targets: list[ProbeTarget] = []
        self.answer: Callable[[], ProbeResult] = lambda: OK
        self.id = self.engine.create_container("web-0", {"Image": DEMO})
        self.engine.start(self.id)
        context = make_context(self.engine, self.clock, _Reporter())
        context.__dict__["prober"] = self
        self.readiness = Readiness(context)

    def probe(self, target: ProbeTarget, probe: object, *, timeout: float) -> ProbeResult:
        self.targets.append(target)
        return self.answer()

    def watch(
        self, *, known_since: float | None = None, health: str = "", **container: Any
    ) -> Watched:
        """Give the container as it is now, with what its template says, to the readiness."""
        (seen,) = self.engine.containers({})
        obj = {"name": "app", "image": DEMO, **container}
        watched = Watched(
            container=replace(seen, health=health),
            spec=decode_as(obj, Container),
            address="10.0.0.2",
            known_since=known_since,
        )
        self.readiness.update([WatchedPod(id=seen.id, containers=(watched,))])
        return watched

    @property
    def is_ready(self) -> bool:
        return self.id in self.readiness.ready_for()


@pytest.fixture
def bench() -> Iterator[_Bench]:
    found = _Bench()
    with found.readiness:
        yield found


def test_without_a_probe_a_pod_is_ready_when_it_runs(bench: _Bench):
    bench.watch()
    assert bench.is_ready
    assert bench.targets == []


@pytest.mark.parametrize("status", [s for s in ContainerStatus if s != ContainerStatus.RUNNING])
def test_what_does_not_run_is_not_ready(bench: _Bench, status):
    bench.watch()
    bench.engine.container("web-0").status = status
    bench.watch()
    assert not bench.is_ready


@pytest.mark.parametrize(
    ("health", "is_ready"), [("", True), ("healthy", True), ("starting", False), ("unhealthy", 0)]
)
def test_an_images_own_health_check_counts_where_there_is_no_probe(
    bench: _Bench, health, is_ready
):
    bench.watch(health=health)
    assert bench.is_ready is bool(is_ready)


def test_the_manifests_probe_counts_more_than_the_health_check(bench: _Bench):
    bench.watch(health="unhealthy", readinessProbe=PROBE)
    bench.readiness.settle(1)
    assert bench.is_ready


def test_a_probe_decides_and_its_last_word_is_kept(bench: _Bench):
    bench.answer = lambda: NO
    bench.watch(readinessProbe=PROBE)
    bench.readiness.settle(1)
    assert not bench.is_ready
    assert bench.readiness.last_result(bench.id) == NO
    assert bench.readiness.last_result("another") is None


def test_a_probe_is_told_where_to_ask(bench: _Bench):
    ports = [{"containerPort": 80, "name": "http"}, {"containerPort": 81}]
    bench.watch(readinessProbe=PROBE, ports=ports)
    bench.readiness.settle(1)
    (target,) = bench.targets
    assert (target.container_id, target.address) == (bench.id, "10.0.0.2")
    assert target.port_names == {"http": 80}


def test_waiting_ends_as_soon_as_a_verdict_changes(bench: _Bench):
    ready_at = bench.clock.now() + 1.0
    bench.answer = lambda: OK if bench.clock.now() >= ready_at else NO
    bench.watch(readinessProbe=PROBE)
    assert bench.readiness.wait(10)
    assert bench.is_ready
    assert bench.clock.now() - ready_at < 0.05


def test_waiting_without_a_change_takes_its_time(bench: _Bench):
    bench.answer = lambda: NO
    bench.watch(readinessProbe=PROBE)
    began = bench.clock.now()
    assert not bench.readiness.wait(3)
    assert bench.clock.now() - began == pytest.approx(3)


def test_a_ready_pod_falls_out_only_after_its_failure_threshold(bench: _Bench):
    bench.watch(readinessProbe=PROBE)
    bench.readiness.settle(1)
    bench.answer = lambda: NO
    began = bench.clock.now()
    assert bench.readiness.wait(60)
    assert not bench.is_ready
    assert bench.clock.now() - began == pytest.approx(4, abs=0.1)


def test_a_pod_that_was_there_before_needs_one_success_only(bench: _Bench):
    bench.watch(readinessProbe={**PROBE, "successThreshold": 3})
    bench.readiness.settle(1)
    assert bench.is_ready


def test_a_pod_that_this_command_started_needs_all_its_successes(bench: _Bench):
    bench.readiness.note_started(bench.id)
    bench.watch(readinessProbe={**PROBE, "successThreshold": 3})
    bench.readiness.settle(1)
    assert not bench.is_ready
    assert bench.readiness.wait(10)
    assert bench.is_ready


def test_startup_comes_before_readiness(bench: _Bench):
    answers = iter([NO, OK, OK])
    bench.answer = lambda: next(answers)
    bench.watch(startupProbe=PROBE, readinessProbe=PROBE)
    assert bench.readiness.wait(10)
    assert (bench.is_ready, len(bench.targets)) == (True, 3)


def test_a_pod_ready_when_first_seen_counts_from_its_start(bench: _Bench):
    bench.clock.sleep(50)
    bench.watch()
    assert bench.readiness.ready_for() == {bench.id: 50}


def test_a_pod_whose_record_tells_counts_from_then_without_an_inspection(bench: _Bench):
    bench.clock.sleep(50)
    bench.watch(known_since=bench.clock.now() - 7)
    assert bench.readiness.ready_for() == {bench.id: 7}
    assert bench.engine.count("inspect") == 0


def test_a_pod_that_this_command_started_counts_from_now(bench: _Bench):
    bench.clock.sleep(50)
    bench.readiness.note_started(bench.id)
    bench.watch()
    bench.clock.sleep(2)
    assert bench.readiness.ready_for() == {bench.id: 2}
    assert bench.readiness.ready_since() == {bench.id: bench.clock.now() - 2}


def test_a_pod_that_fell_out_and_came_back_counts_anew(bench: _Bench):
    bench.watch(health="healthy")
    bench.clock.sleep(5)
    bench.watch(health="unhealthy")
    bench.clock.sleep(5)
    bench.watch(health="healthy")
    assert bench.readiness.ready_for() == {bench.id: 0}


def test_one_failure_is_a_hiccup_and_several_over_a_second_are_not(bench: _Bench):
    bench.answer = lambda: NO
    bench.watch(readinessProbe=PROBE)
    bench.readiness.settle(1)
    bench.clock.sleep(1.9)
    assert not bench.readiness.is_failing(bench.id)
    bench.readiness.wait(2)
    assert bench.readiness.is_failing(bench.id)
    assert not bench.readiness.is_failing("another")


def test_a_pod_that_is_ready_is_not_failing(bench: _Bench):
    bench.watch(readinessProbe=PROBE)
    bench.readiness.settle(1)
    bench.clock.sleep(60)
    assert not bench.readiness.is_failing(bench.id)


def test_a_probe_without_hope_says_so(bench: _Bench):
    bench.watch(readinessProbe=PROBE)
    assert not bench.readiness.is_hopeless(bench.id)
    bench.answer = lambda: ProbeResult(ok=False, hopeless=True)
    bench.readiness.settle(1)
    assert bench.readiness.is_hopeless(bench.id)


def test_a_pod_that_is_gone_is_forgotten(bench: _Bench):
    bench.watch()
    bench.readiness.update([])
    assert bench.readiness.ready_for() == {}
