"""What the recorded traces do not show: causes, sentences, repair, collisions, lost identity."""

from __future__ import annotations

from dataclasses import replace

import pytest

from minisets.core.controller.actions import (
    CreatePod,
    CreateRevision,
    DeletePod,
    SetClaimOwners,
    render,
)
from minisets.core.controller.controller_state import (
    Claim,
    Phase,
    Pod,
    Retention,
    Revision,
    SetSpec,
    Snapshot,
    Status,
)
from minisets.core.controller.planner import Options, plan
from minisets.core.controller.planner_claims import after_actions
from minisets.core.controller.planner_update import max_unavailable
from minisets.core.controller.revision import template_text
from minisets.core.controller.simulate import (
    apply_plan,
    ask_to_go,
    make_ready,
    make_unready,
    remove_pod,
    road,
    settle,
)

NAMES = Options(name_of=lambda template, count: f"web-{template}" + (f"-{count}" * (count > 0)))
REPAIR = replace(NAMES, repair_broken=True)
SPEC = SetSpec(name="web", replicas=3, template="a")


def settled(spec: SetSpec = SPEC) -> Snapshot:
    world = Snapshot(set=spec)
    for _ in range(50):
        world = settle(apply_plan(world, plan(world, NAMES)))
        if plan(world, NAMES).is_converged:
            return world
    raise AssertionError(world)


def change(world: Snapshot, **fields: object) -> Snapshot:
    spec = replace(world.set, **fields)  # type: ignore[arg-type]
    return replace(world, set=spec, generation=world.generation + 1)


def mark(world: Snapshot, name: str, **fields: object) -> Snapshot:
    pods = tuple(
        replace(pod, **fields) if pod.name == name else pod  # type: ignore[arg-type]
        for pod in world.pods
    )
    return replace(world, pods=pods)


def text(world: Snapshot, options: Options = NAMES) -> list[str]:
    return render(plan(world, options)).splitlines()


def test_a_new_ordered_set_starts_with_its_first_ordinal_and_waits_for_it():
    assert text(Snapshot(set=replace(SPEC, claim_templates=("www",)))) == [
        "create revision web-a as number 1 - the pod template is new",
        "create claim www-web-0 of web-0 - web-0 needs it and it does not exist",
        "create pod web-0 at revision web-a - first ordinal",
        "waiting: web-0 is not ready",
    ]


def test_a_parallel_set_starts_all_pods_at_once():
    assert text(Snapshot(set=replace(SPEC, ordered=False)))[1:] == [
        "create pod web-0 at revision web-a - all ordinals start at once",
        "create pod web-1 at revision web-a - all ordinals start at once",
        "create pod web-2 at revision web-a - all ordinals start at once",
        "waiting: web-0 is not there",
    ]


def test_the_next_ordinal_says_which_pod_it_waited_for():
    world = change(settled(), replicas=4)
    assert text(world) == [
        "create pod web-3 at revision web-a - web-2 is ready, next ordinal",
        "waiting: web-3 is not ready",
    ]


def test_a_lost_pod_is_missing():
    world = remove_pod(settled(), "web-1")
    assert text(world)[0] == "create pod web-1 at revision web-a - web-1 is missing"


@pytest.mark.parametrize(
    ("phase", "word"), [(Phase.FAILED, "failed"), (Phase.SUCCEEDED, "succeeded")]
)
def test_a_finished_pod_is_replaced(phase: Phase, word: str):
    world = make_unready(settled(), "web-1", phase)
    assert text(world) == [
        f"delete pod web-1 - {word} pod is replaced",
        "waiting: web-1 has ended and is not gone yet",
    ]


def test_a_finished_pod_that_is_terminating_is_left_alone():
    world = mark(make_unready(settled(), "web-1", Phase.FAILED), "web-1", terminating=True)
    assert text(world) == ["waiting: web-1 has ended and is not gone yet"]


