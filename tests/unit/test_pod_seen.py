"""What the containers of a pod say together."""

from __future__ import annotations

import pytest

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Role
from minisets.core.pod.seen import PodSeen, gather

RUNNING, EXITED, CREATED = (
    ContainerStatus.RUNNING,
    ContainerStatus.EXITED,
    ContainerStatus.CREATED,
)
RESTARTING = ContainerStatus.RESTARTING


def one(
    name: str,
    role: Role = Role.MAIN,
    status: ContainerStatus = RUNNING,
    code: int = 0,
    place: int = 0,
) -> ContainerSeen:
    text = f"{status.capitalize()} ({code}) 1 second ago" if status is EXITED else ""
    return ContainerSeen(
        id=name,
        name=name,
        status=status,
        status_text=text,
        labels={
            labels.CONTAINER: name,
            labels.ROLE: role,
            labels.POD_NAME: "web-0",
            labels.PLACE: str(place),
        },
    )


def pod(*containers: ContainerSeen) -> PodSeen:
    return PodSeen(name="web-0", containers=containers)


SANDBOX = one("_pod", Role.SANDBOX)
INIT = one("init", Role.INIT, EXITED)


def test_containers_of_a_pod_are_gathered_in_the_order_of_their_starts():
    found = gather([one("b", place=2), one("_pod", Role.SANDBOX), one("a", place=1)])
    assert [container.name for container in found[0].containers] == ["_pod", "a", "b"]
    assert found[0].id == "_pod"


def test_a_pod_of_one_container_has_its_state():
    for status in ContainerStatus:
        assert pod(one("app", status=status)).status is (
            # Nothing else runs in it either.
            status
        )


@pytest.mark.parametrize(
    ("containers", "status", "telling"),
    [
        ((SANDBOX, one("a"), one("b")), RUNNING, "a"),
        ((SANDBOX, one("a"), one("b", status=RESTARTING)), RESTARTING, "b"),
        ((SANDBOX, one("a"), one("b", status=EXITED, code=1)), EXITED, "b"),
        ((one("_pod", Role.SANDBOX, EXITED, 137), one("a")), EXITED, "a"),
        ((INIT, one("a")), RUNNING, "a"),
        ((one("init", Role.INIT, EXITED, 1), one("a")), RUNNING, "a"),
        ((one("init", Role.INIT),), CREATED, "init"),
        ((INIT,), CREATED, "init"),
        ((one("init", Role.INIT, RESTARTING, 1),), RESTARTING, "init"),
    ],
)
def test_the_state_that_tells_most_is_the_pods(containers, status, telling):
    found = pod(*containers)
    assert found.status is status
    assert found.telling.name == telling


def test_the_sandbox_holds_the_network_else_the_container_that_started_last():
    assert pod(SANDBOX, one("a")).holder.name == "_pod"
    assert pod(INIT, one("a")).holder.name == "a"
