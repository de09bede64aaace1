"""Whatever fails and whoever comes between: no data is lost, and another apply converges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from minisets.core.observed import VolumeSeen
from minisets.errors import EngineConflict, EngineError, EngineUnreachable, MinisetsError
from tests.app.bench import Bench, a_service, a_set, container_of, probed, with_claim, with_env

VERBS = [
    "",
    "containers",
    "volumes",
    "networks",
    "create_volume",
    "remove_volume",
    "create_container",
    "put_archive",
    "start",
    "stop",
    "remove_container",
    "connect",
    "disconnect",
]
ERRORS = [EngineError("refused"), EngineConflict("taken"), EngineUnreachable("gone")]
FAULTS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(1, 30), st.sampled_from(ERRORS)),
    min_size=1,
    max_size=3,
)
POLICIES = st.sampled_from(["OrderedReady", "Parallel"])
BASE = with_claim(probed(a_set()))


def _changed(choice: str) -> list[dict[str, object]]:
    """Return what is applied on top of the base."""
    if choice == "env":
        return [with_env(BASE, COLOR="blue")]
    if choice == "claim":
        return [with_claim(BASE, "more")]
    if choice == "service":
        return [a_service(), a_service("front", selector="web"), BASE]
    if choice == "fewer":
        return [{**BASE, "spec": {**BASE["spec"], "replicas": 1}}]
    if choice == "more":
        return [{**BASE, "spec": {**BASE["spec"], "replicas": 5}}]
    return [BASE]


CHOICES = st.sampled_from(["same", "env", "claim", "service", "fewer", "more"])


@contextmanager
def _bench() -> Iterator[Bench]:
    with mock.patch("minisets.app.loop.network.routed_networks", return_value=()):
        yield Bench()


def _data(bench: Bench) -> dict[str, VolumeSeen]:
    return {
        volume.name: volume
        for volume in bench.engine.volumes({})
        if volume.name.startswith(("data-", "more-"))
    }


def _assert_converged(bench: Bench, manifests: list[dict[str, object]]) -> None:
    wanted = manifests[-1]
    count = wanted["spec"]["replicas"]  # type: ignore[index]
    assert bench.running == sorted(f"web-{n}" for n in range(count))
    assert bench.pods == bench.running
    env = container_of(wanted).get("env", [])
    for pod in bench.pods:
        seen = bench.engine.container(pod)
        assert seen.config["Env"] == [f"{one['name']}={one['value']}" for one in env]
        mounts = {mount["name"] for mount in container_of(wanted)["volumeMounts"]}
        assert seen.volumes() == {f"{name}-{pod}" for name in mounts}
        assert len(seen.networks) == 1
        if len(manifests) > 1:
            assert "front" in bench.aliases(pod)
    assert len({bench.address(pod) for pod in bench.pods}) == count
    before = bench.ids()
    assert set(bench.apply(*manifests).values()) == {"unchanged"}
    assert bench.ids() == before


@given(faults=FAULTS, policy=POLICIES)
@settings(max_examples=40)
def test_a_first_apply_that_fails_is_ended_by_the_second(faults, policy):
    manifest = {**BASE, "spec": {**BASE["spec"], "podManagementPolicy": policy}}
    with _bench() as bench:
        for verb, nth, error in faults:
            bench.engine.fail(verb, nth=nth, error=error)
        try:
            bench.apply(manifest)
        except MinisetsError:
            bench.clock.sleep(100)
        bench.engine._faults.clear()
        data = _data(bench)
        bench.apply(manifest)
        _assert_converged(bench, [manifest])
        assert data.items() <= _data(bench).items()


@given(faults=FAULTS, choice=CHOICES)
@settings(max_examples=60)
def test_a_change_that_fails_loses_no_data_and_is_ended_by_the_second(faults, choice):
    with _bench() as bench:
        bench.apply(BASE)
        data = _data(bench)
        assert len(data) == 3
        bench.clock.sleep(1000)
        for verb, nth, error in faults:
            bench.engine.fail(verb, nth=nth, error=error)
        try:
            bench.apply(*_changed(choice))
        except MinisetsError:
            bench.clock.sleep(1000)
        bench.engine._faults.clear()
        bench.apply(*_changed(choice))
        _assert_converged(bench, _changed(choice))
        assert data.items() <= _data(bench).items()


@given(first=CHOICES, second=CHOICES, at=st.integers(1, 60), exists=st.booleans())
@settings(max_examples=60)
def test_two_applies_that_cross_converge(first, second, at, exists):
    with _bench() as bench:
        if exists:
            bench.apply(BASE)
        data = _data(bench)
        calls = 0

        def other() -> None:
            nonlocal calls
            calls += 1
            if calls == at:
                with suppress(MinisetsError):
                    bench.apply(*_changed(second))

        bench.engine.before_call = other
        try:
            bench.apply(*_changed(first))
            is_done = True
        except MinisetsError:
            is_done = False
        bench.engine.before_call = lambda: None
        if is_done:
            # Who says that it is done leaves no half-way state, whatever the other wanted.
            assert len(bench.running) == bench.facts().object["spec"]["replicas"]
        bench.apply(*_changed(second))
        _assert_converged(bench, _changed(second))
        assert data.items() <= _data(bench).items()
