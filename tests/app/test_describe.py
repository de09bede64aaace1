from __future__ import annotations

from typing import Any

import pytest

from minisets.app.changes import prepare
from minisets.app.describe import describe_views, find_views
from minisets.app.dry_run import dry_run
from minisets.app.loop.world import observe
from minisets.app.park import stop
from minisets.app.reading.history import read_events
from minisets.app.reading.look import Look
from minisets.app.reading.views_event import event_views
from minisets.app.reading.views_pod import pod_views
from minisets.cli.render_describe import render_facts
from minisets.core.pod.probe_state import ProbeResult
from minisets.core.records.record import newest
from minisets.errors import NotConverged, NotFound
from tests.app.bench import (
    NO,
    OK,
    Bench,
    a_service,
    a_set,
    container_of,
    probed,
    with_claim,
    with_env,
)


def look(bench: Bench, namespace: str | None = "default") -> Look:
    return Look(bench.command(), namespace, is_whole=True, has_sizes=True)


def described(bench: Bench, kind: str, *names: str) -> str:
    here = look(bench)
    facts = describe_views(here, find_views(here, kind, names, kind.lower()))
    return "\n".join(render_facts(one, bench.clock.now()) for one in facts)


def lines(text: str) -> set[str]:
    return {" ".join(line.split()) for line in text.splitlines()}


def test_a_pod_that_crashes_says_how_since_when_and_what_it_wrote(bench: Bench):
    bench.apply(a_service(), with_env(a_set(replicas=1), COLOR="blue"))
    bench.clock.sleep(60)
    bench.engine.container("web-0").output.append(("stderr", b"cannot open /etc/x\n"))
    bench.engine.crash("web-0", exit_code=3, restarting=True)
    text = described(bench, "Pod", "web-0")
    assert lines(text) >= {
        "Status: CrashLoopBackOff",
        "State: Waiting",
        "Last State: Terminated",
        "Exit Code: 3",
        "Restart Count: 1",
        "Last Output: cannot open /etc/x",
        "COLOR: blue",
        "Controlled By: StatefulSet/web",
        "Ready False containers with unready status: [app]",
    }
    assert "web-0.web.default.svc.cluster.local" in text
    events = text.partition("Events:")[2]
    assert [line.split()[1] for line in events.splitlines()[3:]] == [
        "Created",
        "Started",
        "BackOff",
    ]
    assert "it ended with exit code 3" in events


def test_a_pod_that_does_not_get_ready_says_what_its_probe_said(bench: Bench):
    no = ProbeResult(ok=False, output="HTTP 500: database is down")
    bench.prober.answer = lambda _: no
    with pytest.raises(NotConverged):
        bench.apply(probed(a_set(replicas=1)), timeout_seconds=5)
    text = described(bench, "Pod")
    assert lines(text) >= {"Last Probe: failed", "HTTP 500: database is down", "Ready: False"}
    assert "Unhealthy" in text
    assert "Readiness probe failed: HTTP 500: database is down" in text


def test_a_set_tells_its_pods_its_revisions_and_what_would_be_done_next(bench: Bench):
    manifest = with_claim(a_set(replicas=2))
    manifest["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    bench.apply(manifest, applied_from="/home/me/web.yaml")
    whole = described(bench, "StatefulSet", "web")
    assert lines(whole) >= {
        "Replicas: 2 desired | 2 total",
        "Pods Status: 2 Running / 0 Waiting / 0 Succeeded / 0 Failed",
        "Applied From: /home/me/web.yaml (0s ago)",
        "Capacity: 1Gi",
    }
    assert "nodeSelector is ignored: there is one machine" in whole
    assert "Next Steps" not in whole
    created = [line for line in whole.splitlines() if "SuccessfulCreate" in line]
    assert len(created) == 4
    bench.remove_by_hand("web-1")
    broken = described(bench, "StatefulSet", "web")
    assert "create pod web-1" in broken
    assert "go on with: minisets rollout status sts/web" in broken
    stop(bench.command(), "default")
    assert "bring it back with: minisets start sts/web" in described(bench, "StatefulSet", "web")


def test_a_claim_tells_who_uses_it_and_what_it_takes(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    bench.engine.volume_bytes["data-web-0"] = 2048
    text = described(bench, "PersistentVolumeClaim", "data-web-0")
    assert lines(text) >= {"Used By: web-0", "Used: 2Ki", "Driver: local", "Capacity: 1Gi"}
    assert "ProvisioningSucceeded" in text


def test_a_claim_that_no_pod_has_needed_is_told_too(bench: Bench):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "later"}}
    bench.apply({**claim, "spec": spec})
    text = lines(described(bench, "PersistentVolumeClaim", "later"))
    assert text >= {"Status: Pending", "Used By: <none>"}


