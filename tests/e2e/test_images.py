"""Images: present, missing or moved, and told apart before anything is created."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space, created, started

pytestmark = pytest.mark.docker


def test_a_missing_image_that_may_not_be_pulled_is_refused_before_anything_is_created(
    space: Space, edit: Edit
):
    name = f"minisets-e2e/{space.name}:none"
    done = space.apply(edit("web.yaml", {"container.image": name}), code=4)
    assert space.is_empty()
    assert f"image {name} is not present and its pull policy is Never" in done.err
    assert f"docker pull {name}" in done.err


@pytest.mark.parametrize("policy", ["IfNotPresent", "Always", None])
def test_a_missing_image_that_no_registry_has_is_refused_before_anything_is_created(
    space: Space, edit: Edit, policy: str | None
):
    # Nothing listens at port 1, on no machine.
    name = "127.0.0.1:1/minisets-e2e:none"
    changes = {"container.image": name, "container.imagePullPolicy": policy}
    done = space.apply(edit("web.yaml", changes), code=4)
    assert space.is_empty()
    assert name in done.err


def test_a_local_image_is_used_where_the_policy_says_always_and_no_registry_answers(
    space: Space, edit: Edit
):
    changes = {"container.imagePullPolicy": "Always", "spec.replicas": 1}
    done = space.apply(edit("web.yaml", changes))
    assert space.running() == ["web-0"]
    assert "minisets/demo:1" in done.err


def test_a_tag_that_has_moved_is_noticed_and_the_pods_roll_on_request(
    space: Space, edit: Edit, request: pytest.FixtureRequest
):
    repository = f"minisets-e2e/{space.name}"
    name = f"{repository}:1"
    file = edit("web.yaml", {"container.image": name})
    old = space.api.inspect_image("minisets/demo:1")["Id"]
    space.api.tag(old, repository, "1")
    space.apply(file)
    before = space.ids()
    space.api.commit(space.container("web-0"), repository, "1", conf={"Labels": {"v": "2"}})
    new = space.api.inspect_image(name)["Id"]
    request.addfinalizer(lambda: space.api.remove_image(name, force=True))

    told = space.apply(file)
    assert space.ids() == before
    assert f"3 of its pods run an older image of {name}" in told.err
    assert "--refresh-images" in told.err

    space.apply(file, "--refresh-images")
    pods = space.pods()
    assert {one["Image"] for one in pods.values()} == {new}
    for earlier, later in (("web-2", "web-1"), ("web-1", "web-0")):
        assert created(pods[later]) > started(pods[earlier])
    after = space.ids()
    again = space.apply(file, "--refresh-images")
    assert space.ids() == after
    assert "older image" not in again.err
    space.run("delete", "ns", space.name, "--volumes")
