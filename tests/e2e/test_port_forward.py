"""Ports of this machine that lead to pods, by each way, on the real Engine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import docker
import pytest

from minisets.engine.endpoint import find_endpoint
from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space, eventually

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:([0-9]+) -> ([0-9]+)")
_GET = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=90).read().decode())"
_UP = (
    "import fcntl, socket, struct; "
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sH14x', b'lo', 1))"
)


@contextlib.contextmanager
def forward(space: Space, *words: str, count: int = 1) -> Iterator[list[int]]:
    """Run port-forward; yield the local ports, in the order of the lines."""
    process = space.begin("port-forward", *words)
    assert process.stdout is not None
    ports: list[int] = []
    try:
        while len(ports) < count:
            line = process.stdout.readline()
            assert line, process.communicate()
            if found := _FORWARDING.match(line):
                ports.append(int(found[1]))
        yield ports
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def page(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/", timeout=90) as answer:
        return str(answer.read().decode().strip())


def test_a_port_leads_to_a_pod_by_number_and_by_name(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 2}))
    with forward(space, "web-1", ":80", ":http", count=2) as (number, name):
        assert (page(number), page(name)) == ("web-1", "web-1")
    with forward(space, "sts/web", ":80") as (port,):
        assert page(port) == "web-0"
    with forward(space, "svc/nginx", ":http") as (port,):
        assert page(port) == "web-0"
    with forward(space, "web-0", "web-1", ":80", count=2) as (first, second):
        assert (page(first), page(second)) == ("web-0", "web-1")


def test_the_words_and_the_end_are_those_of_kubectl(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 1}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = space.begin("port-forward", "pod/web-0", f"{port}:80")
    assert process.stdout is not None
    assert process.stdout.readline() == f"Forwarding from 127.0.0.1:{port} -> 80\n"
    assert page(port) == "web-0"
    process.send_signal(signal.SIGINT)
    done = space.end(process)
    assert done.code == 130
    assert done.out.splitlines()[-1] == f"Handling connection for {port}"
    assert done.err.strip() == ""


def test_what_cannot_be_forwarded_is_said(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 1}))
    assert 'pods "web-7" not found' in space.run("port-forward", "web-7", "80", code=1).err
    named = space.run("port-forward", "web-0", "8080:nope", code=2)
    assert "Pod 'web-0' does not have a named port 'nope'" in named.err
    service = space.run("port-forward", "svc/nginx", "8080:81", code=2)
    assert "Service nginx does not have a service port 81" in service.err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = (f"{port}:80", "--address", "127.0.0.1")
        busy = space.run("port-forward", "web-0", *words, code=2)
    assert f"Unable to listen on port {port}" in busy.err
    assert f"unable to listen on any of the requested ports: [{{{port} 80}}]" in busy.err


def test_a_pod_that_is_replaced_is_found_again(space: Space, edit: Edit):
    file = edit("web.yaml", {"spec.replicas": 1})
    space.apply(file)
    with forward(space, "web-0", ":80") as (port,):
        assert page(port) == "web-0"
        space.lose("web-0")
        with contextlib.suppress(OSError):
            page(port)
        space.apply(file)
        assert page(port) == "web-0"


def test_what_listens_on_the_pods_loopback_only_is_reached(space: Space, edit: Edit):
    serve = "mkdir -p /w; echo inner > /w/index.html; httpd -f -p 127.0.0.1:81 -h /w"
    probe = {"exec": {"command": ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:81/"]}}
    changes = {
        "spec.replicas": 1,
        "container.command": ["sh", "-c", serve],
        "container.readinessProbe": probe,
    }
    space.apply(edit("web.yaml", changes))
    with forward(space, "web-0", ":81") as (port,):
        assert page(port) == "inner"


def test_the_end_of_the_input_reaches_the_pod_and_its_answer_comes_back(space: Space, edit: Edit):
    changes = {
        "spec.replicas": 1,
        "container.command": ["nc", "-ll", "-p", "81", "-e", "sort"],
        "container.readinessProbe": {"tcpSocket": {"port": 81}},
    }
    space.apply(edit("web.yaml", changes))
    with (
        forward(space, "web-0", ":81") as (port,),
        socket.create_connection(("127.0.0.1", port), 60) as client,
    ):
        # sort answers when its input has ended.
        client.sendall(b"two\none\n")
        client.shutdown(socket.SHUT_WR)
        assert client.makefile().read() == "one\ntwo\n"


def test_many_connections_at_once(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 1}))
    pages: list[str] = []
    with forward(space, "web-0", ":80") as (port,):
        clients = [threading.Thread(target=lambda: pages.append(page(port))) for _ in range(30)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    assert pages == ["web-0"] * 30


@pytest.fixture
def elsewhere(space: Space) -> Iterator[Space]:
    """The same namespace, seen from a network stack to which no pod address is routed."""
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("nsenter")):
        pytest.skip("only root can make a network stack")
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    enter = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")
    try:
        own, new = Path("/proc/self/ns/net"), Path(f"/proc/{holder.pid}/ns/net")
        eventually(lambda: new.readlink() != own.readlink(), what="a network stack of its own")
        subprocess.run([*enter, sys.executable, "-c", _UP], check=True)
        yield replace(space, prefix=enter)
    finally:
        holder.kill()
        holder.wait()


def test_where_no_address_is_routed_a_tool_in_the_pod_is_the_way(
    space: Space, elsewhere: Space, edit: Edit
):
    file = edit("web.yaml", {"spec.replicas": 1})
    # The readiness probe goes the same way.
    elsewhere.apply(file)
    with forward(elsewhere, "web-0", ":80") as (port,):

        def get() -> str:
            url = f"http://127.0.0.1:{port}/"
            command = [*elsewhere.prefix, sys.executable, "-c", _GET, url]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        assert get().strip() == "web-0"
        space.run("delete", "pod", "web-0")
        assert get().strip() == "web-0"


@pytest.fixture
def over_tcp(space: Space, api: docker.APIClient) -> Iterator[Space]:
    """The same namespace, by an Engine at a TCP port: a proxy to its socket."""
    if api.base_url != "http+docker://localhost":
        pytest.skip("the Engine is not at a socket")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def pump(source: socket.socket, sink: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

        def carry(client: socket.socket) -> None:
            with client, socket.socket(socket.AF_UNIX) as engine:
                engine.connect(find_endpoint().url.removeprefix("unix://"))
                upward = threading.Thread(target=pump, args=(client, engine), daemon=True)
                upward.start()
                pump(engine, client)
                upward.join()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    threading.Thread(target=carry, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        host = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        yield replace(space, environ={**space.environ, "DOCKER_HOST": host})
        server.shutdown(socket.SHUT_RDWR)


def test_an_engine_over_tcp_is_asked_to_run_the_tool(space: Space, over_tcp: Space, edit: Edit):
    file = edit("web.yaml", {"spec.replicas": 1})
    over_tcp.apply(file)
    with forward(over_tcp, "web-0", ":80") as (port,):
        assert page(port) == "web-0"
        space.run("delete", "pod", "web-0")
        assert page(port) == "web-0"
