"""Thresholds and timing of probes, with values only."""

from __future__ import annotations

import pytest

from minisets.core.manifest.probe import ExecAction, Probe
from minisets.core.pod.probe_state import (
    PodProbes,
    ProbeResult,
    ProbeState,
    ProbeTiming,
    begin,
    begin_pod,
    next_due,
    next_due_pod,
    step,
    step_pod,
    to_timing,
)

OK = ProbeResult(ok=True)
NO = ProbeResult(ok=False, output="no")
EACH_TEN = ProbeTiming(period=10.0)


def run(timing: ProbeTiming, results: str, every: float, *, start: float = 0.0) -> ProbeState:
    """Attempts at start, start + every, …; ``+`` succeeds."""
    state = begin(timing, 0.0)
    for index, sign in enumerate(results):
        state = step(state, timing, OK if sign == "+" else NO, start + index * every, 0.0)
    return state


@pytest.mark.parametrize(
    ("success", "failure", "results", "every", "ready"),
    [
        (1, 3, "", 10, False),
        (1, 3, "-", 10, False),
        (1, 3, "+", 10, True),
        (1, 3, "-----+", 0.02, True),
        (2, 3, "+", 10, False),
        (2, 3, "++", 9.9, False),
        (2, 3, "++", 10, True),
        (2, 3, "+-+", 10, False),
        (2, 3, "+-++", 10, True),
        (1, 3, "+--", 10, True),
        (1, 3, "+---", 10, False),
        (1, 3, "+---", 9, True),
        (1, 3, "+" + "-" * 29, 1, True),
        (1, 3, "+" + "-" * 30, 1, False),
        (1, 3, "+--+--", 10, True),
        (1, 3, "+---+", 10, True),
        (1, 1, "+-", 10, False),
    ],
)
def test_ready_needs_the_thresholds(success, failure, results, every, ready):
    timing = ProbeTiming(period=10.0, success_threshold=success, failure_threshold=failure)
    assert run(timing, results, every).ready is ready


@pytest.mark.parametrize(
    ("results", "every", "failures"),
    [("-", 1, 0), ("-" * 10, 1, 0), ("-" * 11, 1, 1), ("-" * 31, 1, 3), ("---", 10, 2)],
)
def test_failures_count_once_per_period(results, every, failures):
    assert run(EACH_TEN, results, every).failures == failures


def test_an_attempt_counts_from_its_begin():
    late = step(begin(EACH_TEN, 0.0), EACH_TEN, NO, 10.5, 1.0)
    assert late.failures == 0
    assert step(late, EACH_TEN, NO, 11.5, 1.0).failures == 1


def test_a_probe_begins_with_nothing_tried():
    assert begin(EACH_TEN, 5.0) == ProbeState(
        started_at=5.0,
        waiting_since=5.0,
        ready=False,
        successes=0,
        failures=0,
        attempts=0,
        last_counted_at=None,
        last_ended_at=0.0,
        last_duration=0.0,
        last_result=None,
    )


def test_every_attempt_is_remembered_also_one_that_does_not_count():
    state = step(run(EACH_TEN, "-", 1), EACH_TEN, NO, 1.0, 0.25)
    assert (state.attempts, state.failures) == (2, 0)
    assert (state.last_ended_at, state.last_duration, state.last_result) == (1.0, 0.25, NO)


def test_the_first_attempt_waits_for_the_initial_delay():
    timing = ProbeTiming(initial_delay=5.0)
    assert next_due(begin(timing, 100.0), timing, 100.0) == 105.0
    assert next_due(begin(timing, 100.0), timing, 107.0) == 107.0
    assert next_due(begin(timing, 100.0, not_before=109.0), timing, 100.0) == 109.0


@pytest.mark.parametrize(
    ("ended", "due"),
    [
        (0.0, 0.02),
        (0.5, 0.52),
        (1.0, 1.03),
        (5.0, 5.15),
        (9.95, 10.0),  # a failure counts at 10 s: not later than that
        (9.99, 10.01),
    ],
)
def test_the_first_success_is_looked_for_often(ended, due):
    state = step(begin(EACH_TEN, 0.0), EACH_TEN, NO, ended, 0.0)
    assert next_due(state, EACH_TEN, ended) == pytest.approx(due)


@pytest.mark.parametrize(("ended", "due"), [(10.0, 10.3), (10.5, 10.815)])
def test_an_attempt_that_ends_after_the_moment_at_which_a_failure_counts_rests_as_others(
    ended: float, due: float
):
    state = step(begin(EACH_TEN, 0.0), EACH_TEN, NO, ended, 1.0)
    assert next_due(state, EACH_TEN, ended) == pytest.approx(due)


def test_a_success_is_looked_for_only_since_readiness_was_lost():
    timing = ProbeTiming(failure_threshold=2)
    assert run(timing, "+-", 10).waiting_since == 0.0
    assert run(timing, "+--", 10).waiting_since == 20.0


def test_the_gap_never_exceeds_the_period():
    timing = ProbeTiming(period=1.0)
    state = step(begin(timing, 0.0), timing, NO, 600.0, 0.0)
    assert next_due(state, timing, 600.0) == 601.0


@pytest.mark.parametrize(("duration", "gap"), [(0.05, 0.25), (0.001, 0.03), (3.0, 10.0)])
def test_an_exec_probe_rests_five_times_its_own_duration(duration, gap):
    timing = ProbeTiming(is_exec=True)
    state = step(begin(timing, 0.0), timing, NO, 1.0, duration)
    assert next_due(state, timing, 1.0) == pytest.approx(1.0 + gap)


