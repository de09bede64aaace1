"""A namespace has one network, whatever commands race for it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from minisets.app.loop.network import ensure_network, find_network, remove_network
from minisets.core import labels
from minisets.core.observed import NetworkSeen
from minisets.core.pod.identity import NetworkPlace
from tests.app.bench import Bench, a_set


class SlowNetworks:
    """Hides a network from a number of lists, as an Engine does while it makes one."""

    def __init__(self, bench: Bench, looks: int) -> None:
        self._engine, self._looks = bench.engine, looks
        self._listed = bench.engine.networks

    def __call__(self) -> tuple[NetworkSeen, ...]:
        self._looks -= 1
        return () if self._looks >= 0 else self._listed()


def _double(bench: Bench) -> list[NetworkPlace]:
    """Give a namespace two networks, which only a race can do."""
    first = ensure_network(bench.context, "default")
    (seen,) = bench.engine.networks()
    second = replace(seen, id="0" * 64, subnets=("10.9.0.0/24",))
    bench.engine._networks[second.id] = second
    return [first, NetworkPlace(id=second.id, name=second.name, subnet="10.9.0.0/24")]


def test_a_subnet_refused_by_a_network_in_the_making_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    made = ensure_network(bench.command(), "default")
    monkeypatch.setattr(bench.engine, "networks", SlowNetworks(bench, looks=4))
    assert ensure_network(bench.command(), "default") == made


def test_a_subnet_that_something_unseen_has_is_given_up_for_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    hidden = ensure_network(bench.command(), "other")
    listed = bench.engine.networks
    monkeypatch.setattr(
        bench.engine, "networks", lambda: tuple(n for n in listed() if n.id != hidden.id)
    )
    assert ensure_network(bench.command(), "default").subnet != hidden.subnet


def test_of_two_networks_of_a_namespace_one_is_left(bench: Bench):
    first, second = _double(bench)
    assert ensure_network(bench.command(), "default") in (first, second)
    assert len(bench.engine.networks()) == 1


def test_of_two_networks_the_one_with_pods_stays(bench: Bench):
    bench.apply(a_set())
    (used,) = bench.engine.networks()
    _double(bench)
    assert ensure_network(bench.command(), "default").id == used.id
    assert bench.engine.networks() == (used,)


def test_a_namespace_that_goes_takes_both_of_its_networks(bench: Bench):
    _double(bench)
    remove_network(bench.command(), "default")
    assert find_network(bench.command(), "default") is None
    assert all(seen.labels[labels.KIND] != labels.KIND_NETWORK for seen in bench.engine.networks())