def test_a_pod_outside_the_range_goes_with_the_range_as_cause():
    assert text(change(settled(), replicas=2)) == [
        "delete pod web-2 - ordinal 2 is outside 0..1",
        "waiting: web-2 is terminating",
    ]
    assert text(change(settled(), replicas=0))[0] == (
        "delete pod web-2 - ordinal 2 is outside the empty range"
    )


def test_two_condemned_pods_that_do_not_serve_wait_for_each_other():
    world = change(settled(), replicas=1)
    world = make_unready(make_unready(world, "web-1"), "web-2")
    assert text(world) == ["waiting: web-2 is not ready, and so is a lower pod that has to go"]


def test_an_update_says_which_revision_a_pod_is_not_at():
    assert text(change(settled(), template="b")) == [
        "create revision web-b as number 2 - the pod template is new",
        "delete pod web-2 - web-2 is not at revision web-b",
        "waiting: web-2 is terminating",
    ]


def test_a_rollback_renumbers_the_earlier_revision():
    world = settled()
    world = apply_plan(change(world, template="b"), plan(change(world, template="b"), NAMES))
    assert text(change(world, template="a"))[0] == (
        "renumber revision web-a to 3 - the pod template is the one of this earlier revision again"
    )


def test_a_pod_rolls_for_another_reason_than_its_revision():
    world = mark(settled(), "web-1", roll_cause="published port changed")
    assert text(world)[0] == "delete pod web-1 - web-1: published port changed"


def test_unused_revisions_beyond_the_limit_are_forgotten_oldest_first():
    world = change(settled(), revision_history_limit=1)
    old = tuple(Revision(name=f"web-{n}", number=-n, template=f"{n}") for n in (3, 2, 1))
    world = replace(world, revisions=(*old, *world.revisions))
    assert text(world) == [
        "delete revision web-3 - unused, and the history keeps 1",
        "delete revision web-2 - unused, and the history keeps 1",
    ]


def test_without_a_limit_the_history_keeps_ten():
    world = change(settled(), revision_history_limit=None)
    old = tuple(Revision(name=f"web-{n}", number=-n, template=f"{n}") for n in range(12, 0, -1))
    answer = plan(replace(world, revisions=(*old, *world.revisions)), NAMES)
    assert len(answer.actions) == 2


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (lambda world: make_unready(world, "web-1"), "web-1 is not ready"),
        (lambda world: ask_to_go(world, "web-1"), "web-1 is terminating"),
        (
            lambda world: make_ready(
                make_unready(change(world, min_ready_seconds=9), "web-0"), "web-0"
            ),
            "web-0 is not ready for 9 s yet",
        ),
        (lambda world: replace(world, deleting=True), "web-0 is not gone yet"),
    ],
)
@pytest.mark.parametrize("ordered", [True, False])
def test_the_plan_says_what_it_waits_for(happens, sentence: str, ordered: bool):
    answer = plan(happens(settled(replace(SPEC, ordered=ordered))), NAMES)
    assert answer.waiting_for == sentence
    assert not answer.is_converged


def test_a_deleted_set_without_pods_waits_for_nothing():
    world = Snapshot(set=SPEC, deleting=True)
    assert plan(world, NAMES).waiting_for is None


def test_a_claim_on_its_way_out_is_an_error_and_is_told_once():
    spec = replace(SPEC, ordered=False, claim_templates=("b", "a"))
    leaving = tuple(Claim(name=f"{one}-web-0", terminating=True) for one in "ab")
    answer = plan(Snapshot(set=spec, claims=leaving), NAMES)
    assert answer.error == "[pvc a-web-0 is being deleted, pvc b-web-0 is being deleted]"


def test_an_error_returns_the_stored_status_when_nothing_changed():
    world = remove_pod(settled(replace(SPEC, claim_templates=("a",))), "web-0")
    claims = tuple(replace(one, terminating=one.name == "a-web-0") for one in world.claims)
    world = apply_plan(world, plan(replace(world, claims=claims), NAMES))
    world = replace(world, claims=claims)
    answer = plan(world, NAMES)
    assert (answer.status, answer.status_changed) == (world.status, False)


