"""What the user should know about what apply is going to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minisets.app.changes import Change
from minisets.app.sets import SET_KIND
from minisets.app.world import World, as_set
from minisets.core import labels
from minisets.core.claim_changes import claim_changes
from minisets.core.manifest import StatefulSet
from minisets.core.set_record import parse_set
from minisets.core.source import Notice


def notices(world: World, changes: Sequence[Change], applied_from: str) -> list[Notice]:
    """Return what the user should know about these changes."""
    found: list[Notice] = []
    services = {
        (change.namespace, change.loaded.name): change.merged
        for change in changes
        if change.loaded.kind == "Service"
    } | {
        (record.namespace, record.name): record.data["object"]
        for record in world.of_kind("Service")
    }
    for change in changes:
        if change.loaded.kind != SET_KIND:
            continue
        manifest = as_set(change.merged)
        subject = f"statefulset/{change.loaded.name}"
        found += _service_notices(manifest, change.namespace, services, subject)
        found += _place_notices(change, applied_from, subject)
        if change.live is None:
            found += _reuse_notices(world, change, subject)
        else:
            found += [
                Notice(subject=subject, path="spec.volumeClaimTemplates", message=message)
                for message in claim_changes(
                    as_set(change.before),
                    manifest,
                    change.namespace,
                    world.claims(change.namespace, change.loaded.name),
                )
            ]
    return found


def _service_notices(
    manifest: StatefulSet,
    namespace: str,
    services: dict[tuple[str, str], dict[str, Any]],
    subject: str,
) -> list[Notice]:
    name = manifest.spec.service_name
    if not name:
        return []
    service = services.get((namespace, name))
    if service is None:
        return [
            Notice(
                subject=subject,
                path="spec.serviceName",
                message=f'there is no Service "{name}" here; its names exist anyway',
            )
        ]
    if service["spec"].get("clusterIP") != "None":
        return [
            Notice(
                subject=subject,
                path="spec.serviceName",
                message=f'the Service "{name}" is not headless (clusterIP: None); '
                "its name stands for all pods anyway",
            )
        ]
    return []


def _place_notices(change: Change, applied_from: str, subject: str) -> list[Notice]:
    if change.live is None:
        return []
    before = parse_set(change.live.data).applied_from.path
    if not before or not applied_from or before == applied_from:
        return []
    return [Notice(subject=subject, message=f"was applied from {before} before")]


def _reuse_notices(world: World, change: Change, subject: str) -> list[Notice]:
    found = []
    for volume in world.claims(change.namespace, change.loaded.name):
        origin = volume.labels.get(labels.APPLIED_FROM)
        came = f", from {origin}" if origin else ""
        found.append(
            Notice(
                subject=subject,
                message=f"reuses volume {volume.name}, made {volume.created}{came}",
            )
        )
    return found
