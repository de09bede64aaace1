"""What a pod writes to its claim stays until an explicit word removes it."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, PAGE, Space, busybox, image_of

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"


def test_data_survives_a_container_that_is_removed_by_hand(space: Space):
    space.apply(WEB)
    pages = space.write_pages()
    space.lose("web-0")
    space.lose("web-2")
    space.apply(WEB)
    assert space.read_pages() == pages


def test_data_survives_scaling_to_zero_and_back(space: Space):
    space.apply(WEB)
    pages, claims = space.write_pages(), space.claims()
    space.run("scale", "sts", "web", "--replicas=0")
    assert space.pods() == {}
    assert space.claims() == claims
    space.run("scale", "sts", "web", "--replicas=3")
    assert space.read_pages() == pages


def test_data_survives_delete_and_apply_and_the_user_is_told(space: Space):
    space.apply(WEB)
    pages, claims = space.write_pages(), space.claims()
    deleted = space.run("delete", "-f", str(WEB))
    assert space.pods() == {}
    assert space.networks() == []
    assert space.records() == []
    assert space.claims() == claims
    applied = space.apply(WEB)
    assert space.read_pages() == pages
    assert "minisets delete pvc www-web-0 www-web-1 www-web-2" in deleted.err
    assert f"reuses volumes {', '.join(claims)}, made" in applied.err


def test_delete_with_volumes_leaves_nothing(space: Space):
    space.apply(WEB)
    space.run("delete", "-f", str(WEB), "--volumes")
    assert space.is_empty()


def test_delete_pvc_removes_the_named_claim_alone(space: Space):
    space.apply(WEB)
    space.write_pages()
    refused = space.run("delete", "pvc", "www-web-2", code=3)
    assert space.volume("www-web-2") in space.claims()
    space.run("scale", "sts", "web", "--replicas=2")
    deleted = space.run("delete", "pvc", "www-web-2")
    assert space.claims() == [space.volume("www-web-0"), space.volume("www-web-1")]
    space.run("scale", "sts", "web", "--replicas=3")
    # The server writes its host name into an empty volume.
    assert space.read_pages()["web-2"] == "web-2"
    assert "in use by a pod of statefulset/web" in refused.err
    assert 'persistentvolumeclaim "www-web-2" deleted' in deleted.out


def test_a_retention_policy_that_says_delete_is_such_a_word(space: Space, edit: Edit):
    policy = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    space.apply(edit("web.yaml", {"spec.persistentVolumeClaimRetentionPolicy": policy}))
    space.run("scale", "sts", "web", "--replicas=1")
    assert space.claims() == [space.volume("www-web-0")]
    space.run("delete", "sts", "web")
    assert space.claims() == [space.volume("www-web-0")]


def test_a_volume_that_was_there_before_is_used_and_never_deleted(
    space: Space, edit: Edit, request: pytest.FixtureRequest
):
    name = space.volume("www-web-0")
    space.api.create_volume(name, labels={"mine": "yes"})
    request.addfinalizer(lambda: space.api.remove_volume(name))
    file = edit("web.yaml", {"spec.replicas": 1})
    done = space.apply(file)
    page = space.write_pages()["web-0"]
    space.run("delete", "-f", str(file), "--volumes")
    assert space.api.inspect_volume(name)["Labels"] == {"mine": "yes"}
    space.apply(file)
    assert space.sh("web-0", f"cat {PAGE}") == page
    space.run("delete", "-f", str(file), "--volumes")
    assert "was not made by minisets" in done.err


def test_a_new_claim_is_empty_and_anybody_may_write_to_it(space: Space, edit: Edit):
    shell = {"bin/sh": busybox(space.api, "minisets/demo:1")}
    with image_of(space.api, f"minisets-e2e/{space.name}:1", shell, changes=["USER 4711"]):
        changes = {
            "container.image": f"minisets-e2e/{space.name}:1",
            "container.command": ["sh", "-c", "trap 'exit 0' TERM; while :; do read -t 1 _; done"],
            "spec.replicas": 1,
        }
        space.apply(edit("db.yaml", changes))
        assert space.sh("db-0", "cd /data && echo *") == "*"
        assert space.sh("db-0", "echo x > /data/file && read got < /data/file && echo $got") == "x"
        space.run("delete", "sts", "db", "--now")
