from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, cast

import pytest
from msgspec.structs import replace

from minisets.core.network.port_forward import (
    Forward,
    ForwardWord,
    PortWord,
    parse_addresses,
    parse_words,
    to_pod_ports,
    to_service_ports,
)
from minisets.core.observed import EnginePlace, ExecResult, PublishedPort
from minisets.engine.forwarder import Forwarder
from minisets.engine.ports import Engine
from minisets.engine.prober import ProbeTarget
from minisets.engine.tunnel import Dialer, ExecTunnel, NoWay, SocketTunnel, Tunnel
from minisets.errors import EngineMissing, InputError
from tests.unit.test_publishing import a_service, a_set

LOCAL = EnginePlace(endpoint="unix:///var/run/docker.sock")
REMOTE = replace(LOCAL, is_local=False, endpoint="tcp://127.0.0.1:2375")


# Words.


def test_a_port_is_local_and_remote():
    assert parse_words(["web-0", "8080:80", "81", ":82", "0:83", "84:http"]) == (
        ForwardWord(
            target="web-0",
            ports=(
                PortWord(local=8080, remote="80"),
                PortWord(local=0, remote="81", is_same=True),
                PortWord(local=0, remote="82"),
                PortWord(local=0, remote="83"),
                PortWord(local=84, remote="http"),
            ),
        ),
    )


def test_several_pods_before_their_ports_have_each_the_next_local_port():
    found = parse_words(["web-0", "web-1", "8080:80", "81", ":82"])
    assert [word.target for word in found] == ["web-0", "web-1"]
    assert [[port.local for port in word.ports] for word in found] == [
        [8080, 81, 0],
        [8081, 82, 0],
    ]


def test_targets_with_ports_of_their_own_follow_each_other():
    found = parse_words(["web-0", "8080:80", "svc/db", "5432", "http"])
    assert [(word.target, len(word.ports)) for word in found] == [("web-0", 1), ("svc/db", 2)]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["web-0"], "list of ports are required"),
        (["web-0", "1:2:3"], "invalid port format '1:2:3'"),
        (["web-0", "8080:"], "invalid port format '8080:'"),
        (["web-0", "8080:0"], "remote port must be between"),
        (["web-0", "70000:80"], "error parsing local port '70000'"),
        (["web-0", "a:80"], "error parsing local port 'a'"),
    ],
)
def test_wrong_words_are_refused(words, text):
    with pytest.raises(InputError, match=text):
        parse_words(words)


def ports_of(*words: str) -> tuple[PortWord, ...]:
    return parse_words(["x-0", *words])[0].ports


def test_ports_of_a_pod_are_numbers_or_names():
    template = a_set().spec.template
    assert to_pod_ports(ports_of("8080:web", "81", "web"), template, "web-0") == (
        Forward(local=8080, remote=80),
        Forward(local=81, remote=81),
        Forward(local=80, remote=80),
    )
    with pytest.raises(InputError, match="Pod 'web-0' does not have a named port 'nope'"):
        to_pod_ports(ports_of("1:nope"), template, "web-0")


def test_udp_is_refused():
    ports = [{"containerPort": 53, "name": "dns", "protocol": "UDP"}]
    template = a_set(container__ports=ports).spec.template
    with pytest.raises(InputError, match="UDP protocol is not supported for 53"):
        to_pod_ports(ports_of("53"), template, "web-0")
    service = a_service(ports=[{"port": 53, "protocol": "UDP"}])
    with pytest.raises(InputError, match="UDP protocol is not supported for 53"):
        to_service_ports(ports_of("53"), service, template)


def test_ports_of_a_service_lead_to_its_targets():
    template = a_set().spec.template
    ports = [
        {"name": "http", "port": 8000, "targetPort": "web"},
        {"name": "other", "port": 81, "targetPort": 8181},
        {"name": "lost", "port": 82, "targetPort": "nope"},
    ]
    service = a_service(ports=ports)
    assert to_service_ports(ports_of("8000", "9:http", "1:81"), service, template) == (
        Forward(local=8000, remote=80),
        Forward(local=9, remote=80),
        Forward(local=1, remote=8181),
    )
    headless = a_service(ports=ports, clusterIP="None")
    assert to_service_ports(ports_of("81"), headless, template)[0].remote == 81
    with pytest.raises(InputError, match="does not have a service port 7"):
        to_service_ports(ports_of("7"), service, template)
    with pytest.raises(InputError, match="does not have a named port nope"):
        to_service_ports(ports_of("7:nope"), service, template)
    with pytest.raises(InputError, match='no container has a port named "nope"'):
        to_service_ports(ports_of("82"), service, template)


def test_localhost_is_both_addresses_of_which_one_will_do():
    assert parse_addresses("localhost,10.0.0.1") == (
        ("127.0.0.1", False),
        ("::1", False),
        ("10.0.0.1", True),
    )
    with pytest.raises(InputError, match="here is not a valid IP"):
        parse_addresses("here")


# Connections.


