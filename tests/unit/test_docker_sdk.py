"""The SDK's transport, against a TCP port that plays the Engine."""

from __future__ import annotations

import socket
import threading

import pytest

from minisets.engine import docker_sdk
from minisets.engine.endpoint import Endpoint

_PIECE = bytes(1 << 18)
_PIECES = 128
# Longer than the limit of connecting in these tests, which a pause is not to be held against.
_PAUSE_SECONDS = 1.0


@pytest.fixture
def sdk_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(docker_sdk, "CONNECT_SECONDS", 0.2)
    opened = []

    def open_at(server: socket.socket) -> docker_sdk.Sdk:
        endpoint = Endpoint(url=f"tcp://127.0.0.1:{server.getsockname()[1]}")
        opened.append(docker_sdk.Sdk(endpoint, (1, 41), lambda *_: None, {}))
        return opened[-1]

    yield open_at
    for sdk in opened:
        sdk.close()


def test_an_engine_that_pauses_while_it_takes_an_archive_is_waited_for(sdk_at):
    taken: list[int] = []

    def serve(server: socket.socket) -> None:
        far, _ = server.accept()
        with far, far.makefile("rb") as reader:
            for _ in range(2):
                while reader.readline().strip():
                    pass
                # Only here does anything depend on time: what is tested is a pause.
                threading.Event().wait(_PAUSE_SECONDS)
                taken.append(0)
                while size := int(reader.readline(), 16):
                    taken[-1] += len(reader.read(size))
                    reader.readline()
                reader.readline()
                far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        sdk = sdk_at(server)
        # The second time over the same connection, which has the limit of the first answer.
        for timeout in (0.5 + _PAUSE_SECONDS, None):
            pieces = (_PIECE for _ in range(_PIECES))
            with sdk.open("PUT", "/archive", pieces, timeout=timeout) as answer:
                assert answer.status == 200
                assert list(answer.pieces()) == []
        thread.join(60)
    assert taken == [_PIECES * len(_PIECE)] * 2
