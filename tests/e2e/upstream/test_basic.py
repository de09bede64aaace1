"""Upstream: basic identity, orphans, deadlock, failed pods, deletion."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space
from tests.e2e.test_identity import resolve
from tests.e2e.upstream.steps import (
    LEAN,
    WEB,
    break_pod,
    changed,
    is_descending,
    live,
    mend_pod,
    revisions,
    status,
    version,
    versions,
    watched,
)

pytestmark = pytest.mark.docker


def test_should_provide_basic_identity(space: Space, edit: Edit):
    space.apply(edit("web.yaml", WEB))
    pods = space.pods()
    assert list(pods) == ["web-0", "web-1", "web-2"]
    pages = space.write_pages()
    for ordinal, (pod, address) in enumerate(space.addresses().items()):
        label = pods[pod]["Config"]["Labels"]
        assert label["apps.kubernetes.io/pod-index"] == str(ordinal)
        assert label["statefulset.kubernetes.io/pod-name"] == pod
        [mount] = pods[pod]["Mounts"]
        assert mount["Name"] == space.volume(f"www-{pod}")
        assert space.sh(pod, "hostname") == pod
        assert resolve(space, "web-0", f"{pod}.nginx") == {address}
    assert live(space)["spec"]["serviceName"] == "nginx"
    space.run("scale", "sts/web", "--replicas=0")
    assert space.pods() == {}
    space.run("scale", "sts/web", "--replicas=3")
    assert space.read_pages() == pages
    assert {pod: space.sh(pod, "hostname") for pod in pages} == {pod: pod for pod in pages}


def test_should_adopt_matching_orphans(space: Space, edit: Edit):
    file = edit("web.yaml", LEAN)
    space.apply(file)
    ids, before = space.ids(), status(space)
    space.run("delete", "sts/web", "--cascade=orphan")
    assert space.records() == ["OrphanedSet/web", "Service/nginx"]
    assert space.ids() == ids
    space.apply(file)
    assert space.records() == ["Service/nginx", "StatefulSet/web"]
    # The same template has the same revision name, so nothing rolls.
    assert space.ids() == ids
    assert status(space)["updateRevision"] == before["updateRevision"]


def test_a_set_whose_pods_were_orphaned_is_gone(space: Space, edit: Edit):
    file = edit("web.yaml", {**LEAN, "spec.replicas": 1})
    space.apply(file)
    space.run("delete", "sts/web", "--cascade=orphan")
    assert space.run("get", "sts").out == ""
    assert space.apply(file).out.splitlines()[-1] == "statefulset.apps/web created"


def test_should_adopt_matching_orphans_of_another_template_and_roll_them(space: Space, edit: Edit):
    space.apply(edit("web.yaml", LEAN))
    ids = space.ids()
    space.run("delete", "sts/web", "--cascade=orphan")
    newer = edit("web.yaml", {**LEAN, **version(2)}, to="newer.yaml")
    with watched(space) as log:
        space.apply(newer)
    assert changed(ids, space.ids()) == {"web-0", "web-1", "web-2"}
    assert log.of("die") == ["web-2", "web-1", "web-0"]
    assert log.fewest_running() == 2
    assert set(versions(space).values()) == {"2"}


def test_should_adopt_orphans_and_make_what_is_missing(space: Space, edit: Edit):
    file = edit("web.yaml", LEAN)
    space.apply(file)
    ids = space.ids()
    space.run("delete", "sts/web", "--cascade=orphan")
    space.lose("web-1")
    space.apply(file)
    assert changed(ids, space.ids()) == {"web-1"}
    assert space.running() == ["web-0", "web-1", "web-2"]


def test_should_not_deadlock_when_a_pods_predecessor_fails(space: Space, edit: Edit):
    file = edit("web.yaml", {**LEAN, "spec.replicas": 2})
    space.apply(file)
    before = space.ids()
    break_pod(space, "web-1")
    # The deleted pod is back although its successor is not ready, which the command reports.
    space.run("delete", "pod", "web-0", "--timeout=2s", code=None)
    assert changed(before, space.ids()) == {"web-0"}
    assert space.running() == ["web-0", "web-1"]
    mend_pod(space, "web-1")
    done = space.apply(file)
    assert done.out.splitlines()[-1] == "statefulset.apps/web unchanged"
    assert status(space)["readyReplicas"] == 2


@pytest.mark.parametrize("how", ["removed", "killed", "paused"])
def test_should_recreate_evicted_statefulset(space: Space, edit: Edit, how: str):
    file = edit("web.yaml", {**WEB, "spec.replicas": 2})
    space.apply(file)
    pages, before, was = space.write_pages(), space.ids(), revisions(space)
    pod = space.container("web-1")
    match how:
        case "removed":
            space.lose("web-1")
        case "killed":
            space.api.kill(pod)
        case _:
            space.api.pause(pod)
    done = space.apply(file)
    assert space.running() == ["web-0", "web-1"]
    assert not space.pods()["web-1"]["State"]["Paused"]
    assert space.read_pages() == pages
    assert revisions(space) == was
    # A container that is still there is the pod; only one that is gone is made anew.
    assert changed(before, space.ids()) == ({"web-1"} if how == "removed" else set())
    assert done.out.splitlines()[-1] == "statefulset.apps/web unchanged"


def test_should_have_a_working_scale_subresource(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {**LEAN, "spec.replicas": 1}))
    done = space.run("scale", "sts", "web", "--replicas=2")
    assert done.out.splitlines() == ["statefulset.apps/web scaled"]
    assert live(space)["spec"]["replicas"] == 2
    refused = space.run("scale", "sts/web", "--current-replicas=1", "--replicas=3", code=2)
    assert "Expected replicas to be 1, was 2" in refused.err
    assert live(space)["spec"]["replicas"] == 2
    space.run("scale", "sts/web", "--current-replicas=2", "--replicas=3")
    assert space.running() == ["web-0", "web-1", "web-2"]
    space.run("scale", "sts/web", code=2)
    space.run("scale", "sts/web", "--replicas=-1", code=2)
    space.run("scale", "sts/none", "--replicas=1", code=1)


@pytest.mark.parametrize("words", [("-f", "all"), ("sts", "--all")])
def test_should_list_patch_and_delete_a_collection_of_statefulsets(
    space: Space, edit: Edit, words: tuple[str, ...]
):
    one = {"spec.replicas": 1}
    web, db = edit("web.yaml", {**LEAN, **one}), edit("db.yaml", one)
    space.apply(web, "-f", str(db))
    assert space.run("get", "sts", "-o", "name").out.splitlines() == [
        "statefulset.apps/db",
        "statefulset.apps/web",
    ]
    space.run("scale", "sts", "web", "db", "--replicas=2")
    assert space.running() == ["db-0", "db-1", "web-0", "web-1"]
    files = ("-f", str(web), "-f", str(db))
    space.run("delete", *(files if words[0] == "-f" else words))
    assert space.pods() == {}
    assert space.run("get", "sts", "-o", "name").out == ""
    assert space.records() == ([] if words[0] == "-f" else ["Service/nginx"])


def test_pods_are_deleted_in_order(space: Space):
    space.apply(MANIFESTS / "web.yaml")
    with watched(space) as log:
        space.run("delete", "sts/web")
    # Each is gone before the next is told to leave.
    assert log.lines == [
        (what, pod) for pod in ("web-2", "web-1", "web-0") for what in ("die", "destroy")
    ]
    assert is_descending(log.of("die"))
