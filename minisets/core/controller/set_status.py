"""The status and the revisions in a set's record, as the planner has them."""

from __future__ import annotations

from typing import Any

from minisets.core.controller.controller_state import Revision, Status
from minisets.core.records.set_record import RevisionEntry


def status_to_data(status: Status) -> dict[str, Any]:
    """Write a status with the API's field names."""
    return {
        "observedGeneration": status.observed_generation,
        "replicas": status.replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
        "currentReplicas": status.current_replicas,
        "updatedReplicas": status.updated_replicas,
        "currentRevision": status.current_revision,
        "updateRevision": status.update_revision,
        "collisionCount": status.collision_count,
    }


def parse_status(data: dict[str, Any] | None) -> Status | None:
    """Read a status that status_to_data wrote."""
    if data is None:
        return None
    return Status(
        observed_generation=data["observedGeneration"],
        replicas=data["replicas"],
        ready_replicas=data["readyReplicas"],
        available_replicas=data["availableReplicas"],
        current_replicas=data["currentReplicas"],
        updated_replicas=data["updatedReplicas"],
        current_revision=data["currentRevision"],
        update_revision=data["updateRevision"],
        collision_count=data["collisionCount"],
    )


def to_revisions(entries: tuple[RevisionEntry, ...]) -> tuple[Revision, ...]:
    """Return the remembered templates as the planner takes them, oldest first."""
    ordered = sorted(entries, key=lambda entry: (entry.number, entry.created, entry.name))
    return tuple(
        Revision(name=entry.name, number=entry.number, template=entry.template)
        for entry in ordered
    )
