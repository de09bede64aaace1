"""Decisions about claims: which ones a pod misses, and whose end is to be theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from minisets.core.controller.actions import Action, CreateClaim, SetClaimOwners
from minisets.core.controller.controller_state import (
    STALE_MARK,
    Claim,
    SetSpec,
    claim_name,
    in_range,
    pod_name,
    pod_owner,
    set_owner,
)

Claims = Mapping[str, Claim]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What gives a pod its claims, and why one of them cannot be had."""

    actions: tuple[Action, ...] = ()
    errors: tuple[str, ...] = ()


def supply_claims(spec: SetSpec, ordinal: int, claims: Claims) -> Supply:
    """Create each claim that the pod misses; one that is being deleted is an error.

    Kubernetes rule 4.2: an error about one claim does not keep the others from being created.
    """
    pod = pod_name(spec, ordinal)
    names = sorted(_claim_names(spec, ordinal))
    leaving = [name for name in names if name in claims and claims[name].terminating]
    missing = [name for name in names if name not in claims]
    return Supply(
        actions=tuple(
            CreateClaim(name=name, pod=pod, cause=f"{pod} needs it and it does not exist")
            for name in missing
        ),
        errors=tuple(f"pvc {name} is being deleted" for name in leaving),
    )


def after_actions(claims: Claims, actions: tuple[Action, ...]) -> Claims:
    """Return the claims as they are when the actions are done."""
    created = {one.name: Claim(name=one.name) for one in actions if isinstance(one, CreateClaim)}
    known = {**claims, **created}
    owned = {one.name: one.owners for one in actions if isinstance(one, SetClaimOwners)}
    return known | {name: replace(known[name], owners=owners) for name, owners in owned.items()}


def stale_claim(spec: SetSpec, ordinal: int, claims: Claims) -> str | None:
    """Return a claim that still belongs to the pod that had this ordinal before, if any.

    Kubernetes rule 4.2: such a claim goes with that pod, so a new pod waits until it is gone.
    Claims that are kept on scale-down cannot be in this state.
    """
    if spec.retention.when_scaled == "Retain":
        return None
    owner = pod_owner(pod_name(spec, ordinal))
    for name in _claim_names(spec, ordinal):
        if name in claims and owner in map(_without_mark, claims[name].owners):
            return name
    return None


def fix_owners(
    spec: SetSpec, ordinal: int, claims: Claims, *, pod_exists: bool = True
) -> tuple[Action, ...]:
    """Bring the owners of a pod's claims in line with the retention policy."""
    fixes: list[Action] = []
    for name in _claim_names(spec, ordinal):
        if name not in claims:
            continue
        owners = _right_owners(spec, ordinal, claims[name], pod_exists=pod_exists)
        if owners != claims[name].owners:
            cause = _owner_cause(spec, ordinal)
            fixes.append(SetClaimOwners(name=name, owners=owners, cause=cause))
    return tuple(fixes)


def _claim_names(spec: SetSpec, ordinal: int) -> tuple[str, ...]:
    return tuple(claim_name(spec, one, ordinal) for one in spec.claim_templates)


def _right_owners(
    spec: SetSpec, ordinal: int, claim: Claim, *, pod_exists: bool
) -> tuple[str, ...]:
    pod = pod_name(spec, ordinal)
    ours = {set_owner(spec), pod_owner(pod)}
    # Kubernetes rule 8.3: a reference to an earlier set or pod of the same name means that the
    # claim is about to be collected, or somebody else's to sort out.
    if _has_stale_owner(claim, pod, ours, pod_exists=pod_exists):
        return claim.owners
    foreign = tuple(owner for owner in claim.owners if owner not in ours)
    # Kubernetes rule 8.3: somebody else's control of the claim wins over a policy that deletes,
    # and a policy that keeps everything adds no owner.
    if foreign:
        return foreign
    owner = _own_owner(spec, ordinal)
    return (owner,) if owner else ()


def _has_stale_owner(claim: Claim, pod: str, ours: set[str], *, pod_exists: bool) -> bool:
    # The new pod of a hole has no identity yet, so no reference can mean it.
    if not pod_exists and pod_owner(pod) in claim.owners:
        return True
    return any(
        owner.endswith(STALE_MARK) and _without_mark(owner) in ours for owner in claim.owners
    )


def _own_owner(spec: SetSpec, ordinal: int) -> str | None:
    # Kubernetes rule 8.2: the pod owns its claim only while it is scaled away.
    retention = spec.retention
    if retention.when_scaled == "Delete" and not in_range(spec, ordinal):
        return pod_owner(pod_name(spec, ordinal))
    if retention.when_deleted == "Delete":
        return set_owner(spec)
    return None


def _owner_cause(spec: SetSpec, ordinal: int) -> str:
    owner = _own_owner(spec, ordinal)
    return f"retention policy: it goes with {owner}" if owner else "retention policy: it stays"


def _without_mark(owner: str) -> str:
    return owner.removesuffix(STALE_MARK)
