"""Fixtures of the end-to-end tests: each test works in a namespace of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from minisets.engine.docker_engine import DockerEngine
from scripts import images
from tests.e2e.private_engine import PrivateEngine, why_impossible
from tests.e2e.space import Space, clear, edited

Edit = Callable[..., Path]


@pytest.fixture(scope="session")
def api(engine: DockerEngine) -> Iterator[docker.APIClient]:
    """The Engine under test, by the SDK alone, with the demo image."""
    found = images.client()
    yield found
    found.close()


@pytest.fixture
def space(namespace: str, api: docker.APIClient) -> Space:
    """A namespace of this test's own, which goes with the test."""
    return Space(name=namespace, api=api)


@pytest.fixture
def other_space(space: Space) -> Iterator[Space]:
    """A second namespace, for what is said to stay apart."""
    other = Space(name=f"{space.name}-b", api=space.api)
    yield other
    clear(other)


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """Write a manifest of this folder anew with changes: ``edit("web.yaml", {path: value})``."""

    def write(name: str, changes: dict[str, Any], *, to: str = "") -> Path:
        return edited(name, tmp_path, changes, to=to)

    return write


@pytest.fixture(scope="session")
def stand_in(api: docker.APIClient) -> Callable[[str], None]:
    """Make sure that an image of a name is here, if need be the demo image.

    The name stays: another test, or another run on the same Engine, may be at work with it.
    """

    def make(reference: str) -> None:
        images.ensure(reference, pull=False)

    return make


@pytest.fixture
def private_engine(api: docker.APIClient) -> Iterator[PrivateEngine]:
    """An Engine of this test's own, with the demo image, that may be stopped and killed."""
    reason = why_impossible()
    if reason and api.base_url != "http+docker://localhost":
        pytest.skip(f"DOCKER_HOST names another machine, and here: {reason}")
    assert not reason, f"the Engine under test is on this machine, yet: {reason}"
    private = PrivateEngine()
    try:
        private.start()
        private.copy_image(api, images.DEMO)
        yield private
    finally:
        private.dispose()
