"""What a pod does right now, in words."""

from __future__ import annotations

import pytest

from minisets.core import labels
from minisets.core.manifest import Container, Probe
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Part, Role
from minisets.core.pod.pod_phase import PodPhase, Verdicts, phase_of
from minisets.core.pod.probe_state import ProbeResult
from minisets.core.pod.seen import PodSeen

RUNNING, EXITED, CREATED, RESTARTING, PAUSED = (
    ContainerStatus.RUNNING,
    ContainerStatus.EXITED,
    ContainerStatus.CREATED,
    ContainerStatus.RESTARTING,
    ContainerStatus.PAUSED,
)
PROBE = Probe(initial_delay_seconds=0)
LATE = Probe(initial_delay_seconds=30)


def part(
    name: str,
    role: Role = Role.MAIN,
    *,
    startup_probe: Probe | None = None,
    readiness_probe: Probe | None = None,
) -> Part:
    spec = Container(
        name=name, image="x", startup_probe=startup_probe, readiness_probe=readiness_probe
    )
    return Part(role=role, name=name, place=0, spec=spec)


def seen(
    name: str,
    status: ContainerStatus = RUNNING,
    role: Role = Role.MAIN,
    code: int = 0,
    health: str = "",
) -> ContainerSeen:
    return ContainerSeen(
        id=name,
        name=name,
        status=status,
        status_text=f"{status.capitalize()} ({code}) 1 second ago",
        health=health,
        labels={labels.CONTAINER: name, labels.ROLE: role},
    )


COPY, MOVE = part("copy", Role.INIT), part("move", Role.INIT)
APP, LOGGER = part("app", readiness_probe=PROBE), part("logger")
DONE = seen("copy", EXITED, Role.INIT)
SANDBOX = seen("_pod", role=Role.SANDBOX)


def phase(*containers: ContainerSeen, parts: list[Part], **verdicts: object) -> PodPhase:
    pod = PodSeen(name="web-0", containers=containers)
    return phase_of(pod, parts, Verdicts(**verdicts))  # type: ignore[arg-type]


def no(output: str) -> ProbeResult:
    return ProbeResult(ok=False, output=output)


def test_init_containers_are_counted():
    parts = [COPY, MOVE, APP]
    running = seen("copy", role=Role.INIT)
    assert phase(running, parts=parts) == PodPhase(
        state="initializing", container="copy", detail="copy, 1 of 2"
    )
    # The next one is not made yet, or is at work: the same to whoever waits.
    for containers in ((DONE,), (DONE, seen("move", role=Role.INIT))):
        assert phase(*containers, parts=parts).detail == "move, 2 of 2"
    assert phase(DONE, seen("move", EXITED, Role.INIT), parts=parts).state == "starting"


def test_an_init_container_that_fails_is_named_with_its_exit_code():
    failed = seen("copy", RESTARTING, Role.INIT, code=3)
    assert phase(failed, parts=[COPY, APP]) == PodPhase(
        state="crashing", container="copy", detail="init container copy: exit code 3"
    )


def test_a_sidecar_that_has_not_started_holds_the_others_up():
    proxy = part("proxy", Role.SIDECAR, startup_probe=PROBE)
    running = seen("proxy", role=Role.SIDECAR)
    parts = [proxy, COPY, APP]
    held = phase(SANDBOX, running, parts=parts, results={"proxy": no("refused")})
    assert held.detail == "sidecar proxy, 1 of 2: refused"
    assert phase(SANDBOX, running, parts=parts, started={"proxy"}).detail == "copy, 2 of 2"


def test_the_reason_of_a_single_container_needs_no_name():
    assert phase(seen("app"), parts=[APP], results={"app": no("\ncat: no such  file\nbye")}) == (
        PodPhase(state="waiting", detail="cat: no such file")
    )
    crashing = phase(seen("app", RESTARTING, code=137), parts=[APP])
    assert (crashing.state, crashing.detail) == ("crashing", "exit code 137")


@pytest.mark.parametrize(
    ("wanted", "health", "started", "text"),
    [
        (part("app", readiness_probe=PROBE), "", {"app"}, "readiness probe"),
        (part("app", readiness_probe=LATE), "", {"app"}, "readiness probe, not before 30s"),
        (part("app", startup_probe=PROBE, readiness_probe=LATE), "", (), "startup probe"),
        (part("app"), "starting", {"app"}, "health check of its image"),
        (part("app"), "", {"app"}, ""),
    ],
)
def test_before_a_probe_has_spoken_it_is_named(wanted, health, started, text):
    found = phase(seen("app", health=health), parts=[wanted], started=started)
    assert (found.state, found.detail) == ("waiting", text)


def test_of_several_containers_the_one_that_is_waited_for_is_named():
    parts = [APP, LOGGER]
    both = (SANDBOX, seen("app"), seen("logger"))
    assert phase(*both, parts=parts, ready={"logger"}, started={"app"}) == PodPhase(
        state="waiting", container="app", detail="app: readiness probe (1 of 2 ready)"
    )
    # One that has said why comes before one that has not spoken.
    told = phase(*both, parts=[LOGGER, APP], results={"app": no("refused")})
    assert told.detail == "app: refused (0 of 2 ready)"
    assert phase(*both, parts=parts, ready={"app", "logger"}) == PodPhase(state="ready")


def test_a_container_that_does_not_run_is_told_by_its_state():
    parts = [APP, LOGGER]
    assert phase(SANDBOX, seen("app"), parts=parts) == PodPhase(
        state="starting", container="logger", detail="container logger"
    )
    paused = phase(SANDBOX, seen("app"), seen("logger", PAUSED), parts=parts)
    assert (paused.state, paused.detail) == ("paused", "container logger")
    assert phase(seen("app", EXITED), parts=[APP]).state == "exited"


def test_init_containers_that_were_tidied_away_do_not_count():
    assert phase(seen("app"), parts=[COPY, APP], ready={"app"}).state == "ready"
