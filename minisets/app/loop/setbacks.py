"""Pods that could not be made: kept in their set's record, and let alone until the next try."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from minisets.app.context import Context
from minisets.app.loop.targets import Target
from minisets.app.loop.world import Key
from minisets.core import labels
from minisets.core.pod import setback
from minisets.core.pod.seen import PodSeen
from minisets.core.pod.setback import RUN, Setback
from minisets.core.records.standing import is_standing, standing_setbacks
from minisets.errors import (
    EngineConflict,
    EngineError,
    EngineMissing,
    EngineUnreachable,
    ImageError,
    MinisetsError,
    NotConverged,
)

_Attempt = tuple[Key, str, str]
"""Set, pod and revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """An attempt that failed: as this command tells it, and as the record keeps it."""

    error: Unmade
    setback: Setback


class Unmade(NotConverged):
    """A pod cannot be made, or one of its containers cannot.

    Args:
        pod: Its name.
        error: What went wrong.
        reason: Kubernetes' word for it.
        container: Name of the container in the template; empty if it is about the whole pod.
        image: That could not be had; empty if it is not about one.

    Attributes:
        stays: Id of the pod that runs on because its successor cannot be made; empty if none does.
        told: What a command that ends with it says: what is missing keeps its kind of error.
    """

    def __init__(
        self, pod: str, error: MinisetsError, reason: str, *, container: str = "", image: str = ""
    ) -> None:
        title = f"pod/{pod} cannot start: "
        self.cause = error.message.removeprefix(title)
        super().__init__(f"{title}{self.cause}", hint=error.hint)
        is_kept = isinstance(error, NotConverged)
        self.told = type(error)(self.message, hint=error.hint) if is_kept else self
        self.pod = pod
        self.stays = ""
        self.reason = reason
        self.container = container
        self.image = image


@contextmanager
def making(pod: str, reason: str, *, container: str = "", image: str = "") -> Iterator[None]:
    """Turn what goes wrong while a pod is made into why it cannot be made.

    What another try may get round passes: names, addresses and ports that are taken, and things
    that have just gone.

    Args:
        pod: Its name.
        reason: Kubernetes' word for what goes wrong here.
        container: Name of the container in the template; empty if it is about the whole pod.
        image: Of the container.

    Raises:
        Unmade: In the place of other errors.
    """
    try:
        yield
    except (Unmade, EngineConflict, EngineMissing, EngineUnreachable):
        raise
    except ImageError as error:
        raise Unmade(pod, error, error.reason, container=container, image=image) from error
    except (EngineError, NotConverged) as error:
        word = RUN if isinstance(error, EngineError) and error.was_created else reason
        if word == RUN and error.hint is None:
            error.hint = "check its command, args and mounts; correct the manifest, apply it again"
        raise Unmade(pod, error, word, container=container) from error


@contextmanager
def staying(pod: PodSeen) -> Iterator[None]:
    """Note of a successor that cannot be made which pod runs on for it."""
    try:
        yield
    except Unmade as error:
        error.stays = pod.id
        raise


class Setbacks:
    """What went wrong with the pods of a command's sets, and when each may be tried again.

    Args:
        context: Of the command.
        lock: Held while facts of sets are changed.
        is_patient: The command goes on running, and tries again by itself.
    """

    def __init__(self, context: Context, lock: threading.Lock, *, is_patient: bool) -> None:
        self._context = context
        self._lock = lock
        self.is_patient = is_patient
        self._failed: dict[_Attempt, _Failure] = {}
        self._held: dict[Key, Unmade] = {}

    def begin_turn(self) -> None:
        """Forget what was held up in the turn before."""
        self._held.clear()

    def held(self, target: Target) -> Unmade | None:
        """Return what holds up a pod of a set in this turn: the first that was found."""
        return self._held.get(target.key)

    @property
    def pods(self) -> frozenset[tuple[Key, str]]:
        """The pods that could not be made or completed, each with its set."""
        return frozenset((key, pod) for key, pod, _ in self._failed)

    def note(self, target: Target, revision: str, error: Unmade) -> None:
        """Write down that a pod could not be made at a revision."""
        now = self._context.clock.now()
        attempt = (target.key, error.pod, revision)
        with self._lock:
            known = target.facts.setbacks.get(error.pod)
            found = setback.counted(
                known,
                Setback(
                    reason=error.reason,
                    message=error.cause,
                    hint=error.hint or "",
                    container=error.container,
                    image=error.image,
                    revision=revision,
                    first=now,
                    last=now,
                ),
            )
            if self.is_patient:
                next_try = now + setback.pause_after(found.count)
                found = msgspec.structs.replace(found, next_try=next_try)
            self._failed[attempt] = _Failure(error=error, setback=found)
            target.change(setbacks={**target.facts.setbacks, error.pod: found})
        if self.is_patient:
            hint = f" ({error.hint})" if error.hint else ""
            self._context.reporter.notice(f"{error.message}{hint}")

    def is_held(self, target: Target, pod: str, revision: str) -> bool:
        """Say whether a pod is to be let alone in this turn; that is then what holds it up."""
        failure = self._failed.get((target.key, pod, revision))
        if failure is None or (self.is_patient and not self._is_resting(failure)):
            return False
        self._held.setdefault(target.key, failure.error)
        return True

    def clear(self, target: Target, pod: str, revision: str) -> None:
        """Take note that a pod was made at a revision, or completed."""
        with self._lock:
            self._failed.pop((target.key, pod, revision), None)
            known = target.facts.setbacks.get(pod)
            if known is not None and known.revision == revision:
                kept = {name: one for name, one in target.facts.setbacks.items() if name != pod}
                target.change(setbacks=kept)

    def tidy(self, target: Target, pods: Mapping[str, PodSeen]) -> None:
        """Forget what is of the past: pods that are there after all, or not wanted any more."""
        facts, manifest = target.facts, target.manifest
        for attempt, failure in tuple(self._failed.items()):
            key, pod, _ = attempt
            if key != target.key or self._is_resting(failure):
                continue
            if pod in pods and _stays_as_it_is(failure, pods[pod]):
                continue
            if not is_standing(failure.setback, pod, facts, manifest, pods):
                del self._failed[attempt]
        if facts.setbacks:
            target.change(setbacks=standing_setbacks(facts, manifest, pods))

    def _is_resting(self, failure: _Failure) -> bool:
        return self._context.clock.now() < failure.setback.next_try

    def settle(self, target: Target) -> None:
        """Write down that nobody tries again by himself from now on."""
        if any(one.next_try for one in target.facts.setbacks.values()):
            target.change(
                setbacks={
                    name: msgspec.structs.replace(one, next_try=0.0)
                    for name, one in target.facts.setbacks.items()
                }
            )


def _stays_as_it_is(failure: _Failure, pod: PodSeen) -> bool:
    """Say whether a pod has no successor of its own revision yet: its ports alone are to change.

    Of such a pod the record tells nothing, for it runs.
    """
    is_same = pod.labels.get(labels.REVISION, "") == failure.setback.revision
    return is_same and failure.error.stays == pod.id
