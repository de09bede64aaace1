"""Probes decide: the next pod comes when the one before is ready, and not earlier."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import minisets
from minisets.errors import NotConverged
from tests.e2e.conftest import Edit
from tests.e2e.space import Json, Space, busybox, created, eventually, image_of, started

pytestmark = pytest.mark.docker

PROBES: dict[str, dict[str, Any]] = {
    "exec": {"exec": {"command": ["test", "-e", "/tmp/ready"]}},  # noqa: S108 - in the container
    "httpGet": {"httpGet": {"port": "http", "path": "/index.html"}},
    "tcpSocket": {"tcpSocket": {"port": 80}},
}


@pytest.mark.parametrize("kind", PROBES)
def test_a_pod_that_is_not_ready_holds_back_the_next_one(space: Space, edit: Edit, kind: str):
    file = edit("gate.yaml", {"container.readinessProbe": {**PROBES[kind], "periodSeconds": 1}})
    late = space.apply(file, "--timeout=10s", code=4)
    assert space.running() == ["gate-0"]
    assert space.run("get", "sts", "gate", "-o", "json").json()["status"]["readyReplicas"] == 0
    assert "gate-0" in late.err
    assert f"minisets logs gate-0 -n {space.name}" in late.err

    going = space.begin("apply", "-f", str(file))
    space.sh("gate-0", "touch /tmp/open")
    eventually(lambda: "gate-1" in space.running(), what="gate-1, for gate-0 is ready now")
    space.sh("gate-1", "touch /tmp/open")
    done = space.end(going)
    assert done.code == 0, done
    assert space.run("get", "sts", "gate", "-o", "json").json()["status"]["readyReplicas"] == 2
    assert "statefulset.apps/gate unchanged" in done.out


def test_a_probe_is_not_asked_before_its_initial_delay(space: Space, edit: Edit):
    probe = {"tcpSocket": {"port": "http"}, "initialDelaySeconds": 3}
    space.apply(edit("web.yaml", {"container.readinessProbe": probe, "spec.replicas": 2}))
    pods = space.pods()
    assert created(pods["web-1"]) - started(pods["web-0"]) >= 3


@contextlib.contextmanager
def bare(space: Space, edit: Edit, probe: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield a manifest of two pods whose image has a server and no shell, and the image's id."""
    server = busybox(space.api, "minisets/demo:1")
    files = {"httpd": server, "www/index.html": b"hello"}
    name = f"minisets-e2e/{space.name}:1"
    changes = {
        "spec.replicas": 2,
        # As PID 1 it does not hear TERM.
        "pod.terminationGracePeriodSeconds": 1,
        "container.image": name,
        "container.command": ["/httpd", "-f", "-p", "80", "-h", "/www"],
        "container.readinessProbe": {**probe, "periodSeconds": 1},
        "container.volumeMounts": None,
        "spec.volumeClaimTemplates": None,
    }
    with image_of(space.api, name, files) as image:
        yield edit("web.yaml", changes), image
        space.run("delete", "sts", "web", "--now")


@pytest.mark.parametrize("kind", ["httpGet", "tcpSocket"])
def test_an_image_without_shell_or_probe_tool_is_probed(space: Space, edit: Edit, kind: str):
    with bare(space, edit, PROBES[kind]) as (file, image):
        space.apply(file)
        pods = space.pods()
        assert {one["Image"] for one in pods.values()} == {image}
        assert space.running() == ["web-0", "web-1"]


def test_where_no_pod_is_reached_its_probe_has_a_port_of_its_own(
    space: Space, edit: Edit, monkeypatch: pytest.MonkeyPatch
):
    """Docker Desktop and rootless Engines: pods answer at ports of this machine only."""
    for place in ("routes", "prober"):
        monkeypatch.setattr(f"minisets.engine.{place}.has_bridge", lambda _id: False)
    missing = {"httpGet": {"port": "http", "path": "/missing"}}
    with minisets.Client(namespace=space.name) as client:
        with bare(space, edit, PROBES["httpGet"]) as (file, _):
            applied = client.apply(file)
            assert [pod.is_ready for pod in client.pods("web")] == [True, True]
            assert not any("nothing on this machine" in text for text in applied.notices)
            (bound,) = space.pods()["web-0"]["HostConfig"]["PortBindings"].values()
            assert bound == [{"HostIp": "127.0.0.1", "HostPort": ""}]
            space.api.restart(space.container("web-0"), timeout=1)
            assert client.apply(file).is_done
        with bare(space, edit, missing) as (file, _), pytest.raises(NotConverged, match="404"):
            client.apply(file, timeout_seconds=15)


def test_a_probe_whose_program_is_missing_ends_the_wait_at_once(space: Space, edit: Edit):
    probe = {"exec": {"command": ["/no/such/program"]}}
    done = space.apply(edit("web.yaml", {"container.readinessProbe": probe}), code=4)
    assert space.running() == ["web-0"]
    assert "pod/web-0 cannot get ready" in done.err


def test_a_pod_that_crashes_ends_the_wait_and_its_last_words_are_shown(space: Space, edit: Edit):
    command = ["sh", "-c", "echo no config file; exit 7"]
    file = edit("web.yaml", {"container.command": command})
    done = space.apply(file, code=4)
    assert list(space.pods()) == ["web-0"]
    assert "exit code 7" in done.err
    assert "no config file" in done.err
    # A corrected manifest is all that it takes.
    space.apply(edit("web.yaml", {"spec.replicas": 2}, to="corrected.yaml"))
    assert space.running() == ["web-0", "web-1"]


def test_a_container_that_only_minisets_starts_is_not_started_for_ever(space: Space, edit: Edit):
    command = ["sh", "-c", "echo no config file; exit 7"]
    space.apply(edit("web.yaml", {"container.command": command, "spec.replicas": 1}), code=4)
    web = space.container("web-0")
    # What stopping a pod does first: if that is interrupted, the Engine restarts it no more.
    never: Json = {"Name": "no"}
    space.api.update_container(web, restart_policy=never)
    eventually(
        lambda: space.api.inspect_container(web)["State"]["Status"] == "exited",
        what="the container that ends for good",
    )
    done = space.run("start", "sts/web", code=4)
    assert "pod/web-0 cannot get ready: it crashes: 5 restarts, last exit code 7" in done.err
    assert "no config file" in done.err


def test_a_pod_without_a_probe_that_crashes_at_once_does_not_count_as_ready(
    space: Space, edit: Edit
):
    changes = {
        "container.command": ["sh", "-c", "exit 7"],
        "container.readinessProbe": None,
        "spec.replicas": 1,
    }
    done = space.apply(edit("web.yaml", changes), code=4)
    assert "exit code 7" in done.err