def test_a_claim_of_the_earlier_pod_keeps_the_new_one_waiting():
    spec = replace(SPEC, claim_templates=("a",), retention=Retention(when_scaled="Delete"))
    claim = Claim(name="a-web-0", owners=("Pod/web-0!stale",))
    answer = plan(Snapshot(set=spec, claims=(claim,)), NAMES)
    assert answer.waiting_for == "claim a-web-0 is to go with the earlier web-0"


def test_lost_identity_and_storage_are_repaired():
    world = settled(replace(SPEC, claim_templates=("a",)))
    label = mark(world, "web-1", missing_identity=True)
    assert text(label) == ["update pod web-1 - its identity label is missing"]
    storage = mark(change(world, claim_templates=("a", "b")), "web-1", missing_storage=True)
    assert text(storage) == [
        "create claim b-web-1 of web-1 - web-1 needs it and it does not exist",
        "update pod web-1 - it does not mount all its claims",
    ]
    assert plan(apply_plan(label, plan(label, NAMES)), NAMES).is_converged


def test_storage_that_cannot_be_repaired_is_an_error():
    world = mark(settled(replace(SPEC, claim_templates=("a",))), "web-1", missing_storage=True)
    claims = tuple(replace(claim, terminating=True) for claim in world.claims)
    answer = plan(replace(world, claims=claims), NAMES)
    assert (answer.actions, answer.error) == ((), "pvc a-web-1 is being deleted")


def test_owners_follow_the_retention_policy_and_say_so():
    world = settled(replace(SPEC, replicas=1, claim_templates=("a",)))
    deleting = change(world, retention=Retention(when_deleted="Delete"))
    assert text(deleting) == [
        "set owners of claim a-web-0 to StatefulSet/web"
        " - retention policy: it goes with StatefulSet/web",
        "update pod web-0 - the owners of its claims changed",
    ]
    owned = apply_plan(deleting, plan(deleting, NAMES))
    assert text(change(owned, retention=Retention()))[0] == (
        "set owners of claim a-web-0 to none - retention policy: it stays"
    )


def test_under_a_policy_that_deletes_a_foreign_controller_wins():
    spec = replace(SPEC, replicas=1, claim_templates=("a",))
    world = settled(replace(spec, retention=Retention(when_deleted="Delete")))
    shared = Claim(name="a-web-0", owners=("StatefulSet/web", "Backup/bk"))
    answer = text(replace(world, claims=(shared,)))
    assert answer[0].startswith("set owners of claim a-web-0 to Backup/bk - ")


def test_a_foreign_owner_is_kept_beside_ours_where_nothing_is_deleted():
    spec = replace(SPEC, replicas=1, claim_templates=("a",))
    shared = Claim(name="a-web-0", owners=("StatefulSet/web", "Backup/bk"))
    answer = text(replace(settled(spec), claims=(shared,)))
    assert answer[0].startswith("set owners of claim a-web-0 to Backup/bk - ")


def test_a_stale_owner_keeps_a_claim_from_being_touched():
    spec = replace(SPEC, replicas=1, claim_templates=("a",))
    world = settled(replace(spec, retention=Retention(when_deleted="Delete")))
    stale = Claim(name="a-web-0", owners=("StatefulSet/web!stale",))
    assert plan(replace(world, claims=(stale,)), NAMES).is_converged


def test_a_taken_revision_name_counts_a_collision():
    taken = Revision(name="web-a", number=1, template="other")
    answer = plan(Snapshot(set=SPEC, revisions=(taken,)), NAMES)
    assert render(answer).startswith("create revision web-a-1 as number 2")
    assert answer.status.collision_count == 1


def test_revisions_are_named_as_kubernetes_does_unless_told_otherwise():
    spec = replace(SPEC, template=template_text({"metadata": {}}))
    assert plan(Snapshot(set=spec)).status.update_revision.startswith("web-")


def test_a_pod_without_an_ordinal_is_counted_only_while_the_set_goes_away():
    stray = Pod(name="web-x", ordinal=-1, revision="web-a")
    world = settled()
    world = replace(world, pods=(*world.pods, stray))
    assert plan(world, NAMES).status.replicas == 3
    assert plan(world, NAMES).is_converged
    assert plan(replace(world, deleting=True), NAMES).status.replicas == 4


