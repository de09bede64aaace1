"""What the user should know about what apply is going to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

from minisets.app.loop.change import Change
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.storage import RecordKey, cluster_records, has_claims, made_claims
from minisets.app.loop.world import World, as_set
from minisets.core import labels, naming
from minisets.core.controller.claim_changes import claim_changes
from minisets.core.input.decode import decode_as
from minisets.core.input.source import Notice, render_path
from minisets.core.manifest import (
    PersistentVolume,
    PersistentVolumeClaim,
    Service,
    StatefulSet,
    StorageClass,
)
from minisets.core.network.name_remarks import name_remarks, port_remarks
from minisets.core.pod.host_powers import host_powers
from minisets.core.pod.references import Use, missing_notices, uses_of
from minisets.core.pod.resources import changed_limits
from minisets.core.pod.security import security_remarks
from minisets.core.pod.settings import host_network_remarks
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_object, parse_set
from minisets.core.volumes.pod_claims import missing_claims, shortfalls
from minisets.core.volumes.storage import Storage
from minisets.engine.ports import Engine

_MOST_NAMES = 3

_Kept = TypeVar("_Kept", StorageClass, PersistentVolume, PersistentVolumeClaim)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What notices of every set are told from; ``services`` as they will be."""

    world: World
    changes: Sequence[Change]
    services: dict[tuple[str, str], dict[str, Any]]
    applied_from: str
    engine: Engine | None
    cluster: Callable[[], Mapping[RecordKey, Record]]


def notices(
    world: World, changes: Sequence[Change], applied_from: str, engine: Engine | None = None
) -> list[Notice]:
    """Return what the user should know about these changes.

    Args:
        world: What lives.
        changes: What apply would do.
        applied_from: The file or folder; empty for standard input.
        engine: That will run it; None if none answers.
    """
    services = {
        (record.namespace, record.name): record.data["object"]
        for record in world.of_kind("Service")
    } | {
        (change.namespace, change.loaded.name): change.merged
        for change in changes
        if change.loaded.kind == "Service"
    }
    scene = _Scene(
        world=world,
        changes=changes,
        services=services,
        applied_from=applied_from,
        engine=engine,
        cluster=cache(lambda: {} if engine is None else cluster_records(engine)),
    )
    sources = {
        (change.namespace, f"{change.loaded.kind.lower()}/{change.loaded.name}"): (
            change.loaded.source
        )
        for change in changes
    }
    found = []
    for change in changes:
        if change.loaded.kind in {"ConfigMap", "Secret"}:
            said = _change_notices(world, changes, change)
        elif change.loaded.kind == "Service":
            said = _service_port_notices(world, changes, change)
        elif change.loaded.kind == "PersistentVolumeClaim":
            said = _size_notices(world, change)
        elif change.loaded.kind == SET_KIND:
            said = _set_notices(scene, change)
        else:
            continue
        for notice in said:
            source = sources.get((change.namespace, notice.subject))
            found.append(source.place_notice(notice) if source else notice)
    return found


def _service_port_notices(world: World, changes: Sequence[Change], change: Change) -> list[Notice]:
    """Say what the ports of a Service are to the sets that live and are not changed with it."""
    changing = {
        (other.namespace, other.loaded.name) for other in changes if other.loaded.kind == SET_KIND
    }
    service = decode_as(change.merged, Service)
    return [
        notice
        for record in world.of_kind(SET_KIND, change.namespace)
        if (record.namespace, record.name) not in changing
        for notice in port_remarks(as_set(record.data["object"]), [service])
        if notice.subject.startswith("service/")
    ]


def _set_notices(scene: _Scene, change: Change) -> list[Notice]:
    world, changes, services = scene.world, scene.changes, scene.services
    manifest = as_set(change.merged)
    subject = f"statefulset/{change.loaded.name}"
    found: list[Notice] = []
    found += _storage_notices(world, changes, change, manifest, scene.cluster)
    found += _machine_notices(manifest, subject, scene.engine)
    found += _service_notices(manifest, change.namespace, services, subject)
    found += name_remarks(change.merged, change.namespace, services)
    found += port_remarks(manifest, _services(services, change.namespace))
    found += _place_notices(change, scene.applied_from, subject)
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


def _size_notices(world: World, change: Change) -> list[Notice]:
    """Say that the volume of a claim does not follow the size that it asks for."""
    name = naming.volume_name(change.namespace, change.loaded.name)
    sizes = [one.get("spec", {}).get("resources") for one in (change.before, change.merged)]
    is_made = any(volume.name == name for volume in world.claims(change.namespace))
    if change.live is None or not is_made or sizes[0] == sizes[1]:
        return []
    return [
        Notice(
            subject=f"persistentvolumeclaim/{change.loaded.name}",
            message=f"the volume {name} stays as it was made: no driver here changes the size "
            "of a volume",
        )
    ]


