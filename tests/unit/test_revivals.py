from __future__ import annotations

import itertools

from minisets.app.loop.revivals import Revivals
from tests.fakes import FakeClock


def _rests(clock: FakeClock, revivals: Revivals) -> float:
    """Start a container, and return for how long it is to rest."""
    revivals.note("c1")
    began = clock.now()
    while revivals.is_resting("c1"):
        clock.sleep(0.1)
    return clock.now() - began


def test_a_container_rests_twice_as_long_after_each_start_up_to_five_minutes():
    clock = FakeClock()
    revivals = Revivals(clock)
    rests = [_rests(clock, revivals) for _ in range(14)]
    assert revivals.count("c1") == 14
    assert all(later >= earlier for earlier, later in itertools.pairwise(rests))
    assert rests[0] < 1
    assert round(rests[-1]) == 300


def test_one_that_ran_for_ten_seconds_begins_anew():
    clock = FakeClock()
    revivals = Revivals(clock)
    for _ in range(4):
        _rests(clock, revivals)
    clock.sleep(9)
    revivals.note("c1")
    assert revivals.count("c1") == 5
    clock.sleep(20)
    revivals.note("c1")
    assert revivals.count("c1") == 1


def test_a_container_that_was_never_started_again_does_not_rest():
    revivals = Revivals(FakeClock())
    assert not revivals.is_resting("c1")
    assert revivals.count("c1") == 0
