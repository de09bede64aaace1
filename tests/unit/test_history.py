from __future__ import annotations

from dataclasses import replace
from typing import Any

from minisets.core import labels
from minisets.core.observed import ContainerDetail, ContainerStatus, EventSeen, HealthRun
from minisets.core.query.history import (
    from_engine,
    from_inspection,
    merge,
    probe_failed,
)


def seen(
    action: str, time: float, *, identity: str = "c1", role: str = "", **more: str
) -> EventSeen:
    attributes = {
        labels.KIND: labels.KIND_POD,
        labels.NAMESPACE: "prod",
        labels.SET: "web",
        labels.POD_NAME: "web-0",
        labels.CONTAINER: "app" if role != "sandbox" else "",
        **({labels.ROLE: role} if role else {}),
        **more,
    }
    return EventSeen(
        time=time,
        type="container",
        action=action,
        id=identity,
        name="web-0",
        attributes=attributes,
    )


def detail(status: ContainerStatus = ContainerStatus.RUNNING, **more) -> ContainerDetail:
    own = {
        "id": "c1",
        "name": "web-0",
        "started_at": 11.0,
        "finished_at": 0.0,
        "restart_count": 0,
        "exit_code": 0,
        "oom_killed": False,
        "error": "",
    }
    return ContainerDetail(status=status, **{**own, **more})


def told(*events: EventSeen) -> list[tuple[str, str, str]]:
    return [(event.type, event.reason, event.message) for event in from_engine(events)]


def present(found: ContainerDetail) -> list[tuple[str, str, float, int]]:
    events = from_inspection("prod", "web-0", "app", 10.0, found)
    return [(event.reason, event.message, event.last, event.count) for event in events]


def test_the_life_of_a_pod_is_told_in_kubernetes_words():
    assert told(
        seen("create", 1),
        seen("start", 2),
        seen("kill", 3, signal="15"),
        seen("die", 4, exitCode="0"),
        seen("destroy", 5),
    ) == [
        ("Normal", "SuccessfulCreate", "create Pod web-0 in StatefulSet web successful"),
        ("Normal", "Created", "Created container app"),
        ("Normal", "Started", "Started container app"),
        ("Normal", "Killing", "Stopping container app"),
        ("Normal", "SuccessfulDelete", "delete Pod web-0 in StatefulSet web successful"),
    ]


def test_events_say_what_they_are_about():
    of_set, of_pod = from_engine([seen("create", 7.5)])
    assert (of_set.namespace, of_set.kind, of_set.name) == ("prod", "StatefulSet", "web")
    assert (of_pod.namespace, of_pod.kind, of_pod.name) == ("prod", "Pod", "web-0")
    assert (of_pod.container, of_pod.container_id, of_pod.last) == ("app", "c1", 7.5)


def test_an_end_that_nobody_asked_for_is_a_crash():
    ((kind, reason, message),) = told(seen("die", 3, exitCode="7"))
    assert (kind, reason) == ("Warning", "BackOff")
    assert message.endswith("container app in pod web-0: it ended with exit code 7")
    # Once it runs again, the next end is a crash, whatever was before.
    again = told(seen("kill", 1, signal="15"), seen("start", 2), seen("die", 3, exitCode="1"))
    assert [reason for _, reason, _ in again] == ["Killing", "Started", "BackOff"]


def test_one_that_does_not_end_in_time_is_killed():
    found = told(seen("kill", 1, signal="15"), seen("kill", 2, signal="9"))
    assert [(kind, reason) for kind, reason, _ in found] == [
        ("Normal", "Killing"),
        ("Warning", "Killing"),
    ]
    assert "did not end in its grace period" in found[1][2]
    assert told(seen("kill", 1, signal="SIGKILL")) == [
        ("Normal", "Killing", "Stopping container app")
    ]
    assert told(seen("kill", 1, signal="1")) == []


def test_memory_health_and_pauses_are_told():
    assert [
        reason for _, reason, _ in told(seen("oom", 1), seen("pause", 2), seen("unpause", 3))
    ] == [
        "OOMKilled",
        "Paused",
        "Resumed",
    ]
    sick = EventSeen(**{**_fields(seen("health_status", 1)), "detail": "unhealthy"})
    well = EventSeen(**{**_fields(seen("health_status", 1)), "detail": "healthy"})
    assert [reason for _, reason, _ in told(sick, well)] == ["Unhealthy"]


