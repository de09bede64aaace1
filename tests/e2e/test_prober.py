"""Each kind of probe by each way, on a real Engine."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any, cast

import docker
import pytest
from docker.errors import APIError

from minisets.core.manifest.probe import ExecAction, HTTPGetAction, Probe, TCPSocketAction
from minisets.core.observed import (
    ContainerDetail,
    ContainerStatus,
    EnginePlace,
    ExecResult,
    PublishedPort,
)
from minisets.core.pod.probe_state import ProbeResult, begin, next_due, step, to_timing
from minisets.engine.ports import Engine
from minisets.engine.prober import Prober, ProbeTarget, Way
from minisets.errors import EngineError
from scripts.images import DEMO, build, client
from tests.e2e.space import eventually

pytestmark = pytest.mark.docker

LOCAL = EnginePlace(endpoint="unix:///var/run/docker.sock")
_LIMIT = 90
# A server that waits until it is told to listen.
WAITING = ["sh", "-c", "until [ -e /go ]; do sleep 0.05; done; exec serve"]
HTTP = Probe(http_get=HTTPGetAction(port="web"))
MISSING = Probe(http_get=HTTPGetAction(port="web", path="/missing"))
TCP = Probe(tcp_socket=TCPSocketAction(port="web"))
EXEC = Probe(exec=ExecAction(command=("wget", "-q", "-O", "/dev/null", "http://127.0.0.1/")))


class RawEngine:
    """The two verbs that a prober needs, by the SDK alone."""

    def __init__(self, api: docker.APIClient) -> None:
        self._api = api
        self.calls = 0

    def exec(self, container_id, command, *, timeout_seconds=None):
        self.calls += 1
        try:
            run = self._api.exec_create(container_id, list(command))
            output = self._api.exec_start(run["Id"])
            return ExecResult(
                exit_code=self._api.exec_inspect(run["Id"])["ExitCode"], output=output
            )
        except APIError as error:
            raise EngineError(str(error.explanation)) from error

    def inspect(self, container_id):
        self.calls += 1
        state = cast(Any, self._api).inspect_container(container_id)["State"]
        return ContainerDetail(
            id=container_id,
            name="",
            status=ContainerStatus(state["Status"]),
            started_at=0.0,
            finished_at=0.0,
            restart_count=0,
            exit_code=0,
            oom_killed=False,
            error="",
        )


@pytest.fixture(scope="module")
def api() -> Iterator[docker.APIClient]:
    engine = client()
    build(engine)
    yield engine
    engine.close()


Start = Callable[..., ProbeTarget]


@pytest.fixture
def start(api) -> Iterator[Start]:
    """Start containers of the demo image; remove them in the end."""
    made: list[str] = []

    def run(command: list[str] | None = None, *, delay: str = "0", publish: bool = True):
        config = api.create_host_config(port_bindings={80: ("127.0.0.1", None)} if publish else {})
        name = f"minisets-test-prober-{uuid.uuid4().hex[:12]}"
        made.append(name)
        api.create_container(
            DEMO,
            command=command,
            name=name,
            host_config=config,
            ports=[80],
            environment={"DELAY": delay},
        )
        api.start(name)
        seen = api.inspect_container(name)
        bound = seen["NetworkSettings"]["Ports"].get("80/tcp") or []
        return ProbeTarget(
            container_id=seen["Id"],
            address=seen["NetworkSettings"]["IPAddress"],
            published=tuple(
                PublishedPort(
                    container_port=80, host_port=int(row["HostPort"]), host_address=row["HostIp"]
                )
                for row in bound
            ),
            port_names={"web": 80},
            image_id=seen["Image"],
        )

    yield run
    for name in made:
        with contextlib.suppress(APIError):
            api.remove_container(name, force=True, v=True)


def by(
    way: Way, api: docker.APIClient, start: Start, raw: RawEngine | None = None, **more: Any
) -> tuple[Prober, ProbeTarget]:
    # On a Mac no address is tried.
    platform = "linux" if way is Way.ADDRESS else "darwin"
    target = start(publish=way is Way.PUBLISHED, **more)
    return Prober(cast(Engine, raw or RawEngine(api)), LOCAL, platform=platform), target


def until_ready(prober: Prober, target: ProbeTarget, handler: Probe) -> list[ProbeResult]:
    """Probe without a pause until it is ready."""
    results: list[ProbeResult] = []
    end = monotonic() + _LIMIT
    while monotonic() < end:
        results.append(prober.probe(target, handler, timeout=1))
        if results[-1].ok:
            return results
    message = f"never ready: {results[-1].output}"
    raise AssertionError(message)


@pytest.mark.parametrize("way", [Way.ADDRESS, Way.PUBLISHED, Way.SHELL])
@pytest.mark.parametrize("handler", [HTTP, TCP, EXEC])
def test_not_ready_before_the_server_listens_and_ready_after(api, start, way, handler):
    raw = RawEngine(api)
    prober, target = by(way, api, start, raw, command=WAITING)
    # On a busy machine the proxy of a published port hangs up so late that it looks like a server.
    first = eventually(
        lambda: None if (one := prober.probe(target, handler, timeout=_LIMIT)).ok else one,
        what="a probe that fails while nothing listens",
    )
    assert first.output
    raw.exec(target.container_id, ("touch", "/go"))
    assert not any(result.hopeless for result in (first, *until_ready(prober, target, handler)))
    if handler is not EXEC:
        assert prober.way(target, 80) is way
    assert prober.notices == ()


@pytest.mark.parametrize("way", [Way.ADDRESS, Way.PUBLISHED, Way.SHELL])
def test_a_page_that_is_missing_is_not_ready(api, start, way):
    prober, target = by(way, api, start)
    until_ready(prober, target, HTTP)
    end = monotonic() + _LIMIT
    # The tools of a shell may miss an answer on a busy machine: that is no success either.
    while "404 Not Found" not in (result := prober.probe(target, MISSING, timeout=_LIMIT)).output:
        assert not result.ok
        assert monotonic() < end, result
    assert not result.ok


def test_an_http_probe_by_address_costs_no_call(api, start):
    raw = RawEngine(api)
    prober, target = by(Way.ADDRESS, api, start, raw)
    until_ready(prober, target, HTTP)
    before = raw.calls
    assert prober.probe(target, HTTP, timeout=_LIMIT).ok
    assert raw.calls == before


def test_the_thresholds_find_readiness_soon(api, start):
    handler = Probe(http_get=HTTPGetAction(port=80), period_seconds=10)
    timing = to_timing(handler)
    prober, target = by(Way.ADDRESS, api, start, delay="2")
    state = begin(timing, monotonic())
    while not state.ready and monotonic() < state.started_at + _LIMIT:
        if monotonic() >= next_due(state, timing, 0.0):
            begun = monotonic()
            result = prober.probe(target, handler, timeout=timing.timeout)
            state = step(state, timing, result, monotonic(), monotonic() - begun)
    assert state.ready
    # Not at the end of the first period alone.
    assert state.attempts > 3


def test_a_program_that_is_missing_is_hopeless(api, start):
    prober, target = by(Way.ADDRESS, api, start)
    missing = Probe(exec=ExecAction(command=("/no/such/program",)))
    result = prober.probe(target, missing, timeout=_LIMIT)
    assert (result.ok, result.hopeless) == (False, True)
    shell = Probe(exec=ExecAction(command=("sh", "-c", "no-such-program")))
    result = prober.probe(target, shell, timeout=_LIMIT)
    assert (result.ok, result.hopeless) == (False, False)


def test_a_hung_command_times_out_and_is_not_run_again(api, start):
    prober, target = by(Way.ADDRESS, api, start)
    hung = Probe(exec=ExecAction(command=("sleep", "300")))
    assert "timed out after" in prober.probe(target, hung, timeout=0.2).output
    assert "still runs" in prober.probe(target, hung, timeout=0.2).output
    titles = [line[-1] for line in api.top(target.container_id)["Processes"]]
    assert sum("sleep 300" in title for title in titles) == 1


def test_a_paused_and_an_ended_container_are_not_ready(api, start):
    prober, target = by(Way.ADDRESS, api, start)
    api.pause(target.container_id)
    result = prober.probe(target, EXEC, timeout=_LIMIT)
    api.unpause(target.container_id)
    assert not result.ok
    assert "is paused" in result.output
    api.kill(target.container_id)
    api.wait(target.container_id)
    result = prober.probe(target, EXEC, timeout=_LIMIT)
    assert not result.ok
    assert "is not running" in result.output


def test_a_container_that_ends_before_the_first_probe_leaves_the_way_open(api, start):
    prober, target = by(Way.ADDRESS, api, start)
    api.kill(target.container_id)
    api.wait(target.container_id)
    assert not prober.probe(target, HTTP, timeout=1).ok
    assert prober.way(target, 80) is None


def test_without_a_shell_a_pod_is_ready_when_it_runs(api, start):
    target = start(["sh", "-c", "rm /bin/sh; exec httpd -f -p 81"], publish=False)
    raw = RawEngine(api)
    end = monotonic() + _LIMIT
    while raw.exec(target.container_id, ("test", "-e", "/bin/sh")).exit_code == 0:
        assert monotonic() < end
    prober = Prober(cast(Engine, raw), LOCAL, platform="darwin")
    assert prober.probe(target, HTTP, timeout=_LIMIT).ok
    assert prober.way(target, 80) is Way.NONE
    assert len(prober.notices) == 1


def test_tcp_by_nc_does_not_wait_for_a_silent_server(api, start):
    prober, target = by(
        Way.SHELL, api, start, command=["nc", "-ll", "-p", "80", "-e", "sleep", "99"]
    )
    # A silent server would take all of its time, each time.
    assert until_ready(prober, target, TCP)[-1].ok
    closed = Probe(tcp_socket=TCPSocketAction(port=81))
    assert "refused" in prober.probe(target, closed, timeout=_LIMIT).output