def test_a_service_tells_which_pods_answer_for_it(bench: Bench):
    bench.apply(a_service(), a_set(replicas=2))
    bench.engine.crash("web-1", restarting=True)
    text = described(bench, "Service", "web")
    assert lines(text) >= {
        f"Endpoints: {bench.address('web-0')}:80",
        f"web-0 True Running {bench.address('web-0')}",
        f"web-1 False CrashLoopBackOff {bench.address('web-1')}",
        "web.default.svc.cluster.local",
    }


def test_a_beginning_of_a_name_stands_for_all_that_begin_so(bench: Bench):
    bench.apply(a_set(replicas=2))
    text = described(bench, "Pod", "web")
    assert [line.split()[1] for line in text.splitlines() if line.startswith("Name:")] == [
        "web-0",
        "web-1",
    ]
    with pytest.raises(NotFound, match='"other" not found'):
        described(bench, "Pod", "other")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ControllerRevision", "Revision: 1"),
        ("PersistentVolume", "Claim: default/data-web-0"),
        ("Namespace", "Name: default"),
    ],
)
def test_other_kinds_are_described_too(bench: Bench, kind: str, said: str):
    bench.apply(with_claim(a_set(replicas=1)))
    assert said in lines(described(bench, kind))


def test_what_the_engine_has_forgotten_is_told_by_what_is_there(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    with_memory = [(one.kind, one.reason) for one in read_events(look(bench))]
    bench.engine.happened.forget()
    without = [(one.kind, one.reason) for one in read_events(look(bench))]
    assert sorted(without) == [
        ("PersistentVolumeClaim", "ProvisioningSucceeded"),
        ("Pod", "Created"),
        ("Pod", "Started"),
        # Of the claim, and of the pod.
        ("StatefulSet", "SuccessfulCreate"),
        ("StatefulSet", "SuccessfulCreate"),
    ]
    assert sorted(without) == sorted(with_memory)


def test_what_happens_at_one_moment_has_names_of_its_own(bench: Bench):
    bench.apply(with_claim(with_claim(a_set(replicas=2), "more")))
    names = [view.name for view in event_views(look(bench))]
    assert len(names) == len(set(names))
    assert names == [view.name for view in event_views(look(bench))]


def test_how_a_container_ended_is_told_though_it_runs_again(bench: Bench):
    bench.apply(a_set(replicas=1))
    bench.engine.crash("web-0", exit_code=137, restarting=True)
    bench.engine.tick()
    text = described(bench, "Pod", "web-0")
    assert lines(text) >= {"State: Running", "Last State: Terminated", "Exit Code: 137"}


def test_a_pod_that_needs_repair_says_why_and_what_brings_it_back(bench: Bench):
    manifest = a_set(replicas=1)
    containers = manifest["spec"]["template"]["spec"]["containers"]
    containers.append({**containers[0], "name": "side", "ports": []})
    bench.apply(manifest)
    whole = {"Next Steps", "repair pod web-0"}
    assert not any(word in described(bench, "Pod", "web-0") for word in whole)
    bench.engine.crash("web-0._pod")
    (view,) = pod_views(look(bench))
    assert view.is_cut_off
    for kind, name in (("Pod", "web-0"), ("StatefulSet", "web")):
        text = described(bench, kind, name)
        assert "repair pod web-0 - it was stopped by hand or by the Engine" in text
        assert "go on with: minisets rollout status sts/web -n default" in text


def test_notices_that_apply_gave_are_repeated(bench: Bench):
    manifest = a_set(replicas=1, serviceName="nowhere")
    container_of(manifest)["env"] = [
        {
            "name": "A",
            "valueFrom": {"configMapKeyRef": {"name": "none", "key": "a", "optional": True}},
        }
    ]
    bench.apply(manifest)
    said = described(bench, "StatefulSet", "web")
    assert 'there is no Service "nowhere" here' in said


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"limits": {"cpu": "0"}}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        (
            {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"memory": "1024Mi"}},
            "Guaranteed",
        ),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ],
)
def test_the_class_of_a_pod_goes_by_its_limits_and_requests(
    bench: Bench, resources: dict[str, Any], expected: str
):
    manifest = a_set(replicas=1)
    container_of(manifest)["resources"] = resources
    bench.apply(manifest)
    assert f"QoS Class: {expected}" in lines(described(bench, "Pod", "web-0"))


