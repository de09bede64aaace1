"""Fixtures of the workloads: the examples, each in a namespace of its own, and their times."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import api, space  # noqa: F401 - fixtures
from tests.e2e.space import Space

EXAMPLES = Path(__file__).parents[2] / "examples"
_TIMES = pytest.StashKey[list[tuple[str, str, float]]]()

Timed = Callable[..., None]


@pytest.fixture
def timed(space: Space, request: pytest.FixtureRequest) -> Timed:  # noqa: F811 - the fixture
    """Run a command line and keep how long it took, for the table at the end."""

    def run(what: str, *args: str) -> None:
        began = time.monotonic()
        space.run(*args)
        name = request.node.name.removeprefix("test_").split("_")[0]
        rows = request.config.stash.setdefault(_TIMES, [])
        rows.append((name, what, time.monotonic() - began))

    return run


def example(name: str) -> str:
    """Return the path of an example's manifest."""
    return str(EXAMPLES / name / f"{name}.yaml")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what each workload took."""
    rows = config.stash.get(_TIMES, [])
    if rows:
        terminalreporter.section("workloads, in seconds")
        for name, what, seconds in rows:
            terminalreporter.write_line(f"{name:<12} {what:<24} {seconds:6.1f}")
