"""Threads for work side by side, which nobody who is interrupted has to wait for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import ParamSpec, TypeVar

# What the Engine does in a moment is seen through; a pull or a long stop is left to it.
_GRACE_SECONDS = 2.0

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Crew(ThreadPoolExecutor):
    """A pool of threads whose context manager waits for all work, unless it is interrupted.

    Whatever is cut off so is taken up by the next command, as after a kill.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._begun: list[Future[object]] = []

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Have work done."""
        made: Future[_T] = super().submit(fn, *args, **kwargs)
        self._begun = [one for one in self._begun if not one.done()]
        self._begun.append(made)  # type: ignore[arg-type]  # only looked at
        return made

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what was begun: for all of it, but after Ctrl-C for a moment only."""
        is_interrupted = kind is not None and not issubclass(kind, Exception)
        self.shutdown(wait=not is_interrupted, cancel_futures=is_interrupted)
        if is_interrupted:
            wait(self._begun, timeout=_GRACE_SECONDS)
