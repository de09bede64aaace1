"""Why a wait cannot end well: the pod, its state, its last output and what to type next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from minisets.app.context import Context
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.revivals import Revivals
from minisets.app.loop.targets import Target
from minisets.app.loop.world import World
from minisets.core import naming
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.pod_status import ContainerSight, state_of
from minisets.core.pod.probe_words import as_block
from minisets.core.pod.seen import PodSeen, container_of
from minisets.errors import EngineError, EngineMissing, NotConverged

# The Engine doubles its back-off: five restarts are about three seconds.
CRASH_LOOP_RESTARTS = 5
_ENDED = frozenset({ContainerStatus.EXITED, ContainerStatus.DEAD})
_LOG_LINES = 10


class Watchdog:
    """Ends a wait early when a pod crashes again and again, or its probe can never succeed."""

    def __init__(self, context: Context, readiness: Readiness, revivals: Revivals) -> None:
        self._context = context
        self._readiness = readiness
        self._revivals = revivals
        self._first_count: dict[str, int] = {}

    def check(self, target: Target, world: World) -> None:
        """Look at the pods of a set that are not ready.

        Raises:
            NotConverged: One of them will not get ready.
        """
        for _, pod in _unready([target], world, self._readiness):
            if self._readiness.is_hopeless(pod.id):
                raise self._failed(target, pod, "its probe can never succeed")
            if pod.status is ContainerStatus.RESTARTING:
                self._check_crashes(target, pod)
            self._check_revivals(target, pod)

    def _check_crashes(self, target: Target, pod: PodSeen) -> None:
        container = pod.telling
        try:
            detail = self._context.engine.inspect(container.id)
        except EngineMissing:
            return
        count = detail.restart_count
        # One that was in a loop before gets one more chance, not five at a minute each.
        seen = count - CRASH_LOOP_RESTARTS + 1 if count >= CRASH_LOOP_RESTARTS else count - 1
        first = self._first_count.setdefault(container.id, max(0, seen))
        if detail.restart_count - first >= CRASH_LOOP_RESTARTS:
            why = "out of memory" if detail.oom_killed else f"exit code {detail.exit_code}"
            who = _name(pod, container)
            raise self._failed(
                target,
                pod,
                f"{who} crashes: {detail.restart_count} restarts, last {why}",
                further="; Docker goes on restarting it, to wait on: minisets rollout status "
                f"sts/{target.name}{naming.flag(target.namespace)}",
            )

    def _check_revivals(self, target: Target, pod: PodSeen) -> None:
        """Look for containers that the Engine does not restart and that end at each start."""
        for container in pod.containers:
            starts = self._revivals.count(container.id)
            if starts >= CRASH_LOOP_RESTARTS and container.status in _ENDED:
                code = container.exit_code
                why = "" if code is None else f", last exit code {code}"
                raise self._failed(
                    target, pod, f"{_name(pod, container)} crashes: {starts} restarts{why}"
                )

    def _failed(
        self, target: Target, pod: PodSeen, why: str, *, further: str = ""
    ) -> NotConverged:
        return NotConverged(
            "\n".join([f"pod/{pod.name} cannot get ready: {why}", *self._evidence(pod)]),
            hint=f"{_logs(target, pod)}; correct the manifest, apply it again{further}",
        )

    def timed_out(
        self,
        targets: Sequence[Target],
        world: World,
        seconds: float,
        waiting: Sequence[str],
        about: Callable[[str], bool] | None = None,
    ) -> NotConverged:
        """Return the error for a wait whose time is over.

        Args:
            targets: Sets that are driven.
            world: A look at the Engine.
            seconds: Of the whole wait.
            waiting: What for, a sentence each.
            about: Which pods the wait is about, where it is not about whole sets: then only they
                are told of, and the rest is for the caller to say.
        """
        lines = []
        if about is None:
            lines.append(f"not everything was ready within {seconds:g}s: {'; '.join(waiting)}")
        hint = "minisets get pods"
        for target, pod in _unready(targets, world, self._readiness):
            if about is not None and not about(pod.name):
                continue
            lines += [f"pod/{pod.name} is {_state(pod)}"]
            lines += self._evidence(pod)
            hint = _logs(target, pod)
        return NotConverged("\n".join(lines), hint=hint)

    def _evidence(self, pod: PodSeen) -> list[str]:
        """Return the last probe output and the last log lines, indented."""
        found: list[str] = []
        last = self._readiness.last_result(pod.id)
        if last is not None and not last.ok:
            found += as_block("last probe", last.output)
        try:
            output = b"".join(
                chunk for _, chunk in self._context.engine.logs(pod.telling.id, tail=_LOG_LINES)
            )
        except EngineError:
            return found
        lines = output.decode(errors="replace").splitlines()[-_LOG_LINES:]
        if lines:
            found += ["  last log lines:", *(f"    {line}" for line in lines)]
        return found


def _unready(
    targets: Sequence[Target], world: World, readiness: Readiness
) -> Iterator[tuple[Target, PodSeen]]:
    ready = readiness.ready_for()
    for target in targets:
        for pod in world.pods(target.namespace, target.name):
            if pod.id not in ready:
                yield target, pod


def _state(pod: PodSeen) -> str:
    """Return the word that get shows for the container that tells most."""
    one = pod.telling
    sight = ContainerSight(name=container_of(one), status=one.status, exit_code=one.exit_code)
    state = state_of(sight, is_initialized=True)
    return state.reason or "Running"


def _is_alone(pod: PodSeen) -> bool:
    """Say whether the pod is one container, so that it need not be named."""
    return len(pod.containers) == len(pod.mains) == 1


def _name(pod: PodSeen, container: ContainerSeen) -> str:
    if _is_alone(pod):
        return "it"
    return "its sandbox" if container is pod.sandbox else f"container {container_of(container)}"


def _logs(target: Target, pod: PodSeen) -> str:
    which = "" if _is_alone(pod) else f" -c {container_of(pod.telling)}"
    return f"minisets logs {pod.name}{which}{naming.flag(target.namespace)}"
