"""Thresholds and timing of probes, as a pure step from one state to the next."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from minisets.core.manifest.probe import Probe

SHORTEST_INTERVAL = 0.02
"""Seconds between two looks for the first success, at least."""

WAIT_SHARE = 0.03
"""Part of the time waited so far that may pass before the next look for the first success."""

EXEC_SHARE = 5
"""An exec probe rests this many times its own last duration: it costs the Engine a process."""


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of one attempt.

    Attributes:
        output: What the probe said, for a person.
        hopeless: No later attempt can succeed, for example because the program is missing.
    """

    ok: bool
    output: str = ""
    hopeless: bool = False


class ProbeTiming(msgspec.Struct, frozen=True, kw_only=True):
    """Delays in seconds, and thresholds; ``is_exec`` says that an attempt is expensive."""

    initial_delay: float = 0.0
    period: float = 10.0
    timeout: float = 1.0
    success_threshold: int = 1
    failure_threshold: int = 3
    is_exec: bool = False


class ProbeState(msgspec.Struct, frozen=True, kw_only=True):
    """What all attempts so far say; made by ``begin``, advanced by ``step``.

    Attributes:
        started_at: Start of the container.
        waiting_since: Since when a success is looked for: no attempt is due before.
        ready: The verdict.
        successes: Counted in a row.
        failures: Counted in a row.
        attempts: All attempts, also those that did not count.
        last_counted_at: Begin of the last attempt that counted.
        last_ended_at: End of the last attempt.
        last_duration: How long the last attempt took.
    """

    started_at: float
    waiting_since: float
    ready: bool
    successes: int = 0
    failures: int = 0
    attempts: int = 0
    last_counted_at: float | None = None
    last_ended_at: float = 0.0
    last_duration: float = 0.0
    last_result: ProbeResult | None = None

    @property
    def is_hopeless(self) -> bool:
        """The last attempt says that no later one can succeed."""
        return self.last_result is not None and self.last_result.hopeless


def to_timing(probe: Probe) -> ProbeTiming:
    """Take the timing out of a manifest's probe; 0 means the default, as in Kubernetes."""
    return ProbeTiming(
        initial_delay=float(probe.initial_delay_seconds),
        period=float(probe.period_seconds or 10),
        timeout=float(probe.timeout_seconds or 1),
        success_threshold=probe.success_threshold or 1,
        failure_threshold=probe.failure_threshold or 3,
        is_exec=probe.exec is not None,
    )


def begin(
    timing: ProbeTiming, started_at: float, *, not_before: float | None = None, ready: bool = False
) -> ProbeState:
    """Return the state before the first attempt.

    Args:
        timing: Timing of this probe.
        started_at: Start of the container: the initial delay counts from it.
        not_before: Another time before which no attempt is due.
        ready: First verdict: Kubernetes takes a container for alive until liveness failed.
    """
    first = started_at + timing.initial_delay
    if not_before is not None:
        first = max(first, not_before)
    return ProbeState(started_at=started_at, waiting_since=first, ready=ready)


def step(
    state: ProbeState, timing: ProbeTiming, result: ProbeResult, now: float, duration: float
) -> ProbeState:
    """Return the state after an attempt that ended at ``now``.

    The first success counts at once. Further successes and all failures count once per period,
    and the first failure one period after the first attempt was due: so failing takes the
    ``failureThreshold * periodSeconds`` that Kubernetes grants, however often it is tried.
    """
    begun_at = now - duration
    after = replace(
        state,
        attempts=state.attempts + 1,
        last_ended_at=now,
        last_duration=duration,
        last_result=result,
    )
    if begun_at < _next_count_at(state, timing) and not (result.ok and state.successes == 0):
        return after
    if result.ok:
        successes = state.successes + 1
        ready = state.ready or successes >= timing.success_threshold
        return replace(
            after, successes=successes, failures=0, last_counted_at=begun_at, ready=ready
        )
    failures = state.failures + 1
    ready = state.ready and failures < timing.failure_threshold
    return replace(
        after,
        successes=0,
        failures=failures,
        last_counted_at=begun_at,
        ready=ready,
        waiting_since=now if state.ready and not ready else state.waiting_since,
    )


