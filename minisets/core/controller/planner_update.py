"""Decisions of a rolling update: which pods are taken down to come back at the new revision."""

from __future__ import annotations

from minisets.core.controller.actions import DeletePod
from minisets.core.controller.controller_state import (
    Pod,
    SetSpec,
    first_rolling_index,
    is_available,
    is_finished,
    is_ready,
    is_terminating,
    is_unavailable,
)
from minisets.core.controller.planner_sight import Slot


def max_unavailable(spec: SetSpec) -> int:
    """Return how many pods an update may take down.

    Kubernetes rule 6.3: a percentage is of the replicas and rounded down, but never to less than
    one pod. Its documentation says rounded up; its code does not.
    """
    asked = spec.max_unavailable
    if asked is None or spec.rolling_update_is_nil:
        return 1
    if isinstance(asked, str):
        asked = spec.replicas * int(asked.removesuffix("%")) // 100
    return max(1, asked)


def update_pods(
    spec: SetSpec, slots: tuple[Slot, ...], update_revision: str
) -> tuple[DeletePod, ...]:
    """Delete the pods that are to come back at the update revision, highest ordinal first."""
    if spec.strategy == "OnDelete":
        return ()
    seconds = spec.min_ready_seconds
    # Kubernetes rule 6.4: the whole range counts, also below the partition.
    unavailable = sum(is_unavailable(slot.pod, seconds) for slot in slots)
    budget = max(0, max_unavailable(spec) - unavailable)
    old = [slot for slot in _rolling(spec, slots) if _is_old(slot, update_revision)]
    healthy = [slot for slot in old if is_available(slot.pod, seconds)]
    # Kubernetes rule 6.6: an old pod that does not serve is taken whatever the budget says, as
    # nothing gets worse by it. With ordered pods the walk has made sure that there is none.
    broken = [slot for slot in old if not is_available(slot.pod, seconds)]
    return tuple(_delete(slot, update_revision) for slot in (*broken, *healthy[:budget]))


def repair_target(spec: SetSpec, slots: tuple[Slot, ...], update_revision: str) -> Slot | None:
    """Return the pod that blocks an ordered rollout and may be replaced, if there is one.

    Not in Kubernetes, where a person has to delete that pod (kubernetes/kubernetes#67250). One at
    a time, highest first, and only pods that the update would replace anyway.
    """
    if not spec.ordered or spec.strategy == "OnDelete":
        return None
    if any(is_terminating(slot.pod) for slot in slots):
        return None
    for slot in _rolling(spec, slots):
        if _is_old(slot, update_revision) and _is_repairable(slot.pod):
            return slot
    return None


def _rolling(spec: SetSpec, slots: tuple[Slot, ...]) -> list[Slot]:
    lowest = first_rolling_index(spec)
    return [slot for slot in reversed(slots) if slot.index >= lowest]


def _is_old(slot: Slot, update_revision: str) -> bool:
    pod = slot.pod
    if is_terminating(pod):
        return False
    return slot.revision != update_revision or (pod is not None and pod.roll_cause != "")


def _is_repairable(pod: Pod | None) -> bool:
    return pod is not None and pod.may_be_replaced and not is_ready(pod) and not is_finished(pod)


def _delete(slot: Slot, update_revision: str) -> DeletePod:
    return DeletePod(name=slot.name, cause=update_cause(slot, update_revision))


def update_cause(slot: Slot, update_revision: str) -> str:
    """Return why the pod in this slot has to be replaced."""
    if slot.revision != update_revision:
        return f"{slot.name} is not at revision {update_revision}"
    return f"{slot.name}: {slot.pod.roll_cause}" if slot.pod is not None else ""
