"""The prober against real local sockets; only the Engine's exec is a stub."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from minisets.core.manifest.probe import (
    ExecAction,
    HTTPGetAction,
    HTTPHeader,
    Probe,
    TCPSocketAction,
)
from minisets.core.observed import (
    ContainerDetail,
    ContainerStatus,
    EnginePlace,
    ExecResult,
    PublishedPort,
)
from minisets.engine.ports import Engine
from minisets.engine.prober import Prober, ProbeTarget, Way
from minisets.engine.routes import published_place
from minisets.errors import EngineConflict

LOCAL = EnginePlace(endpoint="unix:///var/run/docker.sock")
REMOTE = EnginePlace(endpoint="tcp://127.0.0.1:2376", is_local=False)
EVERYWHERE = "0.0.0.0"  # noqa: S104  # as Docker lists a published port
NO_SHELL = ExecResult(
    exit_code=126, output=b'OCI runtime exec failed: exec: "sh": executable file not found'
)
ENDING = ExecResult(
    exit_code=126,
    output=b"OCI runtime exec failed: exec failed: unable to start container process: "
    b"error writing config to pipe: write init-p: broken pipe",
)


@dataclass
class ExecStub:
    """Answers exec by a function of the command; everything else is not there."""

    answer: Callable[[tuple[str, ...]], ExecResult] = lambda command: ExecResult(exit_code=0)
    status: ContainerStatus = ContainerStatus.RUNNING
    commands: list[tuple[str, ...]] = field(default_factory=list)

    def exec(self, container_id, command, *, timeout_seconds=None):
        self.commands.append(command)
        return self.answer(command)

    def inspect(self, container_id):
        return ContainerDetail(
            id=container_id,
            name="",
            status=self.status,
            started_at=0.0,
            finished_at=0.0,
            restart_count=0,
            exit_code=0,
            oom_killed=False,
            error="",
        )


def make(stub: ExecStub | None = None, info: EnginePlace = LOCAL, platform="linux") -> Prober:
    return Prober(cast(Engine, stub or ExecStub()), info, platform=platform)


def at(address: str | None = "127.0.0.1", **more: Any) -> ProbeTarget:
    return ProbeTarget(container_id="c1", address=address, **more)


def published(port: int, host: str = "127.0.0.1") -> ProbeTarget:
    ports = (PublishedPort(container_port=80, host_port=port, host_address=host),)
    return at(None, published=ports)


def http(port: int | str, **more: Any) -> Probe:
    return Probe(http_get=HTTPGetAction(port=port, **more))


def tcp(port: int | str, **more: Any) -> Probe:
    return Probe(tcp_socket=TCPSocketAction(port=port, **more))


@dataclass
class Server:
    port: int
    requests: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def serving(
    *answers: bytes, stay: bool = False, greet: bytes = b"", wrap: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Answer connections in turn, the last answer again; without any, hang up at once.

    ``stay`` keeps connections open after the answer.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    held: list[socket.socket] = []

    def work():
        for number in range(1000):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                if wrap:
                    connection = wrap.wrap_socket(connection, server_side=True)
                connection.sendall(greet)
                if answers:
                    server.requests.append(connection.recv(65536))
                    connection.sendall(answers[min(number, len(answers) - 1)])
            if stay:
                held.append(connection)
            else:
                connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield server
    finally:
        # A close alone does not wake up accept.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
        for connection in held:
            connection.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "302 Found", "399 Odd"])
def test_http_succeeds_on_2xx_and_3xx(status):
    with serving(answer(status)) as server:
        result = make().probe(at(), http(server.port), timeout=1)
    assert (result.ok, result.output) == (True, status)


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "503 Unavailable"])
def test_http_fails_on_the_rest_and_shows_the_body(status):
    with serving(answer(status, b"warming up" + b"." * 5000)) as server:
        result = make().probe(at(), http(server.port), timeout=1)
    assert not result.ok
    assert not result.hopeless
    assert result.output.startswith(f"HTTP probe failed with statuscode: {status}\nwarming up...")
    assert len(result.output) < 1100


def test_http_sends_what_the_kubelet_sends():
    with serving(answer("200 OK")) as server:
        make().probe(at(), http(server.port, path="/a b?c=d"), timeout=1)
    assert server.requests == [
        f"GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        "User-Agent: kube-probe/1.37\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode()
    ]


def test_http_honours_headers():
    headers = (
        HTTPHeader(name="Host", value="shop.example"),
        HTTPHeader(name="accept", value=""),
        HTTPHeader(name="User-Agent", value="me"),
        HTTPHeader(name="X-Empty", value=""),
    )
    with serving(answer("200 OK")) as server:
        make().probe(at(), http(server.port, http_headers=headers), timeout=1)
    assert server.requests == [
        b"GET / HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: me\r\nX-Empty: \r\n"
        b"Connection: close\r\n\r\n"
    ]


def test_a_header_with_a_line_break_is_hopeless():
    headers = (HTTPHeader(name="X", value="a\r\nHost: b"),)
    assert make().probe(at(), http(1, http_headers=headers), timeout=1).hopeless


def test_http_does_not_wait_for_a_body_or_an_end():
    with serving(b"HTTP/1.1 200 OK\r\n\r\n", stay=True) as server:
        assert make().probe(at(), http(server.port), timeout=60).ok
    with serving(answer("503 No", b"x"), stay=True) as server:
        assert not make().probe(at(), http(server.port), timeout=60).ok


def test_http_passes_over_interim_answers():
    with serving(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer("500 Error")) as server:
        assert not make().probe(at(), http(server.port), timeout=1).ok


def test_http_follows_a_redirect_to_the_same_place():
    with serving(answer("302 Found", b"", "Location: login?x=1"), answer("500 Oops")) as server:
        result = make().probe(at(), http(server.port, path="/a/b"), timeout=1)
    assert not result.ok
    assert [request.split()[1] for request in server.requests] == [b"/a/b", b"/a/login?x=1"]


@pytest.mark.parametrize("target", ["http://other.example/", "https://127.0.0.1/", "http://a:b/"])
def test_http_takes_a_redirect_elsewhere_for_a_success(target):
    with serving(answer("301 Moved", b"", f"Location: {target}")) as server:
        assert make().probe(at(), http(server.port), timeout=1).ok
    assert len(server.requests) == 1


def test_http_stops_after_ten_redirects():
    with serving(answer("302 Found", b"", "Location: /")) as server:
        result = make().probe(at(), http(server.port), timeout=5)
    assert (result.ok, result.output) == (False, "stopped after 10 redirects")


@pytest.mark.parametrize(
    ("bytes_sent", "words"), [(b"", "EOF"), (b"SSH-2.0-x\r\n", "malformed HTTP response")]
)
def test_http_fails_on_what_is_no_http(bytes_sent, words):
    with serving(bytes_sent) as server:
        result = make().probe(at(), http(server.port), timeout=1)
    assert not result.ok
    assert words in result.output


def test_http_fails_when_the_total_time_is_over():
    with serving(b"HTTP/1.1 200", stay=True) as server:
        result = make().probe(at(), http(server.port), timeout=0.05)
    assert not result.ok
    assert "timed out while waiting for headers" in result.output


def test_https_to_a_plain_server_fails_with_words():
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        result = make().probe(at(), http(server.port, scheme="HTTPS"), timeout=1)
    assert not result.ok
    assert "SSL" in result.output


def tls_server(folder: Path) -> ssl.SSLContext:
    """Make the context of a server whose certificate nobody could verify."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=somebody.else", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificate")
