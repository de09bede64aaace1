"""Revisions in kubectl's words: history, undo, restart, merges, rollout status, diff."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space
from tests.e2e.upstream.steps import (
    LEAN,
    break_pod,
    changed,
    history,
    live,
    rolling,
    status,
    version,
    versions,
)

pytestmark = pytest.mark.docker

CAUSE = "kubernetes.io/change-cause"
ONE = {**LEAN, "spec.replicas": 1}
OTHER_IMAGE = "my-image:latest"


def test_revision_history_limit_trims(space: Space, edit: Edit):
    for number in range(1, 5):
        space.apply(edit("web.yaml", {**ONE, **version(number), "spec.revisionHistoryLimit": 1}))
    assert [number for number, _ in history(space)] == [3, 4]
    space.run("rollout", "undo", "sts/web")
    assert versions(space) == {"web-0": "3"}
    assert [number for number, _ in history(space)] == [4, 5]
    space.apply(edit("web.yaml", {**ONE, **version(3), "spec.revisionHistoryLimit": 0}))
    assert [number for number, _ in history(space)] == [5]
    alone = space.run("rollout", "undo", "sts/web", code=1)
    assert "no last revision to roll back to" in alone.err


def test_history_shows_the_change_cause_and_each_revision(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {**ONE, **version(1)}))
    cause = {"metadata.annotations": {CAUSE: "raise the version"}}
    space.apply(edit("web.yaml", {**ONE, **version(2), **cause}))
    assert history(space) == [(1, "<none>"), (2, "raise the version")]
    full = space.run("rollout", "history", "sts/web", "--revision=1").out
    assert full.splitlines()[0] == "statefulset.apps/web with revision #1"
    assert ["VERSION:", "1"] in [line.split() for line in full.splitlines()]
    none = space.run("rollout", "history", "sts/web", "--revision=9", code=1)
    assert "unable to find the specified revision" in none.err


def test_undo_in_kubectls_words(space: Space, edit: Edit):
    for number in (1, 2, 3):
        space.apply(edit("web.yaml", {**ONE, **version(number)}))
    back = space.run("rollout", "undo", "sts/web", "--to-revision=1")
    assert back.out.splitlines() == ["statefulset.apps/web rolled back"]
    assert versions(space) == {"web-0": "1"}
    again = space.run("rollout", "undo", "sts/web", "--to-revision=4")
    assert again.out.splitlines() == [
        "statefulset.apps/web skipped rollback (current template already matches revision 4)"
    ]
    # Without a number it goes to and fro between the two newest.
    for expected in ("3", "1"):
        space.run("rollout", "undo", "sts/web")
        assert versions(space) == {"web-0": expected}
    for number in (77, -1):
        none = space.run("rollout", "undo", "sts/web", f"--to-revision={number}", code=1)
        assert f"unable to find specified revision {number} in history" in none.err


def test_apply_merges_as_kubectl_does(space: Space, edit: Edit, stand_in: Callable[[str], None]):
    stand_in(OTHER_IMAGE)
    file = edit("web.yaml", {**LEAN, "spec.replicas": None})
    space.apply(file)
    space.run("scale", "sts/web", "--replicas=2")
    before = space.ids()
    done = space.run("rollout", "restart", "sts/web")
    assert done.out.splitlines() == ["statefulset.apps/web restarted"]
    assert changed(before, space.ids()) == {"web-0", "web-1"}
    before = space.ids()
    # The file speaks neither of replicas nor of the restart: both stay.
    assert space.apply(file).out.splitlines()[-1] == "statefulset.apps/web unchanged"
    assert space.ids() == before
    assert live(space)["spec"]["replicas"] == 2

    done = space.run("set", "image", "sts/web", f"server={OTHER_IMAGE}")
    assert done.out.splitlines() == ["statefulset.apps/web image updated"]
    assert {pod["Config"]["Image"] for pod in space.pods().values()} == {OTHER_IMAGE}
    # It speaks of the image, so that has the last word.
    assert space.run("diff", "-f", str(file), code=1).out
    assert space.apply(file).out.splitlines()[-1] == "statefulset.apps/web configured"
    assert {pod["Config"]["Image"] for pod in space.pods().values()} == {"minisets/demo:1"}
    annotations = live(space)["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations
    space.run("set", "image", "sts/web", "none=x", code=1)


def test_diff_ends_with_1_only_if_there_is_a_difference(space: Space, edit: Edit):
    file = edit("web.yaml", {**ONE, **version(1)})
    assert space.run("diff", "-f", str(file), code=1).out
    assert space.is_empty()
    space.apply(file)
    assert space.run("diff", "-f", str(file)).out == ""
    newer = edit("web.yaml", {**ONE, **version(2)}, to="newer.yaml")
    assert space.run("diff", "-f", str(newer), code=1).out
    immutable = edit("web.yaml", {**ONE, "spec.serviceName": "other"}, to="immutable.yaml")
    refused = space.run("diff", "-f", str(immutable), code=2)
    assert "updates to statefulset spec for fields other than 'replicas'" in refused.err
    assert versions(space) == {"web-0": "1"}


def test_rollout_status_in_kubectls_words(space: Space, edit: Edit):
    base = {**LEAN, **rolling(partition=0)}
    space.apply(edit("web.yaml", {**base, **version(1)}))
    done = "partitioned roll out complete: 3 new pods have been updated..."
    assert space.run("rollout", "status", "sts/web").out.splitlines() == [done]
    break_pod(space, "web-1")
    waits = space.run("rollout", "status", "sts/web", "--watch=false")
    assert waits.out.splitlines() == ["Waiting for 1 pods to be ready..."]
    space.run("delete", "pod", "web-1")

    space.apply(edit("web.yaml", {**base, **version(2)}), "--wait=false")
    lines = space.run("rollout", "status", "sts/web").out.splitlines()
    assert lines[-1] == done
    allowed = {"Waiting for 1 pods to be ready..."} | {
        f"Waiting for partitioned roll out to finish: {count} out of 3 new pods have been "
        "updated..."
        for count in range(3)
    }
    assert set(lines[:-1]) <= allowed
    assert lines[:-1]

    canary = {**LEAN, **rolling(partition=2), **version(3)}
    space.apply(edit("web.yaml", canary))
    assert space.run("rollout", "status", "sts/web").out.splitlines() == [
        "partitioned roll out complete: 1 new pods have been updated..."
    ]
    space.run("rollout", "status", "sts/none", code=1)


def test_rollout_status_without_rolling_update_in_kubectls_words(space: Space, edit: Edit):
    bare = {**LEAN, "spec.updateStrategy": {"type": "RollingUpdate"}}
    space.apply(edit("web.yaml", bare))
    revision = status(space)["currentRevision"]
    assert space.run("rollout", "status", "sts/web").out.splitlines() == [
        f"statefulset rolling update complete 3 pods at revision {revision}..."
    ]
