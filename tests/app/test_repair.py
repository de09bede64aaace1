"""What apply makes of a world that somebody or something has damaged."""

from __future__ import annotations

import pytest

from minisets.app.loop.sets import find_set
from minisets.core.observed import ContainerStatus, ImageSeen
from minisets.errors import EngineConflict, NotConverged
from tests.app.bench import Bench, a_service, a_set, events, probed, with_claim, with_env
from tests.fakes import DEMO


def test_a_pod_removed_by_hand_comes_back_with_its_volume_and_address(bench: Bench):
    manifest = with_claim(a_set())
    bench.apply(manifest)
    before, address = bench.ids(), bench.address("web-1")
    bench.remove_by_hand("web-1")
    assert bench.apply(manifest) == {"StatefulSet/web": "unchanged"}
    after = bench.ids()
    assert bench.address("web-1") == address
    assert bench.engine.container("web-1").volumes() == {"data-web-1"}
    assert bench.engine.count("put_archive") == 0
    assert {name for name in after if after[name] != before[name]} == {"web-1"}


def test_a_container_stopped_by_hand_is_started_again(bench: Bench):
    bench.apply(a_set())
    before = bench.ids()
    bench.engine.crash("web-1", exit_code=0)
    bench.apply(a_set())
    assert (bench.ids(), len(bench.running)) == (before, 3)


def test_a_paused_container_is_resumed(bench: Bench):
    bench.apply(a_set())
    bench.engine.container("web-1").status = ContainerStatus.PAUSED
    bench.apply(a_set())
    assert bench.engine.count("unpause") == 1
    assert len(bench.running) == 3


