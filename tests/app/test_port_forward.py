"""port-forward finds pods by name, sets and Services, and the pod that took another's place."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from minisets.app.port_forward import Request, open_forwards
from minisets.core.network.port_forward import PortWord
from minisets.engine.forwarder import Forwarder
from minisets.engine.ports import ExecStream
from minisets.errors import EngineError, InputError, MinisetsError, NotConverged, NotFound
from tests.app.bench import Bench, a_service, a_set, container_of
from tests.unit.test_port_forward import Stream

HERE = (("127.0.0.1", False),)


def request(kind: str, name: str, remote: str = "80") -> Request:
    return Request(kind=kind, name=name, ports=(PortWord(local=0, remote=remote),))


@contextmanager
def opened(bench: Bench, *requests: Request) -> Iterator[tuple[list[int], list[str], list[str]]]:
    """Forward; yield the local ports, what is said, and what goes wrong."""
    said: list[str] = []
    wrong: list[str] = []
    forwarder: Forwarder = open_forwards(
        bench.command(), "default", requests, HERE, said.append, wrong.append
    )
    ports = [int(line.split(":")[1].split()[0]) for line in said]
    with closing(forwarder):
        server = threading.Thread(target=forwarder.serve)
        server.start()
        try:
            yield ports, said, wrong
        finally:
            forwarder.stop()
            server.join()


def answering(bench: Bench) -> None:
    """Let a tool in each container tell the container's name."""
    bench.engine.on_exec = lambda _found, command: _tools()

    def stream(container_id: str, command: tuple[str, ...]) -> ExecStream:
        name = bench.engine.container(container_id).name
        return Stream(("stdout", f"{name} {container_id} {command[-1]}".encode()))

    bench.engine.on_stream = stream
    # The fake Engine's addresses lead nowhere.
    for seen in bench.engine.containers({}):
        bench.engine.container(seen.id).networks = {
            key: (None, names)
            for key, (_, names) in bench.engine.container(seen.id).networks.items()
        }


def _tools():
    from minisets.core.observed import ExecResult

    return ExecResult(exit_code=0, output=b"nc\n")


def ask(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        return client.makefile().read()


def test_a_pod_a_set_and_a_service_lead_to_a_pod(bench: Bench):
    service = a_service()
    service["spec"] |= {"clusterIP": "", "ports": [{"port": 8000, "targetPort": 80}]}
    bench.apply(service, a_set())
    answering(bench)
    requests = (
        request("Pod", "web-2"),
        request("StatefulSet", "web"),
        request("Service", "web", "8000"),
    )
    with opened(bench, *requests) as (ports, said, wrong):
        assert [ask(port).split()[::2] for port in ports] == [
            ["web-2", "80"],
            ["web-0", "80"],
            ["web-0", "80"],
        ]
        assert said[0] == f"Forwarding from 127.0.0.1:{ports[0]} -> 80 (web-2)"
        assert said[3] == f"Handling connection for {ports[0]}"
        assert wrong == []


def test_a_set_stands_for_its_first_pod_that_runs(bench: Bench):
    bench.apply(a_set())
    bench.engine.crash("web-0")
    answering(bench)
    with opened(bench, request("StatefulSet", "web")) as (ports, _, _):
        assert ask(ports[0]).startswith("web-1 ")


def test_the_pod_that_took_the_place_is_found(bench: Bench):
    bench.apply(a_set(replicas=1))
    answering(bench)
    with opened(bench, request("Pod", "web-0")) as (ports, _, wrong):
        first = ask(ports[0])
        bench.remove_by_hand("web-0")
        assert ask(ports[0]) == ""
        (text,) = wrong
        assert text == (
            f'error: an error occurred forwarding {ports[0]} -> 80: pods "web-0" not found'
        )
        bench.apply(a_set(replicas=1))
        answering(bench)
        second = ask(ports[0])
        assert second.startswith("web-0 ")
        assert second != first


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        (request("Pod", "web-9"), NotFound, 'pods "web-9" not found'),
        (request("StatefulSet", "db"), NotFound, 'statefulsets.apps "db" not found'),
        (request("Service", "db"), NotFound, 'services "db" not found'),
        (request("Service", "blind"), InputError, "Service is defined without a selector"),
        (request("Service", "other"), NotFound, "service/other has no pods"),
        (request("Pod", "web-0", "nope"), InputError, "does not have a named port 'nope'"),
    ],
)
def test_what_cannot_be_found_is_said(bench: Bench, asked, kind: type[MinisetsError], words):
    blind = a_service("blind")
    del blind["spec"]["selector"]
    bench.apply(a_set(replicas=1), blind, a_service("other", selector="other"))
    with pytest.raises(kind, match=words):
        open_forwards(bench.command(), "default", [asked], HERE, print, print)


def test_a_pod_that_does_not_run_is_an_error(bench: Bench):
    bench.apply(a_set(replicas=1))
    bench.engine.crash("web-0")
    with pytest.raises(NotConverged, match="unable to forward port because pod is not running"):
        open_forwards(bench.command(), "default", [request("Pod", "web-0")], HERE, print, print)


def test_a_pod_that_could_not_be_made_is_an_error_that_says_why(bench: Bench):
    bench.engine.fail("create_container", error=EngineError("no space left"))
    with pytest.raises(NotConverged):
        bench.apply(a_set(replicas=1))
    with pytest.raises(NotConverged, match=r"Current status=Pending: no space left"):
        open_forwards(bench.command(), "default", [request("Pod", "web-0")], HERE, print, print)


def test_a_named_port_of_a_pod(bench: Bench):
    manifest = a_set(replicas=1)
    container_of(manifest)["ports"][0]["name"] = "http"
    bench.apply(manifest)
    answering(bench)
    with opened(bench, request("Pod", "web-0", "http")) as (ports, _, _):
        assert ask(ports[0]).endswith(" 80")


def test_local_ports_that_cannot_be_had_end_it(bench: Bench):
    bench.apply(a_set(replicas=1))
    wrong: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        asked = Request(kind="Pod", name="web-0", ports=(PortWord(local=port, remote="80"),))
        with pytest.raises(InputError, match="unable to listen on any of the requested ports"):
            open_forwards(bench.command(), "default", [asked], HERE, print, wrong.append)
    (text,) = wrong
    assert text.startswith(f"Unable to listen on port {port}: Listeners failed")
