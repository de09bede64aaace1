"""What the states of a pod's containers say together, in the words of kubectl."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from minisets.core.observed import ContainerStatus

ContainerKind = Literal["init", "sidecar", "main"]
StateName = Literal["waiting", "running", "terminated"]

CRASH_LOOP = "CrashLoopBackOff"
_CRASH_MESSAGE = "back-off restarting failed container"
# What the shell and the Engine report for a process that a signal has ended.
_SIGNAL_BASE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSight:
    """What is seen of one container of a pod's template.

    Attributes:
        name: In the template.
        kind: An init container that is to go on running is a sidecar.
        status: None if the container has not been made.
        is_ready: Its readiness probe, or its running, says so.
        exit_code: Of the run that has ended; None if none has, or nobody knows it.
        last_exit_code: Of the run before the one under way, if anybody knows it.
        error: Why the last start failed.
        started_at: Seconds since the epoch; 0.0 if it never started.
        finished_at: Seconds since the epoch of the last end; 0.0 if it never ended.
        blocked: Kubernetes' word for why it cannot be made, such as ``ErrImagePull``.
        blocked_message: The same as a sentence.
    """

    name: str
    kind: ContainerKind = "main"
    status: ContainerStatus | None = None
    is_ready: bool = False
    restarts: int = 0
    exit_code: int | None = None
    last_exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""
    started_at: float = 0.0
    finished_at: float = 0.0
    blocked: str = ""
    blocked_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """The state of a container as Kubernetes has it; times are seconds since the epoch."""

    name: StateName
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started_at: float = 0.0
    finished_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSummary:
    """A pod in one line.

    Attributes:
        status: The word of the STATUS column.
        phase: ``Pending`` or ``Running``: pods of a StatefulSet never succeed or fail.
        ready: Number of containers that are ready.
        total: Number of containers that are to be.
        last_restart: Seconds since the epoch; 0.0 if nobody knows of one.
        unready: Names of the containers that are to be ready and are not.
        incomplete: Names of the init containers that are to end first and have not.
    """

    status: str
    phase: Literal["Pending", "Running"]
    ready: int
    total: int
    restarts: int = 0
    last_restart: float = 0.0
    unready: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()

    @property
    def is_initialized(self) -> bool:
        """All init containers have done their work."""
        return not self.incomplete

    @property
    def is_ready(self) -> bool:
        """All containers are ready."""
        return self.is_initialized and not self.unready


def is_initialized(containers: Sequence[ContainerSight]) -> bool:
    """Say whether all init containers have ended well, and all sidecars run."""
    return all(_is_passed(one) for one in containers if one.kind != "main")


def state_of(one: ContainerSight, *, is_initialized: bool) -> ContainerState:
    """Return the present state of a container.

    Args:
        one: The container.
        is_initialized: The init containers before the main ones have done their work.
    """
    match one.status:
        case ContainerStatus.RUNNING:
            return ContainerState(name="running", started_at=one.started_at)
        case ContainerStatus.PAUSED:
            return ContainerState(name="running", reason="Paused", started_at=one.started_at)
        case ContainerStatus.RESTARTING:
            return ContainerState(name="waiting", reason=CRASH_LOOP, message=_CRASH_MESSAGE)
        case ContainerStatus.EXITED | ContainerStatus.DEAD | ContainerStatus.REMOVING:
            return _ended(one, one.exit_code)
        case _:
            return _not_begun(one, is_initialized=is_initialized)


def last_state_of(one: ContainerSight) -> ContainerState | None:
    """Return how the run before ended; None if this is the first one, or it is over itself."""
    if not one.finished_at or not one.restarts:
        return None
    match one.status:
        case ContainerStatus.RESTARTING:
            return _ended(one, one.exit_code)
        case ContainerStatus.RUNNING | ContainerStatus.PAUSED:
            ended = _ended(one, one.last_exit_code)
            # Its own start; when the run before began, nobody has kept.
            return ContainerState(
                name=ended.name,
                reason=ended.reason,
                exit_code=ended.exit_code,
                finished_at=ended.finished_at,
            )
        case _:
            return None


def summarize(containers: Sequence[ContainerSight], *, is_terminating: bool = False) -> PodSummary:
    """Return what ``kubectl get pods`` shows of a pod with these containers.

    Args:
        containers: Init containers and sidecars in their order, then the others.
        is_terminating: The pod is being deleted.
    """
    mains = [one for one in containers if one.kind == "main"]
    early = [one for one in containers if one.kind != "main"]
    lasting = [one for one in containers if one.kind != "init"]
    done = is_initialized(containers)
    status = _main_status(mains) if done else _init_status(early)
    # What an init container went through is of no interest once all have done their work.
    counted = lasting if done else early
    return PodSummary(
        status="Terminating" if is_terminating else status,
        phase="Running" if done and all(_has_begun(one) for one in mains) else "Pending",
        ready=sum(one.is_ready for one in lasting),
        total=len(lasting),
        restarts=sum(one.restarts for one in counted),
        last_restart=max((one.finished_at for one in counted if one.restarts), default=0.0),
        unready=tuple(one.name for one in lasting if not one.is_ready),
        incomplete=tuple(one.name for one in early if not _is_passed(one)),
    )


def _is_passed(one: ContainerSight) -> bool:
    if one.kind == "sidecar":
        return one.status is ContainerStatus.RUNNING
    return one.status is ContainerStatus.EXITED and one.exit_code == 0


def _has_begun(one: ContainerSight) -> bool:
    return one.status not in {None, ContainerStatus.CREATED}


def _ended(one: ContainerSight, exit_code: int | None) -> ContainerState:
    if one.oom_killed:
        reason = "OOMKilled"
    elif one.status is ContainerStatus.DEAD or exit_code is None:
        reason = "ContainerStatusUnknown"
    else:
        reason = "Error" if exit_code else "Completed"
    return ContainerState(
        name="terminated",
        reason=reason,
        message=one.error,
        exit_code=exit_code,
        started_at=one.started_at,
        finished_at=one.finished_at,
    )


def _not_begun(one: ContainerSight, *, is_initialized: bool) -> ContainerState:
    if one.error:
        return ContainerState(name="waiting", reason="RunContainerError", message=one.error)
    if one.blocked:
        return ContainerState(name="waiting", reason=one.blocked, message=one.blocked_message)
    is_next = one.kind == "main" and is_initialized
    return ContainerState(
        name="waiting", reason="ContainerCreating" if is_next else "PodInitializing"
    )


def _init_status(early: Sequence[ContainerSight]) -> str:
    """Return the word for the first of the init containers that is not through."""
    index, one = next((i, one) for i, one in enumerate(early) if not _is_passed(one))
    state = state_of(one, is_initialized=False)
    if state.name == "terminated" or (
        state.name == "waiting" and state.reason != "PodInitializing"
    ):
        return f"Init:{state.reason}"
    return f"Init:{index}/{len(early)}"


def _main_status(mains: Sequence[ContainerSight]) -> str:
    """Return the word for the first of the main containers that does not run."""
    states = [state_of(one, is_initialized=True) for one in mains]
    troubled = [state for state in states if state.name != "running"]
    if not troubled:
        return next((state.reason for state in states if state.reason), "Running")
    # A container that has ended well says little beside one that goes on.
    is_alive = len(troubled) < len(states)
    if is_alive and all(state.reason == "Completed" for state in troubled):
        return "NotReady"
    return troubled[0].reason


def signal_of(exit_code: int) -> int:
    """Return the number of the signal that an exit code tells of, 0 if it tells of none."""
    return exit_code - _SIGNAL_BASE if _SIGNAL_BASE < exit_code < 2 * _SIGNAL_BASE else 0
