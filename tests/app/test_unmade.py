"""Pods that could not be made are shown as Kubernetes shows those that wait for a container."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from minisets.app.delete_pods import delete_pod
from minisets.app.describe import PodFacts, SetFacts, describe_views, find_views
from minisets.app.doctor import examine
from minisets.app.logs import LogOptions, follow_logs, read_logs
from minisets.app.loop.sets import SET_KIND
from minisets.app.park import scale, stop
from minisets.app.query import get_pods, get_sets
from minisets.app.reading.history import read_events
from minisets.app.reading.look import Look
from minisets.app.reading.pod_choice import PodRef, find_container
from minisets.app.reading.views import PodView
from minisets.app.rollout import finish, undo
from minisets.app.wait import Awaited, wait_for
from minisets.cli.render_describe import render_facts
from minisets.core.observed import ImageSeen
from minisets.core.query.goals import parse_goal
from minisets.errors import EngineConflict, EngineError, MinisetsError, NotConverged, NotFound
from tests.app.bench import Bench, a_set, container_of, with_claim
from tests.fakes import DEMO

MISSING = "image app:1 was not found in its registry"
CONFIG = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "a"}}}]


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.engine.images["app:1"] = ImageSeen(id="sha256:" + "1" * 64, tags=("app:1",))
    return made


def with_image(manifest: dict[str, Any], **more: Any) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    container_of(changed).update(image="app:1", **more)
    return changed


def look(bench: Bench) -> Look:
    return Look(bench.command(), "default", is_whole=True)


def rows(bench: Bench) -> list[tuple[str, str, str]]:
    return [
        (view.name, f"{view.ready}/{view.containers}", view.status)
        for view in get_pods(bench.command(), "default")
    ]


def one(bench: Bench, name: str) -> PodView:
    (found,) = get_pods(bench.command(), "default", [name])
    return found


def told(bench: Bench, name: str = "web-1", kind: str = "Pod") -> list[tuple[str, str, str]]:
    return [
        (event.type, event.reason, event.message)
        for event in read_events(look(bench))
        if (event.kind, event.name) == (kind, name)
    ]


def described(bench: Bench, kind: str, name: str) -> str:
    seen = look(bench)
    (facts,) = describe_views(seen, find_views(seen, kind, [name], "any"))
    assert isinstance(facts, PodFacts | SetFacts)
    return render_facts(facts, bench.clock.now())


def grow(bench: Bench, replicas: int = 2) -> None:
    """Ask for pods that cannot be made."""
    with pytest.raises(MinisetsError):
        scale(bench.command(), "default", "web", replicas)


def lose_image(bench: Bench, **more: Any) -> None:
    """Bring up web-0, and have web-1 fail for an image that nobody has any more."""
    bench.apply(with_image(a_set(replicas=1), **more))
    del bench.engine.images["app:1"]
    grow(bench)


def test_a_pod_whose_image_is_missing_is_listed(bench: Bench):
    lose_image(bench)
    bench.clock.sleep(30)
    assert rows(bench) == [("web-0", "1/1", "Running"), ("web-1", "0/1", "ErrImagePull")]
    found = one(bench, "web-1")
    assert (found.restarts, found.ip) == (0, "")
    assert bench.clock.now() - found.created >= 30


def test_reading_it_costs_no_more_calls_than_the_pods_that_are_there(bench: Bench):
    bench.apply(with_image(a_set(replicas=1)))
    bench.engine.log.clear()
    get_pods(bench.command(), "default")
    calls = len(bench.engine.log)
    del bench.engine.images["app:1"]
    grow(bench)
    bench.engine.log.clear()
    get_pods(bench.command(), "default")
    assert len(bench.engine.log) == calls


def test_as_an_object_it_is_pending_and_its_container_waits(bench: Bench):
    lose_image(bench)
    found = one(bench, "web-1").object
    assert found["metadata"]["name"] == "web-1"
    assert found["metadata"]["uid"]
    assert found["metadata"]["labels"]["app"] == "web"
    assert found["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "1"
    assert found["metadata"]["ownerReferences"][0]["name"] == "web"
    assert found["spec"]["containers"][0]["image"] == "app:1"
    assert found["status"]["phase"] == "Pending"
    (status,) = found["status"]["containerStatuses"]
    assert status["state"] == {"waiting": {"reason": "ErrImagePull", "message": MISSING}}
    assert (status["ready"], status["started"], status["restartCount"]) == (False, False, 0)
    assert "containerID" not in status


def test_the_words_are_those_of_kubernetes(bench: Bench):
    lose_image(bench, imagePullPolicy="Never")
    assert rows(bench)[1] == ("web-1", "0/1", "ErrImageNeverPull")
    assert told(bench) == [
        (
            "Warning",
            "ErrImageNeverPull",
            'Container image "app:1" is not present with pull policy of Never',
        ),
        ("Warning", "Failed", "Error: ErrImageNeverPull"),
    ]


def test_events_tell_of_the_pull(bench: Bench):
    lose_image(bench)
    assert told(bench) == [
        ("Normal", "Pulling", 'Pulling image "app:1"'),
        ("Warning", "Failed", f'Failed to pull image "app:1": {MISSING}'),
        ("Warning", "Failed", "Error: ErrImagePull"),
    ]
    assert told(bench, "web", "StatefulSet")[-1] == (
        "Warning",
        "FailedCreate",
        f"create Pod web-1 in StatefulSet web failed error: ErrImagePull: {MISSING}",
    )


def test_describe_pod_tells_the_reason_and_what_to_type(bench: Bench):
    lose_image(bench, imagePullPolicy="Never")
    text = described(bench, "Pod", "web-1")
    assert re.search(r"State: +Waiting\n +Reason: +ErrImageNeverPull\n", text)
    assert "image app:1 is not present and its pull policy is Never" in text
    assert "docker pull app:1, or docker build -t app:1 ." in text
    assert "go on with: minisets rollout status sts/web -n default" in text


def test_the_set_agrees(bench: Bench):
    lose_image(bench)
    (view,) = get_sets(bench.command(), "default")
    assert (view.ready, view.replicas) == (1, 2)
    status = view.object["status"]
    assert (status["replicas"], status["readyReplicas"], status["updatedReplicas"]) == (2, 1, 2)
    text = described(bench, "StatefulSet", "web")
    assert "2 desired | 2 total" in text
    assert "1 Running / 1 Waiting / 0 Succeeded / 0 Failed" in text
    assert f"pod web-1: ErrImagePull: {MISSING}" in text


def test_a_missing_key_is_a_configuration_error_until_it_is_there(bench: Bench):
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}}
    with pytest.raises(NotConverged):
        bench.apply(config, with_image(a_set(replicas=1), env=CONFIG))
    assert rows(bench) == [("web-0", "0/1", "CreateContainerConfigError")]
    assert told(bench, "web-0") == [
        ("Warning", "Failed", "Error: couldn't find key a in ConfigMap default/conf")
    ]
    text = described(bench, "Pod", "web-0")
    assert "minisets get configmap conf -o yaml" in text
    bench.apply({**config, "data": {"a": "1"}}, with_image(a_set(replicas=1), env=CONFIG))
    assert rows(bench) == [("web-0", "1/1", "Running")]
    assert bench.facts().setbacks == {}


def test_a_missing_object_of_a_volume_is_told_by_an_event_as_in_kubernetes(bench: Bench):
    manifest = with_image(a_set(replicas=1), volumeMounts=[{"name": "c", "mountPath": "/c"}])
    pod = manifest["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "c", "configMap": {"name": "conf"}}]
    with pytest.raises(NotConverged):
        bench.apply(manifest)
    assert rows(bench) == [("web-0", "0/1", "ContainerCreating")]
    assert told(bench, "web-0") == [
        ("Warning", "FailedMount", 'MountVolume.SetUp failed: configmap "conf" not found')
    ]


def test_a_pod_whose_claim_cannot_be_had_is_pending_and_has_no_place(bench: Bench):
    manifest = with_claim(with_image(a_set(replicas=1)), volumeName="pv-7")
    with pytest.raises(NotConverged):
        bench.apply(manifest)
    why = 'the claim "data-web-0" asks for the persistentvolume "pv-7", which is not there'
    assert rows(bench) == [("web-0", "0/1", "Pending")]
    ((kind, reason, message),) = told(bench, "web-0")
    assert (kind, reason) == ("Warning", "FailedScheduling")
    assert message.startswith(why)
    status = one(bench, "web-0").object["status"]
    (condition,) = status["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert "containerStatuses" not in status
    assert "PodScheduled  False" in described(bench, "Pod", "web-0")


def test_doctor_tells_why_a_pod_cannot_be_made(bench: Bench, tmp_path: Path):
    lose_image(bench, imagePullPolicy="Never")
    every = examine(bench.command(), docker_config=tmp_path / "config.json")
    found = [one for one in every if one.check == "pods"]
    assert [(one.message, one.remedy) for one in found] == [
        (
            "web-1 of statefulset/web cannot be made: ErrImageNeverPull: image app:1 is not "
            "present and its pull policy is Never",
            "docker pull app:1, or docker build -t app:1 ., then: "
            "minisets start sts/web -n default",
        )
    ]


@pytest.mark.parametrize(
    ("verb", "status"),
    [("create_container", "CreateContainerError"), ("start", "RunContainerError")],
)
def test_what_the_engine_refuses_is_listed_by_what_it_refuses(bench: Bench, verb, status):
    bench.engine.fail(verb, error=EngineError("exec: no such file", hint="look at command"))
    with pytest.raises(NotConverged, match="pod/web-0 cannot start: exec: no such file"):
        bench.apply(with_image(a_set(replicas=1)))
    assert rows(bench) == [("web-0", "0/1", status)]
    assert ("Warning", "Failed", "Error: exec: no such file") in told(bench, "web-0")
    bench.apply(with_image(a_set(replicas=1)))
    assert rows(bench) == [("web-0", "1/1", "Running")]


def test_what_the_engine_only_hints_at_is_told_once_and_in_full(bench: Bench):
    for _ in range(2):
        bench.engine.fail("start", error=EngineError("exec: no such file"))
        with pytest.raises(NotConverged) as caught:
            bench.apply(with_image(a_set(replicas=1)))
        bench.engine._faults.clear()
        bench.clock.sleep(60)
    assert [text for _, kind, text in told(bench, "web-0") if kind == "Failed"] == [
        "Error: exec: no such file"
    ]
    failed = [text for _, kind, text in told(bench, "web", SET_KIND) if kind == "FailedCreate"]
    assert failed == [
        "create Pod web-0 in StatefulSet web failed error: RunContainerError: exec: no such file"
    ]
    hint = "check its command, args and mounts; correct the manifest, apply it again"
    assert caught.value.hint == hint
    assert hint in described(bench, "Pod", "web-0")


def test_a_pod_that_would_run_as_root_and_must_not_is_listed(bench: Bench):
    bench.apply(
        with_image(a_set(replicas=1), securityContext={"runAsNonRoot": True, "runAsUser": 5})
    )
    found = bench.engine.images["app:1"]
    manifest = with_image(a_set(replicas=1), securityContext={"runAsNonRoot": True})
    bench.engine.images["app:1"] = ImageSeen(id=found.id, tags=found.tags, user="7")
    bench.apply(manifest)
    bench.engine.images["app:1"] = found
    grow(bench)
    assert rows(bench)[1] == ("web-1", "0/1", "CreateContainerConfigError")


def test_a_pod_with_init_containers_waits_for_the_one_that_cannot_be_made(bench: Bench):
    manifest = with_image(a_set(replicas=1))
    pod = manifest["spec"]["template"]["spec"]
    pod["initContainers"] = [{"name": "setup", "image": "app:1"}]
    bench.apply(manifest)
    del bench.engine.images["app:1"]
    grow(bench)
    assert rows(bench)[1] == ("web-1", "0/1", "Init:ErrImagePull")


def test_between_two_tries_of_a_watch_the_image_is_in_back_off(bench: Bench):
    from minisets.app.watch import watch

    bench.apply(with_image(a_set(replicas=1)))
    del bench.engine.images["app:1"]
    bench.remove_by_hand("web-0")
    seen: list[list[tuple[str, str, str]]] = []

    def until() -> bool:
        if not seen and bench.facts().setbacks:
            seen.append(rows(bench))
            assert ("Normal", "BackOff", 'Back-off pulling image "app:1"') in told(bench, "web-0")
        return bool(seen)

    watch(bench.command(), "default", until=until)
    assert seen[0] == [("web-0", "0/1", "ImagePullBackOff")]
    # Nobody tries again any more.
    assert rows(bench) == [("web-0", "0/1", "ErrImagePull")]


def test_an_update_that_cannot_begin_is_told_while_the_old_pods_run(bench: Bench):
    bench.apply(with_image(a_set(replicas=2)))
    bench.apply(a_set(replicas=2))
    del bench.engine.images["app:1"]
    undo(bench.command(), "default", "web")
    with pytest.raises(NotConverged):
        finish(bench.command(), "default", "web", wait=True, timeout_seconds=60)
    assert rows(bench) == [("web-0", "1/1", "Running"), ("web-1", "1/1", "Running")]
    assert told(bench, "web", "StatefulSet")[-1] == (
        "Warning",
        "FailedUpdate",
        f"update Pod web-1 in StatefulSet web failed error: ErrImagePull: {MISSING}",
    )
    assert f"pod web-1: ErrImagePull: {MISSING}" in described(bench, "StatefulSet", "web")
    bench.apply(a_set(replicas=2))
    assert bench.facts().setbacks == {}


def test_a_parked_set_has_no_pods_that_wait(bench: Bench):
    lose_image(bench)
    stop(bench.command(), "default")
    assert rows(bench) == []


def test_commands_on_it_say_that_it_waits(bench: Bench):
    lose_image(bench)
    said = f'container "app" in pod "web-1" is waiting to start: image can\'t be pulled: {MISSING}'
    world = look(bench).world
    for ask in (
        lambda: list(read_logs(bench.command(), "default", PodRef(name="web-1"), LogOptions())),
        lambda: list(follow_logs(bench.command(), "default", PodRef(name="web-1"), LogOptions())),
        lambda: find_container(world, "default", "web-1"),
    ):
        with pytest.raises(EngineConflict) as caught:
            ask()
        assert caught.value.message == said
        assert caught.value.hint == "minisets describe pod web-1 -n default"
    with pytest.raises(NotFound):
        find_container(world, "default", "web-2")


def test_a_set_none_of_whose_pods_could_be_made_says_why(bench: Bench):
    bench.engine.fail("create_container", error=EngineError("no space left"))
    with pytest.raises(NotConverged):
        bench.apply(a_set(replicas=1))
    with pytest.raises(EngineConflict, match="is waiting to start: CreateContainerError: no"):
        list(
            read_logs(
                bench.command(), "default", PodRef(kind="StatefulSet", name="web"), LogOptions()
            )
        )


def test_deleting_it_tries_again(bench: Bench):
    lose_image(bench)
    with pytest.raises(NotConverged, match="pod/web-1 cannot start"):
        delete_pod(bench.command(), "default", "web-1")
    assert bench.facts().setbacks["web-1"].count == 2
    bench.engine.registry["app:1"] = ImageSeen(id="sha256:" + "1" * 64, tags=("app:1",))
    delete_pod(bench.command(), "default", "web-1")
    assert rows(bench)[1] == ("web-1", "1/1", "Running")


def test_waiting_for_it_tries_again(bench: Bench):
    awaited = Awaited(kind="Pod", namespace="default", name="web-1", printed="pods")
    lose_image(bench)
    with pytest.raises(NotConverged, match="pod/web-1 cannot start"):
        wait_for(bench.command(), [awaited], parse_goal("condition=Ready"))
    bench.engine.images["app:1"] = bench.engine.images[DEMO]
    wait_for(bench.command(), [awaited], parse_goal("condition=Ready"))
    assert rows(bench)[1] == ("web-1", "1/1", "Running")
