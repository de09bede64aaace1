from __future__ import annotations

from dataclasses import replace

from minisets.core.controller import simulate
from minisets.core.controller.actions import CreatePod, DeletePod, DeleteRevision, SetClaimOwners
from minisets.core.controller.controller_state import (
    Claim,
    Phase,
    Pod,
    Revision,
    SetSpec,
    Snapshot,
)
from minisets.core.controller.planner import Options
from minisets.core.controller.simulate import (
    advance,
    apply_action,
    ask_to_go,
    end_claim,
    make_ready,
    own_claim,
    remove_pod,
    road,
    settle,
)

NAMES = Options(name_of=lambda template, _count: f"web-{template}")
POD = Pod(name="web-0", ordinal=0, revision="web-a", phase=Phase.RUNNING)
WORLD = Snapshot(
    set=SetSpec(name="web", replicas=1, template="a"),
    revisions=(Revision(name="web-a", number=1, template="a"),),
    pods=(POD,),
    claims=(Claim(name="www-web-0"),),
)


def test_pods_stay_sorted_when_one_is_created():
    world = apply_action(WORLD, CreatePod(name="web-10", revision="web-a"))
    world = apply_action(world, CreatePod(name="web-2", revision="web-a"))
    assert [pod.ordinal for pod in world.pods] == [0, 2, 10]


def test_deleting_what_is_gone_changes_nothing():
    assert apply_action(WORLD, DeletePod(name="web-7")) == WORLD
    assert apply_action(WORLD, DeleteRevision(name="web-z")) == WORLD


def test_a_finished_pod_goes_at_once_and_a_running_one_later():
    failed = replace(WORLD, pods=(replace(POD, phase=Phase.FAILED),))
    assert ask_to_go(failed, "web-0").pods == ()
    assert ask_to_go(WORLD, "web-0").pods[0].terminating


def test_readiness_counts_from_its_beginning():
    world = advance(make_ready(WORLD, "web-0"), 7)
    assert make_ready(world, "web-0").pods[0].ready_for_seconds == 7


def test_a_claim_goes_with_its_last_owner():
    world = apply_action(WORLD, SetClaimOwners(name="www-web-0", owners=("Pod/web-0",)))
    assert remove_pod(world, "web-0").claims == ()
    assert remove_pod(own_claim(world, "www-web-0", "A/a"), "web-0").claims[0].owners == ("A/a",)


def test_a_claim_that_is_not_collected_yet_names_a_vanished_owner():
    world = apply_action(WORLD, SetClaimOwners(name="www-web-0", owners=("Pod/web-0",)))
    world = remove_pod(world, "web-0", collect=False)
    assert world.claims[0].owners == ("Pod/web-0!stale",)
    assert settle(world).claims == ()


def test_a_claim_that_is_being_deleted_stays_for_as_long_as_its_pod():
    world = end_claim(WORLD, "www-web-0")
    assert settle(world).claims == world.claims
    assert settle(remove_pod(world, "web-0")).claims == ()


def test_a_road_without_an_end_is_cut():
    deadlock = replace(
        WORLD,
        set=replace(WORLD.set, replicas=0),
        pods=tuple(replace(POD, name=f"web-{n}", ordinal=n, phase=Phase.FAILED) for n in (1, 2)),
    )
    assert road(deadlock, NAMES) == ()


def test_a_road_is_no_longer_than_its_bound(monkeypatch):
    monkeypatch.setattr(simulate, "_PLANS_AT_LEAST", 2)
    monkeypatch.setattr(simulate, "_PLANS_PER_POD", 0)
    assert len(road(Snapshot(set=replace(WORLD.set, replicas=9)), NAMES)) == 2
