"""The use case wait: drive what objects belong to until they are as they are waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from minisets.app.context import Context
from minisets.app.loop.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.loop.sets import SET_KIND, observe_whole, read_sets
from minisets.app.loop.targets import Target
from minisets.app.loop.unmade import find_unmade
from minisets.app.loop.world import World, observe
from minisets.app.query import read_kind
from minisets.app.reading.look import Look
from minisets.core import labels, naming
from minisets.core.query.absence import not_found
from minisets.core.query.goals import Existence, Goal, StatusCondition, is_met
from minisets.errors import NotConverged, NotFound, Overtaken, joined

_CLAIM = "PersistentVolumeClaim"
_READY = StatusCondition(name="ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An object that is waited for.

    Attributes:
        namespace: Empty for what is in none.
        printed: Its type as messages write it, for example ``statefulsets.apps``.
    """

    kind: str
    namespace: str
    name: str
    printed: str


def wait_for(
    context: Context,
    things: Sequence[Awaited],
    goal: Goal,
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT,
    tell: Callable[[Awaited], None] = lambda _thing: None,
) -> None:
    """Drive the sets of objects until each of them has been once as the goal says.

    Kubernetes rule: an object is followed by its name; one that is replaced meanwhile is waited
    for. One that is to be gone is another when it was made anew.

    Args:
        context: Of the command.
        things: What is waited for.
        goal: How each of them is to be.
        timeout_seconds: Of the whole wait; at 0 there is one look, and nothing is driven.
        tell: Called with each object when it is so.

    Raises:
        NotFound: Some are not there, and are not waited for to come or go.
        NotConverged: Time is over, or a pod cannot get ready.
    """
    deadline = context.clock.monotonic() + timeout_seconds
    ordered = sorted(things, key=lambda thing: thing.namespace)
    waits = [
        _Wait(context, namespace, list(there), goal, tell)
        for namespace, there in groupby(ordered, key=lambda thing: thing.namespace)
    ]
    missing = [error for wait in waits for error in wait.missing()]
    if missing:
        raise joined(missing)
    for wait in waits:
        wait.look() if timeout_seconds == 0 else wait.drive(deadline, timeout_seconds)
    late = [thing for wait in waits for thing in wait.pending]
    if late:
        raise NotConverged(
            "\n".join(f"condition not met for {thing.printed}/{thing.name}" for thing in late)
        )