def test_no_pod_is_made_that_the_same_plan_deletes():
    world = change(settled(), template="b", rolling_update_is_nil=True, ordered=False)
    status = replace(world.status or Status(), current_replicas=1)
    world = remove_pod(replace(world, status=status), "web-0")
    kubernetes, ours = plan(world, NAMES).actions, plan(world, REPAIR).actions
    assert {type(one) for one in kubernetes if getattr(one, "name", "") == "web-0"} == {
        CreatePod,
        DeletePod,
    }
    assert [one for one in ours if getattr(one, "name", "") == "web-0"] == [
        CreatePod(name="web-0", revision="web-b", cause="web-0 is missing")
    ]


def test_without_rolling_update_details_the_status_says_which_pods_stay_old():
    world = change(settled(), template="b", rolling_update_is_nil=True, ordered=False)
    world = replace(world, pods=(), status=replace(world.status or Status(), current_replicas=1))
    created = [one for one in text(world) if one.startswith("create pod")]
    assert [one.split(" - ")[0].rpartition(" ")[2] for one in created] == [
        "web-a",
        "web-b",
        "web-b",
    ]


@pytest.mark.parametrize(
    ("asked", "replicas", "allowed"),
    [(None, 9, 1), (3, 9, 3), ("25%", 9, 2), ("1%", 9, 1), ("100%", 9, 9), ("99%", 100, 99)],
)
def test_max_unavailable_is_rounded_down_and_at_least_one(
    asked: int | str | None, replicas: int, allowed: int
):
    assert max_unavailable(replace(SPEC, replicas=replicas, max_unavailable=asked)) == allowed


def test_max_unavailable_does_not_count_where_the_strategy_has_no_details():
    assert max_unavailable(replace(SPEC, max_unavailable=3, rolling_update_is_nil=True)) == 1


def stuck() -> Snapshot:
    """web-2 came up broken at b, and the template has been corrected to c."""
    world = change(settled(), template="b")
    for _ in range(2):
        world = settle(apply_plan(world, plan(world, NAMES)))
    return change(make_unready(world, "web-2"), template="c")


def test_kubernetes_leaves_a_broken_rollout_alone():
    world = mark(stuck(), "web-2", may_be_replaced=True)
    assert text(world)[1:] == ["waiting: web-2 is not ready"]


def test_the_repair_replaces_the_broken_pod_first():
    world = mark(stuck(), "web-2", may_be_replaced=True)
    assert text(world, REPAIR)[1:] == [
        "delete pod web-2 - not ready, and web-2 is not at revision web-c",
        "waiting: web-2 is terminating",
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda world: mark(world, "web-2", may_be_replaced=False),
        lambda world: change(world, partition=3),
        lambda world: change(world, strategy="OnDelete"),
        lambda world: change(world, template="b"),
        lambda world: ask_to_go(world, "web-2"),
        lambda world: ask_to_go(world, "web-0"),
        lambda world: make_unready(world, "web-2", Phase.FAILED),
    ],
)
def test_the_repair_keeps_its_hands_off(spoil):
    world = spoil(mark(stuck(), "web-2", may_be_replaced=True))
    assert plan(world, REPAIR) == plan(world, NAMES)


def test_the_repair_takes_the_highest_of_several():
    world = mark(stuck(), "web-2", may_be_replaced=True)
    world = mark(make_unready(world, "web-1"), "web-1", may_be_replaced=True)
    deleted = [one for one in text(world, REPAIR) if one.startswith("delete")]
    assert [one.split()[2] for one in deleted] == ["web-2"]


def test_a_ready_pod_is_no_case_for_repair():
    world = change(settled(), template="c")
    for pod in world.pods:
        world = mark(world, pod.name, may_be_replaced=True)
    assert plan(world, REPAIR) == plan(world, NAMES)