def next_due(state: ProbeState, timing: ProbeTiming, now: float) -> float:
    """Return when the next attempt is due, at the earliest ``now``.

    While the first success is looked for, the gap after an attempt is 3 % of the time waited so
    far, at least 20 ms, and never past the moment at which a failure counts. From the first
    success on, and for a probe without hope, it is the period. An exec probe rests at least
    5 times its last duration, but no longer than the period.
    """
    if state.attempts == 0:
        return max(now, state.waiting_since)
    ended = state.last_ended_at
    count_at = _next_count_at(state, timing)
    rest = min(SHORTEST_INTERVAL, timing.period)
    if timing.is_exec:
        rest = min(max(rest, EXEC_SHARE * state.last_duration), timing.period)
    if state.ready or state.successes or state.is_hopeless:
        # At a failure that did not count, the moment may lie before its end.
        return max(now, count_at, ended)
    interval = min(max(rest, WAIT_SHARE * (ended - state.waiting_since)), timing.period)
    due = ended + interval
    if count_at > ended:
        due = min(due, count_at)
    return max(now, due, ended + rest)


def _next_count_at(state: ProbeState, timing: ProbeTiming) -> float:
    last = state.waiting_since if state.last_counted_at is None else state.last_counted_at
    return last + timing.period


class PodProbes(msgspec.Struct, frozen=True, kw_only=True):
    """Startup and readiness probe of one container; made by ``begin_pod``.

    Without a readiness probe it is ready as soon as it has started, and without a startup probe
    it has started as soon as it runs.
    """

    started_at: float
    startup: ProbeState | None = None
    readiness: ProbeState | None = None
    startup_timing: ProbeTiming = ProbeTiming()
    readiness_timing: ProbeTiming = ProbeTiming()

    @property
    def has_started(self) -> bool:
        """The startup probe succeeded, or there is none."""
        return self.startup is None or self.startup.ready

    @property
    def startup_failed(self) -> bool:
        """The startup probe failed for ``failureThreshold`` periods: the container must go."""
        if self.startup is None:
            return False
        return self.startup.failures >= self.startup_timing.failure_threshold

    @property
    def is_ready(self) -> bool:
        """It has started, and the readiness probe, if there is one, says ready."""
        return self.has_started and (self.readiness is None or self.readiness.ready)

    @property
    def due(self) -> Literal["startup", "readiness"] | None:
        """Which probe to run next; None when there is none, or when startup has failed."""
        if self.startup_failed:
            return None
        if not self.has_started:
            return "startup"
        return None if self.readiness is None else "readiness"

    @property
    def current(self) -> ProbeState | None:
        """State of the probe that the verdict hangs on."""
        return self.readiness if self.has_started else self.startup


def begin_pod(started_at: float, startup: Probe | None, readiness: Probe | None) -> PodProbes:
    """Return the state of a container's probes at its start."""
    startup_timing = to_timing(startup or Probe())
    readiness_timing = to_timing(readiness or Probe())
    return PodProbes(
        started_at=started_at,
        startup=begin(startup_timing, started_at) if startup else None,
        readiness=begin(readiness_timing, started_at) if readiness else None,
        startup_timing=startup_timing,
        readiness_timing=readiness_timing,
    )


def step_pod(probes: PodProbes, result: ProbeResult, now: float, duration: float) -> PodProbes:
    """Return the state after an attempt of the probe that was due; nothing changes if none was."""
    if probes.startup_failed:
        return probes
    if probes.startup and not probes.startup.ready:
        startup = step(probes.startup, probes.startup_timing, result, now, duration)
        readiness = probes.readiness
        if startup.ready and readiness:
            readiness = begin(probes.readiness_timing, probes.started_at, not_before=now)
        return replace(probes, startup=startup, readiness=readiness)
    if probes.readiness:
        readiness = step(probes.readiness, probes.readiness_timing, result, now, duration)
        return replace(probes, readiness=readiness)
    return probes


def next_due_pod(probes: PodProbes, now: float) -> float | None:
    """Return when the next attempt is due; None if there is nothing to probe (any more)."""
    if probes.startup_failed:
        return None
    if probes.startup and not probes.startup.ready:
        return next_due(probes.startup, probes.startup_timing, now)
    if probes.readiness:
        return next_due(probes.readiness, probes.readiness_timing, now)
    return None
