"""What actions and events do to a snapshot, on values: the world without an Engine.

For replaying recorded scenarios, for property tests, and for showing the whole road of a dry run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from minisets.core.controller.actions import (
    Action,
    CreateClaim,
    CreatePod,
    CreateRevision,
    DeletePod,
    DeleteRevision,
    Plan,
    RenumberRevision,
    SetClaimOwners,
    UpdatePod,
)
from minisets.core.controller.controller_state import (
    STALE_MARK,
    Claim,
    Phase,
    Pod,
    Revision,
    Snapshot,
    is_finished,
    pod_owner,
)
from minisets.core.controller.planner import Options, plan

# Every pod takes a few plans; what needs more than this does not end.
_PLANS_PER_POD = 8
_PLANS_AT_LEAST = 100


def road(snapshot: Snapshot, options: Options | None = None) -> tuple[Plan, ...]:
    """Return all plans with actions from here on, if all pods get ready and all deleted ones go.

    Ends early where even then nothing moves any more.
    """
    plans: list[Plan] = []
    pods = snapshot.set.replicas + len(snapshot.pods)
    for _ in range(_PLANS_AT_LEAST + _PLANS_PER_POD * pods):
        step = plan(snapshot, options)
        if step.actions:
            plans.append(step)
        following = settle(apply_plan(snapshot, step))
        if following == snapshot:
            break
        snapshot = following
    return tuple(plans)


def settle(snapshot: Snapshot) -> Snapshot:
    """Let everything that is under way arrive: deleted things go, pods become available."""
    for pod in snapshot.pods:
        if pod.terminating:
            snapshot = remove_pod(snapshot, pod.name)
    snapshot = _collect_garbage(_finish_claims(snapshot))
    seconds = snapshot.set.min_ready_seconds
    return replace(snapshot, pods=tuple(_arrived(pod, seconds) for pod in snapshot.pods))


def _arrived(pod: Pod, seconds: float) -> Pod:
    """Return a pod once it is available; one that has finished stays as it is."""
    if is_finished(pod):
        return pod
    ready_for = max(pod.ready_for_seconds or 0, seconds)
    if pod.phase is Phase.RUNNING and pod.ready_for_seconds == ready_for:
        return pod
    return replace(pod, phase=Phase.RUNNING, ready_for_seconds=ready_for)


def apply_plan(snapshot: Snapshot, step: Plan) -> Snapshot:
    """Return the snapshot after all actions of a plan, with its status written."""
    for action in step.actions:
        snapshot = apply_action(snapshot, action)
    return replace(snapshot, status=step.status) if step.status_changed else snapshot


def apply_action(snapshot: Snapshot, action: Action) -> Snapshot:
    """Return the snapshot after one action; deleting what is already gone changes nothing."""
    match action:
        case CreateRevision() | RenumberRevision() | DeleteRevision():
            return _apply_to_revisions(snapshot, action)
        case CreateClaim(name=name):
            return _put_claim(snapshot, Claim(name=name))
        case SetClaimOwners(name=name, owners=owners):
            return _change_claim(snapshot, name, lambda claim: replace(claim, owners=owners))
        case CreatePod() | DeletePod() | UpdatePod():
            return _apply_to_pods(snapshot, action)
        case _:
            assert_never(action)


def make_ready(snapshot: Snapshot, pod: str) -> Snapshot:
    """Let a pod run and be ready, from now on if it was not so before."""

    def ready(old: Pod) -> Pod:
        since = old.ready_for_seconds if old.ready_for_seconds is not None else 0
        return replace(old, phase=Phase.RUNNING, ready_for_seconds=since)

    return _change_pod(snapshot, pod, ready)


def make_unready(snapshot: Snapshot, pod: str, phase: Phase = Phase.RUNNING) -> Snapshot:
    """Put a pod into a phase in which it is not ready."""
    return _change_pod(
        snapshot, pod, lambda old: replace(old, phase=phase, ready_for_seconds=None)
    )


def ask_to_go(snapshot: Snapshot, pod: str) -> Snapshot:
    """Start the end of a pod; one that has finished is gone at once."""
    if any(is_finished(old) for old in snapshot.pods if old.name == pod):
        return remove_pod(snapshot, pod)
    return _change_pod(snapshot, pod, lambda old: replace(old, terminating=True))


def remove_pod(snapshot: Snapshot, pod: str, *, collect: bool = True) -> Snapshot:
    """Take a pod away, and the claims that belong to nobody else.

    Args:
        snapshot: The snapshot to change.
        pod: Name of the pod.
        collect: False leaves its claims to a later collection.
    """
    kept = tuple(old for old in snapshot.pods if old.name != pod)
    owner = pod_owner(pod)
    claims = tuple(
        replace(
            claim,
            owners=tuple(one + STALE_MARK if one == owner else one for one in claim.owners),
        )
        for claim in snapshot.claims
    )
    snapshot = replace(snapshot, pods=kept, claims=claims)
    return _collect_garbage(snapshot, owner) if collect else snapshot


def remove_claim(snapshot: Snapshot, claim: str) -> Snapshot:
    """Take a claim away."""
    return replace(snapshot, claims=tuple(old for old in snapshot.claims if old.name != claim))


def end_claim(snapshot: Snapshot, claim: str) -> Snapshot:
    """Start the end of a claim."""
    return _change_claim(snapshot, claim, lambda old: replace(old, terminating=True))


def own_claim(snapshot: Snapshot, claim: str, owner: str) -> Snapshot:
    """Add an owner to a claim."""
    return _change_claim(snapshot, claim, lambda old: replace(old, owners=(*old.owners, owner)))


def advance(snapshot: Snapshot, seconds: float) -> Snapshot:
    """Let time pass for all pods that are ready."""
    pods = tuple(
        pod
        if pod.ready_for_seconds is None
        else replace(pod, ready_for_seconds=pod.ready_for_seconds + seconds)
        for pod in snapshot.pods
    )
    return replace(snapshot, pods=pods)


def _apply_to_revisions(
    snapshot: Snapshot, action: CreateRevision | RenumberRevision | DeleteRevision
) -> Snapshot:
    kept = [one for one in snapshot.revisions if one.name != action.name]
    template = next(
        (one.template for one in snapshot.revisions if one.name == action.name),
        snapshot.set.template,
    )
    if not isinstance(action, DeleteRevision):
        kept.append(Revision(name=action.name, number=action.number, template=template))
    kept.sort(key=lambda one: (one.number, one.name))
    return replace(snapshot, revisions=tuple(kept))


def _apply_to_pods(snapshot: Snapshot, action: CreatePod | DeletePod | UpdatePod) -> Snapshot:
    match action:
        case CreatePod(name=name, revision=revision):
            ordinal = int(name.rpartition("-")[2])
            pods = [*snapshot.pods, Pod(name=name, ordinal=ordinal, revision=revision)]
            pods.sort(key=lambda pod: pod.ordinal)
            return replace(snapshot, pods=tuple(pods))
        case DeletePod(name=name):
            return ask_to_go(snapshot, name)
        case UpdatePod(name=name):
            return _change_pod(
                snapshot,
                name,
                lambda pod: replace(pod, missing_identity=False, missing_storage=False),
            )
        case _:
            assert_never(action)


def _change_pod(snapshot: Snapshot, name: str, change: Callable[[Pod], Pod]) -> Snapshot:
    pods = tuple(change(pod) if pod.name == name else pod for pod in snapshot.pods)
    return replace(snapshot, pods=pods)


def _change_claim(snapshot: Snapshot, name: str, change: Callable[[Claim], Claim]) -> Snapshot:
    claims = tuple(change(claim) if claim.name == name else claim for claim in snapshot.claims)
    return replace(snapshot, claims=claims)


def _finish_claims(snapshot: Snapshot) -> Snapshot:
    # A claim that is being deleted stays for as long as its pod does.
    for claim in snapshot.claims:
        if claim.terminating and not any(
            claim.name.endswith(f"-{pod.name}") for pod in snapshot.pods
        ):
            snapshot = remove_claim(snapshot, claim.name)
    return snapshot


def _put_claim(snapshot: Snapshot, claim: Claim) -> Snapshot:
    claims = (*remove_claim(snapshot, claim.name).claims, claim)
    return replace(snapshot, claims=tuple(sorted(claims, key=lambda one: one.name)))


def _collect_garbage(snapshot: Snapshot, owner: str | None = None) -> Snapshot:
    """Drop vanished owners, this one or all, and claims that lose their last owner by it."""
    claims: list[Claim] = []
    for claim in snapshot.claims:
        owners = tuple(one for one in claim.owners if not _is_vanished(one, owner))
        if owners == claim.owners:
            claims.append(claim)
        elif owners:
            claims.append(replace(claim, owners=owners))
    return replace(snapshot, claims=tuple(claims))


def _is_vanished(one: str, owner: str | None) -> bool:
    return one.endswith(STALE_MARK) if owner is None else one == owner + STALE_MARK
