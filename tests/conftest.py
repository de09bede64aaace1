"""Fixtures for tests against a Docker Engine; one that does not answer fails the test."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest

from minisets.core import labels
from minisets.engine.docker_engine import DockerEngine, connect

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerEngine]:
    """The Engine of this machine, with the demo image."""
    # Not before: tests that need no Engine import nothing of it.
    from scripts import images

    images.ensure(images.DEMO)
    found = connect()
    yield found
    found.close()


@pytest.fixture
def namespace(engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of this test's own; all that carries its label is removed afterwards.

    MINISETS_KEEP_FAILED=1 keeps what a failed test made.
    """
    name = f"t-{secrets.token_hex(4)}"
    yield name
    failed = request.node.stash.get(_FAILED, False)
    if not (failed and os.environ.get("MINISETS_KEEP_FAILED") == "1"):
        remove_namespace(engine, name)


def remove_namespace(engine: DockerEngine, name: str) -> None:
    """Remove every container, volume and network of a namespace."""
    wanted = {labels.NAMESPACE: name}
    for container in engine.containers(wanted):
        engine.remove_container(container.id, force=True)
    # A Namespace object is in no namespace.
    itself = {labels.RECORD_KIND: "Namespace", labels.RECORD_NAME: name}
    for volume in (*engine.volumes(wanted), *engine.volumes(itself)):
        engine.remove_volume(volume.name)
    for network in engine.networks():
        if network.labels.get(labels.NAMESPACE) == name:
            engine.remove_network(network.id)
