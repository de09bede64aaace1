"""What every use case works with: the Engine behind its port, time, records and the reporter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from minisets.engine.records import RecordStore

if TYPE_CHECKING:
    from minisets.core.events import Reporter
    from minisets.engine.executor import Executor
    from minisets.engine.porter import Porter
    from minisets.engine.ports import Clock, Engine
    from minisets.engine.prober import Prober


@dataclass(frozen=True, kw_only=True)
class Context:
    """The doors that a use case goes through."""

    engine: Engine
    clock: Clock
    reporter: Reporter
    store: RecordStore

    @cached_property
    def _told(self) -> set[str]:
        return set()

    def tell_once(self, notices: Iterable[str]) -> None:
        """Give notices to the reporter, each once in a command, however often it looks."""
        for text in notices:
            if text not in self._told:
                self._told.add(text)
                self.reporter.notice(text)

    # Imported and made when first needed: reading commands never execute, many never probe.
    @cached_property
    def executor(self) -> Executor:
        """Carries out deeds."""
        from minisets.engine.executor import Executor

        return Executor(self.engine, self.clock)

    @cached_property
    def pause_image(self) -> str:
        """Name of the sandbox image, which is present: looked up once, made if it is missing."""
        from minisets.engine.pause_image import ensure_pause_image

        return ensure_pause_image(self.engine)

    def porter(self, namespace: str) -> Porter:
        """Carries files into the volumes of a namespace and out of them."""
        from minisets.engine.porter import Porter

        return Porter(self.engine, namespace, lambda: self.pause_image)

    @cached_property
    def prober(self) -> Prober:
        """Asks pods how they are."""
        from minisets.engine.prober import Prober

        return Prober(self.engine, self.engine.place)

    def needs_ports(self, network_id: str) -> bool:
        """Say whether probes of pods on a network need ports of this machine.

        So it is where the Engine is on this machine and its networks are not: Docker Desktop,
        rootless. Another machine's ports would be open to all who reach that machine.
        """
        from minisets.engine.routes import has_bridge

        return self.engine.place.is_local and not has_bridge(network_id)


def make_context(engine: Engine, clock: Clock, reporter: Reporter) -> Context:
    """Build the context of a command on one Engine."""
    store = RecordStore(engine, clock, lambda namespace: context.porter(namespace))
    context = Context(engine=engine, clock=clock, reporter=reporter, store=store)
    return context
