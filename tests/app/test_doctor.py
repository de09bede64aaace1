"""doctor names what is out of place, each with its remedy, and nothing else."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from minisets.app.delete import delete_set
from minisets.app.doctor import examine
from minisets.app.park import stop
from minisets.core import labels
from minisets.core.observed import ContainerStatus, DiskUsage, ImageSeen
from minisets.core.query.diagnosis import Finding, Level
from tests.app.bench import Bench, a_service, a_set, container_of, with_claim
from tests.fakes import DEMO


@pytest.fixture
def look(bench, tmp_path):
    """Examine; return the problems and notes about objects, or those of one check."""

    def examine_now(check: str = "") -> list[Finding]:
        found = examine(bench.command(), docker_config=tmp_path / "config.json")
        return [
            one
            for one in found
            if one.level is not Level.OK
            and (one.check == check if check else one.remedy)
            # What depends on the Engine, whatever it holds.
            and one.check not in {"engine", "addresses"}
        ]

    return examine_now


def foreign(bench: Bench, name: str) -> str:
    return bench.engine.create_container(name, {"Image": DEMO})


def test_a_healthy_engine_has_no_problem_and_says_which_it_is(bench, look, tmp_path):
    bench.apply(with_claim(a_set()), a_service())

    everything = examine(bench.command(), docker_config=tmp_path / "none.json")

    assert look() == []
    assert everything[0].check == "engine"
    assert "20.10.0" in everything[0].message
    assert "fake://" in everything[0].message
    assert all(one.level is not Level.PROBLEM for one in everything)


def test_an_old_engine_is_told_of_its_volume_prune(bench, tmp_path):
    found = examine(bench.command(), docker_config=tmp_path / "none.json")

    assert f"label!={labels.SCHEMA}" in found[1].remedy
    assert found[1].level is Level.NOTE


def test_a_container_in_the_place_of_a_pod_is_a_clash(bench, look):
    bench.apply(a_set())
    bench.remove_by_hand("web-1")
    foreign(bench, "web-1")

    (found,) = look("names")

    assert found.level is Level.PROBLEM
    assert "web-1" in found.message
    assert found.remedy.startswith("docker rename web-1 ")


def test_what_is_not_ours_elsewhere_is_no_business_of_ours(bench, look):
    bench.apply(a_set())
    foreign(bench, "web-7")
    foreign(bench, "other")

    assert look() == []


def test_a_pruned_record_is_found_and_has_its_remedy(bench, look):
    bench.apply(a_set())
    bench.prune_volumes()

    (found,) = look("prune")

    assert "record of statefulset/web is gone" in found.message
    assert found.remedy == "minisets start sts/web -n default"


def test_a_pruned_claim_of_a_parked_set_is_lost_data(bench, look):
    bench.apply(with_claim(a_set()), namespace="team")
    stop(bench.command(), "team")
    bench.engine.remove_volume("team_data-web-1")

    (found,) = look("prune")

    assert "data-web-1" in found.message
    assert found.remedy.endswith("minisets start sts/web -n team")


def test_pods_that_are_down_missing_or_crashing_are_problems(bench, look):
    bench.apply(a_set(replicas=4))
    bench.remove_by_hand("web-0")
    bench.engine.crash("web-1")
    bench.engine.crash("web-2", restarting=True)

    down, crashing = look("pods")

    assert "web-0, web-1 of statefulset/web" in down.message
    assert down.remedy == "minisets start sts/web -n default"
    assert "web-2 of statefulset/web crashes" in crashing.message
    assert crashing.remedy == "minisets logs web-2 -n default"


def test_a_parked_set_has_no_pods_and_that_is_right(bench, look):
    bench.apply(with_claim(a_set()))
    stop(bench.command(), "default")

    assert look() == []


def test_a_removed_network_is_found_by_the_pods_that_name_it(bench, look):
    bench.apply(a_set(replicas=1))
    bench.engine.container("web-0").status = ContainerStatus.EXITED
    (network,) = bench.engine.networks()
    bench.engine.remove_network(network.id)

    (found,) = look("networks")

    assert "web-0" in found.message
    assert found.remedy == "minisets start -n default"


def test_kept_claims_and_an_empty_network_are_notes(bench, look):
    bench.apply(with_claim(a_set(replicas=2)), namespace="team")
    delete_set(bench.command(), "team", "web")

    (claims,) = [one for one in look("leftovers") if "claims" in one.message]

    assert claims.level is Level.NOTE
    assert claims.remedy.endswith("minisets delete pvc data-web-0 data-web-1 -n team")


def test_orphaned_pods_are_told_with_the_two_ways_on(bench, look):
    bench.apply(a_set(replicas=1))
    delete_set(bench.command(), "default", "web", cascade="orphan")

    (found,) = look("leftovers")

    assert "web-0 stayed" in found.message
    assert "docker rm -f web-0" in found.remedy


def test_the_mark_of_orphans_that_are_gone_can_go(bench, look):
    bench.apply(a_set(replicas=1), a_service())
    delete_set(bench.command(), "default", "web", cascade="orphan")
    bench.remove_by_hand("web-0")

    (found,) = look("leftovers")
    bench.engine.remove_volume(found.remedy.removeprefix("docker volume rm "))

    assert look("leftovers") == []


def test_a_helper_without_a_set_is_left_over_only_when_it_is_old(bench, look):
    tool = labels.base("tool", "default")
    bench.engine.create_container("minisets.tool", {"Image": DEMO, "Labels": tool})
    assert look("leftovers") == []

    bench.clock.sleep(3600)

    (found,) = look("leftovers")
    assert found.remedy == "docker rm -f minisets.tool"


def test_an_interrupted_deletion_is_found(bench, look):
    bench.apply(a_set())
    # The first of three pods goes, then the command dies.
    bench.engine.fail("remove_container", nth=2)
    with pytest.raises(Exception, match="failed"):
        delete_set(bench.command(), "default", "web")

    found = look("pods")

    assert [one.remedy for one in found] == ["minisets delete sts web -n default"]


@pytest.mark.parametrize(
    ("policy", "level"), [("IfNotPresent", Level.NOTE), ("Never", Level.PROBLEM)]
)
def test_a_missing_image_weighs_what_its_policy_says(bench, look, policy, level):
    bench.engine.images["web:1"] = ImageSeen(id="sha256:" + "1" * 64, tags=("web:1",))
    manifest = a_set(replicas=1)
    container_of(manifest).update(image="web:1", imagePullPolicy=policy)
    bench.apply(manifest)
    del bench.engine.images["web:1"]

    (found,) = look("images")

    assert (found.level, found.remedy) == (level, "docker pull web:1")


def test_a_credential_helper_that_is_not_there_is_found(look, tmp_path):
    helper = {"credsStore": "nowhere-to-be-found"}
    (tmp_path / "config.json").write_text(json.dumps(helper))

    (found,) = look("credentials")

    assert "docker-credential-nowhere-to-be-found" in found.message


def test_settings_of_docker_that_are_no_json_are_found(look, tmp_path):
    (tmp_path / "config.json").write_text("{")

    assert look("credentials")[0].level is Level.PROBLEM


def test_disk_use_counts_claims_apart_and_a_slow_answer_is_said(bench, monkeypatch, tmp_path):
    bench.apply(with_claim(a_set(replicas=2)))
    sizes = {"data-web-0": 1_500_000, "data-web-1": 500_000, "other": 1_000_000}
    used = DiskUsage(images=3_000_000_000, volumes=sizes)
    monkeypatch.setattr(bench.engine, "disk_usage", lambda **_: used)

    def disk() -> Finding:
        found = examine(bench.command(), docker_config=tmp_path / "none.json")
        return next(one for one in found if one.check == "disk")

    assert "2 claims take 2.0 MB, all volumes 3.0 MB, images 3.0 GB" in disk().message
    monkeypatch.setattr(bench.engine, "disk_usage", lambda **_: None)
    assert (disk().level, disk().remedy) == (Level.NOTE, "docker system df")


def test_room_that_runs_out_is_a_problem(bench, monkeypatch, tmp_path):
    info = replace(bench.engine.info(), root=str(tmp_path))
    monkeypatch.setattr(bench.engine, "info", lambda: info)
    monkeypatch.setattr(
        "minisets.app.doctor.shutil.disk_usage",
        lambda _: type("Usage", (), {"free": 5_000_000, "total": 100_000_000_000})(),
    )

    found = examine(bench.command(), docker_config=tmp_path / "none.json")

    low = [one for one in found if one.check == "disk" and one.level is Level.PROBLEM]
    assert "5.0 MB of 100.0 GB are free" in low[0].message