def _storage_notices(
    world: World,
    changes: Sequence[Change],
    change: Change,
    manifest: StatefulSet,
    cluster: Callable[[], Mapping[RecordKey, Record]],
) -> list[Notice]:
    """Say what storage falls short of, and once, in one place, what pods can do to the machine."""
    subject = f"statefulset/{change.loaded.name}"
    storage = Storage()
    if has_claims(manifest):
        records = {**world.records, **cluster()}
        made = made_claims(world, change.namespace)
        named = _objects(records, changes, change.namespace, PersistentVolumeClaim)
        storage = Storage(
            classes=tuple(_objects(records, changes, "", StorageClass)),
            persistent_volumes=tuple(_objects(records, changes, "", PersistentVolume)),
            claims={**made, **{claim.metadata.name: claim for claim in named}},
        )
    found = [
        Notice(subject=subject, message=text)
        for text in shortfalls(manifest, change.namespace, storage)
    ]
    found += [
        Notice(
            subject=subject,
            path=render_path(("spec", "template", "spec", "volumes", index)),
            message=f'there is no persistentvolumeclaim "{name}", so its pods cannot start: '
            "apply one of that name",
        )
        for index, name in missing_claims(manifest, storage)
    ]
    powers = host_powers(
        manifest, storage.classes, storage.persistent_volumes, storage.claims.values()
    )
    if powers:
        message = f"its pods have power over the Engine's machine: {'; '.join(powers)}"
        found.append(Notice(subject=subject, message=message))
    return found


def _objects(
    records: Mapping[RecordKey, Record],
    changes: Sequence[Change],
    namespace: str,
    kind: type[_Kept],
) -> list[_Kept]:
    """Return the objects of a kind as they will be: of the input, and those that live."""
    name = kind.__name__
    merged = {
        record.name: parse_object(record.data).object
        for record in records.values()
        if (record.kind, record.namespace) == (name, namespace)
    } | {
        change.loaded.name: change.merged
        for change in changes
        if (change.loaded.kind, change.namespace) == (name, namespace)
    }
    return [decode_as(merged[key], kind) for key in sorted(merged)]


def _machine_notices(manifest: StatefulSet, subject: str, engine: Engine | None) -> list[Notice]:
    pod = manifest.spec.template.spec
    limited = [one for one in (*pod.init_containers, *pod.containers) if one.resources.limits]
    # The Engine is asked only where it matters.
    cpus = engine.info().cpus if limited and engine is not None else 0
    said = [text for container in limited for text in changed_limits(container, cpus)]
    said += [*host_network_remarks(manifest), *security_remarks(pod)]
    return [Notice(subject=subject, message=text) for text in said]


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
    if service["spec"].get("type") == "ExternalName":
        return [
            Notice(
                subject=subject,
                path="spec.serviceName",
                message=f'the Service "{name}" stands for an outer name and has no pods; '
                "the names of the pods exist anyway",
            )
        ]
    if service["spec"].get("clusterIP") != "None":
        return [
            Notice(
                subject=subject,
                path="spec.serviceName",
                message="its Service is not headless (clusterIP: None); the name stands for all "
                "pods anyway",
            )
        ]
    return []


def _services(
    services: dict[tuple[str, str], dict[str, Any]], namespace: str
) -> Iterator[Service]:
    for (space, _), obj in sorted(services.items()):
        if space == namespace:
            yield decode_as(obj, Service)


def _place_notices(change: Change, applied_from: str, subject: str) -> list[Notice]:
    if change.live is None:
        return []
    before = parse_set(change.live.data).applied_from.path
    if not before or not applied_from or before == applied_from:
        return []
    return [Notice(subject=subject, message=f"was applied from {before} before")]


def _reuse_notices(world: World, change: Change, subject: str) -> list[Notice]:
    found = world.claims(change.namespace, change.loaded.name)
    if not found:
        return []
    names = ", ".join(sorted(volume.name for volume in found)[:_MOST_NAMES])
    rest = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
    noun = "volume" if len(found) == 1 else "volumes"
    origins = sorted({volume.labels.get(labels.APPLIED_FROM, "") for volume in found} - {""})
    came = f", from {', '.join(origins)}" if origins else ""
    oldest = min(volume.created for volume in found)
    message = f"reuses {noun} {names}{rest}, made {oldest}{came}"
    return [Notice(subject=subject, message=message)]


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


def _change_notices(world: World, changes: Sequence[Change], change: Change) -> list[Notice]:
    """Say for each set whether its pods see at once that a ConfigMap or Secret is another."""
    keys = _changed_keys(change)
    if change.live is None or not keys:
        return []
    kind, name = change.loaded.kind, change.loaded.name
    rolling = {
        (other.namespace, other.loaded.name)
        for other in changes
        if other.loaded.kind == SET_KIND and _template(other.before) != _template(other.merged)
    }
    notices = []
    for record in world.of_kind(SET_KIND, change.namespace):
        template = as_set(record.data["object"]).spec.template
        uses = uses_of(template, "Secret" if kind == "Secret" else "ConfigMap", name, keys)
        is_running = world.pods(record.namespace, record.name)
        if not uses or not is_running or (record.namespace, record.name) in rolling:
            continue
        notices.append(
            Notice(
                subject=f"{kind.lower()}/{name}",
                message=_what_is_seen(record.name, uses, naming.flag(change.namespace)),
            )
        )
    return notices


def _what_is_seen(name: str, uses: Sequence[Use], flag: str) -> str:
    fixed = " and as ".join(use for use in uses if use != "files")
    follow = f"the files of running pods of statefulset/{name} change with it"
    if not fixed:
        return follow
    later = f"only when they start: minisets rollout restart sts/{name}{flag}"
    if "files" in uses:
        return f"{follow}; as {fixed} they see it {later}"
    return f"statefulset/{name} has it as {fixed}, which pods see {later}"


def _changed_keys(change: Change) -> frozenset[str]:
    before, after = (
        {**obj.get("data", {}), **obj.get("binaryData", {})}
        for obj in (change.before, change.merged)
    )
    return frozenset(
        key for key in before.keys() | after.keys() if before.get(key) != after.get(key)
    )


def _template(obj: Mapping[str, Any]) -> object:
    return obj.get("spec", {}).get("template")
