"""The loop: observe, plan, execute, again until every set is as its spec asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from minisets.app.context import Context
from minisets.app.loop.addressing import provide_addresses
from minisets.app.loop.deeds import Workshop
from minisets.app.loop.failure import Watchdog
from minisets.app.loop.images import Images
from minisets.app.loop.liveness import Liveness
from minisets.app.loop.network import ensure_network, find_network
from minisets.app.loop.publishing import provide_ports
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.targets import Target, flush, refresh
from minisets.app.loop.turn import Turn
from minisets.app.loop.view import watched_pods
from minisets.app.loop.world import Key, World, observe
from minisets.core.controller.controller_state import Status
from minisets.core.pod.identity import NetworkPlace
from minisets.errors import EngineError

DEFAULT_TIMEOUT = 600.0
"""Seconds that a driving command waits."""

# More threads gain nothing: starting containers is bound by the Engine's own work.
_WORKERS = 8
_POLL_SECONDS = 0.5
_WATCH_SECONDS = 1.0
_FIRST_PROBES_SECONDS = 1.0
# What crashes at once does so within this time; only pods without a probe are given it.
_PROOF_SECONDS = 0.3

Deed = Callable[[], None]


class Drive:
    """Drives some sets, over the time of one command."""

    def __init__(
        self,
        context: Context,
        targets: Sequence[Target],
        *,
        on_status: Callable[[Target, Status], None] | None = None,
        liveness: Liveness | None = None,
        images: Images | None = None,
    ) -> None:
        self._context = context
        self._images = images or Images(context)
        self._liveness = liveness
        self._on_status = on_status
        self._targets = targets
        self._readiness = Readiness(context)
        # Who watches liveness goes on for ever, and tries again what did not succeed.
        self._turn = Turn(
            context,
            self._readiness,
            self._images,
            liveness,
            is_patient=liveness is not None,
        )
        self._watchdog = Watchdog(context, self._readiness)
        self._networks: dict[str, NetworkPlace] = {}
        self._waiting: tuple[str, ...] = ()

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """What the sets wait for, a sentence each."""
        return self._waiting

    def run(
        self,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT,
        wait: bool = True,
        seen: World | None = None,
        until: Callable[[frozenset[str]], bool] | None = None,
    ) -> bool:
        """Drive until converged; False if ``wait`` is off and something is still to come.

        Args:
            timeout_seconds: Of the whole wait.
            wait: Wait for what takes time; else do what can be done now.
            seen: A look at the Engine that is still true, to begin with.
            until: Enough for this command; takes the names of the pods that are ready now. It is
                asked at each look, before anything is done.

        Raises:
            NotConverged: Time is over, or a pod cannot get ready.
            Overtaken: Another command changed or deleted one of the sets.
        """
        deadline = self._context.clock.monotonic() + timeout_seconds
        # Who follows the status tells it, too; and where a part is enough, the whole is no news.
        self._turn.teller.is_about_sets = self._on_status is None and until is None
        with self._readiness, ThreadPoolExecutor(_WORKERS) as pool:
            try:
                world = seen or self._look()
                self._readiness.update(watched_pods(world, self._targets))
                # Nothing is decided about a pod before it was asked once how it is.
                self._readiness.settle(_FIRST_PROBES_SECONDS)
                while True:
                    self._take(world)
                    if until is not None and until(self._ready_pods(world)):
                        return True
                    if self._advance(world, pool):
                        self._check_time(world, deadline, timeout_seconds)
                        # A pod that was just created is asked before anything is looked up.
                        self._readiness.wait_for_new(_POLL_SECONDS if wait else 0.0)
                        world = self._look()
                        continue
                    if (unmade := self._turn.setbacks.held) is not None:
                        raise unmade.told
                    if not self._waiting and until is None:
                        if not self._readiness.prove(_PROOF_SECONDS):
                            self._turn.teller.finish()
                            return True
                        world = self._look()
                        continue
                    if not wait:
                        return False
                    self._watchdog.check(self._targets, world)
                    self._check_time(world, deadline, timeout_seconds)
                    self._readiness.wait(self._pause(deadline))
                    world = self._look()
            finally:
                self._remember()

    def _check_time(self, world: World, deadline: float, timeout_seconds: float) -> None:
        if self._context.clock.monotonic() >= deadline:
            raise self._watchdog.timed_out(self._targets, world, timeout_seconds, self._waiting)

    def keep(self, enough: Callable[[frozenset[Key]], bool]) -> None:
        """Drive for ever: what is lost or not well comes back as soon as it is seen.

        Args:
            enough: Asked at each look, with the sets that are there; ends it.

        Raises:
            NotConverged: A pod cannot start.
            Overtaken: Another command changed or deleted one of the sets.
        """
        with self._readiness, ThreadPoolExecutor(_WORKERS) as pool:
            try:
                world = self._look()
                self._readiness.update(watched_pods(world, self._targets))
                self._readiness.settle(_FIRST_PROBES_SECONDS)
                while not enough(_sets_of(world)):
                    self._take(world)
                    if not self._advance(world, pool):
                        self._images.forget()
                        self._write_down()
                        if not self._waiting:
                            self._turn.teller.finish()
                        self._readiness.wait(self._watch_pause())
                    else:
                        self._readiness.wait_for_new(_POLL_SECONDS)
                    world = self._look()
            finally:
                self._remember()

    def _write_down(self) -> None:
        """Let other commands see why pods could not be made."""
        for target in self._targets:
            flush(self._context, target)

    def _watch_pause(self) -> float:
        return min(_WATCH_SECONDS, self._liveness.poll() if self._liveness else _WATCH_SECONDS)

    def _look(self) -> World:
        names = {target.namespace for target in self._targets}
        return observe(self._context.engine, names.pop() if len(names) == 1 else None)

    def _take(self, world: World) -> None:
        """Take the sets and their pods as a look shows them."""
        for target in self._targets:
            refresh(target, world)
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

    def _advance(self, world: World, pool: ThreadPoolExecutor) -> bool:
        """Do for every set what can be done now; False if there was nothing to do."""
        if self._turn.is_contended:
            # Of several networks of a name, all but one go.
            self._networks.clear()
            self._turn.is_contended = False
        groups: list[list[Deed]] = []
        waiting: list[str] = []
        for target in self._targets:
            workshop = Workshop(
                context=self._context,
                target=target,
                world=world,
                network=self._network(target, world),
            )
            self._provide_ports(target, world)
            decided, reason = self._turn.decide(workshop)
            groups += decided
            if reason is not None:
                waiting.append(reason)
        self._waiting = tuple(waiting)
        self._tell_status()
        if groups:
            _run(groups, pool)
        return bool(groups)

    def _provide_ports(self, target: Target, world: World) -> None:
        if not target.facts.is_stopped:
            ports, notices = provide_ports(target, world, self._targets)
            target.change(ports=ports)
            for notice in notices:
                self._context.reporter.notice(notice)

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
        for target in self._targets:
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


def _run(groups: list[list[Deed]], pool: ThreadPoolExecutor) -> None:
    """Run groups side by side, let all end, then raise the first error."""
    if len(groups) == 1:
        _in_order(groups[0])
        return
    running = [pool.submit(_in_order, group) for group in groups]
    errors = [error for future in running if (error := future.exception()) is not None]
    if errors:
        raise errors[0]


def _in_order(deeds: list[Deed]) -> None:
    for deed in deeds:
        deed()
