from __future__ import annotations

import pytest

from minisets.core.observed import ContainerStatus as Seen
from minisets.core.pod.pod_status import (
    ContainerSight,
    ContainerState,
    last_state_of,
    signal_of,
    state_of,
    summarize,
)


def one(status: Seen | None = None, **more) -> ContainerSight:
    return ContainerSight(**{"name": "app", "status": status, **more})


def init(status: Seen | None = None, **more) -> ContainerSight:
    return one(status, **{"name": "init", "kind": "init", **more})


def sidecar(status: Seen | None = None, **more) -> ContainerSight:
    return one(status, **{"name": "side", "kind": "sidecar", **more})


DONE = init(Seen.EXITED, exit_code=0)
READY = one(Seen.RUNNING, is_ready=True)


@pytest.mark.parametrize(
    ("containers", "status", "ready", "phase"),
    [
        ([one()], "ContainerCreating", "0/1", "Pending"),
        ([one(Seen.CREATED)], "ContainerCreating", "0/1", "Pending"),
        ([one(Seen.CREATED, error="no such file")], "RunContainerError", "0/1", "Pending"),
        ([one(blocked="ErrImagePull")], "ErrImagePull", "0/1", "Pending"),
        ([one(Seen.RUNNING)], "Running", "0/1", "Running"),
        ([READY], "Running", "1/1", "Running"),
        ([one(Seen.PAUSED)], "Paused", "0/1", "Running"),
        ([one(Seen.RESTARTING, exit_code=1)], "CrashLoopBackOff", "0/1", "Running"),
        ([one(Seen.EXITED, exit_code=0)], "Completed", "0/1", "Running"),
        ([one(Seen.EXITED, exit_code=3)], "Error", "0/1", "Running"),
        ([one(Seen.EXITED, exit_code=137, oom_killed=True)], "OOMKilled", "0/1", "Running"),
        ([one(Seen.DEAD, exit_code=0)], "ContainerStatusUnknown", "0/1", "Running"),
        ([init(), one()], "Init:0/1", "0/1", "Pending"),
        ([init(Seen.CREATED), one()], "Init:0/1", "0/1", "Pending"),
        ([init(Seen.RUNNING), one()], "Init:0/1", "0/1", "Pending"),
        ([DONE, init(Seen.RUNNING), one()], "Init:1/2", "0/1", "Pending"),
        ([init(Seen.RESTARTING, exit_code=1), one()], "Init:CrashLoopBackOff", "0/1", "Pending"),
        ([init(Seen.EXITED, exit_code=1), one()], "Init:Error", "0/1", "Pending"),
        ([init(blocked="ErrImagePull"), one()], "Init:ErrImagePull", "0/1", "Pending"),
        ([DONE, one()], "ContainerCreating", "0/1", "Pending"),
        ([DONE, READY], "Running", "1/1", "Running"),
        ([sidecar(), one()], "Init:0/1", "0/2", "Pending"),
        ([sidecar(Seen.RUNNING, is_ready=True), READY], "Running", "2/2", "Running"),
        ([READY, one(Seen.RESTARTING)], "CrashLoopBackOff", "1/2", "Running"),
        ([READY, one(Seen.EXITED, exit_code=0)], "NotReady", "1/2", "Running"),
        ([READY, one(Seen.EXITED, exit_code=2)], "Error", "1/2", "Running"),
        ([READY, one(Seen.CREATED)], "ContainerCreating", "1/2", "Pending"),
    ],
)
def test_a_pod_is_shown_with_kubectls_word(containers, status, ready, phase):
    found = summarize(containers)
    assert (found.status, f"{found.ready}/{found.total}", found.phase) == (status, ready, phase)


def test_a_pod_that_is_being_deleted_says_so_whatever_it_does():
    assert summarize([READY], is_terminating=True).status == "Terminating"


def test_restarts_of_init_containers_count_until_they_are_done():
    troubled = init(Seen.RESTARTING, restarts=3, finished_at=50.0)
    assert summarize([troubled, one()]).restarts == 3
    assert summarize([troubled, one()]).last_restart == 50.0
    done = init(Seen.EXITED, exit_code=0, restarts=3, finished_at=50.0)
    again = one(Seen.RUNNING, restarts=2, finished_at=70.0)
    found = summarize([done, again, one(Seen.RUNNING, finished_at=90.0)])
    assert (found.restarts, found.last_restart) == (2, 70.0)


def test_what_a_pod_waits_for_is_named():
    found = summarize([DONE, sidecar(Seen.CREATED), one()])
    assert found.incomplete == ("side",)
    assert found.unready == ("side", "app")
    assert not found.is_initialized
    assert not found.is_ready
    assert summarize([DONE, READY]).is_ready


def test_the_main_containers_wait_for_the_init_containers():
    assert state_of(one(), is_initialized=False).reason == "PodInitializing"
    assert state_of(one(), is_initialized=True).reason == "ContainerCreating"


def test_an_ended_container_tells_how_and_when():
    ended = one(Seen.EXITED, exit_code=3, started_at=5.0, finished_at=9.0)
    assert state_of(ended, is_initialized=True) == ContainerState(
        name="terminated", reason="Error", exit_code=3, started_at=5.0, finished_at=9.0
    )
    assert last_state_of(ended) is None


def test_the_run_before_is_known_as_far_as_anybody_knows():
    crashed = one(Seen.RESTARTING, exit_code=2, restarts=1, started_at=5.0, finished_at=9.0)
    assert last_state_of(crashed) == ContainerState(
        name="terminated", reason="Error", exit_code=2, started_at=5.0, finished_at=9.0
    )
    again = one(Seen.RUNNING, restarts=1, started_at=10.0, finished_at=9.0)
    assert last_state_of(again) == ContainerState(
        name="terminated", reason="ContainerStatusUnknown", finished_at=9.0
    )
    known = one(Seen.RUNNING, restarts=1, finished_at=9.0, last_exit_code=0)
    assert last_state_of(known) == ContainerState(
        name="terminated", reason="Completed", exit_code=0, finished_at=9.0
    )
    assert last_state_of(one(Seen.RUNNING, restarts=0, finished_at=9.0)) is None


@pytest.mark.parametrize(("code", "signal"), [(0, 0), (1, 0), (128, 0), (137, 9), (143, 15)])
def test_an_exit_code_may_tell_of_a_signal(code, signal):
    assert signal_of(code) == signal
