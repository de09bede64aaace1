from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from minisets.app.loop import crew
from minisets.app.loop.crew import Crew

_LIMIT = 60


class Work:
    """Something that takes until it is let go."""

    def __init__(self) -> None:
        self.gate, self.begun = threading.Event(), threading.Event()
        self.is_done = False
        self.made: list[Future[None]] = []

    def run(self) -> None:
        self.begun.set()
        self.gate.wait(_LIMIT)
        self.is_done = True


def in_crew(work: Work, error: BaseException) -> None:
    with Crew(1) as pool:
        work.made = [pool.submit(work.run), pool.submit(work.run)]
        assert work.begun.wait(_LIMIT)
        raise error


def test_work_is_waited_for_also_when_something_fails():
    work = Work()
    threading.Timer(0.05, work.gate.set).start()
    with pytest.raises(ValueError, match="amiss"):
        in_crew(work, ValueError("amiss"))
    assert work.is_done


def test_who_is_interrupted_waits_for_no_work_and_begins_no_more(monkeypatch):
    monkeypatch.setattr(crew, "_GRACE_SECONDS", 0.01)
    work = Work()
    with pytest.raises(KeyboardInterrupt):
        in_crew(work, KeyboardInterrupt())
    assert not work.is_done
    first, second = work.made
    assert second.cancelled()
    work.gate.set()
    first.result(_LIMIT)
    assert work.is_done
