"""watch: liveness is acted upon, and what is lost comes back, until it is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minisets.app.park import scale
from minisets.app.watch import watch
from minisets.core.pod.probe_state import ProbeResult
from minisets.errors import EngineError, NotFound
from tests.app.bench import NO, OK, Bench, a_set, container_of
from tests.fakes import FakeContainer


def _living(**probe: Any) -> dict[str, Any]:
    manifest = a_set(replicas=2)
    container_of(manifest)["livenessProbe"] = {
        "exec": {"command": ["alive"]},
        "periodSeconds": 1,
        "failureThreshold": 2,
        **probe,
    }
    return manifest


def _watch(bench: Bench, enough: Callable[[], bool], *names: str) -> None:
    """Watch until something has happened; a bound on the looks keeps a failure short."""
    looks = iter(range(200))
    watch(
        bench.command(),
        "default",
        names,
        until=lambda: enough() or next(looks, None) is None,
    )


def test_a_container_that_fails_its_liveness_probe_is_restarted(bench: Bench):
    bench.apply(_living())
    before = bench.ids()

    def answer(found: FakeContainer) -> ProbeResult:
        return NO if found.name == "web-1" and not bench.engine.count("restart") else OK

    bench.prober.answer = answer
    _watch(bench, lambda: bench.engine.count("restart") > 0)
    assert bench.engine.count("restart") == 1
    assert bench.ids() == before
    assert any("liveness probe failed" in step.detail for step in bench.reporter.steps)


def test_one_failure_below_the_threshold_restarts_nothing(bench: Bench):
    bench.apply(_living(failureThreshold=3))
    asked: list[str] = []

    def answer(found: FakeContainer) -> ProbeResult:
        asked.append(found.name)
        return NO if len(asked) < 3 else OK

    bench.prober.answer = answer
    _watch(bench, lambda: len(asked) > 20)
    assert len(asked) > 20
    assert bench.engine.count("restart") == 0


def test_apply_does_not_act_on_liveness(bench: Bench):
    bench.prober.answer = lambda _found: NO
    bench.apply(_living())
    assert bench.engine.count("restart") == 0
    assert not any(entry.startswith("probe") for entry in bench.engine.log)


def test_a_pod_that_is_lost_comes_back_while_watched(bench: Bench):
    bench.apply(_living())
    bench.remove_by_hand("web-0")
    _watch(bench, lambda: "web-0" in bench.running, "web")
    assert bench.running == ["web-0", "web-1"]


def test_what_another_command_changes_is_taken_over(bench: Bench):
    bench.apply(_living())
    changed: list[bool] = []

    def enough() -> bool:
        if not changed:
            changed.append(True)
            scale(bench.command(), "default", "web", 4, wait=False)
        return len(bench.running) == 4

    _watch(bench, enough)
    assert len(bench.running) == 4


def test_what_goes_wrong_is_told_and_tried_again(bench: Bench):
    bench.apply(_living())
    bench.remove_by_hand("web-1")
    bench.engine.fail("start", error=EngineError("no space left on device"))
    _watch(bench, lambda: "web-1" in bench.running)
    assert bench.running == ["web-0", "web-1"]
    assert any("no space left on device" in notice for notice in bench.reporter.notices)


def test_a_set_that_is_not_there_cannot_be_watched(bench: Bench):
    with pytest.raises(NotFound):
        watch(bench.command(), "default", ["nosuch"])
