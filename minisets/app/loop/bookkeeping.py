"""What a plan decides about revisions, owners and status, kept in the set's record."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from minisets.app.loop.targets import Target
from minisets.core.controller.actions import (
    CreateRevision,
    DeleteRevision,
    Plan,
    RenumberRevision,
    SetClaimOwners,
)
from minisets.core.controller.revision import template_text
from minisets.core.controller.set_status import status_to_data
from minisets.core.controller.snapshot import remembered_owner
from minisets.core.pod.seen import PodSeen
from minisets.core.records.set_record import RevisionEntry

_CHANGE_CAUSE = "kubernetes.io/change-cause"


def take_plan(target: Target, plan: Plan, pods: Mapping[str, PodSeen], now: float) -> None:
    """Keep what a plan decides about revisions, owners and status."""
    revisions = {entry.name: entry for entry in target.facts.revisions}
    owners = dict(target.facts.claim_owners)
    for action in plan.actions:
        match action:
            case CreateRevision(name=name, number=number):
                revisions[name] = RevisionEntry(
                    name=name,
                    number=number,
                    template=template_text(target.facts.object["spec"]["template"]),
                    created=now,
                    change_cause=target.manifest.metadata.annotations.get(_CHANGE_CAUSE, ""),
                )
            case RenumberRevision(name=name, number=number):
                revisions[name] = msgspec.structs.replace(revisions[name], number=number)
            case DeleteRevision(name=name):
                del revisions[name]
            case SetClaimOwners(name=name, owners=new):
                owners[name] = tuple(remembered_owner(owner, pods) for owner in new)
            case _:
                pass
    target.change(
        revisions=tuple(revisions.values()),
        claim_owners={name: names for name, names in owners.items() if names},
    )
    if plan.status_changed:
        target.note(status=status_to_data(plan.status))
