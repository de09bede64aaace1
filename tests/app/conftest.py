from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from minisets.app.context import Context
from minisets.cli.main import cli
from minisets.core.events import Reporter
from tests.app.bench import Bench

CommandLine = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subnets do not depend on the machine that runs the tests."""
    monkeypatch.setattr("minisets.app.loop.network.routed_networks", lambda: ())


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def minisets(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Run a command line on the bench's Engine."""

    def context_of(_engine: object, _clock: object, reporter: Reporter) -> Context:
        return bench.command(reporter)

    monkeypatch.setattr("minisets.engine.docker_engine.connect", lambda *_, **__: bench.engine)
    monkeypatch.setattr("minisets.app.context.make_context", context_of)
    for name in ("MINISETS_NAMESPACE", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(cli, list(words), input=stdin)

    return run