def test_events_of_other_namespaces_are_their_own(bench: Bench):
    bench.apply(a_set(replicas=1), namespace="a")
    bench.apply(a_set(replicas=1), namespace="b")
    assert {event.namespace for event in read_events(look(bench, "a"))} == {"a"}
    assert {event.namespace for event in read_events(look(bench, None))} == {"a", "b"}


def test_describing_writes_nothing(bench: Bench):
    bench.apply(a_service(), with_claim(a_set(replicas=1)))
    bench.engine.log.clear()
    for kind in ("Pod", "StatefulSet", "PersistentVolumeClaim", "Service"):
        described(bench, kind)
    reads = {
        "containers",
        "volumes",
        "inspect",
        "events",
        "volume_sizes",
        "image",
        "logs",
        "networks",
    }
    assert {line.split()[0] for line in bench.engine.log} <= reads


def _written(bench: Bench, manifest: dict[str, Any]) -> None:
    """Write an object down as a command does that is killed before it drives anything."""
    key = (manifest["kind"], "default", manifest["metadata"]["name"])
    record = newest(bench.engine.volumes({}))[key]
    (change,) = prepare(bench.command(), observe(bench.engine), bench.load(manifest))
    data = {**record.data, "object": change.merged}
    if manifest["kind"] == "StatefulSet":
        data["generation"] = record.data["generation"] + 1
    bench.context.store.replace(record, data)


def _open_service(node_port: int) -> dict[str, Any]:
    service = a_service()
    del service["spec"]["clusterIP"]
    service["spec"] |= {"type": "NodePort"}
    service["spec"]["ports"] = [{"port": 80, "nodePort": node_port}]
    return service


def test_describe_tells_that_pods_roll_for_their_ports(bench: Bench):
    bench.apply(_open_service(30080), a_set())
    _written(bench, _open_service(30090))
    text = described(bench, "StatefulSet", "web")
    assert "delete pod web-2 - web-2: its published ports have changed" in text


def test_describe_tells_that_a_broken_rollout_is_repaired_as_the_loop_does_it(bench: Bench):
    bench.apply(probed(a_set()))
    bench.prober.answer = lambda found: NO if found.name == "web-2" else OK
    with pytest.raises(NotConverged):
        bench.apply(with_env(probed(a_set()), COLOUR="red"), timeout_seconds=5)
    _written(bench, with_env(probed(a_set()), COLOUR="blue"))
    bench.clock.sleep(1000)
    text = described(bench, "StatefulSet", "web")
    assert "delete pod web-2 - not ready, and " in text
    (outlook,) = dry_run(bench.command(), bench.load(with_env(probed(a_set()), COLOUR="blue")))
    assert any("delete pod web-2 - not ready, and " in step for step in outlook.steps)
