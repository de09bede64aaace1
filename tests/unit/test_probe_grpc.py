"""gRPC probes against a little server of their own, which speaks real HTTP/2."""

import contextlib
import shutil
import socket
import threading
import time

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from minisets.core.input.support import review
from minisets.core.manifest.probe import GRPCAction, Probe
from minisets.engine import probe_grpc
from minisets.engine.prober import Way
from tests.unit.manifests import a_set
from tests.unit.test_prober import (
    NO_SHELL,
    ExecStub,
    answer,
    at,
    free_port,
    make,
    published,
    serving,
    tls_server,
    unroutable,
)

UNKNOWN, SERVING, NOT_SERVING, SERVICE_UNKNOWN = range(4)


def frame(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


class Call:
    """One call as the server sees it, and how it answers."""

    def __init__(self, connection, protocol):
        self.connection, self.protocol = connection, protocol
        self.headers: dict[str, str] = {}
        self.body = b""

    def read(self):
        """Take in the whole request."""
        while True:
            for event in self.protocol.receive_data(self.connection.recv(65536)):
                if isinstance(event, RequestReceived):
                    pairs = [(name.decode(), value.decode()) for name, value in event.headers]
                    self.headers = dict(pairs)
                elif isinstance(event, DataReceived):
                    self.body += event.data
                elif isinstance(event, StreamEnded):
                    return

    def start(self, *more, status="200", end=False):
        headers = [(":status", status), ("content-type", "application/grpc"), *more]
        self.protocol.send_headers(1, headers, end_stream=end)

    def reply(self, message, code="0"):
        self.start()
        self.protocol.send_data(1, message)
        self.protocol.send_headers(1, [("grpc-status", code)], end_stream=True)

    def flush(self):
        self.connection.sendall(self.protocol.data_to_send())

    @property
    def service(self):
        """What is asked for; only lengths of one byte."""
        return self.body[7:].decode()


class Health:
    """A server whose behaviour is a function of the call; remembers its calls."""

    def __init__(self, behave, wrap=None):
        self._wrap = wrap
        if wrap is not None:
            wrap.set_alpn_protocols(["h2"])
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.calls: list[Call] = []
        self.end = threading.Event()
        self._behave = behave
        self._thread = threading.Thread(target=self._work)

    def _work(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                if self._wrap is None:
                    self._answer(connection)
                    continue
                with self._wrap.wrap_socket(connection, server_side=True) as encrypted:
                    self._answer(encrypted)

    def _answer(self, connection):
        protocol = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        call = Call(connection, protocol)
        protocol.initiate_connection()
        call.flush()
        call.read()
        self.calls.append(call)
        self._behave(self, call)
        call.flush()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        # A close alone does not wake up accept.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.listener.close()


def health(statuses):
    """Behave as the standard service does: a status for each name, and NOT_FOUND."""

    def behave(_server, call):
        if call.headers[":path"] != "/grpc.health.v1.Health/Check":
            call.start(("grpc-status", "12"), end=True)
        elif call.service in statuses:
            status = statuses[call.service]
            call.reply(frame(bytes([8, status]) if status else b""))
        else:
            words = ("grpc-message", "unknown service %C3%BC")
            call.start(("grpc-status", "5"), words, end=True)

    return behave


def grpc(port, service="", **more):
    return Probe(grpc=GRPCAction(port=port, service=service, **more))


def ask(behave, service="", timeout=5.0):
    with Health(behave) as server:
        return make().probe(at(), grpc(server.port, service), timeout=timeout)


@pytest.mark.parametrize("service", ["", "shop.Cart", "ä"])
def test_a_service_that_serves_is_a_success(service):
    result = ask(health({service: SERVING}), service)
    assert (result.ok, result.output) == (True, "SERVING")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (UNKNOWN, "UNKNOWN"),
        (NOT_SERVING, "NOT_SERVING"),
        (SERVICE_UNKNOWN, "SERVICE_UNKNOWN"),
        (9, "9"),
    ],
)
def test_any_other_status_is_a_failure(status, words):
    result = ask(health({"": status}))
    assert (result.ok, result.hopeless) == (False, False)
    assert result.output == f"the service is {words}"


