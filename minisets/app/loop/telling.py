"""Tells the progress of sets and their pods, whenever it has changed since the turn before."""

from __future__ import annotations

import threading

import msgspec

from minisets.app.context import Context
from minisets.app.loop.blueprint import Blueprint
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.targets import Target
from minisets.core import labels, naming
from minisets.core.controller.controller_state import (
    SetSpec,
    Snapshot,
    Status,
    in_range,
    is_available,
    is_ready,
    is_terminating,
)
from minisets.core.events import Progress
from minisets.core.pod.pod_phase import READY, PodPhase, Verdicts, phase_of
from minisets.core.pod.seen import PodSeen

_STARTED = PodPhase(state="started")
_AVAILABLE = "available"


class Teller:
    """Keeps what was told, so that nothing is told twice.

    Attributes:
        is_about_sets: Tell how far whole sets are, too.
    """

    def __init__(self, context: Context, readiness: Readiness) -> None:
        self._context = context
        self._readiness = readiness
        self._told: dict[str, PodPhase] = {}
        self._sets: dict[tuple[str, str], Progress] = {}
        # Set → the pods that are counted in what was told of it.
        self._here: dict[tuple[str, str], set[str]] = {}
        self.is_about_sets = True
        # Pods are created in several threads.
        self._lock = threading.Lock()

    def note_created(self, pod: PodSeen) -> None:
        """Take note of a pod that this command has created and told of."""
        with self._lock:
            self._told[pod.id] = _STARTED

    def tell_pods(self, blueprint: Blueprint, spec: SetSpec) -> None:
        """Tell of the pods that the set asks for and that do something else now."""
        ready = self._readiness.ready_for()
        lasting = spec.min_ready_seconds
        verdicts = Verdicts(
            ready=self._readiness.ready_containers(),
            started=self._readiness.started(),
            results=self._readiness.results(),
        )
        for name, pod in blueprint.pods().items():
            if not in_range(spec, naming.split_pod_name(name)[1]):
                continue
            parts = blueprint.parts(pod.labels.get(labels.REVISION, ""))
            phase = phase_of(pod, parts, verdicts) if pod.id not in ready else _READY
            is_available = pod.id in ready and ready[pod.id] >= lasting
            if lasting and phase.state == READY:
                phase = (
                    PodPhase(state=_AVAILABLE)
                    if is_available
                    else PodPhase(state=READY, detail=f"available after {lasting}s")
                )
            usual = PodPhase(state=_AVAILABLE) if lasting else _READY
            if self._told.get(pod.id, usual) == phase:
                continue
            self._told[pod.id] = phase
            self._context.reporter.progress(
                Progress(
                    subject=f"pod/{name}",
                    state=phase.state,
                    detail=phase.detail,
                    container=phase.container,
                    is_done=is_available,
                    owner=subject_of(blueprint.target),
                )
            )

    def tell_set(
        self, target: Target, snapshot: Snapshot, status: Status, waiting_for: str | None
    ) -> None:
        """Tell how far a set is, once there is something to do; None: it is as it should be.

        Of the pods that it asks for, those count that do not leave: not so in its status.
        """
        spec = snapshot.set
        begun = self._sets.get(target.key)
        is_over = waiting_for is None
        if not self.is_about_sets or not spec.replicas or (begun is None and is_over):
            return
        has_update = status.current_revision != status.update_revision
        pods = [
            pod for pod in snapshot.pods if in_range(spec, pod.ordinal) and not is_terminating(pod)
        ]
        new = sum(pod.revision == status.update_revision for pod in pods)
        updated = f"{new} of {spec.replicas} updated" if has_update else ""
        lasting = spec.min_ready_seconds
        here = {pod.name for pod in pods if is_ready(pod) and is_available(pod, lasting)}
        # Pods that were just started may still end at once: finish() tells that all is well.
        step = Progress(
            subject=subject_of(target),
            state=_AVAILABLE if lasting else READY,
            detail=updated or waiting_for or "",
            is_done=begun is not None and begun.is_done and is_over,
            current=len(here),
            total=spec.replicas,
            unit="pods",
        )
        self._here[target.key] = here
        if step != begun:
            self._sets[target.key] = step
            self._context.reporter.progress(step)

    def note_leaving(self, target: Target, pod: str) -> None:
        """Take a pod that is about to be stopped off what was told of its set."""
        with self._lock:
            here = self._here.get(target.key, set())
            if pod not in here:
                return
            here.discard(pod)
            step = msgspec.structs.replace(
                self._sets[target.key], current=len(here), is_done=False
            )
            self._sets[target.key] = step
            self._context.reporter.progress(step)

    def finish(self) -> None:
        """Tell that the sets are as they should be: what was told of them has proved true."""
        for key, step in self._sets.items():
            if not step.is_done:
                self._sets[key] = msgspec.structs.replace(step, is_done=True)
                self._context.reporter.progress(self._sets[key])


_READY = PodPhase(state=READY)


def subject_of(target: Target) -> str:
    """Return how progress names a set."""
    return f"sts/{target.name}"