@contextmanager
def serving(answer: Any) -> Iterator[int]:
    """Answer each connection to a port of this machine in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def upper(connection: socket.socket) -> None:
    """Read to the end of the input, then answer all of it in capitals, and hang up."""
    with connection:
        said = []
        while data := connection.recv(65536):
            said.append(data)
        connection.sendall(b"".join(said).upper())


def talk(connection: socket.socket) -> None:
    """Answer each piece at once."""
    with connection, suppress(OSError):
        while data := connection.recv(1000):
            connection.sendall(data.upper())


@contextmanager
def forwarding(dial: Any) -> Iterator[tuple[int, list[int], list[str]]]:
    """Forward a local port; yield it, the connections and the troubles."""
    seen: list[int] = []
    troubles: list[str] = []
    forwarder = Forwarder(seen.append, lambda _port, text: troubles.append(text))
    with closing(forwarder):
        port = forwarder.listen("127.0.0.1", 0, dial)
        server = threading.Thread(target=forwarder.serve)
        server.start()
        try:
            yield port, seen, troubles
        finally:
            forwarder.stop()
            server.join()


def to(port: int) -> Any:
    return lambda: SocketTunnel(socket.create_connection(("127.0.0.1", port)))


def client_of(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10)


def ask(port: int, text: bytes) -> bytes:
    """Send all of it, end the input, and read to the end."""
    with client_of(port) as client:
        client.sendall(text)
        client.shutdown(socket.SHUT_WR)
        answer = []
        while data := client.recv(65536):
            answer.append(data)
        return b"".join(answer)


def test_the_end_of_the_input_is_passed_on_and_the_answer_still_comes():
    with serving(upper) as there, forwarding(to(there)) as (port, seen, troubles):
        assert ask(port, b"hello") == b"HELLO"
        assert (seen, troubles) == ([port], [])


def test_a_conversation_goes_both_ways():
    with serving(talk) as there, forwarding(to(there)) as (port, _, _), client_of(port) as client:
        for word in (b"one", b"two"):
            client.sendall(word)
            assert client.recv(100) == word.upper()


def test_large_answers_come_whole():
    with serving(upper) as there, forwarding(to(there)) as (port, _, _):
        text = bytes(range(97, 123)) * 200_000
        assert ask(port, text) == text.upper()


def test_many_connections_at_once():
    with serving(upper) as there, forwarding(to(there)) as (port, seen, troubles):
        answers: list[bytes] = []
        clients = [
            threading.Thread(target=lambda n=n: answers.append(ask(port, b"client %d" % n)))
            for n in range(100)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert sorted(answers) == sorted(b"CLIENT %d" % n for n in range(100))
        assert (len(seen), troubles) == (100, [])


def test_a_pod_that_hangs_up_ends_the_connection():
    def hang_up(connection: socket.socket) -> None:
        connection.recv(1)
        connection.close()

    with serving(hang_up) as there, forwarding(to(there)) as (port, _, _):
        client = client_of(port)
        client.sendall(b"x")
        assert client.recv(100) == b""
        client.close()


def test_a_pod_that_cannot_be_reached_is_told_and_the_next_one_is_tried():
    answers: list[Tunnel | None] = [None]

    def dial() -> Tunnel:
        if answers:
            answers.pop()
            raise NoWay("dial tcp 1.2.3.4:80: refused")
        tunnel: Tunnel = to(there)()
        return tunnel

    with serving(upper) as there, forwarding(dial) as (port, seen, troubles):
        with suppress(OSError):
            assert ask(port, b"hello") == b""
        assert ask(port, b"hello") == b"HELLO"
        assert troubles == ["dial tcp 1.2.3.4:80: refused"]
        assert len(seen) == 2


def test_an_error_of_the_engine_is_told():
    def dial() -> Tunnel:
        raise EngineMissing("no such container")

    with forwarding(dial) as (port, _, troubles):
        with suppress(OSError):
            assert ask(port, b"") == b""
        assert troubles == ["no such container"]


def test_a_local_port_that_is_taken_is_an_error():
    forwarder = Forwarder(lambda _port: None, lambda _port, _text: None)
    taken = socket.create_server(("127.0.0.1", 0))
    with closing(taken), closing(forwarder), pytest.raises(OSError, match="in use"):
        forwarder.listen("127.0.0.1", taken.getsockname()[1], to(1))


# Ways.


class Stream:
    """A command's streams: what it says, then the end; what it is sent is kept."""

    def __init__(self, *said: tuple[str, bytes]) -> None:
        self._said = list(said)
        self.sent = b""
        self.is_ended = self.is_closed = False

    def recv(self, size: int, /) -> tuple[str, bytes]:
        return self._said.pop(0) if self._said else ("stdout", b"")

    def sendall(self, data: bytes, /) -> None:
        self.sent += data

    def end_input(self) -> None:
        self.is_ended = True

    def close(self) -> None:
        self.is_closed = True


