"""Which requests are made again over a way to the Engine that breaks, and what answers mean."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from minisets.engine import docker_engine
from minisets.engine.docker_engine import DockerConnection
from minisets.engine.endpoint import Endpoint
from minisets.errors import EngineError, EngineUnreachable

Link = tuple[DockerConnection, list[str]]
_OK = b"{}"


class _Answer:
    status = 200
    headers = {"api-version": "1.41"}  # noqa: RUF012 - as an answer has them

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pieces(self) -> list[bytes]:
        return [_OK]

    def close(self) -> None:
        pass


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Link]:
    monkeypatch.setattr(docker_engine, "READ_RETRY_SECONDS", 0)

    def make(*faults: Exception) -> Link:
        asked: list[str] = []
        left = list(faults)

        def open_one(method: str, _target: str, *_: object, **__: object) -> _Answer:
            if method != "HEAD":
                asked.append(method)
                if left:
                    raise left.pop(0)
            return _Answer()

        way = SimpleNamespace(open=open_one, close=lambda: None)
        monkeypatch.setattr(docker_engine, "Wire", lambda *_: way)
        return DockerConnection(Endpoint(url="unix:///x.sock")), asked

    return make


def test_a_read_is_made_again_while_the_connection_breaks(link: Callable[..., Link]):
    connection, asked = link(ConnectionResetError(), ConnectionResetError())
    assert connection.get("look", "/x") == {}
    assert len(asked) == 3


def test_a_read_is_not_made_again_for_ever(link: Callable[..., Link]):
    connection, asked = link(*[ConnectionResetError()] * 9)
    with pytest.raises(EngineUnreachable):
        connection.get("look", "/x")
    assert len(asked) == docker_engine.READ_TRIES


@pytest.mark.parametrize("before", [0, 1])
def test_a_read_that_got_no_answer_in_time_is_not_made_again(
    link: Callable[..., Link], before: int
):
    connection, asked = link(*[ConnectionResetError()] * before, TimeoutError())
    with pytest.raises(EngineUnreachable, match="does not answer in time"):
        connection.get("look", "/x")
    assert len(asked) == before + 1


def test_a_write_is_never_made_again(link: Callable[..., Link]):
    connection, asked = link(ConnectionResetError())
    with pytest.raises(EngineUnreachable):
        connection.ask("make", "POST", "/x")
    assert asked == ["POST"]


def test_a_plain_word_in_answer_to_a_change_is_no_answer(
    link: Callable[..., Link], monkeypatch: pytest.MonkeyPatch
):
    connection, _ = link()
    monkeypatch.setattr(_Answer, "headers", {"content-type": "text/plain; charset=utf-8"})
    monkeypatch.setattr(_Answer, "pieces", lambda _: [b"OK"])
    assert connection.ask("disconnect", "POST", "/x") is None
    with pytest.raises(EngineError, match="no JSON"):
        connection.get("look", "/x")
