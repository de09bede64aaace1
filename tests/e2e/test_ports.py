"""Ports of this machine that lead to pods, on the real Engine."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from tests.e2e.space import MANIFESTS, Space, eventually

pytestmark = pytest.mark.docker

OPEN = MANIFESTS / "ports.yaml"


def free_ports(count: int) -> int:
    """Return the first of so many ports that are free now, one after the other."""
    # At random: other tests look for free ports at the same moment.
    for start in random.sample(range(21000, 29000, 50), 160):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(start, start + count):
                stack.enter_context(listening(port))
            return start
    raise AssertionError("no free ports")


@contextlib.contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """Have a port of this machine, as any other program may."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield taken


def page(port: int) -> str:
    """Return the page at a port of this machine; the proxy is up before the server."""

    def look() -> str | None:
        with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{port}/", timeout=5) as got:
            return str(got.read().decode().strip())
        return None

    return eventually(look, what=f"a page at port {port}")


def published(space: Space) -> dict[str, list[int]]:
    """Return pod → ports of the host, as the Engine has them."""
    found = {}
    for pod, seen in space.pods().items():
        bound = seen["HostConfig"]["PortBindings"] or {}
        assert all(row["HostIp"] == "127.0.0.1" for rows in bound.values() for row in rows)
        found[pod] = [int(row["HostPort"]) for rows in bound.values() for row in rows]
    return found


def with_service(folder: Path, **spec: Any) -> Path:
    """Write the manifest anew with other fields of the Service's spec."""
    objects = list(yaml.safe_load_all(OPEN.read_text(encoding="utf-8")))
    port = objects[0]["spec"]["ports"][0]
    port |= {key: spec.pop(key) for key in ("port", "nodePort") if key in spec}
    objects[0]["spec"] |= spec
    file = folder / "ports.yaml"
    file.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return file


def test_each_pod_answers_at_its_port_of_this_machine(space: Space, tmp_path: Path):
    first = free_ports(2)
    done = space.apply(with_service(tmp_path, nodePort=first))
    assert f"http://127.0.0.1:{first} -> open-0\nhttp://127.0.0.1:{first + 1} -> open-1" in (
        done.err
    )
    assert published(space) == {"open-0": [first], "open-1": [first + 1]}
    assert (page(first), page(first + 1)) == ("open-0", "open-1")
    line = space.run("get", "svc", "outside", "--no-headers").out.split()
    assert line[1:5] == ["NodePort", "<none>", "<none>", f"80:{first}/TCP"]
    assert f"http://127.0.0.1:{first}" in space.run("get", "pods", "-o", "wide").out


def test_ports_stay_over_replacement_parking_and_scaling(space: Space, tmp_path: Path):
    first = free_ports(3)
    file = with_service(tmp_path, nodePort=first)
    space.apply(file)
    before = published(space)
    space.lose("open-1")
    space.apply(file)
    assert published(space) == before
    space.run("stop", "open")
    space.run("start", "open")
    assert published(space) == before
    space.run("scale", "sts/open", "--replicas=3")
    assert published(space) == {**before, "open-2": [first + 2]}


def test_a_port_that_is_taken_is_passed_over_with_a_notice(space: Space, tmp_path: Path):
    first = free_ports(8)
    file = with_service(tmp_path, type="LoadBalancer", port=first)
    with listening(first + 1):
        done = space.apply(file)
    found = published(space)
    assert found["open-0"] == [first]
    assert found["open-1"][0] > first + 1
    assert f"pod/open-1: port {first + 1} of 127.0.0.1 is taken" in done.err
    assert page(found["open-1"][0]) == "open-1"
    space.run("delete", "pod", "open-1")
    assert published(space) == found


def test_a_container_that_has_the_port_is_passed_over_too(
    space: Space, other_space: Space, tmp_path: Path
):
    first = free_ports(8)
    file = with_service(tmp_path, nodePort=first)
    other_space.apply(file)
    space.apply(file)
    assert published(other_space) == {"open-0": [first], "open-1": [first + 1]}
    mine = published(space)
    assert not {*mine["open-0"], *mine["open-1"]} & {first, first + 1}
    assert page(mine["open-0"][0]) == "open-0"


def test_a_host_port_that_is_taken_is_an_error(space: Space, edit):
    first = free_ports(1)
    ports = [{"name": "http", "containerPort": 80, "hostPort": first}]
    file = edit("web.yaml", {"spec.replicas": 1, "container.ports": ports})
    with listening(first):
        done = space.apply(file, code=4)
    assert f"pod/web-0 cannot start: its hostPort {first} is taken" in done.err
    space.apply(file)
    assert page(first) == "web-0"


def test_publish_reaches_any_port_and_stays_until_it_is_taken_back(space: Space, edit):
    first = free_ports(2)
    file = edit("web.yaml", {"spec.replicas": 2})
    space.apply(file)
    ids = space.ids()
    done = space.apply(file, "--publish", f"{first}:http")
    assert space.ids().keys() == ids.keys()
    assert not set(space.ids().values()) & set(ids.values())
    assert f"http://127.0.0.1:{first + 1} -> web-1" in done.err
    assert (page(first), page(first + 1)) == ("web-0", "web-1")
    ids = space.ids()
    space.apply(file)
    assert space.ids() == ids
    space.apply(file, "--publish", "none")
    assert published(space) == {"web-0": [], "web-1": []}


def test_a_wrong_flag_touches_nothing(space: Space):
    done = space.apply(OPEN, "--publish", "80", code=2)
    assert "is not [ADDRESS:]HOST_PORT:CONTAINER_PORT" in done.err
    assert space.is_empty()