def test_https_takes_any_certificate(tmp_path):
    context = tls_server(tmp_path)
    with serving(answer("200 OK"), wrap=context) as server:
        result = make().probe(at(), http(server.port, scheme="HTTPS"), timeout=5)
    assert (result.ok, result.output) == (True, "200 OK")
    assert server.requests[0].startswith(b"GET / HTTP/1.1\r\n")


def test_a_refused_connection_is_not_ready_but_shows_the_way():
    port = free_port()
    prober = make()
    result = prober.probe(at(), http(port), timeout=1)
    assert (result.ok, result.output) == (False, f"dial tcp 127.0.0.1:{port}: connection refused")
    assert prober.way(at(), port) is Way.ADDRESS


def test_the_action_s_own_host_is_asked():
    with serving(answer("200 OK")) as server:
        assert make().probe(at("192.0.2.1"), http(server.port, host="127.0.0.1"), timeout=1).ok
        assert make().probe(at("192.0.2.1"), tcp(server.port, host="127.0.0.1"), timeout=1).ok
    assert f"Host: 127.0.0.1:{server.port}".encode() in server.requests[0]


def test_tcp_by_address_needs_only_a_connection():
    with serving() as server:
        assert make().probe(at(), tcp(server.port), timeout=1).ok
    assert not make().probe(at(), tcp(free_port()), timeout=1).ok


