"""The commands describe and events: why it does not work, told by the Engine."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space, eventually

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"


def lines(text: str) -> set[str]:
    return {" ".join(line.split()) for line in text.splitlines()}


def test_a_container_that_crashes_is_described_with_its_end_and_its_words(
    space: Space, edit: Edit
):
    broken = {
        "spec.replicas": 1,
        "container.command": ["sh", "-c", "echo no such database >&2; exit 3"],
    }
    space.apply(edit("web.yaml", broken), "--wait=false")
    shown = eventually(
        lambda: next(
            (
                text
                for text in [space.run("describe", "pod", "web-0").out]
                if "CrashLoopBackOff" in text
            ),
            None,
        ),
        what="the crash",
    )
    assert lines(shown) >= {
        "Last State: Terminated",
        "Exit Code: 3",
        "Ready: False",
        "Mounts: /usr/share/nginx/html from www (rw)",
    }
    assert "no such database" in shown
    warnings = space.run("events", "--for", "pod/web-0", "--types=Warning").out
    assert "BackOff" in warnings
    assert "it ended with exit code 3" in warnings
    assert "SuccessfulCreate" not in warnings


def test_a_failing_probe_is_described_with_what_it_said(space: Space, edit: Edit):
    never = {"spec.replicas": 1, "container.readinessProbe.httpGet.path": "/none"}
    space.apply(edit("web.yaml", never), "--timeout=10s", code=4)
    shown = space.run("describe", "pod", "web-0").out
    assert "Last Probe: failed" in lines(shown)
    assert "404" in shown
    assert "Readiness probe failed" in shown


def test_a_health_check_of_the_engine_is_quoted(space: Space, edit: Edit):
    probe = {"exec": {"command": ["sh", "-c", "echo replication lags; false"]}, "periodSeconds": 1}
    space.apply(
        edit("db.yaml", {"spec.replicas": 1, "container.readinessProbe": probe}),
        "--timeout=10s",
        code=4,
    )
    pod = space.container("db-0")
    eventually(
        lambda: (space.api.inspect_container(pod)["State"].get("Health") or {}).get("Log"),
        what="a run of the health check",
    )
    assert "replication lags" in space.run("describe", "pod", "db-0").out


def test_sets_claims_and_services_are_described(space: Space):
    space.apply(WEB)
    addresses = space.addresses()
    of_set = space.run("describe", "sts/web").out
    assert lines(of_set) >= {
        "Replicas: 3 desired | 3 total",
        "Pods Status: 3 Running / 0 Waiting / 0 Succeeded / 0 Failed",
    }
    assert of_set.index("create Pod web-0") < of_set.index("create Pod web-1")
    assert all(address in of_set for address in addresses.values())
    of_claim = lines(space.run("describe", "pvc", "www-web-1").out)
    assert of_claim >= {f"Volume: {space.volume('www-web-1')}", "Used By: web-1"}
    of_service = lines(space.run("describe", "svc", "nginx").out)
    everyone = ",".join(f"{addresses[pod]}:80" for pod in ("web-0", "web-1", "web-2"))
    assert f"Endpoints: {everyone}" in of_service
    assert 'statefulsets.apps "none" not found' in space.run("describe", "sts", "none", code=1).err


def test_events_are_followed(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 1}))
    following = space.begin("events", "-w", "--no-headers")
    assert following.stdout is not None
    events = (line.split() for line in following.stdout)
    # The first look has what has happened already.
    assert next(event for event in events if event[2] == "Started")[3] == "Pod/web-0"
    space.lose("web-0")
    assert (
        next(event for event in events if event[2] == "SuccessfulDelete")[3] == "StatefulSet/web"
    )
    following.send_signal(signal.SIGINT)
    assert space.end(following).code == 130
    names = space.run("get", "events", "-o", "jsonpath={.items[*].reason}").out
    assert "SuccessfulDelete" in names
