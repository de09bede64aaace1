"""Whatever a probe answers, minisets is no more hasty than Kubernetes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from minisets.core.pod.probe_state import ProbeResult, ProbeTiming, begin, next_due, step

timings = st.builds(
    ProbeTiming,
    initial_delay=st.sampled_from([0.0, 1.0, 30.0]),
    period=st.sampled_from([1.0, 2.0, 10.0]),
    success_threshold=st.integers(1, 3),
    failure_threshold=st.integers(1, 4),
    is_exec=st.booleans(),
)
attempts = st.lists(
    st.tuples(st.booleans(), st.floats(0.0, 1.0), st.floats(0.0, 3.0)), min_size=1, max_size=120
)
STARTED = 1000.0
ROUNDING = 1e-6


def history(timing, answers):
    """Run the attempts when they are due, some later; yield (before, after, begin, end)."""
    state = begin(timing, STARTED)
    now = STARTED
    for ok, duration, late in answers:
        begun = next_due(state, timing, now) + late * (late > 2.0)
        now = begun + duration
        after = step(state, timing, ProbeResult(ok=ok), now, duration)
        yield state, after, begun, now
        state = after


@given(timings, attempts)
def test_ready_only_after_enough_successes_a_period_apart(timing, answers):
    run: list[float] = []
    for (ok, _, _), (before, after, begun, _) in zip(
        answers, history(timing, answers), strict=True
    ):
        if after.failures > before.failures:
            run = []
        if ok:
            run.append(begun)
        if after.ready and not before.ready:
            assert len(run) >= timing.success_threshold
            assert run[-1] - run[0] >= (timing.success_threshold - 1) * timing.period - ROUNDING


@given(timings, attempts)
def test_readiness_is_lost_only_after_the_periods_of_failures_in_a_row(timing, answers):
    last_success = 0.0
    for (ok, _, _), (before, after, begun, _) in zip(
        answers, history(timing, answers), strict=True
    ):
        if before.ready and not after.ready:
            assert not ok
            grace = timing.failure_threshold * timing.period
            assert begun - last_success >= grace - ROUNDING
            assert after.failures >= timing.failure_threshold
        if ok:
            last_success = begun


@given(timings, attempts)
def test_failures_in_a_row_take_their_periods(timing, answers):
    for _, after, begun, _ in history(timing, [(False, *rest) for _, *rest in answers]):
        first = STARTED + timing.initial_delay
        assert after.failures <= (begun - first) / timing.period + ROUNDING


@given(timings, attempts)
def test_the_gap_between_attempts_has_bounds(timing, answers):
    for _, state, _, now in history(timing, answers):
        due = next_due(state, timing, now)
        gap = due - now
        assert -ROUNDING <= gap <= timing.period + ROUNDING
        if state.ready or state.successes:
            continue
        assert gap >= 0.02 - ROUNDING
        rest = min(5 * state.last_duration, timing.period) if timing.is_exec else 0.0
        assert gap >= rest - ROUNDING
        waited = now - STARTED - timing.initial_delay
        if state.waiting_since == STARTED + timing.initial_delay:
            assert gap <= max(0.02, 0.03 * waited, rest) + ROUNDING


@given(timings)
def test_nothing_is_probed_before_the_initial_delay(timing):
    assert next_due(begin(timing, STARTED), timing, STARTED) == STARTED + timing.initial_delay
