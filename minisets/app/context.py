"""What every use case works with: the Engine behind its port, time, records and the reporter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from minisets.core.events import Reporter
from minisets.engine.executor import Executor
from minisets.engine.ports import Clock, Engine
from minisets.engine.prober import Prober
from minisets.engine.records import RecordStore


@dataclass(frozen=True, kw_only=True)
class Context:
    """The doors that a use case goes through."""

    engine: Engine
    clock: Clock
    reporter: Reporter
    store: RecordStore
    executor: Executor

    @cached_property
    def prober(self) -> Prober:
        """Made when first needed: many commands never probe."""
        return Prober(self.engine, self.engine.info())


def make_context(engine: Engine, clock: Clock, reporter: Reporter) -> Context:
    """Build the context of a command on one Engine."""
    return Context(
        engine=engine,
        clock=clock,
        reporter=reporter,
        store=RecordStore(engine, clock),
        executor=Executor(engine, clock),
    )
