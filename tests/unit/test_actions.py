from __future__ import annotations

import pytest

from minisets.core.controller.actions import (
    Action,
    CreateClaim,
    CreatePod,
    CreateRevision,
    DeletePod,
    DeleteRevision,
    Plan,
    RenumberRevision,
    SetClaimOwners,
    UpdatePod,
    coming_revisions,
    render,
    render_action,
)
from minisets.core.controller.controller_state import SetSpec, Status


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (CreateRevision(name="web-a", number=1), "create revision web-a as number 1"),
        (RenumberRevision(name="web-a", number=3), "renumber revision web-a to 3"),
        (DeleteRevision(name="web-a"), "delete revision web-a"),
        (CreateClaim(name="www-web-0", pod="web-0"), "create claim www-web-0 of web-0"),
        (CreatePod(name="web-0", revision="web-a"), "create pod web-0 at revision web-a"),
        (DeletePod(name="web-0"), "delete pod web-0"),
        (UpdatePod(name="web-0"), "update pod web-0"),
        (SetClaimOwners(name="c", owners=()), "set owners of claim c to none"),
        (SetClaimOwners(name="c", owners=("A/a", "B/b")), "set owners of claim c to A/a, B/b"),
    ],
)
def test_an_action_reads_as(action: Action, line: str):
    assert render_action(action) == line


def test_a_cause_stands_behind_its_action():
    assert render_action(DeletePod(name="web-1", cause="failed")) == "delete pod web-1 - failed"


def test_a_plan_shows_its_actions_then_what_went_wrong_and_what_it_waits_for():
    actions = (DeletePod(name="web-1"), DeletePod(name="web-0"))
    plan = Plan(actions=actions, status=Status(), error="no", waiting_for="web-1 is terminating")
    assert render(plan).splitlines() == [
        "delete pod web-1",
        "delete pod web-0",
        "error: no",
        "waiting: web-1 is terminating",
    ]


def test_a_plan_without_anything_says_so():
    assert render(Plan(actions=(), status=Status())) == "nothing to do"


@pytest.mark.parametrize(
    ("plan", "is_empty", "is_converged"),
    [
        (Plan(actions=(), status=Status()), True, True),
        (Plan(actions=(), status=Status(), waiting_for="web-0 is not ready"), True, False),
        (Plan(actions=(), status=Status(), status_changed=True), False, False),
        (Plan(actions=(), status=Status(), error="no"), False, False),
        (Plan(actions=(DeletePod(name="web-0"),), status=Status()), False, False),
    ],
)
def test_a_plan_knows_when_nothing_is_left(plan: Plan, is_empty: bool, is_converged: bool):
    assert (plan.is_empty, plan.is_converged) == (is_empty, is_converged)


def test_pods_come_at_the_revision_that_a_plan_says_or_the_one_that_they_are_rolled_to():
    spec = SetSpec(name="web", template="t", replicas=3, partition=1, ordinals_start=5)
    found = Plan(
        actions=(
            CreatePod(name="web-5", revision="web-a"),
            # Below the partition, rolled, and outside of the set.
            DeletePod(name="web-5"),
            DeletePod(name="web-6"),
            DeletePod(name="web-8"),
        ),
        status=Status(update_revision="web-b"),
    )
    assert coming_revisions(spec, found) == {"web-5": "web-a", "web-6": "web-b"}
