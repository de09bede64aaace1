from __future__ import annotations

import pytest

from tests.app.bench import Bench


@pytest.fixture(autouse=True)
def no_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subnets do not depend on the machine that runs the tests."""
    monkeypatch.setattr("minisets.app.loop.network.routed_networks", lambda: ())


@pytest.fixture
def bench() -> Bench:
    return Bench()