def test_each_service_has_a_status_of_its_own():
    with Health(health({"": SERVING, "a": NOT_SERVING})) as server:
        prober = make()
        assert prober.probe(at(), grpc(server.port), timeout=5).ok
        assert not prober.probe(at(), grpc(server.port, "a"), timeout=5).ok


def test_a_service_that_the_server_does_not_know_may_come_later():
    result = ask(health({"": SERVING}), "other")
    assert (result.ok, result.hopeless) == (False, False)
    assert result.output.endswith("NOT_FOUND: unknown service ü")


def test_a_server_without_the_health_service_is_told():
    result = ask(lambda _, call: call.start(("grpc-status", "12"), end=True))
    assert not result.ok
    assert result.output.endswith("UNIMPLEMENTED: it has no health service")


def test_the_request_is_the_one_of_the_kubelet():
    with Health(health({"": SERVING})) as server:
        make().probe(at(), grpc(server.port, mode="Plaintext"), timeout=5)
    (call,) = server.calls
    milliseconds = call.headers.pop("grpc-timeout")
    assert call.headers == {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/grpc.health.v1.Health/Check",
        ":authority": f"127.0.0.1:{server.port}",
        "te": "trailers",
        "content-type": "application/grpc",
        "user-agent": "kube-probe/1.37",
    }
    assert 1 <= int(milliseconds.removesuffix("m")) <= 5000
    assert call.body == frame(b"")


def test_a_long_name_has_a_length_of_two_bytes():
    with Health(lambda _, call: call.reply(frame(b"\x08\x01"))) as server:
        assert make().probe(at(), grpc(server.port, "a" * 300), timeout=5).ok
    assert server.calls[0].body == frame(b"\x0a\xac\x02" + b"a" * 300)


def test_a_server_that_hangs_fails_at_the_time_out():
    began = time.monotonic()
    result = ask(lambda server, _: server.end.wait(10), timeout=0.1)
    assert not result.ok
    assert result.output.endswith("timed out while waiting for the answer")
    assert time.monotonic() - began < 5


def test_a_server_that_only_talks_fails_at_the_time_out():
    def babble(server, call):
        while not server.end.wait(0.01):
            call.protocol.ping(b"12345678")
            call.flush()

    assert "timed out" in ask(babble, timeout=0.1).output


def test_a_server_that_says_nothing_at_all_fails_at_the_time_out():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        result = make().probe(at(), grpc(mute.getsockname()[1]), timeout=0.1)
    assert "timed out" in result.output


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (answer("400 Bad Request"), "no HTTP/2"),
        (b"SSH-2.0-x\r\n", "no HTTP/2"),
        # No settings, as the first frame has to be, but a ping.
        (b"\0\0\x08\x06\0\0\0\0\0" + b"\0" * 8, "no HTTP/2"),
        # Settings that belong to a call, which they never do.
        (b"\0\0\0\x04\0\0\0\0\x01", "malformed HTTP/2"),
        (b"", "EOF"),
    ],
)
def test_what_is_no_grpc_server_fails(sent, words):
    with serving(sent) as server:
        result = make().probe(at(), grpc(server.port), timeout=5)
    assert (result.ok, result.hopeless) == (False, False)
    assert words in result.output


def test_another_protocol_is_seen_at_once_even_if_its_server_waits():
    with serving(answer("400 Bad Request"), stay=True) as server:
        result = make().probe(at(), grpc(server.port), timeout=60)
    assert "no HTTP/2: b'HTTP/1.1 400" in result.output


def test_a_server_that_hangs_up_at_once_fails():
    with serving() as server:
        assert not make().probe(at(), grpc(server.port), timeout=5).ok


