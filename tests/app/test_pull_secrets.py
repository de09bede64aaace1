"""Pulls with the credentials of imagePullSecrets, after the user's own."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from minisets.app.rollout import set_images
from minisets.core.observed import ImageSeen
from minisets.core.records.new_objects import docker_secret
from minisets.engine.pause_image import ensure_pause_image
from minisets.errors import ImageError
from tests.app.bench import Bench, a_set, container_of

IMAGE = "r.example/team/app:1"


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    ensure_pause_image(made.engine)
    made.engine.registry[IMAGE] = ImageSeen(id="sha256:" + "a" * 64, tags=(IMAGE,))
    made.engine.passwords[IMAGE] = "right"
    return made


def with_secrets(*names: str, image: str = IMAGE) -> dict[str, Any]:
    changed = copy.deepcopy(a_set(replicas=1))
    container_of(changed)["image"] = image
    spec = changed["spec"]["template"]["spec"]
    spec["imagePullSecrets"] = [{"name": name} for name in names]
    return changed


def login(name: str, password: str, server: str = "r.example") -> dict[str, Any]:
    return docker_secret(name, server, name, password, "")


def pulls(bench: Bench) -> list[str]:
    return [line.removeprefix(f"pull {IMAGE}") for line in bench.engine.log if "pull" in line]


def test_the_secrets_are_tried_after_the_users_own(bench: Bench):
    bench.apply(
        with_secrets("one", "other", "two"),
        login("one", "wrong"),
        login("two", "right"),
        login("other", "right", "elsewhere.example"),
    )
    assert pulls(bench) == ["", " as one", " as two"]
    assert bench.running == ["web-0"]


def test_a_secret_that_lives_is_read_only_when_the_registry_is_closed(bench: Bench):
    bench.apply(login("one", "right"))
    bench.apply(with_secrets("one"))
    assert pulls(bench) == ["", " as one"]
    assert bench.engine.count("get_archive") == 1
    open_image = "r.example/open:1"
    bench.engine.registry[open_image] = ImageSeen(id="sha256:" + "b" * 64, tags=(open_image,))
    bench.engine.log.clear()
    set_images(bench.command(), "default", "web", {"*": open_image})
    assert bench.engine.count("pull") == 1
    assert bench.engine.count("get_archive") == 0


def test_set_image_uses_them(bench: Bench):
    bench.apply(with_secrets("one", image="minisets/demo:1"), login("one", "right"))
    bench.engine.log.clear()
    assert set_images(bench.command(), "default", "web", {"*": IMAGE})
    assert pulls(bench) == ["", " as one"]


def test_a_missing_secret_is_told_and_the_pull_goes_on_without(bench: Bench):
    with pytest.raises(ImageError, match="access denied"):
        bench.apply(with_secrets("nosuch"))
    assert pulls(bench) == [""]
    del bench.engine.passwords[IMAGE]
    bench.apply(with_secrets("nosuch"))
    assert any('there is no secret "nosuch"' in text for text in bench.reporter.notices)
    assert bench.running == ["web-0"]


def test_the_last_refusal_is_told(bench: Bench):
    with pytest.raises(ImageError, match="access denied"):
        bench.apply(with_secrets("one"), login("one", "wrong"))
    assert bench.pods == []