class Tools:
    """The two verbs of an Engine that a dialer needs."""

    def __init__(self, tools: str, *said: tuple[str, bytes]) -> None:
        self._tools = tools
        self.stream = Stream(*said)
        self.commands: list[tuple[str, ...]] = []
        self.looks = 0

    def exec(self, container_id: str, command: tuple[str, ...]) -> ExecResult:
        self.looks += 1
        return ExecResult(exit_code=0, output=self._tools.encode())

    def exec_stream(self, container_id: str, command: tuple[str, ...]) -> Stream:
        self.commands.append(command)
        return self.stream


def a_dialer(tools: Tools, info: EnginePlace = LOCAL, platform: str = "linux") -> Dialer:
    return Dialer(cast(Engine, tools), info, platform=platform)


def target(**changes: Any) -> ProbeTarget:
    return ProbeTarget(container_id="c1", **changes)


def test_the_way_is_the_pods_address():
    tools = Tools("nc")
    with serving(upper) as port:
        tunnel = a_dialer(tools).dial(target(address="127.0.0.1"), port)
        tunnel.sendall(b"a")
        tunnel.end_input()
        assert tunnel.recv(10) == b"A"
        tunnel.close()
    assert tools.looks == 0


def test_what_listens_on_the_loopback_only_is_reached_from_inside():
    tools = Tools("nc", ("stdout", b"hello"))
    with serving(upper) as port, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
        dialer = a_dialer(tools)
        tunnel = dialer.dial(target(address="127.0.0.1"), closed)
        assert isinstance(tunnel, ExecTunnel)
        assert tunnel.recv(10) == b"hello"
        assert tools.commands == [("nc", "127.0.0.1", str(closed))]
        direct = dialer.dial(target(address="127.0.0.1"), port)
        assert isinstance(direct, SocketTunnel)
        direct.close()


def test_where_addresses_are_not_routed_a_published_port_is_the_way():
    with serving(upper) as port:
        published = (PublishedPort(container_port=80, host_port=port, host_address="127.0.0.1"),)
        dialer = a_dialer(Tools(""), platform="darwin")
        tunnel = dialer.dial(target(address="192.0.2.1", published=published), 80)
        assert isinstance(tunnel, SocketTunnel)
        tunnel.close()


def test_a_pod_on_the_hosts_network_is_reached_at_the_host():
    with serving(upper) as port:
        dialer = a_dialer(Tools(""))
        for _ in range(2):
            # The second time the way by address is known.
            tunnel = dialer.dial(target(is_on_host=True), port)
            assert isinstance(tunnel, SocketTunnel)
            tunnel.close()
            dialer.dial(target(address="127.0.0.1"), port).close()


def test_an_engine_elsewhere_is_asked_to_run_a_tool():
    published = (PublishedPort(container_port=80, host_port=1, host_address="127.0.0.1"),)
    tools = Tools("bash nc socat nc-N")
    tunnel = a_dialer(tools, REMOTE).dial(target(address="127.0.0.1", published=published), 80)
    tunnel.sendall(b"abc")
    tunnel.end_input()
    tunnel.close()
    assert tools.commands == [("socat", "-", "TCP:127.0.0.1:80")]
    assert (tools.stream.sent, tools.stream.is_ended, tools.stream.is_closed) == (
        b"abc",
        True,
        True,
    )


@pytest.mark.parametrize(
    ("tools", "first"),
    [("nc nc-N", ("nc", "-N")), ("nc", ("nc", "127.0.0.1")), ("bash", ("bash", "-c"))],
)
def test_the_best_tool_is_taken(tools, first):
    engine = Tools(tools)
    dialer = a_dialer(engine, REMOTE)
    dialer.dial(target(image_id="i1"), 80)
    dialer.dial(target(image_id="i1"), 80)
    assert engine.commands[0][:2] == first
    assert engine.looks == 1


def test_without_a_way_the_reason_is_told():
    with pytest.raises(NoWay, match="none of socat, nc and bash"):
        a_dialer(Tools(""), REMOTE).dial(target(), 80)


def test_a_tool_that_is_refused_says_so():
    tools = Tools("nc", ("stderr", b"nc: can't connect: "), ("stderr", b"Connection refused\n"))
    tunnel = a_dialer(tools, REMOTE).dial(target(), 80)
    with pytest.raises(NoWay, match="can't connect: Connection refused"):
        tunnel.recv(10)


def test_what_a_tool_says_after_an_answer_is_no_failure():
    tools = Tools("nc", ("stdout", b"a"), ("stderr", b"done"))
    tunnel = a_dialer(tools, REMOTE).dial(target(), 80)
    assert (tunnel.recv(10), tunnel.recv(10)) == (b"a", b"")


def test_the_end_of_a_tool_ends_the_connection_and_its_reason_is_told():
    tools = Tools("nc", ("stderr", b"refused"))
    dialer = a_dialer(tools, REMOTE)
    with forwarding(lambda: dialer.dial(target(), 80)) as (port, _, troubles):
        client = client_of(port)
        # The client has not ended its input: the tool's end is enough.
        assert client.recv(10) == b""
        client.close()
    assert troubles == ["refused"]
