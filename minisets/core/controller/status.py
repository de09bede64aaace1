"""The status of a set, counted from the snapshot at the start of a sync."""

from __future__ import annotations

from dataclasses import replace

from minisets.core.controller.controller_state import (
    Pod,
    SetSpec,
    Snapshot,
    Status,
    is_available,
    is_ready,
    is_terminating,
)


def count_status(snapshot: Snapshot, *, current: str, update: str, collision_count: int) -> Status:
    """Count the pods of the snapshot, before anything that this sync does.

    Kubernetes rule 10.1: terminating pods still count as existing, ready and available, but no
    longer as current or updated. One pod counts as both when the two revisions are the same.
    """
    pods = _counted_pods(snapshot)
    staying = tuple(pod for pod in pods if not is_terminating(pod))
    seconds = snapshot.set.min_ready_seconds
    return Status(
        observed_generation=snapshot.generation,
        replicas=len(pods),
        ready_replicas=sum(is_ready(pod) for pod in pods),
        available_replicas=sum(is_ready(pod) and is_available(pod, seconds) for pod in pods),
        current_replicas=sum(pod.revision == current for pod in staying),
        updated_replicas=sum(pod.revision == update for pod in staying),
        current_revision=current,
        update_revision=update,
        collision_count=collision_count,
    )


def complete_rollout(spec: SetSpec, status: Status) -> Status:
    """Let the current revision move on when every pod is updated and ready.

    Kubernetes rule 7.6: availability is not asked for, and OnDelete never completes.
    """
    counters = {status.updated_replicas, status.ready_replicas, status.replicas}
    if spec.strategy != "RollingUpdate" or counters != {spec.replicas}:
        return status
    return replace(
        status,
        current_revision=status.update_revision,
        current_replicas=status.updated_replicas,
    )


def is_status_changed(old: Status | None, new: Status) -> bool:
    """Say whether a status is worth writing.

    Kubernetes rule 10.3: a generation seen for the first time, or any counter or revision name;
    the collision count alone is not enough.
    """
    known = old if old is not None else Status()
    if new.observed_generation > known.observed_generation:
        return True
    return new != replace(
        known,
        observed_generation=new.observed_generation,
        collision_count=new.collision_count,
    )


def _counted_pods(snapshot: Snapshot) -> tuple[Pod, ...]:
    # Kubernetes rule 1.4: a pod without an ordinal is counted only while the set goes away,
    # because that path ends before the pods are sorted into wanted and condemned ones.
    if snapshot.deleting:
        return snapshot.pods
    return tuple(pod for pod in snapshot.pods if pod.ordinal >= 0)
