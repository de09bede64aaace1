from __future__ import annotations

import threading

import pytest

from minisets.app.delete import (
    delete_claim,
    delete_namespace,
    delete_object,
    delete_set,
    delete_sets,
)
from minisets.app.delete_pods import delete_pod, delete_pods
from minisets.core import labels
from minisets.core.observed import VolumeSeen
from minisets.errors import EngineConflict, EngineError, InputError, NotFound
from tests.app.bench import Bench, a_service, a_set, events, probed, with_claim


def test_delete_goes_from_the_top_and_keeps_the_volumes(bench: Bench):
    bench.apply(with_claim(a_set()))
    bench.engine.log.clear()
    kept = delete_set(bench.command(), "default", "web")
    assert kept == ("data-web-0", "data-web-1", "data-web-2")
    assert events(bench, "stop", "remove_container") == [
        f"{verb} web-{n}" for n in (2, 1, 0) for verb in ("stop", "remove_container")
    ]
    assert (bench.pods, bench.records, bench.claims) == ([], [], list(kept))
    assert bench.engine.networks() == ()


def test_what_was_kept_is_used_again_with_a_notice(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)), applied_from="a.yaml")
    delete_set(bench.command(), "default", "web")
    bench.apply(with_claim(a_set(replicas=1)), applied_from="b.yaml")
    (notice,) = [text for text in bench.reporter.notices if "reuses" in text]
    assert notice.startswith("statefulset/web: reuses volume data-web-0, made 20")
    assert notice.endswith(", from a.yaml")