def test_a_repair_lowers_the_counter_of_old_pods_as_an_update_does():
    world = mark(stuck(), "web-2", may_be_replaced=True)
    with_repair, without = plan(world, REPAIR).status, plan(world, NAMES).status
    assert with_repair.current_replicas == without.current_replicas - 1


def test_a_repair_does_not_keep_lower_pods_from_what_they_need():
    world = mark(stuck(), "web-2", may_be_replaced=True)
    assert text(mark(world, "web-0", missing_identity=True), REPAIR)[1:] == [
        "delete pod web-2 - not ready, and web-2 is not at revision web-c",
        "update pod web-0 - its identity label is missing",
        "waiting: web-2 is terminating",
    ]


def test_a_broken_old_pod_is_taken_beside_the_budget_and_only_once():
    world = settled(replace(SPEC, ordered=False, max_unavailable=2))
    world = change(make_unready(world, "web-2"), template="b")
    deleted = [one for one in text(world) if one.startswith("delete pod")]
    assert [one.split()[2] for one in deleted] == ["web-2", "web-1"]


def test_a_claim_that_gets_another_owner_stays_as_it_is_otherwise():
    claims = {"a-web-0": Claim(name="a-web-0", terminating=True)}
    action = SetClaimOwners(name="a-web-0", owners=("Pod/web-0",), cause="a test")
    assert after_actions(claims, (action,)) == {
        "a-web-0": Claim(name="a-web-0", owners=("Pod/web-0",), terminating=True)
    }


def test_the_road_is_the_whole_way_to_the_end():
    lines = [
        render(step).splitlines()[0].split(" - ")[0]
        for step in road(change(settled(), template="b"), NAMES)
    ]
    assert lines == [
        "create revision web-b as number 2",
        "create pod web-2 at revision web-b",
        "delete pod web-1",
        "create pod web-1 at revision web-b",
        "delete pod web-0",
        "create pod web-0 at revision web-b",
    ]


def test_a_pending_pod_whose_claim_is_on_its_way_out_is_an_error():
    world = make_unready(settled(replace(SPEC, claim_templates=("a",))), "web-1", Phase.PENDING)
    claims = tuple(replace(one, terminating=one.name == "a-web-1") for one in world.claims)
    answer = plan(replace(world, claims=claims), NAMES)
    assert (answer.actions, answer.error) == ((), "pvc a-web-1 is being deleted")


def test_the_owners_of_a_pending_pod_are_set_once_and_the_pod_is_not_updated():
    world = settled(replace(SPEC, replicas=1, ordered=False, claim_templates=("a",)))
    world = make_unready(world, "web-0", Phase.PENDING)
    answer = plan(change(world, retention=Retention(when_deleted="Delete")), NAMES)
    assert render(answer).count("set owners") == 1
    assert "update pod" not in render(answer)


def test_a_claim_that_names_the_earlier_pod_is_not_touched_for_the_new_one():
    spec = replace(SPEC, replicas=1, claim_templates=("a",))
    policy = Retention(when_deleted="Delete", when_scaled="Retain")
    world = replace(settled(replace(spec, retention=policy)), pods=())
    world = replace(world, claims=(Claim(name="a-web-0", owners=("Pod/web-0",)),))
    assert [type(action).__name__ for action in plan(world, NAMES).actions] == ["CreatePod"]


def test_only_the_first_claim_error_of_a_parallel_set_keeps_later_batches_from_running():
    spec = replace(SPEC, replicas=8, ordered=False, claim_templates=("a",))
    leaving = Claim(name="a-web-3", terminating=True)
    created = [one for one in text(Snapshot(set=spec, claims=(leaving,))) if "create pod" in one]
    assert [one.split()[2] for one in created] == [f"web-{n}" for n in (0, 1, 2, 4, 5, 6)]


def test_a_claim_error_of_a_pending_pod_ends_the_work_on_it():
    spec = replace(SPEC, replicas=1, ordered=False, claim_templates=("a", "b"))
    world = make_unready(settled(spec), "web-0", Phase.PENDING)
    claims = tuple(replace(one, terminating=one.name == "a-web-0") for one in world.claims)
    world = change(replace(world, claims=claims), retention=Retention(when_deleted="Delete"))
    answer = plan(world, NAMES)
    assert (answer.actions, answer.error) == ((), "pvc a-web-0 is being deleted")


