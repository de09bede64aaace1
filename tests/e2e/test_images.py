"""Images: present, missing or moved, and told apart before anything is created."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from docker.errors import APIError

from tests.e2e.conftest import Edit
from tests.e2e.registry import registry
from tests.e2e.space import Space, created, started
from tests.e2e.test_pull_secrets import MACHINES, SET

pytestmark = pytest.mark.docker

# Nothing listens at port 1, on no machine.
NOWHERE = "127.0.0.1:1"


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
    name = f"{NOWHERE}/minisets-e2e:none"
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


@pytest.fixture
def tagged(space: Space) -> Iterator[Callable[[str], str]]:
    """Gives the demo image a name that no registry has."""
    repository = f"{NOWHERE}/{space.name}"

    def tag(version: str) -> str:
        space.api.tag("minisets/demo:1", repository, version)
        return f"{repository}:{version}"

    yield tag
    space.run("delete", "ns", space.name, "--volumes", code=None)
    for version in ("1", "2"):
        with contextlib.suppress(APIError):
            space.api.remove_image(f"{repository}:{version}", force=True)


def of_image(name: str, replicas: int) -> dict[str, object]:
    return {
        "container.image": name,
        "container.imagePullPolicy": "IfNotPresent",
        "spec.replicas": replicas,
    }


def test_a_pod_whose_image_is_gone_is_shown_until_it_can_be_made(
    space: Space, edit: Edit, tagged: Callable[[str], str]
):
    name = tagged("1")
    space.apply(edit("web.yaml", of_image(name, 1)))
    space.api.remove_image(name)

    done = space.run("scale", "sts/web", "--replicas=2", code=4)
    assert f"pod/web-1 cannot start: image {name} could not be pulled" in done.err
    assert "its registry cannot be reached" in done.err
    assert "docker load -i FILE" in done.err
    (_, lost) = space.run("get", "pods", "--no-headers").out.splitlines()
    assert lost.split()[:4] == ["web-1", "0/1", "ErrImagePull", "0"]
    assert space.run("get", "sts", "--no-headers").out.split()[1] == "1/2"
    status = space.run("get", "pod", "web-1", "-o", "json").json()["status"]
    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "ErrImagePull"
    described = space.run("describe", "pod", "web-1").out
    assert "its registry cannot be reached" in described
    assert "docker load -i FILE" in described
    assert f'Failed to pull image "{name}"' in space.run("events", "--for", "pod/web-1").out
    assert "image can't be pulled" in space.run("logs", "web-1", code=3).err
    assert "image can't be pulled" in space.run("exec", "web-1", "--", "true", code=3).err
    assert "pod/web-1 cannot start" in space.run("delete", "pod", "web-1", code=4).err

    tagged("1")
    space.run("rollout", "status", "sts/web")
    assert space.running() == ["web-0", "web-1"]
    assert "ErrImagePull" not in space.run("get", "pods").out


def test_a_rollout_to_an_image_that_is_gone_leaves_the_old_pods_alone(
    space: Space, edit: Edit, tagged: Callable[[str], str]
):
    old, new = tagged("1"), tagged("2")
    space.apply(edit("web.yaml", of_image(old, 2)))
    space.apply(edit("web.yaml", of_image(new, 2)))
    space.api.remove_image(old)
    before = space.ids()

    done = space.run("rollout", "undo", "sts/web", code=4)
    assert f"pod/web-1 cannot start: image {old} could not be pulled" in done.err
    assert space.ids() == before
    assert space.running() == ["web-0", "web-1"]
    assert f"image {old} could not be pulled" in space.run("describe", "sts", "web").out

    space.run("rollout", "undo", "sts/web")
    assert space.ids() == before
    assert f"image {old}" not in space.run("describe", "sts", "web").out


def test_a_set_that_grows_pulls_from_the_registry_that_its_secret_opens(space: Space):
    machine = space.api.info()["Architecture"]
    with registry("me", "right", MACHINES[machine]) as found:
        space.run(
            *("create", "secret", "docker-registry", "login"),
            *(f"--docker-server={found.server}", "--docker-username=me"),
            "--docker-password=right",
        )
        try:
            space.run("apply", "-f", "-", stdin=SET.format(image=found.image))
            space.api.remove_image(found.image, force=True)
            space.run("scale", "sts/app", "--replicas=2")
            assert space.running() == ["app-0", "app-1"]
        finally:
            space.run("delete", "sts", "app", "--now", code=None)
            with contextlib.suppress(APIError):
                space.api.remove_image(found.image, force=True)
