from __future__ import annotations

import pytest

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Role
from minisets.core.pod.seen import PodSeen
from minisets.core.pod.setback import (
    Setback,
    counted,
    is_over,
    pause_after,
    waiting_reason,
)


def a_setback(**changes: object) -> Setback:
    found = {"reason": "ErrImagePull", "message": "no such image", "first": 10.0, "last": 10.0}
    return Setback(**{**found, "container": "app", "image": "a:1", "revision": "r1", **changes})  # type: ignore[arg-type]


def a_pod(status: ContainerStatus, *, role: Role = Role.MAIN, exit_code: int = 0) -> PodSeen:
    own = {labels.CONTAINER: "app", labels.REVISION: "r1", labels.ROLE: role}
    found = ContainerSeen(
        id="1",
        name="web-0",
        status=status,
        status_text=f"Exited ({exit_code}) 1 second ago",
        created=1.0,
        labels=own,
    )
    return PodSeen(name="web-0", containers=(found,))


def test_tries_that_fail_for_the_same_reason_are_counted_from_the_first():
    later = counted(a_setback(), a_setback(first=20.0, last=20.0))
    assert (later.first, later.last, later.count) == (10.0, 20.0, 2)


@pytest.mark.parametrize(
    "change",
    [{"reason": "RunContainerError"}, {"image": "b:1"}, {"container": "b"}, {"revision": "r2"}],
)
def test_another_reason_begins_anew(change: dict[str, str]):
    new = a_setback(first=20.0, last=20.0, **change)
    assert counted(a_setback(), new) == new


def test_the_pauses_are_those_of_the_kubelet():
    assert [pause_after(tries) for tries in (1, 2, 3, 4, 5, 6, 7, 1000)] == [
        *(10, 20, 40, 80, 160),
        *(300, 300, 300),
    ]


def test_an_image_is_in_back_off_until_the_next_try():
    found = a_setback(next_try=20.0)
    assert waiting_reason(found, 19.0) == (
        "ImagePullBackOff",
        'Back-off pulling image "a:1": ErrImagePull: no such image',
    )
    assert waiting_reason(found, 20.0) == ("ErrImagePull", "no such image")


def test_other_reasons_stay_what_they_are_between_two_tries():
    found = a_setback(reason="InvalidImageName", next_try=20.0)
    assert waiting_reason(found, 19.0) == ("InvalidImageName", "no such image")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ContainerStatus.RUNNING, True),
        (ContainerStatus.RESTARTING, True),
        (ContainerStatus.CREATED, False),
        (ContainerStatus.EXITED, False),
    ],
)
@pytest.mark.parametrize("container", ["app", ""])
def test_a_setback_is_over_once_its_container_has_run(status, expected, container):
    assert is_over(a_setback(container=container), a_pod(status), "r1") is expected


def test_a_setback_of_an_init_container_is_over_when_that_has_done_its_work():
    done = a_pod(ContainerStatus.EXITED, role=Role.INIT)
    assert is_over(a_setback(), done, "r1")
    failed = a_pod(ContainerStatus.EXITED, role=Role.INIT, exit_code=1)
    assert not is_over(a_setback(), failed, "r1")


def test_a_setback_lasts_while_the_pod_or_its_container_is_not_there():
    assert not is_over(a_setback(), None, "r1")
    assert not is_over(a_setback(container="side"), a_pod(ContainerStatus.RUNNING), "r1")


def test_of_a_successor_it_lasts_until_another_one_is_asked_for():
    running = a_pod(ContainerStatus.RUNNING)
    assert not is_over(a_setback(revision="r2"), running, "r2")
    assert is_over(a_setback(revision="r2"), running, "r3")