def test_a_port_that_is_closed_fails():
    assert "refused" in make().probe(at(), grpc(free_port()), timeout=5).output


def test_an_http_server_without_grpc_fails():
    result = ask(lambda _, call: call.start(status="404", end=True))
    assert result.output.endswith("no gRPC (HTTP status 404)")


def test_a_call_that_is_reset_fails():
    result = ask(lambda _, call: call.protocol.reset_stream(1, error_code=7))
    assert result.output.endswith("the server gave it up (HTTP/2 error 7)")


def test_a_server_that_goes_away_fails():
    result = ask(lambda _, call: call.protocol.close_connection())
    assert result.output.endswith("the server goes away (HTTP/2 error 0)")


def test_an_answer_counts_even_if_the_server_goes_away_after_it():
    def behave(_server, call):
        call.reply(frame(b"\x08\x01"))
        call.protocol.close_connection()

    assert ask(behave).ok


def test_an_error_that_has_no_name_is_told_by_its_number():
    assert ask(lambda _, call: call.start(("grpc-status", "99"), end=True)).output.endswith(": 99")


@pytest.mark.parametrize(
    "message",
    [
        b"\x08\x01",
        # Fields of a later version of the protocol, of each kind.
        b"\x10\x81\x01\x08\x01",
        b"\x19" + b"\0" * 8 + b"\x08\x01",
        b"\x08\x01\x22\x03abc",
        b"\x08\x01\x2d" + b"\0" * 4,
        # The last one counts.
        b"\x08\x02\x08\x01",
    ],
)
def test_unknown_fields_are_passed_over(message):
    assert probe_grpc._parse_frame(frame(message)) == SERVING


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0",
        b"\0\0\0\0\x05\x08\x01",
        b"\x01" + frame(b"\x08\x01")[1:],
        frame(b"\x08"),
        frame(b"\x08" + b"\xff" * 11),
        frame(b"\x22\x09abc"),
        frame(b"\x0b"),
    ],
)
def test_an_answer_that_cannot_be_read_fails(body):
    result = ask(lambda _, call: call.reply(body))
    assert not result.ok
    assert "malformed answer" in result.output


def test_a_published_port_is_a_way_and_names_the_pod():
    with Health(health({"": SERVING})) as server:
        target = at(None, published=published(server.port).published)
        prober = make()
        assert prober.probe(target, grpc(80), timeout=5).ok
    assert prober.way(target, 80) is Way.PUBLISHED
    assert server.calls[0].headers[":authority"] == "127.0.0.1:80"


def test_without_a_way_a_pod_is_ready_when_it_runs_and_no_tool_is_looked_for(monkeypatch):
    unroutable(monkeypatch)
    stub = ExecStub(lambda command: NO_SHELL)
    prober = make(stub)
    for _ in range(2):
        assert prober.probe(at("172.20.0.5"), grpc(80), timeout=1).ok
    (notice,) = prober.notices
    assert "no shell tool speaks gRPC" in notice
    assert stub.commands == []


def test_a_grpc_probe_is_honoured():
    for mode in ({}, {"mode": "Plaintext"}, {"mode": "TLS"}):
        probe = {"grpc": {"port": 1, "service": "a", **mode}}
        assert review(a_set(container__readinessProbe=probe)) == ((), ())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes the certificate")
def test_a_probe_of_mode_tls_takes_any_certificate(tmp_path):
    with Health(health({"": SERVING}), wrap=tls_server(tmp_path)) as server:
        probe = grpc(server.port, mode="TLS")
        result = make().probe(at(), probe, timeout=5)
        assert (result.ok, result.output) == (True, "SERVING")
        assert server.calls[0].headers[":scheme"] == "https"


def test_a_probe_of_mode_tls_fails_at_a_server_without():
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
        result = make().probe(at(), grpc(server.port, mode="TLS"), timeout=5)
    assert not result.ok
    assert "SSL" in result.output
