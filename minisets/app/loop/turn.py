"""One turn of the loop for one set: what its pods need, else what its plan says, as deeds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeGuard

from minisets.app.context import Context
from minisets.app.loop.bookkeeping import take_plan
from minisets.app.loop.conflicts import Conflicts
from minisets.app.loop.deeds import Workshop
from minisets.app.loop.images import Images
from minisets.app.loop.live_files import refresh_files
from minisets.app.loop.liveness import Liveness
from minisets.app.loop.planning import Planning
from minisets.app.loop.pull_secrets import PullSecrets
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.revivals import Revivals
from minisets.app.loop.setbacks import Setbacks, Unmade, making, staying
from minisets.app.loop.sets import ORPHANED_KIND
from minisets.app.loop.targets import Target, flush
from minisets.app.loop.telling import Teller
from minisets.app.loop.view import watched_pod
from minisets.app.loop.world import Key, World
from minisets.core import labels, naming
from minisets.core.controller.actions import (
    CreateClaim,
    CreatePod,
    DeletePod,
    Plan,
    coming_revisions,
)
from minisets.core.controller.controller_state import Snapshot, Status
from minisets.core.controller.snapshot import orphaned_claims
from minisets.core.observed import ContainerStatus
from minisets.core.pod.kubelet import (
    Care,
    CreateContainers,
    RenamePod,
    ReplacePod,
    RestartContainer,
    RestoreSandbox,
    StartContainer,
    UnpauseContainer,
)
from minisets.core.pod.seen import PodSeen
from minisets.core.pod.setback import CREATE, RUN, SCHEDULING
from minisets.core.records.set_record import SetRecord, parse_set
from minisets.errors import (
    AddressTaken,
    Contended,
    EngineConflict,
    EngineMissing,
    ImageError,
    PortTaken,
)

Deed = Callable[[], None]
_Revival = StartContainer | RestoreSandbox


class Turn:
    """Turns decisions about one set into deeds, and keeps what they bring to light.

    Attributes:
        teller: Tells of progress.
        statuses: Of each set, as counted at its last plan.
        conflicts: What was in the way of pods.
        revivals: Containers that ended and were started again.
        setbacks: Pods that could not be made.
    """

    def __init__(
        self,
        context: Context,
        readiness: Readiness,
        images: Images,
        liveness: Liveness | None = None,
        *,
        is_patient: bool = False,
    ) -> None:
        self._context = context
        self._images = images
        self._readiness = readiness
        self._liveness = liveness
        self.teller = Teller(context, readiness)
        self._planning = Planning(context, readiness)
        # Pods that were begun since their set was last seen to be there.
        self._under_way: dict[Key, set[str]] = {}
        self.statuses: dict[Key, Status] = {}
        # Deeds run in several threads and write to the same facts.
        self._lock = threading.Lock()
        self.conflicts = Conflicts(context, self._lock)
        self.revivals = Revivals(context.clock)
        self.setbacks = Setbacks(context, self._lock, is_patient=is_patient)

    def decide(self, workshop: Workshop) -> tuple[list[list[Deed]], str | None]:
        """Return groups of deeds that can run side by side, and what the set waits for."""
        target = workshop.target
        # The set was seen to be there after these were made.
        self._under_way.pop(target.key, None)
        cared = self._care(workshop)
        if cared:
            # What containers are made from must be remembered before there are such containers.
            flush(self._context, target)
            return cared, "pods are being repaired"
        refresh_files(workshop)
        snapshot = self._snapshot(workshop)
        decided = self._planning.plan(snapshot)
        self.statuses[target.key] = decided.status
        take_plan(target, decided, workshop.pods(), self._context.clock.now())
        if decided.status_changed and not decided.actions:
            # A rollout that has just ended leaves a revision too many: the next sync trims it.
            decided = self._planning.plan(self._snapshot(workshop))
            take_plan(target, decided, workshop.pods(), self._context.clock.now())
        self.setbacks.tidy(target, workshop.pods())
        collected = self._collect_claims(workshop)
        groups = self._groups(workshop, snapshot, decided)
        reason = decided.error or decided.waiting_for
        self.teller.tell_pods(workshop, snapshot.set)
        self.teller.tell_set(target, snapshot, decided.status, _open_reason(groups, reason))
        if groups or collected:
            # What pods are made from must be remembered before there are such pods.
            flush(self._context, target)
        return groups + collected, reason

    def _snapshot(self, workshop: Workshop) -> Snapshot:
        return self._planning.snapshot(workshop.target, workshop.world, self.setbacks.pods)

    def withdraw(self, target: Target, world: World) -> None:
        """Remove what was made of a set while another command deleted or parked it.

        That command may not have seen it, and later ones would take it for a set whose record
        was lost. Where others of its pods are left, that is what has happened.
        """
        under_way = self._under_way.pop(target.key, set())
        record = world.records.get(target.record.key)
        pods = [
            pod
            for pod in world.pods(*target.key)
            if pod.labels.get(labels.SET_UID) == target.facts.uid
        ]
        if record is None:
            is_orphaned = (ORPHANED_KIND, *target.key) in world.records
            is_deleted = not is_orphaned and all(pod.name in under_way for pod in pods)
            cause = "its set was deleted" if is_deleted else ""
        else:
            cause = _why_unwanted(parse_set(record.data))
        workshop = Workshop(context=self._context, target=target, world=world, network=None)
        for pod in pods:
            if cause and pod.name in under_way:
                workshop.remove(pod, cause)

    def _care(self, workshop: Workshop) -> list[list[Deed]]:
        """Return what pods need whatever the set wants; renames one at a time."""
        unwell = self._liveness.unwell() if self._liveness is not None else {}
        found = self._planning.repairs(workshop, unwell)
        found = [deed for deed in found if not self._is_held(workshop, deed)]
        # A rename takes a pod off the network for a moment: never several at once.
        renames = [deed for deed in found if isinstance(deed, RenamePod)]
        chosen = [deed for deed in found if not isinstance(deed, RenamePod)] or renames[:1]
        return [
            [
                partial(
                    self._in_order,
                    workshop.target,
                    deed.pod,
                    _revision_of(workshop, deed.pod),
                    [partial(self._take_care, workshop, deed)],
                )
            ]
            for deed in chosen
        ]

    def _is_held(self, workshop: Workshop, deed: Care) -> bool:
        """Say whether a care has failed or been in vain, so that the pod waits or is replaced."""
        if isinstance(deed, _Revival) and self.revivals.is_resting(deed.container_id):
            return True
        revision = _revision_of(workshop, deed.pod)
        return self.setbacks.is_held(workshop.target, deed.pod, revision)

    def _take_care(self, workshop: Workshop, deed: Care) -> None:
        revision = _revision_of(workshop, deed.pod)
        if _is_revival(deed, workshop.pods()[deed.pod]):
            self.revivals.note(deed.container_id)
        try:
            if isinstance(deed, CreateContainers):
                self._note_under_way(workshop.target, deed.pod)
                self._provide_images(workshop, deed.pod, revision)
            if isinstance(deed, ReplacePod):
                self.teller.note_leaving(workshop.target, deed.pod)
            with making(deed.pod, RUN):
                workshop.take_care(deed)
        except (AddressTaken, PortTaken) as error:
            self.conflicts.give_way(workshop, deed.pod, revision, error)
            # A container keeps what it was created with: the planner makes it anew.
            what = "address" if isinstance(error, AddressTaken) else "port of the host"
            workshop.delete_pod(deed.pod, f"its {what} is taken")
            return
        except (Contended, EngineMissing) as error:
            self.conflicts.give_way(workshop, deed.pod, revision, error)
            return
        self.conflicts.clear(workshop.target, deed.pod)
        if isinstance(deed, CreateContainers | StartContainer):
            self.setbacks.clear(workshop.target, deed.pod, revision)
        if isinstance(deed, RenamePod):
            with self._lock:
                aliases = workshop.target.facts.aliases
                workshop.target.change(aliases={**aliases, deed.container_id: deed.names_hash})
        elif isinstance(deed, StartContainer | RestartContainer | UnpauseContainer):
            self._readiness.note_started(deed.container_id)
            if self._liveness is not None:
                self._liveness.forget(deed.container_id)

    def _groups(self, workshop: Workshop, snapshot: Snapshot, decided: Plan) -> list[list[Deed]]:
        """Return the deeds of a plan: those of one pod in order, those of several side by side.

        Pods that could not be made are left out until it is time to try again.
        """
        target, actions = workshop.target, decided.actions
        by_pod: dict[str, list[Deed]] = {}
        fresh = frozenset(action.name for action in actions if isinstance(action, CreateClaim))
        revisions = coming_revisions(snapshot.set, decided)
        held = {pod for pod, one in revisions.items() if self.setbacks.is_held(target, pod, one)}
        for action in actions:
            match action:
                case CreateClaim(name=name, pod=pod) if pod not in held:
                    by_pod.setdefault(pod, []).append(
                        partial(self._create_claim, workshop, name, pod)
                    )
                case CreatePod(name=name, revision=revision) if name not in held:
                    by_pod.setdefault(name, []).append(
                        partial(self._create_pod, workshop, name, revision, fresh)
                    )
                case DeletePod(name=name, cause=cause) if name not in held:
                    why = "its set is stopped" if target.facts.is_stopped else cause
                    by_pod.setdefault(name, []).append(
                        partial(self._delete_pod, workshop, name, why, revisions.get(name))
                    )
                case _:
                    # Revisions and owners live in the record, which take_plan has changed.
                    pass
        return [
            [partial(self._in_order, target, pod, revisions.get(pod, ""), deeds)]
            for pod, deeds in by_pod.items()
        ]

    def _in_order(self, target: Target, pod: str, revision: str, deeds: Sequence[Deed]) -> None:
        """Do the deeds for one pod; what it cannot be made for is noted, and others go on."""
        try:
            for deed in deeds:
                deed()
        except Unmade as error:
            self.setbacks.note(target, revision, error)
        except EngineConflict as error:
            # What is in the way is not of minisets: its own words tell best.
            self.setbacks.note(target, revision, Unmade(pod, error, CREATE))
            if not self.setbacks.is_patient:
                raise

    def _delete_pod(self, workshop: Workshop, pod: str, cause: str, successor: str | None) -> None:
        """Stop a pod and remove it; one that is to come back only if there is what to make it of.

        Not so in Kubernetes, where a pod is gone before anybody looks for the new image.
        """
        seen = workshop.pods().get(pod)
        if successor is not None and seen is not None:
            with staying(seen):
                self._provide_images(workshop, pod, successor)
                workshop.rehearse(pod, successor)
        self.teller.note_leaving(workshop.target, pod)
        workshop.delete_pod(pod, cause)

    def _provide_images(self, workshop: Workshop, pod: str, revision: str) -> None:
        """Make sure that the images of a pod are there.

        Raises:
            Unmade: One cannot be had.
        """
        target = workshop.target
        spec = target.template_of(revision).spec
        secrets = PullSecrets(self._context, workshop.world, [(target.namespace, spec)])
        try:
            self._images.provide([spec], secrets)
        except ImageError as error:
            containers = (*spec.init_containers, *spec.containers)
            named = [one.name for one in containers if one.image == error.image]
            with making(pod, error.reason, container=named[0], image=error.image):
                raise

    def _create_claim(self, workshop: Workshop, claim: str, pod: str) -> None:
        with making(pod, SCHEDULING):
            is_ours = workshop.create_claim(claim)
        if is_ours:
            return
        with self._lock:
            known = workshop.target.facts.foreign_claims
            workshop.target.change(foreign_claims=(*known, claim))
        self._context.reporter.notice(
            f"volume {claim} is there already and was not made by minisets: used, never deleted"
        )

    def _create_pod(
        self, workshop: Workshop, pod: str, revision: str, new_claims: frozenset[str]
    ) -> None:
        target = workshop.target
        self._note_under_way(target, pod)
        try:
            self._provide_images(workshop, pod, revision)
            created = workshop.create_pod(pod, revision, new_claims)
        except (AddressTaken, PortTaken, Contended, EngineMissing) as error:
            self.conflicts.give_way(workshop, pod, revision, error)
        else:
            self.setbacks.clear(target, pod, revision)
            self.conflicts.clear(target, pod)
            self.teller.note_created(created)
            self._expect(target, created)
            with self._lock:
                target.note(used_claims=_more_claims(target, workshop, pod))

    def _note_under_way(self, target: Target, pod: str) -> None:
        with self._lock:
            self._under_way.setdefault(target.key, set()).add(pod)

    def _expect(self, target: Target, created: PodSeen) -> None:
        """Have a pod that was just created probed at once."""
        if all(port.host_port for port in created.holder.ports):
            self._readiness.expect(watched_pod(target, created))
            return
        # Only the next look tells which ports the Engine chose.
        for container in created.containers:
            self._readiness.note_started(container.id)

    def _collect_claims(self, workshop: Workshop) -> list[list[Deed]]:
        """Return the removal of claims whose owners are gone: their retention policy says so."""
        target = workshop.target
        gone = orphaned_claims(target.facts, workshop.pods())
        if not gone:
            return []
        names = {naming.volume_name(target.namespace, claim) for claim in gone}
        facts = target.facts
        target.change(
            claim_owners={
                claim: owners for claim, owners in facts.claim_owners.items() if claim not in gone
            },
            used_claims=tuple(name for name in facts.used_claims if name not in names),
        )
        return [
            [partial(self._context.engine.remove_volume, volume.name)]
            for volume in workshop.world.claims(target.namespace, target.name)
            if volume.name in names and volume.labels.get(labels.RECLAIM_POLICY) != "Retain"
        ]


def _is_revival(deed: Care, pod: PodSeen) -> TypeGuard[_Revival]:
    """Say whether a care starts a container that has run before."""
    return isinstance(deed, _Revival) and any(
        one.id == deed.container_id and one.status is not ContainerStatus.CREATED
        for one in pod.containers
    )


def _revision_of(workshop: Workshop, pod: str) -> str:
    return workshop.pods()[pod].labels.get(labels.REVISION, "")


def _why_unwanted(facts: SetRecord) -> str:
    """Return why a set wants no pods at all; empty if it does."""
    if facts.deletion in {"foreground", "background"}:
        return "its set was deleted"
    return "its set is stopped" if facts.is_stopped else ""


def _open_reason(groups: list[list[Deed]], reason: str | None) -> str | None:
    """Return what a set waits for; nothing in words while there is something to do; None: done."""
    return reason if reason is not None or not groups else ""


def _more_claims(target: Target, workshop: Workshop, pod: str) -> tuple[str, ...]:
    return tuple(sorted({*target.facts.used_claims, *workshop.claims_of(pod).values()}))
