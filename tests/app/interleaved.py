"""Two commands at once, whose calls to the Engine follow each other in a given order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from minisets.app.context import Context, make_context
from minisets.errors import MinisetsError
from tests.app.bench import Bench

# A command that does not come for so long is held up by the one that waits for its turn: up to
# Python 3.11 a cached property that asks the Engine is locked for all instances of a process.
_PATIENCE_SECONDS = 1.0


class _Turnstile:
    """Lets the command through whose turn it is; always, once the other has ended or is stuck."""

    def __init__(self, order: Iterable[int]) -> None:
        self._order: Iterator[int] = iter(order)
        self._next = next(self._order, 0)
        self._ended: set[int] = set()
        self._passed = 0
        self._condition = threading.Condition()

    def enter(self, command: int) -> None:
        with self._condition:
            self._condition.wait_for(
                lambda: self._next == command or self._ended - {command},
                timeout=_PATIENCE_SECONDS,
            )
            # When the order is used up, they take turns.
            self._next = next(self._order, 1 - command)
            self._condition.notify_all()

    def end(self, command: int) -> None:
        with self._condition:
            self._ended.add(command)
            self._condition.notify_all()


class _Gated:
    """The Engine as one of the commands sees it."""

    def __init__(self, engine: Any, enter: Callable[[], None]) -> None:
        self._engine = engine
        self._enter = enter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        if name == "info" or not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            self._enter()
            return found(*args, **options)

        return call


def interleaved(
    bench: Bench,
    commands: tuple[Callable[[Context], Any], Callable[[Context], Any]],
    order: Iterable[int],
) -> list[MinisetsError | None]:
    """Run two commands, and return how each has ended.

    Args:
        bench: The Engine.
        commands: Take a context of their own.
        order: Which of them, 0 or 1, makes the next call; they take turns afterwards.
    """
    turnstile = _Turnstile(order)

    def run(number: int) -> MinisetsError | None:
        gated: Any = _Gated(bench.engine, lambda: turnstile.enter(number))
        context = make_context(gated, bench.clock, bench.reporter)
        context.__dict__["prober"] = bench.prober
        context.__dict__["needs_ports"] = lambda _network_id: False
        try:
            commands[number](context)
        except MinisetsError as error:
            return error
        finally:
            turnstile.end(number)
        return None

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, (0, 1)))
