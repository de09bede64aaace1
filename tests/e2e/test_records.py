"""Records on the real Engine: no write is lost, whoever writes at the same time."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from minisets.core import labels
from minisets.core.records.record import Record
from minisets.engine.clock import SystemClock
from minisets.engine.docker_engine import DockerEngine, connect
from minisets.engine.records import RecordStore
from minisets.errors import Overtaken
from tests.fakes import FakeClock, FakeEngine

pytestmark = pytest.mark.docker

WRITERS = 8
ROUNDS = 12


def increment(namespace: str, results: Any) -> None:
    store = RecordStore(connect(), SystemClock())
    done = 0
    for _ in range(ROUNDS):
        while True:
            (record,) = store.all(namespace)
            try:
                store.replace(record, {"count": record.data["count"] + 1})
            except Overtaken:
                continue
            done += 1
            break
    results.put(done)


def test_eight_processes_count_without_losing_one(engine: DockerEngine, namespace: str):
    store = RecordStore(engine, SystemClock())
    store.create("StatefulSet", namespace, "web", {"count": 0})
    # Not fork: a client must not be shared over one.
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    writers = [
        context.Process(target=increment, args=(namespace, results)) for _ in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    successes = sum(results.get(timeout=120) for _ in writers)
    for writer in writers:
        writer.join()
    (record,) = store.all(namespace)
    assert successes == WRITERS * ROUNDS
    assert record.data == {"count": successes}
    assert record.generation == successes + 1
    assert len(engine.volumes({labels.NAMESPACE: namespace})) == 1


@pytest.fixture(params=["fake", "docker"])
def store(request: pytest.FixtureRequest) -> RecordStore:
    if request.param == "fake":
        return RecordStore(FakeEngine(), FakeClock())
    return RecordStore(request.getfixturevalue("engine"), SystemClock())


@pytest.fixture
def first(store: RecordStore, namespace: str) -> Record:
    return store.create("Service", namespace, "web", {"n": 1})


def test_a_record_is_created_once(store: RecordStore, first: Record):
    with pytest.raises(Overtaken, match="Service"):
        store.create("Service", first.namespace, "web", {"n": 2})
    assert store.all(first.namespace) == (first,)


def test_a_record_of_a_later_generation_is_not_created_again(store: RecordStore, first: Record):
    second = store.replace(first, {"n": 2})
    with pytest.raises(Overtaken):
        store.create("Service", first.namespace, "web", {"n": 3})
    assert store.all(first.namespace) == (second,)


def test_a_stale_writer_is_overtaken(store: RecordStore, first: Record):
    second = store.replace(first, {"n": 2})
    third = store.replace(second, {"n": 3})
    for stale in (first, second):
        with pytest.raises(Overtaken):
            store.replace(stale, {"n": 9})
    assert store.all(first.namespace) == (third,)
    assert volumes(store, first) == [third.volume]


def test_a_removed_record_is_not_brought_back(store: RecordStore, first: Record):
    store.remove(first)
    with pytest.raises(Overtaken):
        store.replace(first, {"n": 2})
    assert store.all(first.namespace) == ()
    assert volumes(store, first) == []
    store.remove(first)


def test_a_record_written_meanwhile_is_not_removed(store: RecordStore, first: Record):
    second = store.replace(first, {"n": 2})
    with pytest.raises(Overtaken):
        store.remove(first)
    assert store.all(first.namespace) == (second,)
    store.remove(second)
    assert volumes(store, first) == []


def test_what_a_crashed_writer_left_is_removed_by_the_next():
    engine = FakeEngine()
    store = RecordStore(engine, FakeClock())
    first = store.create("Service", "test", "web", {"n": 1})
    engine.fail("remove_volume", error=KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        store.replace(first, {"n": 2})
    (second,) = store.all()
    assert second.data == {"n": 2}
    third = store.replace(second, {"n": 3})
    assert volumes(store, first) == [third.volume]


def test_a_crash_while_removing_keeps_the_newest_generation():
    engine = FakeEngine()
    store = RecordStore(engine, FakeClock())
    first = store.create("Service", "test", "web", {"n": 1})
    engine.fail("remove_volume", nth=1, error=OSError())
    with pytest.raises(OSError):  # noqa: PT011 - the fault above
        store.replace(first, {"n": 2})
    (second,) = store.all()
    engine.fail("remove_volume", nth=2, error=OSError())
    with pytest.raises(OSError):  # noqa: PT011 - the fault above
        store.remove(second)
    assert store.all() == (second,)


def test_a_write_that_was_built_upon_before_its_check_counts():
    engine = FakeEngine()
    clock = FakeClock()
    store = RecordStore(engine, clock)
    other = RecordStore(engine, clock)
    first = store.create("Service", "test", "web", {"n": 1})
    create = engine.create_volume

    def slow(name: str, **more: Any) -> Any:
        made = create(name, **more)
        engine.create_volume = create  # type: ignore[method-assign]
        # Another command reads this write, and writes on top of it, before it is checked.
        (seen,) = other.all()
        other.replace(seen, {"n": seen.data["n"] + 1})
        return made

    engine.create_volume = slow  # type: ignore[method-assign]
    store.replace(first, {"n": 2})
    (record,) = store.all()
    assert record.data == {"n": 3}


def volumes(store: RecordStore, record: Record) -> list[str]:
    return [volume.name for volume in store._engine.volumes({labels.NAMESPACE: record.namespace})]
