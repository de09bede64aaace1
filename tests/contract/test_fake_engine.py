"""The fake Engine keeps the contract, and does what tests program."""

from __future__ import annotations

import pytest

from minisets.core.observed import ContainerStatus
from minisets.engine.ports import Engine
from minisets.errors import EngineConflict, EngineError
from tests.contract.engine import EngineContract, body
from tests.fakes import FakeEngine


@pytest.fixture
def engine() -> Engine:
    return FakeEngine()


@pytest.fixture
def namespace() -> str:
    return "test"


class TestFakeEngine(EngineContract):
    def test_the_nth_call_of_a_verb_fails(self):
        engine = FakeEngine()
        engine.fail("create_volume", nth=2, error=EngineConflict("taken"))
        engine.create_volume("a", labels={})
        engine.volumes({})
        with pytest.raises(EngineConflict, match="taken"):
            engine.create_volume("b", labels={})
        engine.create_volume("b", labels={})
        assert engine.count("create_volume") == 3

    def test_the_nth_call_of_any_verb_fails(self):
        engine = FakeEngine()
        engine.fail(nth=2)
        engine.volumes({})
        with pytest.raises(EngineError):
            engine.networks()

    def test_a_crashed_container_runs_again_after_a_while(self):
        engine = FakeEngine()
        made = engine.create_container("web-0", body("test"))
        engine.start(made)
        engine.crash("web-0", restarting=True)
        assert engine.inspect(made).status is ContainerStatus.RESTARTING
        engine.tick()
        assert engine.inspect(made).status is ContainerStatus.RUNNING
        assert engine.inspect(made).restart_count == 1