def test_tcp_by_a_proxy_that_hangs_up_is_not_ready():
    with serving() as server:
        result = make().probe(published(server.port), tcp(80), timeout=1)
    assert not result.ok
    assert "hangs up" in result.output


@pytest.mark.parametrize("greet", [b"", b"220 hello\r\n"])
def test_tcp_by_a_proxy_that_stays_or_greets_is_ready(greet):
    with serving(stay=True, greet=greet) as server:
        prober = make()
        assert prober.probe(published(server.port), tcp(80), timeout=1).ok
    assert prober.way(published(server.port), 80) is Way.PUBLISHED


def test_http_by_a_published_port_names_the_pod():
    with serving(answer("200 OK")) as server:
        target = at("172.20.0.5", published=published(server.port, EVERYWHERE).published)
        assert make(info=REMOTE).probe(target, http(80), timeout=1).ok
    assert b"Host: 172.20.0.5:80\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("info", "host_address", "place"),
    [
        (LOCAL, "", ("127.0.0.1", 9)),
        (LOCAL, EVERYWHERE, ("127.0.0.1", 9)),
        (LOCAL, "::", ("::1", 9)),
        (LOCAL, "192.168.0.7", ("192.168.0.7", 9)),
        (REMOTE, EVERYWHERE, ("127.0.0.1", 9)),
        (REMOTE, "10.0.0.1", ("10.0.0.1", 9)),
        (REMOTE, "127.0.0.1", None),
    ],
)
def test_where_a_published_port_answers(info, host_address, place):
    assert published_place(published(9, host_address).published, 80, info) == place
    assert published_place(published(9, host_address).published, 81, info) is None


@pytest.mark.parametrize(("info", "platform"), [(REMOTE, "linux"), (LOCAL, "darwin")])
def test_the_address_is_a_way_only_on_linux_and_a_local_engine(info, platform):
    with serving(answer("200 OK")) as server:
        prober = make(ExecStub(lambda command: NO_SHELL), info, platform)
        prober.probe(at(), http(server.port), timeout=1)
    assert server.requests == []
    assert prober.way(at(), server.port) is Way.NONE


def unroutable(monkeypatch) -> list[tuple[str, int]]:
    """Make all connections end in no route; return where they went."""
    calls: list[tuple[str, int]] = []

    def connect(there, timeout):
        calls.append(there)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", connect)
    return calls


def busybox(command: tuple[str, ...]) -> ExecResult:
    if command[:2] == ("sh", "-c") and "command -v" in command[2]:
        return ExecResult(exit_code=0, output=b"nc\nwget\n")
    return ExecResult(exit_code=0, output=b"HTTP/1.0 200 OK\r\n\r\n")


def test_the_way_is_looked_for_once_per_engine(monkeypatch):
    calls = unroutable(monkeypatch)
    stub = ExecStub(busybox)
    prober = make(stub)
    target = at("172.20.0.5", published=published(9).published)
    assert prober.way(target, 80) is None
    assert prober.probe(target, http(80), timeout=1).ok
    assert prober.probe(target, http(80), timeout=1).ok
    assert calls == [("172.20.0.5", 80), ("127.0.0.1", 9)]
    assert len(stub.commands) == 3
    assert prober.way(target, 80) is Way.SHELL