def test_a_condemned_pod_that_is_not_available_yet_waits_for_a_lower_one():
    world = change(settled(), replicas=1)
    world = mark(make_unready(world, "web-1"), "web-2", phase=Phase.UNKNOWN)
    assert not plan(world, NAMES).actions
    slow = change(settled(replace(SPEC, min_ready_seconds=9)), replicas=1)
    slow = mark(make_unready(slow, "web-1"), "web-2", ready_for_seconds=8)
    assert not plan(slow, NAMES).actions
    assert plan(mark(slow, "web-2", ready_for_seconds=9), NAMES).actions


def test_a_parallel_set_waits_for_the_pods_that_leave():
    world = change(settled(replace(SPEC, ordered=False)), replicas=1)
    assert text(world)[-1] == "waiting: web-2 is terminating"


def test_stale_owners_are_left_alone_only_where_they_were_ours():
    spec = replace(SPEC, replicas=1, claim_templates=("a",))
    world = settled(replace(spec, retention=Retention(when_deleted="Delete")))

    def owned_by(*owners: str) -> Snapshot:
        return replace(world, claims=(Claim(name="a-web-0", owners=owners),))

    assert not plan(owned_by("StatefulSet/web!stale", "Pod/web-0"), NAMES).actions
    assert text(owned_by("StatefulSet/web", "Backup/bk!stale"))[0].startswith(
        "set owners of claim a-web-0 to Backup/bk!stale"
    )


def test_the_repair_leaves_parallel_sets_to_their_own_rules():
    world = change(settled(replace(SPEC, ordered=False)), template="c")
    world = mark(make_unready(world, "web-1"), "web-1", may_be_replaced=True)
    assert plan(world, REPAIR) == plan(world, NAMES)


def test_the_repair_finds_nothing_in_a_hole():
    world = remove_pod(change(settled(), template="b", rolling_update_is_nil=True), "web-1")
    assert [one for one in plan(world, REPAIR).actions if not isinstance(one, CreateRevision)] == [
        CreatePod(name="web-1", revision="web-b", cause="web-1 is missing")
    ]


def test_new_pods_have_the_update_revision_under_on_delete_whatever_the_partition():
    world = remove_pod(change(settled(), template="b", strategy="OnDelete", partition=9), "web-0")
    assert text(world)[1].startswith("create pod web-0 at revision web-b")


def test_batches_grow_to_five_hundred_pods():
    spec = replace(SPEC, replicas=1100, ordered=False, claim_templates=("a",))
    leaving = Claim(name="a-web-600", terminating=True)
    created = [one for one in text(Snapshot(set=spec, claims=(leaving,))) if "create pod" in one]
    assert len(created) == 511 + 500 - 1


def test_collisions_go_on_counting_from_the_stored_status():
    world = Snapshot(set=SPEC, status=Status(collision_count=4))
    assert text(world)[0].startswith("create revision web-a-4 as number 1")
    assert plan(world, NAMES).status.collision_count == 4


def test_a_current_revision_that_is_gone_gives_way_to_the_update_revision():
    world = Snapshot(set=SPEC, status=Status(current_revision="web-gone"))
    assert plan(world, NAMES).status.current_revision == "web-a"


def test_a_rollback_takes_the_newest_of_equal_revisions_in_whatever_order_they_come():
    revisions = tuple(
        Revision(name=f"web-{n}", number=n, template=template)
        for n, template in ((3, "b"), (1, "a"), (2, "a"))
    )
    assert text(Snapshot(set=SPEC, revisions=revisions))[0].startswith(
        "renumber revision web-2 to 4"
    )


def test_a_pod_that_does_not_run_counts_as_neither_ready_nor_available():
    status = plan(mark(settled(), "web-1", phase=Phase.UNKNOWN), NAMES).status
    assert (status.replicas, status.ready_replicas, status.available_replicas) == (3, 2, 2)
