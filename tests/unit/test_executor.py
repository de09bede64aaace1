"""Each deed is its Engine calls, in their order."""

from __future__ import annotations

import pytest

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.engine.archives import DirectoryEntry
from minisets.engine.executor import ContainerCreation, Executor, VolumeCreation
from minisets.errors import EngineError
from tests.fakes import DEMO, FakeClock, FakeEngine

CONFIG = {"Image": DEMO, "HostConfig": {"Mounts": []}}


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(FakeClock())


@pytest.fixture
def executor(engine: FakeEngine) -> Executor:
    return Executor(engine, engine.clock)


def _seen(engine: FakeEngine, name: str = "web-0") -> ContainerSeen:
    (found,) = [seen for seen in engine.containers({}) if seen.name == name]
    engine.log.clear()
    return found


def test_a_pod_is_created_and_started_in_two_calls(engine: FakeEngine, executor: Executor):
    container_id = executor.create(ContainerCreation(name="web-0", config=CONFIG))
    assert engine.log == ["create_container web-0", "start web-0"]
    assert container_id == engine.container("web-0").id


def test_new_claims_are_made_writable_together_before_the_start(
    engine: FakeEngine, executor: Executor
):
    executor.create(
        ContainerCreation(
            name="web-0",
            config=CONFIG,
            prepare=(DirectoryEntry(path="/a"), DirectoryEntry(path="/b/c")),
        )
    )
    assert engine.log == ["create_container web-0", "put_archive web-0", "start web-0"]
    assert engine.container("web-0").files == {"/a": (0, 0o777), "/b/c": (0, 0o777)}


@pytest.mark.parametrize(
    ("found", "is_prepared"),
    [((0, 0o755), True), ((0, 0o777), False), ((999, 0o755), False), (None, False)],
)
def test_a_claim_of_unknown_state_is_prepared_only_if_nobody_touched_it(
    engine: FakeEngine, executor: Executor, found, is_prepared
):
    container_id = engine.create_container("web-0", CONFIG)
    if found is not None:
        engine.container("web-0").files["/a/."] = found
    executor.start(container_id, inspect=(DirectoryEntry(path="/a"),))
    assert (engine.count("put_archive") == 1) is is_prepared
    assert engine.count("archive_head") == 1


def test_what_cannot_be_put_into_a_container_is_prepared_aside(
    engine: FakeEngine, executor: Executor
):
    asked: list[tuple[DirectoryEntry, ...]] = []
    creation = ContainerCreation(
        name="web-0",
        config={**CONFIG, "HostConfig": {"ReadonlyRootfs": True}},
        prepare=(DirectoryEntry(path="/a"),),
        prepare_aside=asked.append,
    )
    executor.create(creation)
    assert asked == [(DirectoryEntry(path="/a"),)]
    assert engine.log == ["create_container web-0", "start web-0"]


@pytest.mark.parametrize("verb", ["put_archive", "start"])
def test_a_pod_that_cannot_be_started_leaves_no_container(
    engine: FakeEngine, executor: Executor, verb: str
):
    engine.fail(verb, error=EngineError("no such device"))
    with pytest.raises(EngineError, match="no such device"):
        executor.create(
            ContainerCreation(name="web-0", config=CONFIG, prepare=(DirectoryEntry(path="/a"),))
        )
    assert engine.containers({}) == ()


@pytest.mark.parametrize(
    ("status", "calls"),
    [
        (ContainerStatus.RUNNING, ["stop web-0"]),
        (ContainerStatus.RESTARTING, ["stop web-0"]),
        (ContainerStatus.EXITED, []),
        (ContainerStatus.CREATED, []),
    ],
)
def test_only_what_runs_is_stopped(engine: FakeEngine, executor: Executor, status, calls):
    executor.create(ContainerCreation(name="web-0", config=CONFIG))
    engine.container("web-0").status = status
    executor.stop(_seen(engine), grace_seconds=5)
    assert engine.log == calls


def test_the_grace_period_is_the_callers_and_the_time_of_the_stop_is_told(
    engine: FakeEngine, executor: Executor, monkeypatch: pytest.MonkeyPatch
):
    executor.create(ContainerCreation(name="web-0", config=CONFIG))
    given: list[int | None] = []

    def slow_stop(container_id: str, *, grace_seconds: int | None = None) -> None:
        given.append(grace_seconds)
        engine.clock.sleep(3)

    monkeypatch.setattr(engine, "stop", slow_stop)
    assert executor.stop(_seen(engine), grace_seconds=7) == 3
    assert given == [7]


def test_a_volume_that_is_there_already_is_ours_or_not(engine: FakeEngine, executor: Executor):
    ours = labels.base(labels.KIND_CLAIM, "default")
    engine.create_volume("theirs", labels={"owner": "me"})
    assert executor.create_volume(VolumeCreation(name="new", labels=ours))
    assert executor.create_volume(VolumeCreation(name="new", labels=ours))
    assert not executor.create_volume(VolumeCreation(name="theirs", labels=ours))


def test_a_volume_has_the_driver_and_options_of_its_class(engine: FakeEngine, executor: Executor):
    executor.create_volume(
        VolumeCreation(name="v", labels={}, driver="nfs", options={"share": "x"})
    )
    (volume,) = engine.volumes({})
    assert (volume.driver, dict(volume.options)) == ("nfs", {"share": "x"})


@pytest.mark.parametrize("is_connected", [True, False])
def test_a_pod_is_renamed_by_leaving_its_network_and_coming_back(
    engine: FakeEngine, executor: Executor, is_connected: bool
):
    network_id = engine.create_network(
        "n", subnet="10.0.0.0/24", ip_range="10.0.0.128/25", gateway="10.0.0.1", labels={}
    )
    assert network_id is not None
    container_id = engine.create_container("web-0", CONFIG)
    if is_connected:
        engine.connect(network_id, container_id, address="10.0.0.2", aliases=("old",))
    engine.log.clear()
    executor.rename_pod(
        container_id,
        network_id,
        address="10.0.0.2",
        aliases=("new",),
        is_connected=is_connected,
    )
    assert engine.container("web-0").networks == {network_id: ("10.0.0.2", ("new",))}
    assert engine.log == ["disconnect web-0"] * is_connected + ["connect web-0"]


def test_a_paused_pod_is_resumed(engine: FakeEngine, executor: Executor):
    container_id = executor.create(ContainerCreation(name="web-0", config=CONFIG))
    engine.container("web-0").status = ContainerStatus.PAUSED
    executor.unpause(container_id)
    assert engine.container("web-0").status is ContainerStatus.RUNNING