def test_a_container_that_was_only_created_gets_its_claim_prepared_and_is_started(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    container = bench.engine.container("web-0")
    container.status = ContainerStatus.CREATED
    container.files.clear()
    bench.apply(with_claim(a_set(replicas=1)))
    assert container.files == {"/data": (0, 0o777)}
    assert bench.running == ["web-0"]


def test_lost_records_are_rebuilt_from_the_pods(bench: Bench):
    bench.apply(a_service(), with_claim(a_set()))
    uid, before = bench.facts().uid, bench.ids()
    bench.prune_volumes()
    assert bench.records == []
    assert find_set(bench.command(), "default", "web").facts.uid == uid
    assert any("rebuilt from its pods" in text for text in bench.reporter.notices)
    verbs = bench.apply(a_service(), with_claim(a_set()))
    assert verbs["StatefulSet/web"] == "unchanged"
    assert bench.ids() == before


def test_the_newest_spec_among_the_pods_counts_when_a_record_is_rebuilt(bench: Bench):
    bench.apply(a_set())
    bench.prober.answer = lambda _found: (_ for _ in ()).throw(AssertionError)
    bench.engine.fail("stop", nth=2)
    with pytest.raises(Exception, match="stop failed"):
        bench.apply(with_env(a_set(), COLOR="blue"))
    bench.prune_volumes()
    facts = find_set(bench.command(), "default", "web").facts
    assert facts.generation == 2
    assert "blue" in str(facts.object)


def test_pods_are_made_anew_when_their_network_was(bench: Bench):
    bench.apply(with_claim(a_set()))
    (network,) = bench.engine.networks()
    before = bench.ids()
    for pod in bench.pods:
        bench.engine.crash(pod)
    bench.engine.remove_network(network.id)
    bench.apply(with_claim(a_set()))
    assert set(bench.ids().values()).isdisjoint(before.values())
    assert len(bench.running) == 3
    assert bench.claims == ["data-web-0", "data-web-1", "data-web-2"]


def _occupy(bench: Bench, address: str) -> None:
    """Let a container of somebody else hold an address of the default namespace."""
    (network,) = bench.engine.networks()
    squatter = bench.foreign_container("squatter")
    bench.engine.connect(network.id, squatter, address=address, aliases=())
    bench.engine.start(squatter)


def test_a_pod_whose_address_is_taken_gets_another_and_keeps_that(bench: Bench):
    manifest = a_set(replicas=2)
    bench.apply(manifest)
    taken = bench.address("web-1")
    bench.remove_by_hand("web-1")
    _occupy(bench, taken)
    bench.apply(manifest)
    other = bench.address("web-1")
    assert other not in {taken, bench.address("web-0")}
    bench.remove_by_hand("squatter")
    bench.remove_by_hand("web-1")
    bench.apply(manifest)
    assert bench.address("web-1") == other


def test_a_stopped_pod_whose_address_was_taken_meanwhile_runs_again(bench: Bench):
    manifest = a_set(replicas=2)
    bench.apply(manifest)
    taken = bench.address("web-1")
    bench.engine.crash("web-1")
    _occupy(bench, taken)
    bench.apply(manifest)
    assert "web-1" in bench.running
    assert bench.address("web-1") != taken


def test_a_name_taken_by_a_foreign_container_is_an_error_that_names_it(bench: Bench):
    foreign = bench.foreign_container("web-1")
    with pytest.raises(EngineConflict, match=f"web-1 is taken by container {foreign[:12]}"):
        bench.apply(a_set())
    assert bench.engine.container("web-1").id == foreign
    assert bench.engine.container("web-1").status is ContainerStatus.CREATED


def test_a_network_of_somebody_else_is_not_taken_over(bench: Bench):
    bench.engine.create_network(
        "minisets_default",
        subnet="10.9.0.0/24",
        ip_range="10.9.0.128/25",
        gateway="10.9.0.1",
        labels={},
    )
    with pytest.raises(EngineConflict, match="was not made by minisets"):
        bench.apply(a_set())


def test_a_volume_of_somebody_else_is_used_with_a_notice(bench: Bench):
    bench.engine.create_volume("data-web-0", labels={"owner": "me"})
    bench.apply(with_claim(a_set(replicas=2)))
    assert any("volume data-web-0 is there already" in text for text in bench.reporter.notices)
    assert bench.engine.container("web-0").volumes() == {"data-web-0"}
    assert bench.apply(with_claim(a_set(replicas=2))) == {"StatefulSet/web": "unchanged"}
    assert not any("data-web-0" in text for text in bench.reporter.notices)


@pytest.mark.parametrize(("namespace", "prefix"), [("default", ""), ("prod", "prod_")])
def test_a_volume_of_somebody_else_keeps_its_owner_and_mode(
    bench: Bench, namespace: str, prefix: str
):
    bench.engine.create_volume(f"{prefix}data-web-0", labels={"owner": "me"})
    manifest = with_claim(a_set(replicas=2))
    bench.apply(manifest, namespace=namespace)
    assert bench.engine.container(f"{prefix}web-0").files == {}
    assert bench.engine.container(f"{prefix}web-1").files == {"/data": (0, 0o777)}
    bench.remove_by_hand(f"{prefix}web-0")
    bench.apply(manifest, namespace=namespace)
    assert bench.engine.count("archive_head") == 0


def test_a_service_added_later_renames_the_pods_one_at_a_time_at_the_same_address(bench: Bench):
    bench.apply(a_service(), probed(a_set()))
    before = bench.ids()
    addresses = {pod: bench.address(pod) for pod in bench.pods}
    bench.apply(a_service("front", selector="web"))
    assert "front.default.svc.cluster.local" in bench.aliases("web-2")
    assert bench.ids() == before
    assert {pod: bench.address(pod) for pod in bench.pods} == addresses
    assert events(bench, "disconnect", "connect") == [
        f"{verb} web-{n}" for n in range(3) for verb in ("disconnect", "connect")
    ]


def test_pods_are_renamed_once(bench: Bench):
    bench.apply(a_service(), a_set())
    bench.apply(a_service("front", selector="web"))
    bench.apply(a_service("front", selector="web"), a_service(), a_set())
    assert bench.engine.count("connect") == 0


def test_a_tag_that_has_moved_is_a_notice_and_changes_nothing(bench: Bench):
    bench.apply(a_set())
    before = bench.ids()
    bench.engine.images[DEMO] = ImageSeen(id="sha256:" + "e" * 64, tags=(DEMO,))
    bench.apply(a_set())
    assert any("3 of its pods run an older image" in text for text in bench.reporter.notices)
    assert bench.ids() == before


def test_refreshing_images_rolls_the_pods_that_run_an_older_one(bench: Bench):
    bench.apply(a_set())
    bench.engine.images[DEMO] = ImageSeen(id="sha256:" + "e" * 64, tags=(DEMO,))
    bench.apply(a_set(), refresh_images=True)
    assert {bench.engine.container(pod).image_id for pod in bench.pods} == {"sha256:" + "e" * 64}
    assert events(bench, "stop") == ["stop web-2", "stop web-1", "stop web-0"]
    before = bench.ids()
    bench.apply(a_set(), refresh_images=True)
    assert bench.ids() == before


def test_an_engine_restart_leaves_nothing_to_repair_that_apply_does_not(bench: Bench):
    bench.apply(with_claim(a_set(podManagementPolicy="Parallel")))
    before = bench.ids()
    for pod in bench.pods:
        bench.engine.crash(pod, exit_code=137)
    bench.apply(with_claim(a_set(podManagementPolicy="Parallel")))
    assert (len(bench.running), bench.ids()) == (3, before)


def test_an_interrupted_renaming_is_ended_by_the_next_apply(bench: Bench):
    bench.apply(a_service(), a_set())
    bench.engine.fail("connect")
    with pytest.raises(NotConverged):
        bench.apply(a_service("front", selector="web"))
    bench.apply(a_service("front", selector="web"), a_service(), a_set())
    assert all("front" in bench.aliases(pod) for pod in bench.pods)


def test_a_pod_that_was_taken_off_its_network_comes_back_to_it(bench: Bench):
    bench.apply(a_set())
    address = bench.address("web-1")
    (network,) = bench.engine.networks()
    bench.engine.disconnect(network.id, "web-1")
    bench.apply(a_set())
    assert bench.address("web-1") == address


def test_a_set_rebuilt_from_its_pods_keeps_their_addresses(bench: Bench):
    bench.apply(a_set("a"), a_set("b"))
    before = bench.address("b-1")
    bench.prune_volumes()
    bench.apply(a_set("b"))
    bench.remove_by_hand("b-1")
    bench.apply(a_set("b"))
    assert bench.address("b-1") == before
