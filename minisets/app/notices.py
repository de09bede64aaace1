"""What the user should know about what apply is going to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from minisets.app.changes import Change
from minisets.app.sets import SET_KIND
from minisets.app.world import World, as_set
from minisets.core import labels, naming
from minisets.core.claim_changes import claim_changes
from minisets.core.manifest import StatefulSet
from minisets.core.references import fixed_uses, missing_notices
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
        if change.loaded.kind in {"ConfigMap", "Secret"}:
            found += _restart_notices(world, changes, change)
        if change.loaded.kind != SET_KIND:
            continue
        manifest = as_set(change.merged)
        subject = f"statefulset/{change.loaded.name}"
        found += _service_notices(manifest, change.namespace, services, subject)
        found += _place_notices(change, applied_from, subject)
        found += missing_notices(
            subject,
            manifest.spec.template,
            partial(_keys, world, changes, change.namespace),
            naming.flag(change.namespace),
        )
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


def _keys(
    world: World, changes: Sequence[Change], namespace: str, kind: str, name: str
) -> frozenset[str] | None:
    """Return the keys of a ConfigMap or Secret as it will be; None if it will not be there."""
    record = world.records.get((kind, namespace, name))
    coming = [
        change.merged
        for change in changes
        if (change.loaded.kind, change.namespace, change.loaded.name) == (kind, namespace, name)
    ]
    found = coming[0] if coming else record.data["object"] if record else None
    if found is None:
        return None
    return frozenset({**found.get("data", {}), **found.get("binaryData", {})})


def _restart_notices(world: World, changes: Sequence[Change], change: Change) -> list[Notice]:
    """Name the sets whose pods go on with what a ConfigMap or Secret was."""
    fields = ("data", "binaryData")
    if change.live is None or all(
        change.before.get(field, {}) == change.merged.get(field, {}) for field in fields
    ):
        return []
    rolling = {
        (other.namespace, other.loaded.name)
        for other in changes
        if other.loaded.kind == SET_KIND and _template(other.before) != _template(other.merged)
    }
    notices = []
    for record in world.of_kind(SET_KIND, change.namespace):
        uses = fixed_uses(
            as_set(record.data["object"]).spec.template, change.loaded.kind, change.loaded.name
        )
        is_running = world.pods(record.namespace, record.name)
        if not uses or not is_running or (record.namespace, record.name) in rolling:
            continue
        notices.append(
            Notice(
                subject=f"{change.loaded.kind.lower()}/{change.loaded.name}",
                message=f"statefulset/{record.name} has it as {' and as '.join(uses)}, which "
                "pods see only when they start: minisets rollout restart "
                f"sts/{record.name}{naming.flag(change.namespace)}",
            )
        )
    return notices


def _template(obj: Mapping[str, Any]) -> object:
    return obj.get("spec", {}).get("template")
