"""The loop: observe, plan, execute, again until every set is as its spec asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from minisets.app.context import Context
from minisets.app.loop.addressing import provide_addresses
from minisets.app.loop.crew import Crew
from minisets.app.loop.deeds import Workshop
from minisets.app.loop.failure import Watchdog
from minisets.app.loop.images import Images
from minisets.app.loop.liveness import Liveness
from minisets.app.loop.network import ensure_network, find_network
from minisets.app.loop.planning import take_ports
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.side_by_side import WORKERS, outcomes
from minisets.app.loop.targets import Target, flush, refresh
from minisets.app.loop.telling import subject_of
from minisets.app.loop.turn import Turn
from minisets.app.loop.view import watched_pods
from minisets.app.loop.world import Key, World, observe
from minisets.core import naming
from minisets.core.controller.controller_state import Status
from minisets.core.events import Progress
from minisets.core.pod.identity import NetworkPlace
from minisets.errors import EngineError, MinisetsError, NotConverged, Overtaken, joined

DEFAULT_TIMEOUT = 600.0
"""Seconds that a driving command waits."""

_POLL_SECONDS = 0.5
_WATCH_SECONDS = 1.0
_FIRST_PROBES_SECONDS = 1.0
# What crashes at once does so within this time; only pods without a probe are given it.
_PROOF_SECONDS = 0.3

Deed = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class _Aim:
    """How far one run is to go; see Drive.run."""

    timeout_seconds: float
    deadline: float
    wait: bool
    until: Callable[[frozenset[str]], bool] | None
    about: Callable[[str], bool] | None


class Drive:
    """Drives some sets, over the time of one command.

    They know nothing of each other: one that cannot get on is set aside, the others go on, and
    what was wrong is told in the end.

    Args:
        context: Of the command.
        targets: The sets.
        on_status: Told the status of each set at each turn.
        liveness: Judges whether containers live, for who watches.
        images: Provides images; its own, if none is given.
        bystanders: Sets that the command is not about. One that was not whole before gets what
            can be done now, and nobody waits for it.
    """

    def __init__(
        self,
        context: Context,
        targets: Sequence[Target],
        *,
        on_status: Callable[[Target, Status], None] | None = None,
        liveness: Liveness | None = None,
        images: Images | None = None,
        bystanders: frozenset[Key] = frozenset(),
    ) -> None:
        self._context = context
        self._images = images or Images(context)
        self._liveness = liveness
        self._on_status = on_status
        self._all = tuple(targets)
        self._targets = list(targets)
        self._bystanders = bystanders
        self._failures: list[MinisetsError] = []
        self._readiness = Readiness(context)
        # Who watches liveness goes on for ever, and tries again what did not succeed.
        self._turn = Turn(
            context,
            self._readiness,
            self._images,
            liveness,
            is_patient=liveness is not None,
        )
        self._watchdog = Watchdog(context, self._readiness, self._turn.revivals)
        self._networks: dict[str, NetworkPlace] = {}
        self._waiting: dict[Key, str] = {}

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """What the sets wait for, a sentence each."""
        return tuple(text for key, text in self._waiting.items() if key not in self._bystanders)

    def run(
        self,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT,
        wait: bool = True,
        seen: World | None = None,
        until: Callable[[frozenset[str]], bool] | None = None,
        about: Callable[[str], bool] | None = None,
    ) -> bool:
        """Drive until converged; False if ``wait`` is off and something is still to come.

        Args:
            timeout_seconds: Of the whole wait.
            wait: Wait for what takes time; else do what can be done now.
            seen: A look at the Engine that is still true, to begin with.
            until: Enough for this command; takes the names of the pods that are ready now. It is
                asked at each look, before anything is done.
            about: Which pods the wait is about, by name, if not all; see Watchdog.timed_out.

        Raises:
            NotConverged: Time is over, or a pod cannot get ready.
            Overtaken: Another command changed or deleted one of the sets.
        """
        # Who follows the status tells it, too; and where a part is enough, the whole is no news.
        self._turn.teller.is_about_sets = self._on_status is None and until is None
        aim = _Aim(
            timeout_seconds=timeout_seconds,
            deadline=self._context.clock.monotonic() + timeout_seconds,
            wait=wait,
            until=until,
            about=about,
        )
        with self._readiness, Crew(WORKERS) as pool:
            try:
                is_done = self._converge(seen, aim, pool)
                self._end()
            except MinisetsError as error:
                if not self._failures:
                    raise
                raise joined([*self._failures, error]) from error
            finally:
                self._remember()
        return is_done

    def _converge(self, seen: World | None, aim: _Aim, pool: Crew) -> bool:
        world = self._begin(seen)
        while True:
            self._take(world)
            if aim.until is not None and aim.until(self._ready_pods(world)):
                return True
            # What ends late is done; what still has to begin then is not.
            is_late = self._context.clock.monotonic() >= aim.deadline
            if self._advance(world, pool):
                # A pod that was just created is asked before anything is looked up.
                self._readiness.wait_for_new(_POLL_SECONDS if aim.wait else 0.0)
                world = self._look()
                if is_late:
                    self._check_time(world, aim)
                continue
            is_done = self._rest(world, aim)
            if is_done is not None:
                return is_done
            world = self._look()

    def _rest(self, world: World, aim: _Aim) -> bool | None:
        """Wait for what there is to wait for; if nothing is, return whether all is done."""
        if self._drop_unmade():
            return None
        if self._failures and (aim.until is not None or not self._awaited):
            return True
        if not self.waiting_for and aim.until is None:
            return None if self._readiness.prove(_PROOF_SECONDS) else True
        if not aim.wait:
            return False
        if self._drop_hopeless(world):
            return None
        self._check_time(world, aim)
        self._readiness.wait(self._pause(aim.deadline))
        return None

    def _check_time(self, world: World, aim: _Aim) -> None:
        if self._context.clock.monotonic() >= aim.deadline:
            raise self._watchdog.timed_out(
                self._awaited, world, aim.timeout_seconds, self.waiting_for, aim.about
            )

    def keep(self, enough: Callable[[frozenset[Key]], bool]) -> None:
        """Drive for ever: what is lost or not well comes back as soon as it is seen.

        Args:
            enough: Asked at each look, with the sets that are there; ends it.

        Raises:
            NotConverged: A pod cannot start.
            Overtaken: Another command changed or deleted one of the sets.
        """
        with self._readiness, Crew(WORKERS) as pool:
            try:
                world = self._begin(None)
                while not enough(_sets_of(world)):
                    self._take(world)
                    is_busy = self._advance(world, pool)
                    if self._failures:
                        break
                    if is_busy:
                        self._readiness.wait_for_new(_POLL_SECONDS)
                    else:
                        self._images.forget()
                        self._write_down()
                        if not self._waiting:
                            self._turn.teller.finish()
                        self._readiness.wait(self._watch_pause())
                    world = self._look()
                self._end()
            finally:
                self._remember()

    def _begin(self, seen: World | None) -> World:
        """Look for the first time: nothing is decided about a pod before it was asked once."""
        world = seen or self._look()
        self._readiness.update(watched_pods(world, self._targets))
        self._readiness.settle(_FIRST_PROBES_SECONDS)
        ready = self._readiness.ready_for()
        whole = {
            target.key
            for target in self._targets
            if target.manifest.spec.replicas
            == sum(pod.id in ready for pod in world.pods(*target.key))
        }
        # What becomes of a set that was whole is this command's doing.
        self._bystanders -= whole
        return world

    def _end(self) -> None:
        """Tell how it has ended.

        Raises:
            MinisetsError: What was wrong with the sets that were set aside.
        """
        for key, reason in self._waiting.items():
            if key in self._bystanders:
                self._context.reporter.notice(_left_behind(key, reason))
        if self._failures:
            failures, self._failures = self._failures, []
            raise joined(failures)
        if not self.waiting_for:
            self._turn.teller.finish()

    @property
    def _awaited(self) -> list[Target]:
        """The sets that this command waits for."""
        return [target for target in self._targets if target.key not in self._bystanders]

    def _set_aside(self, target: Target, error: MinisetsError) -> None:
        """Drive a set no further."""
        self._targets.remove(target)
        self._waiting.pop(target.key, None)
        first = error.message.partition("\n")[0]
        if target.key in self._bystanders:
            self._context.reporter.notice(_left_behind(target.key, first))
            return
        self._failures.append(error)
        if self._awaited:
            self._context.reporter.progress(
                Progress(subject=subject_of(target), state="failed", detail=first)
            )

    def _drop_hopeless(self, world: World) -> bool:
        """Set aside the sets that cannot get ready; False if there are none."""
        found = False
        for target in self._awaited:
            try:
                self._watchdog.check(target, world)
            except NotConverged as error:
                self._set_aside(target, error)
                found = True
        return found

    def _drop_unmade(self) -> bool:
        """Set aside the sets whose pods could not be made; False if there are none."""
        found = False
        for target in tuple(self._targets):
            error = self._turn.setbacks.held(target)
            if error is not None:
                self._set_aside(target, error.told)
                found = True
        return found

    def _write_down(self) -> None:
        """Let other commands see why pods could not be made."""
        for target in self._targets:
            flush(self._context, target)

    def _watch_pause(self) -> float:
        return min(_WATCH_SECONDS, self._liveness.poll() if self._liveness else _WATCH_SECONDS)

    def _look(self) -> World:
        names = {target.namespace for target in self._all}
        return observe(self._context.engine, names.pop() if len(names) == 1 else None)

    def _take(self, world: World) -> None:
        """Take the sets and their pods as a look shows them."""
        for target in tuple(self._targets):
            try:
                refresh(target, world)
            except Overtaken as error:
                self._turn.withdraw(target, world)
                self._set_aside(target, error)
        self._turn.setbacks.begin_turn()
        self._images.forget_failures()
        pods = tuple(watched_pods(world, self._targets))
        self._readiness.update(pods)
        if self._liveness is not None:
            self._liveness.update(pods, self._readiness.started())
            self._liveness.poll()

    def _ready_pods(self, world: World) -> frozenset[str]:
        ready = self._readiness.ready_for()
        return frozenset(
            pod.name
            for target in self._targets
            for pod in world.pods(*target.key)
            if pod.id in ready
        )

    def _advance(self, world: World, pool: Crew) -> bool:
        """Do for every set what can be done now; False if there was nothing to do."""
        if self._turn.conflicts.is_contended:
            # Of several networks of a name, all but one go.
            self._networks.clear()
            self._turn.conflicts.is_contended = False
        groups: list[tuple[Target, list[Deed]]] = []
        self._waiting.clear()
        for target in tuple(self._targets):
            try:
                decided, reason = self._decide(target, world)
            except MinisetsError as error:
                self._set_aside(target, error)
                continue
            groups += [(target, deeds) for deeds in decided]
            if reason is not None:
                self._waiting[target.key] = reason
        self._tell_status()
        found = outcomes([partial(_in_order, deeds) for _, deeds in groups], pool)
        wrong: dict[Key, list[MinisetsError]] = {}
        for (target, _), failure in zip(groups, found, strict=True):
            if failure is not None:
                wrong.setdefault(target.key, []).append(failure)
        for target in tuple(self._targets):
            if target.key in wrong:
                self._set_aside(target, joined(wrong[target.key]))
        return bool(groups)

    def _decide(self, target: Target, world: World) -> tuple[list[list[Deed]], str | None]:
        network = self._network(target, world)
        for notice in take_ports(target, world, self._targets):
            self._context.reporter.notice(notice)
        return self._turn.decide(
            Workshop(context=self._context, target=target, world=world, network=network)
        )

    def _tell_status(self) -> None:
        for target in self._targets:
            status = self._turn.statuses.get(target.key)
            if self._on_status is not None and status is not None:
                self._on_status(target, status)

    def _network(self, target: Target, world: World) -> NetworkPlace | None:
        """Return the namespace's network; made, and the set's addresses with it, if pods come."""
        namespace = target.namespace
        wants_pods = bool(target.manifest.spec.replicas) and not target.facts.is_stopped
        network = self._networks.get(namespace)
        if network is None:
            find = ensure_network if wants_pods else find_network
            network = find(self._context, namespace)
            if network is None:
                return None
            self._networks[namespace] = network
        if wants_pods:
            target.change(blocks=provide_addresses(target, world, network, self._targets))
        return network

    def _pause(self, deadline: float) -> float:
        """Return how long to wait at most before the next look."""
        pauses = [_POLL_SECONDS, deadline - self._context.clock.monotonic()]
        for target in self._targets:
            needed = target.manifest.spec.min_ready_seconds
            pauses += [
                needed - seconds
                for seconds in self._readiness.ready_for().values()
                if seconds < needed
            ]
        return max(0.0, min(pauses))

    def _remember(self) -> None:
        """Write what only this command knows: status, and since when pods are ready."""
        since = self._readiness.ready_since()
        for target in self._all:
            self._turn.setbacks.settle(target)
            if target.manifest.spec.min_ready_seconds:
                known = target.facts.ready_since
                target.note(ready_since={key: known.get(key, when) for key, when in since.items()})
            try:
                flush(self._context, target, with_news=True)
            except EngineError:
                # All of it can be derived again; the command's own outcome matters more.
                continue


def _sets_of(world: World) -> frozenset[Key]:
    return frozenset((one.namespace, one.name) for one in world.of_kind(SET_KIND))


def _left_behind(key: Key, reason: str) -> str:
    namespace, name = key
    return (
        f"statefulset/{name} is not whole, and not waited for: {reason}; "
        f"go on: minisets start sts/{name}{naming.flag(namespace)}"
    )


def _in_order(deeds: list[Deed]) -> None:
    for deed in deeds:
        deed()
