from __future__ import annotations

import gc
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from minisets.engine.docker_wire import Taken, Wire

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_LONG = 1 << 12
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Engine:
    """The far ends of the connections that a wire opens, with what each is to answer."""

    def __init__(self, *answers: bytes) -> None:
        self.asked: list[bytes] = []
        self.dialled = 0
        self._answers = list(answers)
        self.ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def dial(self) -> socket.socket:
        self.dialled += 1
        near, far = socket.socketpair()
        self.ends.append(far)
        thread = threading.Thread(target=self._serve, args=(far,))
        self._threads.append(thread)
        thread.start()
        return near

    def close(self) -> None:
        for thread in self._threads:
            thread.join()
        for far in self.ends:
            far.close()

    def _serve(self, far: socket.socket) -> None:
        while True:
            request = b""
            while b"\r\n\r\n" not in request:
                got = far.recv(65536)
                if not got:
                    return
                request += got
            head, _, body = request.partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            while len(body) < int(length[1] if length else 0):
                body += far.recv(65536)
            while b"chunked" in head and not body.endswith(b"0\r\n\r\n"):
                body += far.recv(65536)
            self.asked.append(head + b"\r\n\r\n" + body)
            if not self._answers:
                return
            answer = self._answers.pop(0)
            far.sendall(answer)
            if b"Content-Length" not in answer and b"0\r\n" not in answer:
                far.shutdown(socket.SHUT_RDWR)
                return


@pytest.fixture
def wire() -> Iterator[Callable[..., tuple[Wire, Engine]]]:
    with ExitStack() as after:

        def make(*answers: bytes) -> tuple[Wire, Engine]:
            engine = Engine(*answers)
            way = Wire(engine.dial)
            after.callback(engine.close)
            after.callback(way.close)
            return way, engine

        yield make


def body_of(wire: Wire, method: str = "GET") -> bytes:
    with wire.open(method, "/x", timeout=60) as answer:
        return b"".join(answer.pieces())


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=1\r\ndefg\r\n"
            b"0\r\nTrailer: 1\r\n\r\n",
            b"abcdefg",
        ),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"ok"),
    ],
)
def test_bodies_are_read_however_they_are_framed(wire, answer, body):
    way, _ = wire(answer)
    assert body_of(way) == body


