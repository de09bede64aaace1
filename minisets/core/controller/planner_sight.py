"""The snapshot, sorted the way the controller looks at it: wanted places and condemned pods."""

from __future__ import annotations

from dataclasses import dataclass, replace

from minisets.core.controller.controller_state import (
    Pod,
    SetSpec,
    Snapshot,
    first_rolling_index,
    in_range,
    is_available,
    is_ready,
    is_terminating,
    pod_name,
    wanted_ordinals,
)
from minisets.core.controller.planner_claims import Claims
from minisets.core.controller.revisions_plan import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place in the wanted range: the pod that is there, or the hole that one shall fill."""

    index: int
    ordinal: int
    name: str
    revision: str
    pod: Pod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The snapshot, sorted for the walk."""

    spec: SetSpec
    choice: Choice
    slots: tuple[Slot, ...]
    condemned: tuple[Pod, ...]
    claims: Claims


def look(snapshot: Snapshot, choice: Choice) -> Sight:
    """Sort the pods of a snapshot into wanted places and condemned pods."""
    spec = snapshot.set
    pods = {pod.ordinal: pod for pod in snapshot.pods}
    condemned = [pod for pod in snapshot.pods if _is_condemned(spec, pod)]
    return Sight(
        spec=spec,
        choice=choice,
        slots=tuple(
            _slot(snapshot, choice, index, pods.get(ordinal))
            for index, ordinal in enumerate(wanted_ordinals(spec))
        ),
        condemned=tuple(sorted(condemned, key=lambda pod: pod.ordinal, reverse=True)),
        claims={claim.name: claim for claim in snapshot.claims},
    )


def _is_condemned(spec: SetSpec, pod: Pod) -> bool:
    # Kubernetes rule 1.4: a pod without an ordinal is nobody's business.
    return pod.ordinal >= 0 and not in_range(spec, pod.ordinal)


def _slot(snapshot: Snapshot, choice: Choice, index: int, pod: Pod | None) -> Slot:
    ordinal = snapshot.set.ordinals_start + index
    if pod is not None:
        return Slot(index=index, ordinal=ordinal, name=pod.name, revision=pod.revision, pod=pod)
    return Slot(
        index=index,
        ordinal=ordinal,
        name=pod_name(snapshot.set, ordinal),
        revision=_new_pod_revision(snapshot, choice, index),
    )


def _new_pod_revision(snapshot: Snapshot, choice: Choice, index: int) -> str:
    # Kubernetes rule 7.4: below the partition a new pod has the current revision. If the manifest
    # has no details for RollingUpdate, then so have as many pods as the status counts as current.
    spec = snapshot.set
    if spec.strategy == "OnDelete":
        return choice.update
    keeping = first_rolling_index(spec)
    if spec.rolling_update_is_nil and snapshot.status is not None:
        keeping = snapshot.status.current_replicas
    return choice.current if index < keeping else choice.update


def renewed(sight: Sight) -> Sight:
    """Fill holes at the update revision also where the manifest has no details for RollingUpdate.

    Not in Kubernetes: it makes some of these pods at the current revision. An unordered set then
    deletes them in the same sync because they are old, and a repair makes the broken pod again.
    """
    if not sight.spec.rolling_update_is_nil:
        return sight
    slots = (
        replace(slot, revision=sight.choice.update) if slot.pod is None else slot
        for slot in sight.slots
    )
    return replace(sight, slots=tuple(slots))


def obstacle(spec: SetSpec, slot: Slot) -> str | None:
    """Return what keeps the pod in this slot from counting as available."""
    pod = slot.pod
    if pod is None:
        return f"{slot.name} is not there"
    if is_terminating(pod):
        return f"{slot.name} is terminating"
    if not is_ready(pod):
        return f"{slot.name} is not ready"
    if not is_available(pod, spec.min_ready_seconds):
        return f"{slot.name} is not ready for {spec.min_ready_seconds} s yet"
    return None


def range_text(spec: SetSpec) -> str:
    """Return the wanted ordinals as a person writes them."""
    ordinals = wanted_ordinals(spec)
    return f"{ordinals[0]}..{ordinals[-1]}" if ordinals else "the empty range"