class _Wait:
    """Waits for objects of one namespace; those that were as they should be are done."""

    def __init__(
        self,
        context: Context,
        namespace: str,
        things: list[Awaited],
        goal: Goal,
        tell: Callable[[Awaited], None],
    ) -> None:
        self._context = context
        self._namespace = namespace
        self._goal = goal
        self._tell = tell
        self.pending = things
        is_end = isinstance(goal, Existence) and not goal.is_there
        self._first = self._identities() if is_end else {}
        self._driven: frozenset[str] = frozenset()

    def missing(self) -> list[NotFound]:
        """Return an error for each object that has to be there and is not."""
        if isinstance(self._goal, Existence):
            return []
        known = self._objects()
        return [
            not_found(
                thing.printed, thing.name, known[thing.kind], namespace=self._namespace or None
            )
            for thing in self.pending
            if thing.name not in known[thing.kind]
        ]

    def look(self) -> None:
        """Look once; what is not as it should be stays pending."""
        self._is_done(frozenset())

    def drive(self, deadline: float, timeout_seconds: float) -> None:
        """Drive until all are done.

        Args:
            deadline: By the clock, for all namespaces together.
            timeout_seconds: As given, for what is said when time is over.

        Raises:
            NotConverged: Time is over, or a pod cannot get ready.
        """
        while self.pending:
            world = observe_whole(self._context, self._namespace or None)
            targets = self._targets(world)
            self._driven = frozenset(target.name for target in targets)
            left = max(0.0, deadline - self._context.clock.monotonic())
            drive = Drive(self._context, targets)
            try:
                drive.run(
                    timeout_seconds=left, seen=world, until=self._is_done, about=self._is_asked_for
                )
            except Overtaken:
                # Who changes or deletes the set goes on with it: it is looked up again.
                if self._context.clock.monotonic() >= deadline:
                    raise
            except NotConverged as error:
                if self._context.clock.monotonic() < deadline:
                    raise
                raise self._late(error, timeout_seconds) from error

    def _is_asked_for(self, pod: str) -> bool:
        """Say whether a pod, or its set, is among the objects that are waited for."""
        wanted = {("Pod", pod), (SET_KIND, naming.split_pod_name(pod)[0])}
        return any((thing.kind, thing.name) in wanted for thing in self.pending)

    def _late(self, error: NotConverged, timeout_seconds: float) -> NotConverged:
        lines = [
            f"timed out waiting for the condition on {thing.printed}/{thing.name}"
            for thing in self.pending
        ]
        lines += [f"the time-out is {timeout_seconds:g}s", *filter(None, [error.message])]
        return NotConverged("\n".join(lines), hint=error.hint)

    def _is_done(self, ready: frozenset[str]) -> bool:
        """Tell what is as it should be now; say whether all are done."""
        is_so = self._judge(ready)
        for thing in list(self.pending):
            if is_so(thing):
                self.pending.remove(thing)
                self._tell(thing)
        return not self.pending

    def _judge(self, ready: frozenset[str]) -> Callable[[Awaited], bool]:
        goal = self._goal
        if isinstance(goal, Existence):
            now = self._identities()
            if goal.is_there:
                return lambda thing: thing in now
            return lambda thing: thing not in now or now[thing] != self._first.get(thing)
        if _is_about_ready(goal) and all(map(self._is_driven, self.pending)):
            # The loop has asked them just now.
            return lambda thing: thing.name in ready
        found = self._objects()

        def is_so(thing: Awaited) -> bool:
            # Gone in the meantime: what comes back under its name is waited for.
            seen = found[thing.kind].get(thing.name)
            return seen is not None and is_met(goal, seen)

        return is_so

    def _is_driven(self, thing: Awaited) -> bool:
        return thing.kind == "Pod" and naming.split_pod_name(thing.name)[0] in self._driven

    def _objects(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return kind → name → object as the API has it."""
        look = Look(self._context, self._namespace or None, is_whole=True)
        return {
            kind: {view.name: view.object for view in read_kind(look, kind)}
            for kind in {thing.kind for thing in self.pending}
        }

    def _identities(self) -> Mapping[Awaited, str]:
        """Return what tells each object that is there apart from a later one of its name."""
        world = observe(self._context.engine, self._namespace or None)
        found = {thing: self._identity(world, thing) for thing in self.pending}
        return {thing: identity for thing, identity in found.items() if identity is not None}

    def _identity(self, world: World, thing: Awaited) -> str | None:
        if thing.kind == "Pod":
            pods = {pod.name: pod.id for pod in world.pods(thing.namespace)}
            if thing.name not in pods and find_unmade(world, thing.namespace, thing.name):
                # In Kubernetes it is there, and pending.
                return ""
            return pods.get(thing.name)
        if thing.kind == _CLAIM:
            name = naming.volume_name(thing.namespace, thing.name)
            volumes = {one.name: str(one.created) for one in world.claims(thing.namespace)}
            if name in volumes:
                return volumes[name]
        record = world.records.get((thing.kind, thing.namespace, thing.name))
        if record is not None:
            return str(record.data.get("uid") or record.nonce)
        look = Look(self._context, self._namespace or None)
        views = {view.name: view for view in read_kind(look, thing.kind)}
        return str(views[thing.name].created) if thing.name in views else None

    def _targets(self, world: World) -> list[Target]:
        """Return the sets that the objects belong to; others are not this command's business."""
        names = {name for thing in self.pending for name in _sets_of(world, thing)}
        return [
            target
            for target in read_sets(world)
            if target.key in {(self._namespace, name) for name in names}
            and not target.facts.deletion
        ]


def _is_about_ready(goal: Goal) -> bool:
    return isinstance(goal, StatusCondition) and (
        (goal.name.casefold(), goal.value.casefold()) == (_READY.name, _READY.value)
    )


def _sets_of(world: World, thing: Awaited) -> set[str]:
    """Return the names of the sets that decide about an object."""
    if thing.kind == SET_KIND:
        return {thing.name}
    if thing.kind == "Pod":
        return {naming.split_pod_name(thing.name)[0]}
    if thing.kind == _CLAIM:
        name = naming.volume_name(thing.namespace, thing.name)
        owners = {
            volume.labels.get(labels.SET, "")
            for volume in world.claims(thing.namespace)
            if volume.name == name
        }
        # One that is not there yet may be any set's.
        return owners or {record.name for record in world.of_kind(SET_KIND, thing.namespace)}
    return set()
