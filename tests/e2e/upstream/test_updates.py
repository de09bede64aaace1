"""Upstream: rolling updates, roll backs, canaries, maxUnavailable, OnDelete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space
from tests.e2e.upstream.steps import (
    LEAN,
    PARALLEL,
    PROBE,
    WEB,
    changed,
    history,
    is_descending,
    live,
    revisions,
    rolling,
    status,
    version,
    versions,
    watched,
)

pytestmark = pytest.mark.docker

DOWN = ["web-2", "web-1", "web-0"]


def roll_and_roll_back(space: Space, edit: Edit, base: dict[str, Any]) -> None:
    old = edit("web.yaml", {**base, **version(1)})
    space.apply(old)
    first = status(space)["updateRevision"]
    with watched(space) as log:
        space.apply(edit("web.yaml", {**base, **version(2)}))
    assert log.of("die") == log.of("start") == DOWN
    assert log.fewest_running() == 2
    second = status(space)
    assert second["currentRevision"] == second["updateRevision"] != first
    assert second["updatedReplicas"] == second["currentReplicas"] == 3
    assert set(versions(space).values()) == {"2"}
    assert [number for number, _ in history(space)] == [1, 2]

    with watched(space) as log:
        space.run("rollout", "undo", "sts/web")
    assert log.of("die") == log.of("start") == DOWN
    # The old revision comes back under its name, with a number of its own.
    assert status(space)["currentRevision"] == status(space)["updateRevision"] == first
    assert set(revisions(space).values()) == {first}
    assert set(versions(space).values()) == {"1"}
    assert [number for number, _ in history(space)] == [2, 3]


def test_should_perform_rolling_updates_and_roll_backs_of_template_modifications(
    space: Space, edit: Edit
):
    roll_and_roll_back(space, edit, dict(LEAN))


def test_should_perform_rolling_updates_and_roll_backs_of_template_modifications_with_pvcs(
    space: Space, edit: Edit
):
    space.apply(edit("web.yaml", {**WEB, **version(1)}))
    pages, claims = space.write_pages(), space.claims()
    roll_and_roll_back(space, edit, dict(WEB))
    assert space.read_pages() == pages
    assert space.claims() == claims


BROKEN: dict[str, dict[str, Any]] = {
    "crash": {"container.command": ["sh", "-c", "exit 3"]},
    "probe": {"container.readinessProbe": {**PROBE, "httpGet": {"port": "http", "path": "/no"}}},
}


@pytest.mark.parametrize(("kind", "remedy"), [("crash", "apply"), ("probe", "undo")])
def test_a_broken_template_pauses_the_update_and_a_correction_repairs_it(
    space: Space, edit: Edit, kind: str, remedy: str
):
    good = edit("web.yaml", LEAN)
    space.apply(good)
    before, was = space.ids(), status(space)
    bad = edit("web.yaml", {**LEAN, **BROKEN[kind]}, to="bad.yaml")
    space.apply(bad, *(["--timeout=2s"] if kind == "probe" else []), code=4)
    assert changed(before, space.ids()) == {"web-2"}
    paused = status(space)
    assert paused["currentRevision"] == was["currentRevision"] != paused["updateRevision"]
    assert (paused["readyReplicas"], paused["updatedReplicas"]) == (2, 1)
    # Unlike in Kubernetes, nobody has to delete the pod.
    if remedy == "undo":
        space.run("rollout", "undo", "sts/web")
    else:
        space.apply(good)
    assert changed(before, space.ids()) == {"web-2"}
    assert set(revisions(space).values()) == {was["currentRevision"]}
    assert status(space)["readyReplicas"] == 3


def test_a_broken_image_pauses_the_update_before_it_begins(space: Space, edit: Edit):
    space.apply(edit("web.yaml", LEAN))
    before, was = space.ids(), live(space)
    bad = edit("web.yaml", {**LEAN, "container.image": "minisets-e2e/none:1"}, to="bad.yaml")
    applied = space.apply(bad, code=4)
    set_image = space.run("set", "image", "sts/web", "server=minisets-e2e/none:1", code=4)
    assert space.ids() == before
    assert live(space) == was
    for done in (applied, set_image):
        assert "minisets-e2e/none:1" in done.err


def test_should_perform_canary_updates_and_phased_rolling_updates_of_template_modifications(
    space: Space, edit: Edit
):
    space.apply(edit("web.yaml", {**LEAN, **rolling(partition=3), **version(1)}))
    before, old = space.ids(), status(space)["updateRevision"]

    def apply(partition: int) -> None:
        space.apply(edit("web.yaml", {**LEAN, **rolling(partition=partition), **version(2)}))

    apply(3)
    assert space.ids() == before
    new = status(space)["updateRevision"]
    assert new != old == status(space)["currentRevision"]
    apply(2)
    assert changed(before, space.ids()) == {"web-2"}
    assert revisions(space) == {"web-0": old, "web-1": old, "web-2": new}
    # Deleted pods return at the side of the partition on which they were.
    space.run("delete", "pod", "web-0", "web-2")
    assert revisions(space) == {"web-0": old, "web-1": old, "web-2": new}
    space.lose("web-1")
    apply(2)
    assert revisions(space) == {"web-0": old, "web-1": old, "web-2": new}
    counts = status(space)
    assert (counts["currentReplicas"], counts["updatedReplicas"]) == (2, 1)
    with watched(space) as log:
        apply(1)
    assert log.of("die") == ["web-1"]
    with watched(space) as log:
        apply(0)
    assert log.of("die") == ["web-0"]
    assert set(revisions(space).values()) == {new}
    assert status(space)["currentRevision"] == new


def test_a_partition_counts_from_the_start_ordinal(space: Space, edit: Edit):
    base = {**LEAN, **rolling(partition=2), "spec.ordinals": {"start": 5}}
    space.apply(edit("web.yaml", {**base, **version(1)}))
    space.apply(edit("web.yaml", {**base, **version(2)}))
    assert versions(space) == {"web-5": "1", "web-6": "1", "web-7": "2"}


def test_should_perform_rolling_updates_with_maxunavailable(space: Space, edit: Edit):
    base = {**LEAN, **rolling(maxUnavailable=2), "spec.replicas": 4}
    space.apply(edit("web.yaml", {**base, **version(1)}))
    with watched(space) as log:
        space.apply(edit("web.yaml", {**base, **version(2)}))
    gone, back = log.of("die"), log.of("start")
    # Two go at once, they return one by one in ascending order, and then the next two go.
    assert (set(gone[:2]), set(gone[2:])) == ({"web-3", "web-2"}, {"web-1", "web-0"})
    assert back == ["web-2", "web-3", "web-0", "web-1"]
    assert log.fewest_running() == 2
    assert set(versions(space).values()) == {"2"}


@pytest.mark.parametrize("most", [2, "74%"])
def test_should_perform_rolling_updates_with_maxunavailable_in_parallel(
    space: Space, edit: Edit, most: int | str
):
    base = {**LEAN, **PARALLEL, **rolling(maxUnavailable=most), "spec.replicas": 4}
    space.apply(edit("web.yaml", {**base, **version(1)}))
    with watched(space) as log:
        space.apply(edit("web.yaml", {**base, **version(2)}))
    assert set(log.of("die")[:2]) == {"web-3", "web-2"}
    # A percentage is rounded down.
    assert log.fewest_running() == 2
    assert set(versions(space).values()) == {"2"}


def test_parallel_pods_roll_one_at_a_time_without_maxunavailable(space: Space, edit: Edit):
    base = {**LEAN, **PARALLEL}
    space.apply(edit("web.yaml", {**base, **version(1)}))
    with watched(space) as log:
        space.apply(edit("web.yaml", {**base, **version(2)}))
    assert is_descending(log.of("die"))
    assert log.fewest_running() == 2


def test_should_implement_legacy_replacement_when_the_update_strategy_is_ondelete(
    space: Space, edit: Edit
):
    base = {**LEAN, "spec.updateStrategy": {"type": "OnDelete"}}
    space.apply(edit("web.yaml", {**base, **version(1)}))
    before, old = space.ids(), status(space)["currentRevision"]
    space.apply(edit("web.yaml", {**base, **version(2)}))
    assert space.ids() == before
    space.run("delete", "pod", "web-1")
    assert versions(space) == {"web-0": "1", "web-1": "2", "web-2": "1"}
    space.lose("web-0")
    space.lose("web-2")
    space.apply(edit("web.yaml", {**base, **version(2)}))
    assert set(versions(space).values()) == {"2"}
    # Under OnDelete the current revision never moves.
    counts = status(space)
    assert counts["currentRevision"] == old != counts["updateRevision"]
    assert (counts["updatedReplicas"], counts.get("currentReplicas", 0)) == (3, 0)
    refused = space.run("rollout", "status", "sts/web", code=2)
    assert "rollout status is only available for RollingUpdate strategy type" in refused.err