def test_a_ready_probe_is_asked_once_per_period():
    state = step(begin(EACH_TEN, 0.0), EACH_TEN, OK, 3.5, 0.5)
    assert next_due(state, EACH_TEN, 3.5) == 13.0
    failed = step(state, EACH_TEN, NO, 13.2, 0.2)
    assert (failed.ready, next_due(failed, EACH_TEN, 13.2)) == (True, 23.0)


def test_further_successes_are_looked_for_once_per_period():
    timing = ProbeTiming(success_threshold=3)
    state = step(begin(timing, 0.0), timing, OK, 1.0, 0.0)
    assert next_due(state, timing, 1.0) == 11.0


def test_after_readiness_is_lost_the_next_success_is_looked_for_often_again():
    timing = ProbeTiming(failure_threshold=1)
    state = step(begin(timing, 0.0), timing, OK, 500.0, 0.0)
    state = step(state, timing, NO, 510.0, 0.0)
    assert not state.ready
    assert next_due(state, timing, 510.0) == pytest.approx(510.02)


def test_a_probe_that_was_not_tried_has_hope():
    assert not begin(EACH_TEN, 0.0).is_hopeless


def test_a_probe_without_hope_is_asked_once_per_period():
    hopeless = ProbeResult(ok=False, output="no such program", hopeless=True)
    state = step(begin(EACH_TEN, 0.0), EACH_TEN, hopeless, 0.1, 0.1)
    assert state.is_hopeless
    assert next_due(state, EACH_TEN, 0.1) == 10.0


def test_liveness_begins_alive_and_ends_after_its_threshold():
    timing = ProbeTiming(initial_delay=2.0, period=1.0, failure_threshold=2)
    state = begin(timing, 0.0, ready=True)
    for now, alive in ((2.0, True), (3.0, True), (4.0, False)):
        assert next_due(state, timing, 0.0) == now
        state = step(state, timing, NO, now, 0.0)
        assert state.ready is alive


def test_timing_comes_from_the_manifest():
    probe = Probe(
        exec=ExecAction(command=("true",)),
        initial_delay_seconds=1,
        period_seconds=2,
        timeout_seconds=3,
        success_threshold=4,
        failure_threshold=5,
    )
    assert to_timing(probe) == ProbeTiming(
        initial_delay=1.0,
        period=2.0,
        timeout=3.0,
        success_threshold=4,
        failure_threshold=5,
        is_exec=True,
    )
    unsaid = Probe(period_seconds=0, timeout_seconds=0, success_threshold=0, failure_threshold=0)
    assert to_timing(unsaid) == ProbeTiming()


STARTUP = Probe(period_seconds=1, failure_threshold=2)
READINESS = Probe(initial_delay_seconds=4, period_seconds=5)


def test_without_probes_a_pod_is_ready_when_it_runs():
    probes = begin_pod(0.0, None, None)
    assert (probes.is_ready, probes.due, probes.current) == (True, None, None)
    assert next_due_pod(probes, 0.0) is None
    assert step_pod(probes, NO, 1.0, 0.0) == probes


def test_readiness_waits_for_startup():
    probes = begin_pod(0.0, STARTUP, READINESS)
    assert (probes.due, next_due_pod(probes, 0.0)) == ("startup", 0.0)
    assert probes.current is probes.startup
    probes = step_pod(probes, OK, 0.5, 0.0)
    assert (probes.due, probes.has_started, probes.is_ready) == ("readiness", True, False)
    assert next_due_pod(probes, 0.5) == 4.0  # its delay counts from the start of the container
    probes = step_pod(probes, OK, 4.0, 0.0)
    assert probes.is_ready
    assert probes.current is probes.readiness


def test_an_attempt_changes_only_the_probe_that_was_due():
    begun = begin_pod(0.0, STARTUP, READINESS)
    failed = step_pod(begun, NO, 6.0, 0.0)
    assert failed.readiness == begun.readiness
    assert failed.startup != begun.startup


def test_readiness_is_due_at_once_after_a_late_startup():
    probes = step_pod(begin_pod(0.0, Probe(), READINESS), OK, 9.0, 0.0)
    assert next_due_pod(probes, 9.0) == 9.0
    for now, failures in ((9.0, 0), (13.9, 0), (14.0, 1)):
        probes = step_pod(probes, NO, now, 0.0)
        assert probes.readiness is not None
        assert probes.readiness.failures == failures


def test_startup_alone_makes_ready():
    probes = begin_pod(0.0, STARTUP, None)
    assert not probes.is_ready
    assert step_pod(probes, OK, 0.0, 0.0).is_ready


def test_startup_fails_after_its_periods_and_stays_failed():
    probes = begin_pod(0.0, STARTUP, READINESS)
    for now, failed in ((0.0, False), (0.9, False), (1.0, False), (1.9, False), (2.0, True)):
        probes = step_pod(probes, NO, now, 0.0)
        assert probes.startup_failed is failed
    assert (probes.due, next_due_pod(probes, 2.0)) == (None, None)
    assert step_pod(probes, OK, 3.0, 0.0) == probes


def test_readiness_alone_never_fails_startup():
    probes: PodProbes = begin_pod(0.0, None, READINESS)
    for now in range(100):
        probes = step_pod(probes, NO, float(now), 0.0)
    assert not probes.startup_failed
    assert probes.due == "readiness"