def _fields(event: EventSeen) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def test_a_pod_of_several_containers_is_created_and_deleted_once():
    found = told(
        seen("create", 1, identity="s", role="sandbox"),
        seen("start", 1, identity="s", role="sandbox"),
        seen("create", 2, identity="a"),
        seen("start", 2, identity="a"),
        seen("create", 3, identity="b", role="init"),
        seen("start", 3, identity="b", role="init"),
        seen("die", 4, identity="b", role="init", exitCode="0"),
        seen("destroy", 5, identity="b"),
        seen("destroy", 6, identity="a"),
        seen("kill", 7, identity="s", role="sandbox", signal="9"),
        seen("die", 7, identity="s", role="sandbox", exitCode="137"),
        seen("destroy", 8, identity="s", role="sandbox"),
    )
    assert [reason for _, reason, _ in found] == [
        "SuccessfulCreate",
        "Created",
        "Started",
        "Created",
        "Started",
        "Completed",
        "SuccessfulDelete",
    ]


def test_a_sandbox_that_is_stopped_while_others_need_it_is_told():
    found = told(
        seen("create", 1, identity="s", role="sandbox"),
        seen("create", 2, identity="a", **{labels.PLACE: "1"}),
        seen("start", 2, identity="a", **{labels.PLACE: "1"}),
        seen("kill", 3, identity="s", role="sandbox", signal="15"),
        seen("die", 4, identity="s", role="sandbox", exitCode="0"),
    )
    assert [(kind, reason) for kind, reason, _ in found][-1] == ("Warning", "SandboxChanged")


def test_a_pod_whose_making_the_engine_has_forgotten_is_deleted_once():
    places = {"c": "3", "b": "2", "a": "1"}
    gone = [seen("destroy", 5, identity=one, **{labels.PLACE: at}) for one, at in places.items()]
    assert told(*gone) == []
    end = [
        seen("kill", 6, identity="s", role="sandbox", signal="SIGKILL"),
        seen("die", 6, identity="s", role="sandbox", exitCode="137"),
        seen("destroy", 6, identity="s", role="sandbox"),
    ]
    assert [reason for _, reason, _ in told(*gone, *end)] == ["SuccessfulDelete"]


def test_a_container_that_was_removed_before_it_ever_ran_could_not_be_started():
    found = told(seen("create", 1), seen("destroy", 2))
    assert [(kind, reason) for kind, reason, _ in found[2:]] == [
        ("Warning", "Failed"),
        ("Warning", "FailedCreate"),
    ]
    assert found[3][2] == (
        "create Pod web-0 in StatefulSet web failed error: container app could not be started"
    )
    # The others of the pod are still there: it is not gone.
    several = told(
        seen("create", 1, identity="s", role="sandbox"),
        seen("start", 1, identity="s", role="sandbox"),
        seen("create", 2),
        seen("destroy", 3),
    )
    assert [reason for _, reason, _ in several] == ["SuccessfulCreate", "Created", "Failed"]


def test_what_is_not_of_a_pod_is_left_out():
    foreign = EventSeen(time=1, type="container", action="create", id="x")
    assert told(foreign, EventSeen(time=1, type="volume", action="create", id="v")) == []


def test_a_container_tells_of_its_past_when_the_engine_has_forgotten():
    assert present(detail()) == [
        ("Created", "Created container app", 10.0, 1),
        ("Started", "Started container app", 11.0, 1),
    ]
    crashed = detail(
        ContainerStatus.RESTARTING, restart_count=3, exit_code=2, finished_at=20.0, oom_killed=True
    )
    assert present(crashed)[2:] == [
        ("OOMKilled", "Container app was killed: it took more memory than its limit", 20.0, 1),
        (
            "BackOff",
            "Back-off restarting failed container app in pod web-0: it ended with exit code 2",
            20.0,
            3,
        ),
    ]
    again = detail(restart_count=3, finished_at=20.0)
    assert present(again)[2][1] == "Back-off restarting failed container app in pod web-0"