def test_a_published_port_that_refuses_may_be_that_of_another_machine():
    stub = ExecStub(busybox)
    prober = make(stub)
    target = published(free_port())
    assert prober.probe(target, http(80), timeout=1).ok
    assert prober.way(target, 80) is Way.SHELL


@pytest.mark.parametrize("done", [NO_SHELL, ExecResult(exit_code=1, output=b"refused")])
def test_a_published_port_that_refuses_is_no_verdict_on_the_way(done):
    def run(command: tuple[str, ...]) -> ExecResult:
        return busybox(command) if done is not NO_SHELL and "command -v" in command[2] else done

    prober = make(ExecStub(run))
    target = published(free_port())
    result = prober.probe(target, http(80), timeout=1)
    assert not result.ok
    assert "refused" in result.output
    assert prober.way(target, 80) is None


def test_a_container_that_has_ended_says_nothing_about_the_way(monkeypatch):
    unroutable(monkeypatch)
    prober = make(ExecStub(status=ContainerStatus.EXITED))
    result = prober.probe(at("172.20.0.5"), http(80), timeout=1)
    assert (result.ok, result.output) == (False, "the container is exited")
    assert prober.way(at("172.20.0.5"), 80) is None


def test_once_the_way_works_a_lost_packet_is_a_failure(monkeypatch):
    prober = make()
    prober.probe(at(), tcp(free_port()), timeout=1)
    unroutable(monkeypatch)
    result = prober.probe(at(), tcp(80), timeout=1)
    assert (result.ok, result.output) == (False, "dial tcp 127.0.0.1:80: i/o timeout")


def test_without_any_way_a_pod_is_ready_when_it_runs():
    stub = ExecStub(lambda command: NO_SHELL)
    prober = make(stub)
    assert prober.probe(at(None), tcp(80), timeout=1).ok
    assert prober.probe(at(None), tcp(80), timeout=1).ok
    assert len(prober.notices) == 1
    assert len(stub.commands) == 1
    stub.status = ContainerStatus.PAUSED
    assert not prober.probe(at(None), tcp(80), timeout=1).ok


TOOLS = {"nc": b"nc", "bash": b"bash", "curl": b"curl", "wget": b"wget"}


def shell_probe(tool: str, handler: Probe, done: ExecResult):
    """Probe by one tool; return the result and the tool's command."""

    def run(command: tuple[str, ...]) -> ExecResult:
        found = "command -v" in command[2] if command[:2] == ("sh", "-c") else False
        return ExecResult(exit_code=0, output=TOOLS[tool]) if found else done

    stub = ExecStub(run)
    result = make(stub).probe(at(None), handler, timeout=1)
    return result, stub.commands[-1]


@pytest.mark.parametrize("tool", ["nc", "bash", "curl"])
@pytest.mark.parametrize(("status", "ok"), [(b"200 OK", True), (b"404 Not Found", False)])
def test_a_shell_tool_s_http_answer_is_judged_here(tool, status, ok):
    done = ExecResult(exit_code=0, output=b"HTTP/1.1 " + status + b"\r\n\r\nbody")
    result, command = shell_probe(tool, http(8080, path="/x"), done)
    assert result.ok is ok
    assert status.decode() in result.output
    assert "/x" in "".join(command)


@pytest.mark.parametrize("tool", ["nc", "bash", "curl", "wget"])
def test_a_shell_tool_that_fails_is_not_ready(tool):
    result, _ = shell_probe(tool, http(80), ExecResult(exit_code=7, output=b"refused"))
    assert not result.ok
    assert "refused" in result.output


def test_wget_is_judged_by_its_exit_code():
    result, command = shell_probe("wget", http(80), ExecResult(exit_code=0))
    assert result.ok
    assert command[-3:] == ("--header", "Accept: */*", "http://127.0.0.1:80/")


