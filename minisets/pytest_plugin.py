"""Fixtures for tests that need stateful software: sets in a namespace of their own, cleaned up.

``minisets_stack(FILE...)`` for one test, ``minisets_session_stack(FILE...)`` for all of a session.
Nothing of minisets is imported before a test asks for one of them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from minisets.client import Client

__all__ = ["MakeStack", "minisets_session_stack", "minisets_stack"]

MakeStack = Callable[..., "Client"]
"""Takes manifests as Client.apply does, with its options; returns the client of the namespace."""

_TIMEOUT_SECONDS = 300.0
_KEPT = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the fixtures."""
    group = parser.getgroup("minisets")
    group.addoption("--minisets-context", metavar="NAME", help="Docker context of the Engine.")
    group.addoption(
        "--minisets-keep",
        action="store_true",
        help="Keep what the fixtures of minisets made; the namespaces are printed.",
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:  # noqa: ANN401 - not public
    """Name the namespaces that were kept."""
    for namespace in config.stash.get(_KEPT, []):
        terminalreporter.write_line(
            f"minisets: kept namespace {namespace}; "
            f"minisets delete namespace {namespace} --volumes"
        )


@pytest.fixture
def minisets_stack(request: pytest.FixtureRequest) -> Iterator[MakeStack]:
    """Return the function that brings manifests up for one test.

    It is called as ``client = minisets_stack("web.yaml")``. Each call makes a namespace of its
    own, waits until everything is ready, and returns the client of that namespace. All of it goes
    with the test, volumes too.
    """
    yield from _stacks(request.config)


@pytest.fixture(scope="session")
def minisets_session_stack(request: pytest.FixtureRequest) -> Iterator[MakeStack]:
    """Return the function that brings manifests up for all of a session; see minisets_stack."""
    yield from _stacks(request.config)


def _stacks(config: pytest.Config) -> Iterator[MakeStack]:
    with ExitStack() as stack:

        def make(
            *sources: str | os.PathLike[str] | Mapping[str, Any],
            timeout_seconds: float = _TIMEOUT_SECONDS,
            **options: Any,  # noqa: ANN401 - those of Client.apply
        ) -> Client:
            from minisets.client import Client

            client = stack.enter_context(
                Client(
                    namespace=f"pytest-{secrets.token_hex(4)}",
                    context=config.getoption("--minisets-context"),
                )
            )
            # Before the first object is made: an apply that fails leaves something, too.
            stack.callback(_clean, config, client)
            client.apply(*sources, timeout_seconds=timeout_seconds, **options)
            return client

        yield make


def _clean(config: pytest.Config, client: Client) -> None:
    if config.getoption("--minisets-keep"):
        config.stash.setdefault(_KEPT, []).append(client.namespace)
        return
    client.delete_all(volumes=True)