def test_a_container_that_could_not_start_says_why():
    failed = detail(ContainerStatus.CREATED, started_at=0.0, error="no such file")
    assert present(failed)[1] == ("Failed", "Error: no such file", 10.0, 1)


def test_failed_health_checks_are_counted_and_quoted():
    runs = tuple(
        HealthRun(started_at=at, ended_at=at + 1, exit_code=code, output=f"out {at}\n")
        for at, code in ((20.0, 1), (30.0, 0), (40.0, 1))
    )
    events = from_inspection("prod", "web-0", "app", 10.0, detail(health_runs=runs))
    assert (events[2].reason, events[2].message) == ("Unhealthy", "Health check failed: out 40.0")
    named = from_inspection(
        "prod", "web-0", "app", 10.0, detail(health_runs=runs), check="Readiness probe"
    )
    assert named[2].message == "Readiness probe failed: out 40.0"
    assert (events[2].first, events[2].last, events[2].count) == (21.0, 41.0, 2)


def test_a_probe_that_fails_now_is_told_with_its_output():
    event = probe_failed("prod", "web-0", "app", "Readiness", "HTTP 500\n", 50.0, 11.0)
    assert (event.type, event.reason) == ("Warning", "Unhealthy")
    assert event.message == "Readiness probe failed: HTTP 500"
    assert len(probe_failed("p", "w", "a", "Readiness", "x" * 9999, 1.0, 0.0).message) < 1100


def test_the_same_thing_is_told_once_and_counted():
    remembered = from_engine(
        [seen("create", 10.4), *(seen("die", at, exitCode="1") for at in (20.0, 21.0, 23.0))]
    )
    derived = from_inspection(
        "prod",
        "web-0",
        "app",
        10.0,
        detail(ContainerStatus.RESTARTING, restart_count=9, exit_code=1, finished_at=23.0),
    )
    events = merge(remembered, derived)
    assert [(event.reason, event.count, event.first, event.last) for event in events] == [
        ("SuccessfulCreate", 1, 10.4, 10.4),
        ("Created", 1, 10.4, 10.4),
        ("Started", 1, 11.0, 11.0),
        ("BackOff", 9, 20.0, 23.0),
    ]


def test_a_probe_that_goes_on_failing_is_one_event_that_lasts():
    run = HealthRun(started_at=20.0, ended_at=21.0, exit_code=1, output="no")
    checks = from_inspection("prod", "web-0", "app", 10.0, detail(health_runs=(run, run)))
    now = replace(
        probe_failed("prod", "web-0", "app", "Readiness", "not yet", 50.0, 11.0),
        container_id="c1",
    )
    *_, last = merge([], [*checks, now])
    assert (last.message, last.count, last.first, last.last) == (
        "Readiness probe failed: not yet",
        2,
        21.0,
        50.0,
    )


def test_crashes_that_nobody_remembers_have_gone_on_since_the_container_was_made():
    crashed = detail(ContainerStatus.RESTARTING, restart_count=3, exit_code=2, finished_at=20.0)
    *_, last = from_inspection("prod", "web-0", "app", 10.0, crashed)
    assert (last.reason, last.first, last.last, last.count) == ("BackOff", 10.0, 20.0, 3)


def test_another_container_of_the_name_is_another_one():
    before = from_engine([seen("start", 11.0, identity="c0")])
    events = merge(before, from_inspection("prod", "web-0", "app", 10.0, detail()))
    assert [event.reason for event in events] == ["Created", "Started", "Started"]


def test_a_failed_health_check_is_quoted_though_the_engine_only_says_that_it_failed():
    sick = EventSeen(**{**_fields(seen("health_status", 21.0)), "detail": "unhealthy"})
    run = HealthRun(started_at=20.0, ended_at=21.0, exit_code=1, output="no")
    derived = from_inspection("prod", "web-0", "app", 10.0, detail(health_runs=(run,)))
    *_, last = merge(from_engine([sick]), derived)
    assert (last.message, last.count) == ("Health check failed: no", 1)
