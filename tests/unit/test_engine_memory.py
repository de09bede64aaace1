from __future__ import annotations

import pytest

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus, EventSeen
from minisets.core.pod.seen import PodSeen
from minisets.core.query.engine_memory import recall

NOW = 100.0


def event(
    action: str, time: float, identity: str = "c1", role: str = "", **more: str
) -> EventSeen:
    own = {labels.KIND: labels.KIND_POD, labels.NAMESPACE: "prod", labels.POD_NAME: "web-0"}
    if role:
        own[labels.ROLE] = role
    return EventSeen(
        time=time, type="container", action=action, id=identity, attributes={**own, **more}
    )


def stop(time: float, identity: str = "c1", signal: str = "15") -> EventSeen:
    return event("kill", time, identity, signal=signal)


def pod(*containers: tuple[str, ContainerStatus, str]) -> PodSeen:
    return PodSeen(
        name="web-0",
        containers=tuple(
            ContainerSeen(
                id=identity,
                name=f"web-0.{identity}",
                status=status,
                created=0.0,
                image="x",
                labels={labels.NAMESPACE: "prod", labels.ROLE: role},
            )
            for identity, status, role in containers
        ),
    )


RUNNING = pod(("c1", ContainerStatus.RUNNING, "main"))
ENDED = pod(("c1", ContainerStatus.EXITED, "main"))


def test_a_pod_whose_container_was_told_to_stop_is_leaving():
    assert recall([stop(90.0)]).is_leaving(RUNNING, NOW)
    assert recall([stop(90.0, signal="SIGTERM")]).is_leaving(RUNNING, NOW)
    assert not recall([stop(90.0, signal="1")]).is_leaving(RUNNING, NOW)
    assert not recall([]).is_leaving(RUNNING, NOW)


def test_one_that_was_started_again_is_not_leaving():
    again = recall([stop(90.0), event("die", 91.0, exitCode="0"), event("start", 92.0)])
    assert not again.is_leaving(RUNNING, NOW)
    assert again.exit_codes == {"c1": 0}


def test_it_is_leaving_for_the_moment_between_its_end_and_its_removal():
    memory = recall([stop(90.0), event("die", 98.0, exitCode="143")])
    assert memory.is_leaving(ENDED, NOW)
    # Somebody has stopped it and left it there.
    assert not memory.is_leaving(ENDED, NOW + 10)


def test_a_crash_is_no_leaving():
    assert not recall([event("die", 99.0, exitCode="1")]).is_leaving(ENDED, NOW)


def test_a_pod_leaves_when_all_its_containers_do():
    both = pod(
        ("s", ContainerStatus.RUNNING, "sandbox"),
        ("c1", ContainerStatus.RUNNING, "main"),
        ("c2", ContainerStatus.RUNNING, "main"),
    )
    assert not recall([stop(90.0)]).is_leaving(both, NOW)
    assert recall([stop(90.0), stop(90.0, "c2")]).is_leaving(both, NOW)
    # What is left of it, once its containers are removed.
    sandbox = pod(("s", ContainerStatus.RUNNING, "sandbox"))
    assert recall([stop(98.0), event("destroy", 99.0)]).is_leaving(sandbox, NOW)


def test_another_pod_of_the_name_is_not_leaving():
    memory = recall([stop(98.0), event("destroy", 99.0), event("create", 99.5, "c2")])
    fresh = pod(("c2", ContainerStatus.CREATED, "main"))
    assert not memory.is_leaving(fresh, NOW)


@pytest.mark.parametrize("foreign", ["volume", "container"])
def test_what_is_not_of_a_pod_is_left_out(foreign: str):
    memory = recall([EventSeen(time=1.0, type=foreign, action="die", id="c1")])
    assert memory.exit_codes == {}
