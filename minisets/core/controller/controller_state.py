"""What the controller sees of one StatefulSet in one sync, and the words to speak about it.

Values only. Nobody may read a clock here: how long a pod has been ready is a number in the pod.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Strategy = Literal["RollingUpdate", "OnDelete"]
RetentionChoice = Literal["Retain", "Delete"]

# Marks an owner that has the right kind and name, but is another (usually vanished) object.
STALE_MARK = "!stale"


class Phase(StrEnum):
    """Where a pod is in its life."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What happens to claims when the set is deleted, and when its pod is scaled away."""

    when_deleted: RetentionChoice = "Retain"
    when_scaled: RetentionChoice = "Retain"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpec:
    """The part of a StatefulSet that the controller decides by.

    Attributes:
        template: The pod template as opaque text; equal text is an equal template.
        ordered: True for the pod management policy OrderedReady, False for Parallel.
        partition: Index, counted from the start ordinal, below which pods keep the old revision.
        max_unavailable: A number, a percentage such as ``25%``, or None for 1.
        rolling_update_is_nil: The manifest names the strategy RollingUpdate without its details;
            Kubernetes then picks the revision of new pods in another way.
        revision_history_limit: How many unused revisions to keep; a negative number keeps all.
        claim_templates: Names of the volumeClaimTemplates, in the manifest's order.
    """

    name: str
    replicas: int
    template: str
    ordered: bool = True
    strategy: Strategy = "RollingUpdate"
    partition: int | None = None
    max_unavailable: int | str | None = None
    rolling_update_is_nil: bool = False
    min_ready_seconds: int = 0
    revision_history_limit: int | None = 10
    retention: Retention = Retention()
    ordinals_start: int = 0
    claim_templates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One existing pod of the set.

    Attributes:
        ordinal: Number at the end of the name, -1 if it has none that counts.
        ready_for_seconds: How long the pod has been ready; None if it is not.
        missing_identity: The pod does not carry its pod-name label.
        missing_storage: The pod does not mount all claims of the set.
        roll_cause: Why the pod has to be made anew although its revision may be the right one
            (a published port changed, for example); empty if there is no such reason.
        may_be_replaced: The pod is past its startup allowance, or it crash-loops; only then may
            the repair of a broken rollout take it.
    """

    name: str
    ordinal: int
    revision: str
    phase: Phase = Phase.PENDING
    ready_for_seconds: float | None = None
    terminating: bool = False
    missing_identity: bool = False
    missing_storage: bool = False
    roll_cause: str = ""
    may_be_replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One existing claim.

    Attributes:
        owners: ``StatefulSet/web``, ``Pod/web-2`` or any other ``Kind/name``; the suffix
            ``!stale`` says that an object of that name is no longer the one that was meant.
    """

    name: str
    owners: tuple[str, ...] = ()
    terminating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One remembered template, with its place in the history."""

    name: str
    number: int
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counters and revision names of a set, as its status shows them."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    collision_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that one sync looks at; nothing that the sync does changes it.

    Attributes:
        status: The last written status; None before the first one.
        generation: Grows by one with every change of the spec.
        deleting: The set itself is being deleted.
    """

    set: SetSpec
    revisions: tuple[Revision, ...] = ()
    pods: tuple[Pod, ...] = ()
    claims: tuple[Claim, ...] = ()
    status: Status | None = None
    generation: int = 1
    deleting: bool = False


def pod_name(spec: SetSpec, ordinal: int) -> str:
    """Return the name of the pod with this ordinal."""
    return f"{spec.name}-{ordinal}"


def claim_name(spec: SetSpec, claim_template: str, ordinal: int) -> str:
    """Return the name of the claim that a pod has from one claim template."""
    return f"{claim_template}-{spec.name}-{ordinal}"


def set_owner(spec: SetSpec) -> str:
    """Return how claims name the set as their owner."""
    return f"StatefulSet/{spec.name}"


def pod_owner(pod: str) -> str:
    """Return how claims name a pod as their owner."""
    return f"Pod/{pod}"


def wanted_ordinals(spec: SetSpec) -> range:
    """Return the ordinals that the set asks for, lowest first."""
    return range(spec.ordinals_start, spec.ordinals_start + spec.replicas)


def in_range(spec: SetSpec, ordinal: int) -> bool:
    """Say whether the set asks for a pod with this ordinal."""
    return ordinal in wanted_ordinals(spec)


def first_rolling_index(spec: SetSpec) -> int:
    """Return the index, counted from the start ordinal, from which on pods are updated."""
    return 0 if spec.rolling_update_is_nil else spec.partition or 0


def is_terminating(pod: Pod | None) -> bool:
    """Say whether the pod exists and is on its way out."""
    return pod is not None and pod.terminating


def is_ready(pod: Pod | None) -> bool:
    """Say whether the pod runs and its readiness holds."""
    return pod is not None and pod.phase is Phase.RUNNING and pod.ready_for_seconds is not None


def is_available(pod: Pod | None, min_ready_seconds: int) -> bool:
    """Say whether the pod has been ready for long enough.

    Kubernetes rule 2.3: the phase is not looked at, and exactly the asked time is enough.
    """
    if pod is None or pod.ready_for_seconds is None:
        return False
    return pod.ready_for_seconds >= min_ready_seconds


def is_unavailable(pod: Pod | None, min_ready_seconds: int) -> bool:
    """Say whether the pod does not serve: a hole, not available, or on its way out."""
    return not is_available(pod, min_ready_seconds) or is_terminating(pod)


def is_finished(pod: Pod | None) -> bool:
    """Say whether the pod has ended, well or badly, and will not run again by itself."""
    return pod is not None and pod.phase in {Phase.FAILED, Phase.SUCCEEDED}
