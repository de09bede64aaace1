from __future__ import annotations

import pytest

from minisets.app.park import scale, start, stop
from minisets.errors import InputError, NotFound
from tests.app.bench import Bench, a_service, a_set, events, probed, with_claim

DELETE_ON_SCALE = {"whenScaled": "Delete"}


def test_scaling_down_goes_from_the_top_one_after_the_other(bench: Bench):
    bench.apply(a_set())
    scale(bench.command(), "default", "web", 1)
    assert events(bench, "stop", "remove_container") == [
        "stop web-2",
        "remove_container web-2",
        "stop web-1",
        "remove_container web-1",
    ]
    assert bench.pods == ["web-0"]


def test_scaling_to_nothing_and_back_finds_the_volumes_and_addresses_again(bench: Bench):
    bench.apply(with_claim(probed(a_set())))
    before = bench.address("web-2")
    scale(bench.command(), "default", "web", 0)
    assert bench.claims == ["data-web-0", "data-web-1", "data-web-2"]
    scale(bench.command(), "default", "web", 3)
    assert bench.address("web-2") == before
    assert bench.engine.container("web-2").volumes() == {"data-web-2"}


def test_a_set_scaled_past_its_block_gets_more_addresses(bench: Bench):
    bench.apply(a_set(replicas=1))
    scale(bench.command(), "default", "web", 40)
    addresses = {bench.address(f"web-{n}") for n in range(40)}
    assert len(addresses) == 40


def test_scaling_only_from_the_expected_number(bench: Bench):
    bench.apply(a_set())
    with pytest.raises(InputError, match="Expected replicas to be 5, was 3"):
        scale(bench.command(), "default", "web", 1, current_replicas=5)
    assert len(bench.pods) == 3


def test_scaling_a_set_that_is_not_there_is_an_error(bench: Bench):
    with pytest.raises(NotFound, match=r'statefulsets\.apps "web" not found'):
        scale(bench.command(), "default", "web", 1)


def test_a_retention_policy_of_delete_removes_the_claims_of_scaled_pods_only(bench: Bench):
    manifest = with_claim(a_set(persistentVolumeClaimRetentionPolicy=DELETE_ON_SCALE))
    bench.apply(manifest)
    scale(bench.command(), "default", "web", 1)
    assert bench.claims == ["data-web-0"]
    scale(bench.command(), "default", "web", 2)
    assert bench.claims == ["data-web-0", "data-web-1"]


def test_a_volume_of_somebody_else_stays_whatever_the_retention_policy(bench: Bench):
    bench.engine.create_volume("data-web-1", labels={"owner": "me"})
    manifest = with_claim(a_set(persistentVolumeClaimRetentionPolicy=DELETE_ON_SCALE))
    bench.apply(manifest)
    scale(bench.command(), "default", "web", 0)
    assert bench.claims == ["data-web-1"]


def test_stop_removes_the_pods_from_the_top_and_keeps_everything_else(bench: Bench):
    bench.apply(with_claim(a_set()))
    addresses = [bench.address(f"web-{n}") for n in range(3)]
    bench.engine.log.clear()
    assert stop(bench.command(), "default") == ("web",)
    assert events(bench, "stop") == ["stop web-2", "stop web-1", "stop web-0"]
    assert (bench.pods, len(bench.claims)) == ([], 3)
    assert bench.facts().object["spec"]["replicas"] == 3
    start(bench.command(), "default")
    assert [bench.address(f"web-{n}") for n in range(3)] == addresses


def test_stop_keeps_claims_even_if_the_retention_policy_says_delete(bench: Bench):
    manifest = with_claim(a_set(persistentVolumeClaimRetentionPolicy=DELETE_ON_SCALE))
    bench.apply(manifest)
    stop(bench.command(), "default", ["web"])
    assert len(bench.claims) == 3
    start(bench.command(), "default", ["web"])
    assert len(bench.running) == 3
    assert len(bench.claims) == 3


def test_a_stopped_set_stays_stopped_when_something_else_is_applied(bench: Bench):
    bench.apply(a_service(), a_set())
    stop(bench.command(), "default")
    bench.apply(a_service("other", selector="web"))
    assert bench.pods == []


def test_apply_wakes_a_stopped_set(bench: Bench):
    bench.apply(a_set())
    stop(bench.command(), "default")
    bench.apply(a_set())
    assert len(bench.running) == 3


def test_stop_of_a_name_that_is_not_there_stops_nothing(bench: Bench):
    bench.apply(a_set())
    with pytest.raises(NotFound):
        stop(bench.command(), "default", ["web", "nope"])
    assert len(bench.running) == 3


def test_apply_of_a_stopped_set_says_configured(bench: Bench):
    bench.apply(a_set())
    stop(bench.command(), "default")
    assert bench.apply(a_set()) == {"StatefulSet/web": "configured"}
