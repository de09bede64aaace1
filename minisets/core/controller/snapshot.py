"""From a set's record and what the Engine shows to the planner's snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minisets.core import labels, naming
from minisets.core.controller.controller_state import (
    STALE_MARK,
    Claim,
    Phase,
    Pod,
    Retention,
    SetSpec,
    Snapshot,
    pod_owner,
)
from minisets.core.controller.revision import template_text
from minisets.core.controller.set_status import parse_status, to_revisions
from minisets.core.manifest import StatefulSet
from minisets.core.observed import ContainerStatus, VolumeSeen
from minisets.core.pod.container_spec import fixed_hash
from minisets.core.pod.seen import PodSeen
from minisets.core.records.set_record import SetRecord

_PHASES = {
    ContainerStatus.CREATED: Phase.PENDING,
    ContainerStatus.RUNNING: Phase.RUNNING,
    ContainerStatus.RESTARTING: Phase.RUNNING,
    ContainerStatus.PAUSED: Phase.RUNNING,
    # It runs again as soon as the kubelet's duties are done: restartPolicy is Always.
    ContainerStatus.EXITED: Phase.RUNNING,
    ContainerStatus.DEAD: Phase.FAILED,
    ContainerStatus.REMOVING: Phase.RUNNING,
}


def set_spec(record: SetRecord, manifest: StatefulSet) -> SetSpec:
    """Return what the planner decides by; a parked set wants no pods and keeps every claim."""
    spec = manifest.spec
    strategy = spec.update_strategy
    rolling = strategy.rolling_update
    retention = spec.persistent_volume_claim_retention_policy
    template: dict[str, Any] = record.object["spec"]["template"]
    return SetSpec(
        name=manifest.metadata.name,
        replicas=0 if record.is_stopped else spec.replicas,
        template=template_text(template),
        ordered=spec.pod_management_policy == "OrderedReady",
        strategy="OnDelete" if strategy.type == "OnDelete" else "RollingUpdate",
        partition=rolling.partition if rolling else None,
        max_unavailable=rolling.max_unavailable if rolling else None,
        rolling_update_is_nil=strategy.type == "RollingUpdate" and rolling is None,
        min_ready_seconds=spec.min_ready_seconds,
        revision_history_limit=spec.revision_history_limit,
        retention=Retention()
        if record.is_stopped
        else Retention(
            when_deleted="Delete" if retention.when_deleted == "Delete" else "Retain",
            when_scaled="Delete" if retention.when_scaled == "Delete" else "Retain",
        ),
        ordinals_start=spec.first_ordinal,
        claim_templates=tuple(claim.metadata.name for claim in spec.volume_claim_templates),
    )


def take_snapshot(
    record: SetRecord,
    manifest: StatefulSet,
    *,
    namespace: str,
    pods: Iterable[PodSeen],
    volumes: Iterable[VolumeSeen],
    ready_for: Mapping[str, float],
    replaceable: frozenset[str] = frozenset(),
    published: Mapping[str, str] | None = None,
) -> Snapshot:
    """Build the planner's snapshot of one set.

    Args:
        record: The set's record.
        manifest: The record's object, decoded.
        namespace: Of the set.
        pods: The pods of this set.
        volumes: Volumes that are claims of this set.
        ready_for: Pod id → seconds since it became ready; absent if it is not ready.
        replaceable: Ids of pods past their startup allowance, or in a crash loop.
        published: Pod → ports of the host that it should have (host_ports.render_ports); None
            leaves them out of account.
    """
    spec = set_spec(record, manifest)
    seen = {pod.name: pod for pod in pods}
    return Snapshot(
        set=spec,
        revisions=to_revisions(record.revisions),
        pods=tuple(
            sorted(
                (
                    _pod(pod, manifest, namespace, ready_for, replaceable, published)
                    for pod in seen.values()
                ),
                key=lambda pod: pod.ordinal,
            )
        ),
        claims=_claims(record, namespace, volumes, seen),
        status=parse_status(record.status),
        generation=record.generation,
        deleting=bool(record.deletion),
    )


def claim_volumes(manifest: StatefulSet, namespace: str, ordinal: int) -> dict[str, str]:
    """Return claim template → volume name for one pod of the set."""
    return {
        claim.metadata.name: naming.volume_name(
            namespace, f"{claim.metadata.name}-{manifest.metadata.name}-{ordinal}"
        )
        for claim in manifest.spec.volume_claim_templates
    }


def _pod(
    pod: PodSeen,
    manifest: StatefulSet,
    namespace: str,
    ready_for: Mapping[str, float],
    replaceable: frozenset[str],
    published: Mapping[str, str] | None,
) -> Pod:
    _, ordinal = naming.split_pod_name(pod.name)
    wanted = fixed_hash(manifest.spec.template, claim_volumes(manifest, namespace, ordinal))
    return Pod(
        name=pod.name,
        ordinal=ordinal,
        revision=pod.labels.get(labels.REVISION, ""),
        phase=_PHASES[pod.status],
        ready_for_seconds=ready_for.get(pod.id),
        roll_cause=_roll_cause(pod, wanted, (published or {}).get(pod.name)),
        may_be_replaced=pod.id in replaceable,
    )


def _roll_cause(pod: PodSeen, wanted: str, ports: str | None) -> str:
    if pod.labels.get(labels.FIXED) != wanted:
        return "its mounted claims have changed"
    if ports is not None and pod.labels.get(labels.PORTS, "") != ports:
        return "its published ports have changed"
    return ""


def _claims(
    record: SetRecord,
    namespace: str,
    volumes: Iterable[VolumeSeen],
    containers: Mapping[str, PodSeen],
) -> tuple[Claim, ...]:
    start = naming.prefix(namespace)
    names = {volume.name.removeprefix(start) for volume in volumes} | set(record.foreign_claims)
    return tuple(
        Claim(
            name=name,
            owners=tuple(
                _as_seen(owner, containers) for owner in record.claim_owners.get(name, ())
            ),
        )
        for name in sorted(names)
    )


def remembered_owner(owner: str, containers: Mapping[str, PodSeen]) -> str:
    """Return how an owner is written into the record: a pod with its container's id."""
    kind, _, name = owner.partition("/")
    if kind == "Pod" and name in containers:
        return f"{owner}@{containers[name].id}"
    return owner


def _as_seen(owner: str, containers: Mapping[str, PodSeen]) -> str:
    text, at, container_id = owner.partition("@")
    if not at:
        return owner
    holder = containers.get(text.partition("/")[2])
    return text if holder is not None and holder.id == container_id else f"{text}{STALE_MARK}"


def orphaned_claims(record: SetRecord, containers: Mapping[str, PodSeen]) -> tuple[str, ...]:
    """Return the claims whose owners are all gone: their retention policy says Delete.

    A claim that never had an owner is nobody's to remove.
    """
    alive = {pod_owner(name) for name in containers}
    return tuple(
        claim
        for claim, owners in sorted(record.claim_owners.items())
        if owners
        and all(owner.startswith("Pod/") for owner in owners)
        and not any(_as_seen(owner, containers) in alive for owner in owners)
    )