def test_a_connection_is_kept_for_the_next_request(wire):
    way, engine = wire(OK, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", OK)
    # What HEAD says of a body that does not come is not waited for.
    assert [body_of(way), body_of(way, "HEAD"), body_of(way)] == [b"ok", b"", b"ok"]
    assert engine.dialled == 1


@pytest.mark.parametrize("read", [lambda one: b"".join(one.pieces()), lambda one: one.read(9)])
def test_a_connection_can_be_used_again_as_soon_as_its_answer_is_whole(wire, read):
    # By another thread, before the first one has left its answer.
    way, engine = wire(OK, OK)
    with way.open("GET", "/a", timeout=60) as first:
        assert read(first) == b"ok"
        assert body_of(way) == b"ok"
    assert engine.dialled == 1


def test_requests_at_the_same_time_have_connections_of_their_own(wire):
    way, engine = wire(OK, OK)
    with way.open("GET", "/a", timeout=60) as first, way.open("GET", "/b", timeout=60) as second:
        assert first.read(9) == second.read(9) == b"ok"
    assert engine.dialled == 2


def test_an_answer_that_was_not_read_to_its_end_is_not_in_the_way_of_the_next(wire):
    way, engine = wire(OK, OK)
    with way.open("GET", "/a", timeout=60) as answer:
        assert answer.read(1) == b"o"
    assert body_of(way) == b"ok"
    assert engine.dialled == 2


def test_a_connection_that_the_engine_has_closed_is_not_used_again(wire):
    way, engine = wire(OK, OK)
    assert body_of(way) == b"ok"
    engine.ends[0].shutdown(socket.SHUT_RDWR)
    assert body_of(way) == b"ok"
    assert engine.dialled == 2


def test_a_connection_that_the_engine_wants_to_close_is_not_kept(wire):
    way, engine = wire(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", OK)
    assert [body_of(way), body_of(way)] == [b"ok", b"ok"]
    assert engine.dialled == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_half_an_answer_or_none_is_a_broken_connection(wire, answer):
    way, _ = wire(answer)
    with pytest.raises(ConnectionError):
        body_of(way)


@pytest.mark.parametrize("read", [lambda one: b"".join(one.pieces()), lambda one: one.read(99)])
def test_a_body_that_stops_short_is_a_broken_connection(read):
    near, far = socket.socketpair()
    far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    far.shutdown(socket.SHUT_WR)
    answer = Wire(lambda: near).open("GET", "/x", timeout=60)
    with far, answer, pytest.raises(ConnectionError):
        read(answer)


def test_silence_ends_the_wait():
    near, far = socket.socketpair()
    with far, pytest.raises(TimeoutError):
        Wire(lambda: near).open("GET", "/x", timeout=0.01)


def test_a_refusal_that_comes_before_the_body_was_sent_is_still_read():
    near, far = socket.socketpair()
    far.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    far.close()
    way = Wire(lambda: near)
    with way.open("PUT", "/x", b"x" * (1 << 22), timeout=60) as answer:
        assert (answer.status, answer.read(9)) == (403, b"no")
    way.close()


class _Reset(socket.socket):
    """As Linux tells who waits for room to send of the end: a reset, and no broken pipe."""

    def sendall(self, data: Buffer, flags: int = 0, /) -> None:
        super().sendall(data, flags)
        if len(memoryview(data)) == _LONG:
            raise ConnectionResetError(104, "Connection reset by peer")


def test_a_refusal_is_read_also_where_the_connection_was_reset_while_the_body_was_sent():
    near, far = socket.socketpair()
    own = _Reset(fileno=near.detach())
    far.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    way = Wire(lambda: own)
    with far, way.open("PUT", "/x", b"x" * _LONG, timeout=60) as answer:
        assert (answer.status, answer.read(9)) == (403, b"no")
    way.close()


def test_bodies_are_sent_whole_or_in_pieces(wire):
    way, engine = wire(OK, OK)
    way.open("POST", "/x", b"abc", content_type="text/plain", timeout=60).close()
    way.open("PUT", "/x", iter([b"ab", b"", b"cde"]), timeout=60).close()
    whole, pieces = engine.asked
    assert b"Content-Type: text/plain\r\n" in whole
    assert b"Content-Length: 3\r\n" in whole
    assert whole.endswith(b"\r\n\r\nabc")
    assert pieces.endswith(b"\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")


def test_headers_of_dockers_settings_go_with_every_request():
    near, far = socket.socketpair()
    far.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    way = Wire(lambda: near, headers={"X-Team": "1"})
    with far:
        way.open("GET", "/x", timeout=60)
        assert b"\r\nX-Team: 1\r\n" in far.recv(65536)
    way.close()


def test_a_connection_that_is_taken_over_is_given_with_what_has_come_already():
    near, far = socket.socketpair()
    far.sendall(b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nearly")
    way = Wire(lambda: near)
    taken = way.take_over("/x", b"{}", content_type="application/json", timeout=60)
    assert isinstance(taken, Taken)
    with far, taken.connection:
        asked = far.recv(65536)
        assert b"\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n" in asked
        assert taken.ahead == b"early"
        taken.connection.sendall(b"to")
        far.sendall(b"fro")
        assert (far.recv(9), taken.connection.recv(9)) == (b"to", b"fro")


def test_a_connection_that_is_refused_to_be_taken_over_says_why(wire):
    way, engine = wire(b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno", OK)
    refusal = way.take_over("/x", None, content_type="", timeout=60)
    with refusal:
        assert (refusal.status, refusal.read(9)) == (409, b"no")
    assert body_of(way) == b"ok"
    assert engine.dialled == 1


def test_a_wire_that_is_forgotten_closes_its_connections():
    near, far = socket.socketpair()
    far.sendall(OK)
    way = Wire(lambda: near)
    assert body_of(way) == b"ok"
    with far:
        del way
        gc.collect()
        assert near.fileno() == -1