@pytest.mark.parametrize("tool", ["nc", "bash", "curl"])
def test_tcp_by_a_shell_tool(tool):
    assert shell_probe(tool, tcp(80), ExecResult(exit_code=0))[0].ok
    assert not shell_probe(tool, tcp(80), ExecResult(exit_code=1))[0].ok


def test_https_by_a_shell_tool_is_not_verified():
    done = ExecResult(exit_code=0, output=b"HTTP/1.1 200 OK\r\n\r\n")
    assert "-sSkg" in shell_probe("curl", http(443, scheme="HTTPS"), done)[1]
    assert "--no-check-certificate" in shell_probe("wget", http(443, scheme="HTTPS"), done)[1]
    assert shell_probe("nc", http(443, scheme="HTTPS"), done)[0].output.startswith("not probed")


def test_a_search_for_tools_that_fails_is_tried_again():
    stub = ExecStub(lambda command: ExecResult(exit_code=137))
    prober = make(stub)
    assert not prober.probe(at(None), tcp(80), timeout=1).ok
    stub.answer = busybox
    assert prober.probe(at(None), tcp(80), timeout=1).ok


EXEC = Probe(exec=ExecAction(command=("check", "me")))


@pytest.mark.parametrize(
    ("done", "ok", "output", "hopeless"),
    [
        (ExecResult(exit_code=0, output=b"fine\n"), True, "fine", False),
        (ExecResult(exit_code=1, output=b"not yet\n"), False, "not yet", False),
        (ExecResult(exit_code=2), False, "command ended with exit code 2", False),
        (ExecResult(exit_code=127, output=b"sh: x: not found"), False, "sh: x: not found", False),
        (NO_SHELL, False, NO_SHELL.output.decode(), True),
        (ENDING, False, ENDING.output.decode(), False),
        (ExecResult(exit_code=0, output=b"\xff" * 4000), True, "\ufffd" * 1024, False),
    ],
)
def test_exec_is_judged_by_its_exit_code(done, ok, output, hopeless):
    stub = ExecStub(lambda command: done)
    result = make(stub).probe(at(), EXEC, timeout=1)
    assert (result.ok, result.output, result.hopeless) == (ok, output, hopeless)
    assert stub.commands == [("check", "me")]


def test_what_the_engine_refuses_is_a_failure():
    def refuse(command):
        message = "container c1 is paused, unpause the container before exec"
        raise EngineConflict(message)

    result = make(ExecStub(refuse)).probe(at(), EXEC, timeout=1)
    assert (result.ok, result.hopeless) == (False, False)
    assert "is paused" in result.output


def test_a_hung_command_is_never_run_twice_at_once():
    end = threading.Event()

    def hang(command):
        end.wait(10)
        return ExecResult(exit_code=0)

    stub = ExecStub(hang)
    prober = make(stub)
    assert prober.probe(at(), EXEC, timeout=0.01).output == "command timed out after 0.01s"
    again = prober.probe(at(), EXEC, timeout=0.01)
    assert (again.ok, again.output) == (False, "command timed out before and still runs")
    assert len(stub.commands) == 1
    end.set()
    for thread in prober._running.values():
        thread.join()
    assert prober.probe(at(), EXEC, timeout=1).ok


@pytest.mark.parametrize("port", ["web", "8081"])
def test_ports_go_by_name_or_number(port):
    with serving() as server:
        target = at(port_names={"web": server.port, "8081": server.port})
        assert make().probe(target, tcp(port), timeout=1).ok


def test_a_port_in_digits_is_a_number():
    with serving() as server:
        assert make().probe(at(), tcp(str(server.port)), timeout=1).ok


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (tcp("web"), "no port named 'web'"),
        (Probe(), "does not say what to do"),
    ],
)
def test_what_can_never_succeed_is_hopeless(handler, words):
    result = make().probe(at(), handler, timeout=1)
    assert (result.ok, result.hopeless) == (False, True)
    assert words in result.output
