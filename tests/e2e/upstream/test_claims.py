"""Upstream: the retention policy of claims, claims of pending pods, changed claim templates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space
from tests.e2e.upstream.steps import WEB, changed, is_descending, status, watched

pytestmark = pytest.mark.docker

COMBINATIONS = [
    (when_deleted, when_scaled)
    for when_deleted in ("Retain", "Delete")
    for when_scaled in ("Retain", "Delete")
]


def retention(when_deleted: str, when_scaled: str) -> dict[str, Any]:
    policy = {"whenDeleted": when_deleted, "whenScaled": when_scaled}
    return {**WEB, "spec.replicas": 2, "spec.persistentVolumeClaimRetentionPolicy": policy}


def check_retention(space: Space, when_deleted: str, when_scaled: str) -> None:
    one, two = space.volume("www-web-0"), space.volume("www-web-1")
    # Neither a lost pod nor a deleted one costs a claim.
    space.run("delete", "pod", "web-1")
    assert space.claims() == [one, two]
    space.run("scale", "sts/web", "--replicas=1")
    left = [one] if when_scaled == "Delete" else [one, two]
    assert space.claims() == left
    space.run("delete", "sts/web")
    assert space.claims() == ([] if when_deleted == "Delete" else left)


@pytest.mark.parametrize(("when_deleted", "when_scaled"), COMBINATIONS)
def test_pvc_retention_policy(space: Space, edit: Edit, when_deleted: str, when_scaled: str):
    space.apply(edit("web.yaml", retention(when_deleted, when_scaled)))
    check_retention(space, when_deleted, when_scaled)


@pytest.mark.parametrize(("when_deleted", "when_scaled"), COMBINATIONS[1:3])
def test_pvc_retention_policy_after_adopting_pod(
    space: Space, edit: Edit, when_deleted: str, when_scaled: str
):
    file = edit("web.yaml", retention(when_deleted, when_scaled))
    space.apply(file)
    pages, ids = space.write_pages(), space.ids()
    space.run("delete", "sts/web", "--cascade=orphan")
    # Pods that stay keep what they write to.
    assert len(space.claims()) == 2
    space.apply(file)
    assert (space.ids(), space.read_pages()) == (ids, pages)
    check_retention(space, when_deleted, when_scaled)


def test_pvc_retention_policy_that_is_changed_counts_at_once(space: Space, edit: Edit):
    space.apply(edit("web.yaml", retention("Retain", "Retain")))
    ids = space.ids()
    space.apply(edit("web.yaml", retention("Delete", "Delete")))
    assert space.ids() == ids
    check_retention(space, "Delete", "Delete")


def test_pvc_should_be_recreated_when_pod_is_pending_due_to_missing_pvc(space: Space, edit: Edit):
    file = edit("web.yaml", WEB)
    space.apply(file)
    pages = space.write_pages()
    # The Engine keeps a volume that a container mounts, so both have to go.
    space.lose("web-1")
    space.api.remove_volume(space.volume("www-web-1"))
    space.apply(file)
    assert status(space)["readyReplicas"] == 3
    assert space.read_pages() == {**pages, "web-1": "web-1"}


def claim(name: str, storage: str = "1Mi") -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage}},
        },
    }


def mount(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "mountPath": path}


WWW = mount("www", "/usr/share/nginx/html")


def test_volume_template_noop_update(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {**WEB, "spec.volumeClaimTemplates": [claim("www")]}))
    ids, claims = space.ids(), space.claims()
    explicit = claim("www")
    explicit["spec"]["volumeMode"] = "Filesystem"
    done = space.apply(edit("web.yaml", {**WEB, "spec.volumeClaimTemplates": [explicit]}))
    assert (space.ids(), space.claims()) == (ids, claims)
    assert done.out.splitlines()[-1] == "statefulset.apps/web unchanged"


def test_claim_templates_come_and_go_without_deleting_the_set(space: Space, edit: Edit):
    one = {
        **WEB,
        "spec.volumeClaimTemplates": [claim("www")],
        "container.volumeMounts": [WWW],
        "spec.replicas": 2,
    }
    two = {
        **WEB,
        "spec.replicas": 2,
        "spec.volumeClaimTemplates": [claim("www"), claim("logs")],
        "container.volumeMounts": [WWW, mount("logs", "/logs")],
    }
    space.apply(edit("web.yaml", one))
    pages, ids = space.write_pages(), space.ids()
    with watched(space) as log:
        space.apply(edit("web.yaml", two))
    assert log.of("die") == ["web-1", "web-0"]
    assert log.fewest_running() == 1
    assert changed(ids, space.ids()) == {*ids}
    assert space.read_pages() == pages
    four = space.claims()
    assert len(four) == 4
    for pod in ids:
        space.sh(pod, f"echo {pod} > /logs/kept")

    with watched(space) as log:
        space.apply(edit("web.yaml", one))
    assert is_descending(log.of("die"))
    # What a template no longer asks for stays until it is deleted.
    assert space.claims() == four
    assert {len(pod["Mounts"]) for pod in space.pods().values()} == {1}
    space.apply(edit("web.yaml", two))
    assert {pod: space.sh(pod, "cat /logs/kept") for pod in ids} == {pod: pod for pod in ids}


def test_a_claim_template_of_another_size_keeps_pods_and_data(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {**WEB, "spec.volumeClaimTemplates": [claim("www")]}))
    pages, ids, claims = space.write_pages(), space.ids(), space.claims()
    larger = edit("web.yaml", {**WEB, "spec.volumeClaimTemplates": [claim("www", "5Mi")]})
    done = space.apply(larger)
    assert done.out.splitlines()[-1] == "statefulset.apps/web configured"
    assert (space.ids(), space.claims(), space.read_pages()) == (ids, claims, pages)
    space.run("scale", "sts/web", "--replicas=4")
    assert space.apply(larger, "--dry-run").code == 0
