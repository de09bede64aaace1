"""What commands tell of their progress."""

from __future__ import annotations

import pytest

from minisets.app.park import scale
from minisets.core.events import Progress
from minisets.errors import NotConverged
from tests.app.bench import NO, Bench, Gate, a_set, probed


def told(bench: Bench, subject: str) -> list[Progress]:
    return [step for step in bench.reporter.steps if step.subject == subject]


def counts(bench: Bench) -> list[tuple[int, int, bool]]:
    return [(step.current, step.total, step.is_done) for step in told(bench, "sts/web")]


def test_pods_and_their_set_are_told_from_the_first_to_the_last(bench: Bench):
    bench.apply(a_set(replicas=2))
    assert [step.state for step in told(bench, "pod/web-0")] == ["creating", "started", "ready"]
    assert {step.owner for step in bench.reporter.steps} == {"", "sts/web"}
    seen = counts(bench)
    assert seen[0] == (0, 2, False)
    assert seen[-1] == (2, 2, True)
    assert seen == sorted(seen)


def test_where_nothing_is_to_do_nothing_is_told(bench: Bench):
    bench.apply(a_set(replicas=2))
    bench.reporter.steps.clear()
    bench.apply(a_set(replicas=2))
    assert bench.reporter.steps == []


def test_what_a_probe_says_is_told_when_it_changes(bench: Bench):
    bench.prober.answer = Gate(60)
    bench.apply(probed(a_set(replicas=1)))
    waiting = [step.detail for step in told(bench, "pod/web-0") if step.state == "waiting"]
    assert waiting == [NO.output]


def test_a_set_counts_pods_that_are_available_if_it_asks_for_that(bench: Bench):
    bench.apply(a_set(replicas=2, minReadySeconds=5))
    last = told(bench, "sts/web")[-1]
    assert (last.state, last.current, last.is_done) == ("available", 2, True)
    states = [(step.state, step.detail) for step in told(bench, "pod/web-1")]
    assert states[-2:] == [("ready", "available after 5s"), ("available", "")]


def test_an_update_tells_how_many_pods_have_it(bench: Bench):
    bench.apply(a_set(replicas=2))
    bench.reporter.steps.clear()
    bench.prober.answer = Gate(2)
    bench.apply(probed(a_set(replicas=2)))
    details = [step.detail for step in told(bench, "sts/web")]
    assert [text for text in details if "updated" in text][:1] == ["0 of 2 updated"]
    assert "1 of 2 updated" in details


def test_a_set_that_is_to_have_no_pods_counts_none(bench: Bench):
    bench.apply(a_set(replicas=2))
    bench.reporter.steps.clear()
    scale(bench.command(), "default", "web", 0)
    assert told(bench, "sts/web") == []
    assert [step.state for step in told(bench, "pod/web-1")][:2] == ["stopping", "gone"]


def test_a_set_whose_pods_end_at_once_is_never_told_to_be_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    pause = bench.clock.sleep

    def crash(seconds: float) -> None:
        if bench.running:
            bench.engine.crash("web-0", restarting=True)
        pause(seconds)

    monkeypatch.setattr(bench.clock, "sleep", crash)
    with pytest.raises(NotConverged):
        bench.apply(a_set(replicas=1), timeout_seconds=5)
    assert (1, 1, False) in counts(bench)
    assert not any(is_done for _, _, is_done in counts(bench))


def test_a_pod_that_is_being_stopped_counts_no_more(bench: Bench):
    bench.apply(a_set(replicas=3))
    bench.reporter.steps.clear()
    bench.apply(probed(a_set(replicas=3)))
    steps = bench.reporter.steps
    first = next(place for place, step in enumerate(steps) if step.state == "stopping")
    of_set = [step for step in steps[:first] if step.subject == "sts/web"]
    assert (steps[first].subject, of_set[-1].current, of_set[-1].detail) == (
        "pod/web-2",
        2,
        "0 of 3 updated",
    )


def test_pods_that_are_one_too_many_do_not_count(bench: Bench):
    bench.apply(a_set(replicas=3))
    bench.reporter.steps.clear()
    scale(bench.command(), "default", "web", 1)
    assert {(current, total) for current, total, _ in counts(bench)} == {(1, 1)}


def test_only_what_is_counted_has_a_unit(bench: Bench):
    bench.apply(a_set(replicas=2))
    assert {step.unit for step in bench.reporter.steps if step.subject.startswith("pod/")} == {""}
    assert {step.unit for step in told(bench, "sts/web")} == {"pods"}
