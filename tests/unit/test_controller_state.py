from __future__ import annotations

from dataclasses import astuple

import pytest

from minisets.core.controller.controller_state import (
    Phase,
    Pod,
    SetSpec,
    Snapshot,
    Status,
    claim_name,
    first_rolling_index,
    in_range,
    is_available,
    is_finished,
    is_ready,
    is_terminating,
    is_unavailable,
    pod_name,
    wanted_ordinals,
)

SPEC = SetSpec(name="web", replicas=2, template="a", ordinals_start=3)


def pod(phase: Phase = Phase.RUNNING, ready_for: float | None = 5, terminating: bool = False):
    return Pod(
        name="web-0",
        ordinal=0,
        revision="r",
        phase=phase,
        ready_for_seconds=ready_for,
        terminating=terminating,
    )


def test_the_range_begins_at_the_start_ordinal():
    assert list(wanted_ordinals(SPEC)) == [3, 4]
    assert [ordinal for ordinal in range(8) if in_range(SPEC, ordinal)] == [3, 4]


def test_names_are_those_of_kubernetes():
    assert pod_name(SPEC, 3) == "web-3"
    assert claim_name(SPEC, "www", 3) == "www-web-3"


def test_a_hole_is_neither_ready_nor_available_nor_terminating_nor_finished():
    assert not is_ready(None)
    assert not is_available(None, 0)
    assert not is_terminating(None)
    assert not is_finished(None)
    assert is_unavailable(None, 0)


def test_only_a_running_pod_is_ready():
    assert is_ready(pod())
    assert not is_ready(pod(ready_for=None))
    assert not is_ready(pod(phase=Phase.UNKNOWN))


def test_exactly_the_asked_time_makes_a_pod_available():
    assert is_available(pod(ready_for=5), 5)
    assert not is_available(pod(ready_for=4.9), 5)
    assert not is_available(pod(ready_for=None), 0)


def test_a_terminating_pod_does_not_serve_however_ready_it_is():
    assert not is_unavailable(pod(), 5)
    assert is_unavailable(pod(terminating=True), 5)


@pytest.mark.parametrize("phase", list(Phase))
def test_failed_and_succeeded_pods_are_finished(phase: Phase):
    assert is_finished(pod(phase=phase)) == (phase in {Phase.FAILED, Phase.SUCCEEDED})


def test_a_partition_counts_only_where_the_strategy_has_details():
    def spec(*, nil: bool, partition: int | None) -> SetSpec:
        return SetSpec(
            name="w", replicas=1, template="a", partition=partition, rolling_update_is_nil=nil
        )

    assert first_rolling_index(spec(nil=False, partition=2)) == 2
    assert first_rolling_index(spec(nil=False, partition=None)) == 0
    assert first_rolling_index(spec(nil=True, partition=2)) == 0


def test_what_a_set_does_not_say_is_what_kubernetes_takes():
    spec = SetSpec(name="web", replicas=1, template="a")
    assert (spec.ordered, spec.strategy, spec.min_ready_seconds) == (True, "RollingUpdate", 0)
    assert (spec.revision_history_limit, spec.ordinals_start, spec.partition) == (10, 0, None)


def test_what_is_not_known_of_a_pod_or_a_set_gives_no_reason_to_act():
    fresh = Pod(name="web-0", ordinal=0, revision="r")
    assert (fresh.phase, fresh.roll_cause) == (Phase.PENDING, "")
    flags = (fresh.terminating, fresh.missing_identity, fresh.missing_storage)
    assert (*flags, fresh.may_be_replaced) == (False, False, False, False)
    assert (Snapshot(set=SPEC).generation, Snapshot(set=SPEC).deleting) == (1, False)


def test_a_status_begins_with_nothing_counted():
    assert set(astuple(Status())) == {0, ""}