def test_a_claim_that_is_used_again_is_not_made_writable_again(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    delete_set(bench.command(), "default", "web")
    bench.apply(with_claim(a_set(replicas=1)))
    assert bench.engine.count("put_archive") == 0


@pytest.mark.parametrize("cascade", ["foreground", "background"])
def test_volumes_go_on_an_explicit_word(bench: Bench, cascade):
    bench.apply(with_claim(a_set()))
    assert delete_set(bench.command(), "default", "web", cascade=cascade, volumes=True) == ()
    assert (bench.pods, bench.claims) == ([], [])


def test_background_takes_all_pods_at_once(bench: Bench):
    bench.apply(with_claim(a_set()))
    kept = delete_set(bench.command(), "default", "web", cascade="background")
    assert (bench.pods, len(kept)) == ([], 3)


def test_orphaned_pods_run_on_and_are_taken_up_again_by_an_apply(bench: Bench):
    bench.apply(with_claim(a_set()))
    before = bench.ids()
    kept = delete_set(bench.command(), "default", "web", cascade="orphan", volumes=True)
    assert len(kept) == 3
    assert len(bench.running) == 3
    assert "StatefulSet" not in str(bench.records)
    bench.apply(with_claim(a_set()))
    assert bench.ids() == before


def test_a_retention_policy_of_delete_takes_the_claims_with_the_set(bench: Bench):
    policy = {"whenDeleted": "Delete"}
    bench.apply(with_claim(a_set(persistentVolumeClaimRetentionPolicy=policy)))
    delete_set(bench.command(), "default", "web")
    assert bench.claims == []


def _retain(bench: Bench, name: str) -> None:
    """Mark a volume as one whose data is never to be removed."""
    (seen,) = [volume for volume in bench.engine.volumes({}) if volume.name == name]
    bench.engine._volumes[name] = VolumeSeen(
        name=name, labels={**seen.labels, labels.RECLAIM_POLICY: "Retain"}
    )


def test_what_is_to_be_retained_is_never_removed(bench: Bench):
    policy = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    manifest = with_claim(a_set(persistentVolumeClaimRetentionPolicy=policy))
    bench.apply(manifest)
    _retain(bench, "data-web-2")
    manifest["spec"]["replicas"] = 2
    bench.apply(manifest)
    assert "data-web-2" in bench.claims
    with pytest.raises(InputError, match="Retain"):
        delete_claim(bench.command(), "default", "data-web-2")
    assert delete_set(bench.command(), "default", "web", volumes=True) == ("data-web-2",)
    bench.apply(a_set("other"))
    assert delete_namespace(bench.command(), "default", volumes=True) == ("data-web-2",)
    assert bench.claims == ["data-web-2"]


def test_a_volume_of_somebody_else_stays_when_all_volumes_go(bench: Bench):
    bench.engine.create_volume("data-web-0", labels={})
    bench.apply(with_claim(a_set(replicas=2)))
    delete_set(bench.command(), "default", "web", volumes=True)
    assert bench.claims == ["data-web-0"]


def test_the_network_stays_while_another_set_is_there(bench: Bench):
    bench.apply(a_set("a"), a_set("b"))
    delete_set(bench.command(), "default", "a")
    assert [network.name for network in bench.engine.networks()] == ["minisets_default"]
    delete_set(bench.command(), "default", "b")
    assert bench.engine.networks() == ()


def test_a_deleted_pod_comes_back_ready_with_its_address(bench: Bench):
    bench.apply(with_claim(probed(a_set())))
    before, address = bench.ids(), bench.address("web-1")
    delete_pod(bench.command(), "default", "web-1")
    after = bench.ids()
    assert after["web-1"] != before["web-1"]
    assert (after["web-0"], after["web-2"]) == (before["web-0"], before["web-2"])
    assert bench.address("web-1") == address


def test_deleting_a_pod_without_waiting_only_removes_it(bench: Bench):
    bench.apply(a_set())
    delete_pod(bench.command(), "default", "web-1", wait=False)
    assert bench.pods == ["web-0", "web-2"]


def test_deleting_what_is_not_there_says_so(bench: Bench):
    with pytest.raises(NotFound, match='pods "web-9" not found'):
        delete_pod(bench.command(), "default", "web-9")
    with pytest.raises(NotFound, match=r'statefulsets\.apps "web" not found'):
        delete_set(bench.command(), "default", "web")
    with pytest.raises(NotFound, match='persistentvolumeclaims "x" not found'):
        delete_claim(bench.command(), "default", "x")
    with pytest.raises(NotFound, match='services "x" not found'):
        delete_object(bench.command(), "Service", "default", "x")
    with pytest.raises(NotFound, match='namespaces "x" not found') as caught:
        delete_namespace(bench.command(), "x")
    assert caught.value.hint == "minisets get ns"


def test_a_claim_in_use_is_not_removed(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    with pytest.raises(EngineConflict, match="in use by a pod of statefulset/web"):
        delete_claim(bench.command(), "default", "data-web-0")
    delete_set(bench.command(), "default", "web")
    delete_claim(bench.command(), "default", "data-web-0")
    assert bench.claims == []


def test_deleting_a_namespace_leaves_the_volumes_and_nothing_else(bench: Bench):
    bench.apply(a_service(), with_claim(a_set(replicas=2)), namespace="prod")
    bench.apply(a_set("other", replicas=1))
    kept = delete_namespace(bench.command(), "prod")
    assert kept == ("prod_data-web-0", "prod_data-web-1")
    assert bench.pods == ["other-0"]
    assert bench.claims == list(kept)
    assert [network.name for network in bench.engine.networks()] == ["minisets_default"]
    assert {record[1] for record in bench.records} == {"default"}


def test_deleting_a_set_again_after_a_fault_ends_what_was_begun(bench: Bench):
    bench.apply(with_claim(a_set()))
    bench.engine.fail("stop", nth=2)
    with pytest.raises(Exception, match="stop failed"):
        delete_set(bench.command(), "default", "web")
    assert bench.facts().deletion == "foreground"
    delete_set(bench.command(), "default", "web")
    assert (bench.pods, bench.records, len(bench.claims)) == ([], [], 3)


def test_several_pods_are_stopped_at_once_and_then_waited_for(bench: Bench):
    bench.apply(probed(a_set()), probed(a_set("db", replicas=2)))
    before = bench.ids()
    bench.engine.log.clear()
    told: list[str] = []
    names = ["web-2", "db-0", "web-0"]
    delete_pods(bench.command(), "default", names, tell=told.append)
    assert told == names
    order = [line.split()[0] for line in events(bench, "remove_container", "create_container")]
    assert order == ["remove_container"] * 3 + ["create_container"] * 3
    after = bench.ids()
    assert sorted(bench.running) == sorted(before)
    assert {name for name in before if after[name] != before[name]} == set(names)


def test_a_name_that_is_not_there_keeps_no_other_pod_from_being_deleted(bench: Bench):
    bench.apply(a_set())
    before = bench.ids()
    with pytest.raises(NotFound, match='pods "nope" not found'):
        delete_pods(bench.command(), "default", ["nope", "web-1"])
    assert bench.ids()["web-1"] != before["web-1"]
    assert len(bench.running) == 3
    delete_pods(bench.command(), "default", ["nope"], ignore_not_found=True)


def test_a_pod_that_a_deleted_set_left_behind_can_be_deleted(bench: Bench):
    bench.apply(a_set())
    delete_set(bench.command(), "default", "web", cascade="orphan")
    delete_pods(bench.command(), "default", ["web-1"])
    assert bench.pods == ["web-0", "web-2"]


def test_a_set_that_cannot_be_deleted_keeps_no_other_from_it_and_each_error_is_told(bench: Bench):
    bench.apply(a_set("a", replicas=1), a_set("b", replicas=1), a_set("c", replicas=1))
    stop = bench.engine.stop

    def refuse(container_id: str, *, grace_seconds: int | None = None) -> None:
        name = bench.engine.container(container_id).name
        if name in {"a-0", "c-0"}:
            raise EngineError(f"cannot stop {name}")
        stop(container_id, grace_seconds=grace_seconds)

    bench.engine.stop = refuse  # type: ignore[method-assign]
    gone: list[str] = []
    with pytest.raises(EngineError) as caught:
        delete_sets(
            bench.command(),
            [("default", name) for name in ("a", "b", "nope", "c")],
            tell=lambda key, _kept: gone.append(key[1]),
        )
    assert gone == ["b"]
    for words in ("cannot stop a-0", "cannot stop c-0", 'statefulsets.apps "nope" not found'):
        assert words in caught.value.message
    assert bench.pods == ["a-0", "c-0"]


def test_sets_are_told_in_their_order_whichever_is_gone_first(bench: Bench):
    bench.apply(a_set("a", replicas=3), a_set("b", replicas=1), a_set("c", replicas=2))
    begun, stop = threading.Event(), bench.engine.stop

    def late(container_id: str, *, grace_seconds: int | None = None) -> None:
        name = bench.engine.container(container_id).name
        if name == "b-0":
            begun.set()
        # The first set goes only once the second one does.
        assert name != "a-2" or begun.wait(60)
        stop(container_id, grace_seconds=grace_seconds)

    bench.engine.stop = late  # type: ignore[method-assign]
    gone: list[str] = []
    keys = [("default", name) for name in ("a", "b", "c")]
    delete_sets(bench.command(), keys, tell=lambda key, _kept: gone.append(key[1]))
    assert gone == ["a", "b", "c"]
