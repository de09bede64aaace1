"""Two commands at once, call by call: no data is lost, nothing goes to and fro, both end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

from hypothesis import example, given, settings
from hypothesis import strategies as st

from minisets.app.context import Context
from minisets.app.delete import delete_set
from minisets.app.delete_pods import delete_pods
from minisets.app.park import scale, start, stop
from tests.app.bench import Bench, a_service, a_set, with_claim, with_env
from tests.app.interleaved import interleaved

ORDERS = st.lists(st.integers(0, 1), max_size=120)
BASE = with_claim(a_set(replicas=2))


def _open(port: int) -> dict[str, Any]:
    service = a_service()
    del service["spec"]["clusterIP"]
    service["spec"] |= {"type": "NodePort"}
    service["spec"]["ports"] = [{"port": 80, "nodePort": port}]
    return service


Command = Callable[[Bench, Context], Any]
COMMANDS: dict[str, Command] = {
    "apply": lambda bench, context: bench.apply(BASE, context=context),
    "env": lambda bench, context: bench.apply(with_env(BASE, COLOUR="blue"), context=context),
    "service": lambda bench, context: bench.apply(_open(30090), context=context),
    "ports and set": lambda bench, context: bench.apply(_open(30081), BASE, context=context),
    "scale": lambda _bench, context: scale(context, "default", "web", 3),
    "start": lambda _bench, context: start(context, "default"),
    "stop": lambda _bench, context: stop(context, "default"),
    "delete pods": lambda _bench, context: delete_pods(context, "default", ["web-0", "web-1"]),
    "delete": lambda _bench, context: delete_set(context, "default", "web"),
}
DRIVING = ["apply", "env", "service", "ports and set", "scale", "start", "delete pods"]


def _bench() -> Bench:
    bench = Bench()
    bench.apply(_open(30080), BASE)
    return bench


def _made(bench: Bench) -> Counter[str]:
    """Return how often each pod was made."""
    found = bench.engine.events(since=0.0, until=bench.clock.now() + 1, actions=("create",))
    return Counter(event.name for event in found if event.name.startswith("web-"))


def _may_miss(*commands: str) -> set[str]:
    return {"NotFound"} if "delete pods" in commands else set()


def _run(bench: Bench, first: str, second: str, order: list[int]) -> list[str]:
    found = interleaved(
        bench,
        (
            lambda context: COMMANDS[first](bench, context),
            lambda context: COMMANDS[second](bench, context),
        ),
        order,
    )
    return [type(error).__name__ if error else "done" for error in found]


@given(first=st.sampled_from(DRIVING), second=st.sampled_from(DRIVING), order=ORDERS)
@settings(max_examples=40)
def test_two_commands_that_drive_a_set_end_and_make_no_pod_again_and_again(first, second, order):
    with mock.patch("minisets.app.loop.network.routed_networks", return_value=()):
        bench = _bench()
        ended = _run(bench, first, second, order)
        # A pod that the other command takes at this moment is not there to be deleted.
        assert set(ended) <= {"done", "Overtaken"} | _may_miss(first, second)
        start(bench.command(), "default")
        # Once to begin with, and each command may want the pods anew; more goes to and fro.
        assert max(_made(bench).values(), default=0) <= 4
        before = bench.ids()
        start(bench.command(), "default")
        assert bench.ids() == before
        assert len(bench.running) == bench.facts().object["spec"]["replicas"]
        ports = [
            {port.host_port for port in bench.engine.container(pod).ports()} for pod in bench.pods
        ]
        assert len(ports) == len(set().union(*ports))


@given(first=st.sampled_from(DRIVING), order=ORDERS)
@settings(max_examples=40)
def test_a_set_that_is_deleted_by_one_command_comes_back_by_no_other(first, order):
    with mock.patch("minisets.app.loop.network.routed_networks", return_value=()):
        bench = _bench()
        _, ended = _run(bench, first, "delete", order)
        if ("StatefulSet", "default", "web") in bench.records:
            # An apply that comes after it is another one.
            assert first in {"apply", "env", "ports and set"}
            return
        assert ended == "done"
        assert bench.pods == []
        assert bench.claims[:2] == ["data-web-0", "data-web-1"]


@given(first=st.sampled_from(["service", "scale", "delete pods"]), order=ORDERS)
@example(first="delete pods", order=[0] * 8 + [1] * 4)
@settings(max_examples=30)
def test_a_set_that_is_parked_by_one_command_is_woken_by_no_other(first, order):
    with mock.patch("minisets.app.loop.network.routed_networks", return_value=()):
        bench = _bench()
        _, ended = _run(bench, first, "stop", order)
        if ended != "done":
            stop(bench.command(), "default")
        assert bench.facts().is_stopped
        assert bench.pods == []
