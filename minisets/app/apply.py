"""The use case apply: merge the files with what lives, write it down, and drive the sets to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from minisets.app.context import Context
from minisets.app.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.images import Pull, policies, provide
from minisets.app.sets import ORPHANED_KIND, SET_KIND, observe_whole
from minisets.app.targets import open_target
from minisets.app.world import World, as_set
from minisets.core import labels
from minisets.core.defaults import apply_defaults
from minisets.core.load import LoadedObject
from minisets.core.manifest import StatefulSet
from minisets.core.merge import merge
from minisets.core.observed import ImageSeen
from minisets.core.record import Record
from minisets.core.set_record import (
    AppliedFrom,
    ObjectRecord,
    SetRecord,
    parse_object,
    parse_set,
    to_data,
)
from minisets.core.source import Notice
from minisets.core.validate import validate, validate_update
from minisets.errors import ManifestError, Problem

Verb = Literal["created", "configured", "unchanged"]

CLUSTER_SCOPED = frozenset({"Namespace", "StorageClass", "PersistentVolume"})
"""Kinds whose objects live in no namespace."""

# What others refer to is written first.
_ORDER = (
    "Namespace",
    "StorageClass",
    "PersistentVolume",
    "ConfigMap",
    "Secret",
    "Service",
    "PersistentVolumeClaim",
    "StatefulSet",
)
# Changing it rolls the pods, as `rollout restart` does.
_IMAGES_ANNOTATION = "minisets.io/images"


@dataclass(frozen=True, kw_only=True)
class ApplyOptions:
    """How to apply.

    Attributes:
        timeout_seconds: Of the whole wait.
        wait: Wait until everything is ready; else do what can be done now.
        pull: Overrides the pull policies of the manifests.
        refresh_images: Roll pods that run an older image of the same tag.
        applied_from: The file or folder, for the record; empty for standard input.
    """

    timeout_seconds: float = DEFAULT_TIMEOUT
    wait: bool = True
    pull: Pull | None = None
    platform: str | None = None
    refresh_images: bool = False
    applied_from: str = ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One object of the input beside what lives of it.

    Attributes:
        live: Its record; None if it is new.
        orphaned: The mark of a set of this name that was deleted and left its pods.
        merged: The object as it will be, defaulted.
    """

    loaded: LoadedObject
    namespace: str
    live: Record | None
    merged: dict[str, Any]
    orphaned: Record | None = None

    @property
    def before(self) -> dict[str, Any]:
        """The live object; empty if it is new."""
        return dict(self.live.data["object"]) if self.live else {}

    @property
    def verb(self) -> Verb:
        """What apply does to the object."""
        if self.live is None:
            return "created"
        is_parked = self.live.data.get("deletion") or self.live.data.get("isStopped")
        return "unchanged" if self.before == self.merged and not is_parked else "configured"


def place(
    objects: Iterable[LoadedObject], namespace: str, *, is_explicit: bool
) -> list[LoadedObject]:
    """Fill in the namespace of each object.

    Args:
        objects: Of the input.
        namespace: Of the command line, or the default one.
        is_explicit: It was given: an object that names another one is an error, as for kubectl.

    Raises:
        ManifestError: An object is in another namespace than the one that was given.
    """
    placed, problems = [], []
    for item in objects:
        if item.kind in CLUSTER_SCOPED:
            placed.append(_placed(item, namespace=""))
            continue
        if is_explicit and item.namespace not in {None, namespace}:
            problems.append(
                item.source.place(
                    Problem(
                        message=f'the object is in the namespace "{item.namespace}", '
                        f'and "{namespace}" was given',
                        path="metadata.namespace",
                        hint=f"use -n {item.namespace}",
                    )
                )
            )
        placed.append(_placed(item, namespace=item.namespace or namespace))
    if problems:
        raise ManifestError(tuple(problems))
    return placed


def _placed(item: LoadedObject, *, namespace: str) -> LoadedObject:
    return replace(item, namespace=namespace)


def prepare(world: World, objects: Sequence[LoadedObject]) -> list[Change]:
    """Merge each object with what lives of it, in the order in which they are written.

    Raises:
        ManifestError: A merged object is not valid, or changes what cannot be changed.
    """
    changes = [_change(world, item) for item in objects]
    problems = [
        change.loaded.source.place(problem) for change in changes for problem in _check(change)
    ]
    if problems:
        raise ManifestError(tuple(problems))
    return sorted(changes, key=lambda change: _ORDER.index(change.loaded.kind))


def apply(
    context: Context,
    objects: Sequence[LoadedObject],
    options: ApplyOptions,
    tell: Callable[[str, str, Verb], None],
) -> bool:
    """Apply objects whose namespaces are filled in.

    Args:
        context: Of the command.
        objects: From place().
        options: How.
        tell: Called with kind, name and verb of each object as it is written.

    Returns:
        False if ``wait`` is off and something is still to come.

    Raises:
        ManifestError: Before anything is touched.
        ImageError: Before anything is touched.
        NotConverged: Time is over, or a pod cannot get ready.
    """
    namespaces = {item.namespace for item in objects if item.namespace}
    scope = namespaces.pop() if _is_one_namespace(objects) else None
    world = observe_whole(context, scope)
    changes = prepare(world, objects)
    manifests = [as_set(change.merged) for change in changes if change.loaded.kind == SET_KIND]
    images = provide(context, policies(manifests, options.pull), platform=options.platform)
    changes = [_with_images(context, world, change, images, options) for change in changes]
    for notice in notices(world, changes, options):
        context.reporter.notice(str(notice))
    has_written = False
    for change in changes:
        has_written |= _write(context, change, options)
        tell(change.loaded.kind, change.loaded.name, change.verb)
    if has_written:
        world = observe_whole(context, scope)
    return _drive(context, world, changes, options)


def _is_one_namespace(objects: Sequence[LoadedObject]) -> bool:
    return len({item.namespace for item in objects}) == 1 and bool(objects[0].namespace)


def _drive(
    context: Context, world: World, changes: Sequence[Change], options: ApplyOptions
) -> bool:
    """Drive the sets of the input, and those whose Services have changed."""
    named = {
        (change.namespace, change.loaded.name)
        for change in changes
        if change.loaded.kind == SET_KIND
    }
    renamed = {
        change.namespace
        for change in changes
        if change.loaded.kind == "Service" and change.verb != "unchanged"
    }
    targets = [
        open_target(record)
        for record in world.of_kind(SET_KIND)
        if (record.namespace, record.name) in named or record.namespace in renamed
    ]
    drive = Drive(context, targets)
    done = drive.run(timeout_seconds=options.timeout_seconds, wait=options.wait, seen=world)
    if not done:
        for reason in drive.waiting_for:
            context.reporter.notice(f"still to come: {reason}; go on: minisets start")
    return done


def _change(world: World, item: LoadedObject) -> Change:
    namespace = item.namespace or ""
    record = world.records.get((item.kind, namespace, item.name))
    raw = {**item.raw, "metadata": {**item.raw["metadata"]}}
    if namespace:
        raw["metadata"]["namespace"] = namespace
    if record is None:
        merged = raw
    else:
        merged = merge(record.data.get("lastApplied", {}), raw, record.data["object"])
    return Change(
        loaded=item,
        namespace=namespace,
        live=record,
        merged=apply_defaults(merged),
        orphaned=world.records.get((ORPHANED_KIND, namespace, item.name))
        if item.kind == SET_KIND
        else None,
    )


def _check(change: Change) -> tuple[Problem, ...]:
    if change.live is None:
        return ()
    updated = validate_update(change.before, change.merged)
    return (*validate(change.merged), *updated)


def _with_images(
    context: Context,
    world: World,
    change: Change,
    images: dict[str, ImageSeen],
    options: ApplyOptions,
) -> Change:
    """Notice tags that have moved since the pods were made; roll those pods if asked for."""
    if change.loaded.kind != SET_KIND or change.live is None:
        return change
    manifest = as_set(change.merged)
    name = manifest.spec.template.spec.containers[0].image
    image = images[name]
    moved = [
        container
        for container in world.pods(change.namespace, change.loaded.name)
        # Once a tag has moved, the list names the old image by its id.
        if container.image_id not in {"", image.id}
        and (container.image == name or container.image.startswith("sha256:"))
    ]
    if not moved:
        return change
    if not options.refresh_images:
        context.reporter.notice(
            f"statefulset/{change.loaded.name}: {len(moved)} of its pods run an older image of "
            f"{name}: roll them with --refresh-images"
        )
        return change
    digest = hashlib.sha256(image.id.encode()).hexdigest()[:16]
    merged = json.loads(json.dumps(change.merged))
    metadata = merged["spec"]["template"].setdefault("metadata", {})
    metadata.setdefault("annotations", {})[_IMAGES_ANNOTATION] = digest
    return Change(
        loaded=change.loaded, namespace=change.namespace, live=change.live, merged=merged
    )


def notices(world: World, changes: Sequence[Change], options: ApplyOptions) -> list[Notice]:
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
        found += _place_notices(change, options, subject)
        if change.live is None:
            found += _reuse_notices(world, change, subject)
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


def _place_notices(change: Change, options: ApplyOptions, subject: str) -> list[Notice]:
    if change.live is None:
        return []
    before = parse_set(change.live.data).applied_from.path
    if not before or not options.applied_from or before == options.applied_from:
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


def _write(context: Context, change: Change, options: ApplyOptions) -> bool:
    """Write an object down; False if its record says all of it already."""
    item = change.loaded
    now = context.clock.now()
    if change.live is None:
        data = _new_data(context, change, options)
        context.store.create(item.kind, change.namespace, item.name, data)
        if change.orphaned is not None:
            # The new set adopts the pods that one of its name left behind.
            context.store.remove(change.orphaned)
        return True
    if item.kind == SET_KIND:
        facts = parse_set(change.live.data)
        grew = change.before.get("spec") != change.merged.get("spec")
        changed: SetRecord | ObjectRecord = msgspec.structs.replace(
            facts,
            object=change.merged,
            last_applied=item.raw,
            generation=facts.generation + int(grew),
            deletion="",
            is_stopped=False,
            applied_from=_applied_from(facts.applied_from, options, now),
        )
    else:
        changed = msgspec.structs.replace(
            parse_object(change.live.data), object=change.merged, last_applied=item.raw
        )
    data = to_data(changed)
    if data == change.live.data:
        return False
    context.store.replace(change.live, data)
    return True


def _applied_from(before: AppliedFrom, options: ApplyOptions, now: float) -> AppliedFrom:
    """Return where a set was applied from; an unchanged place keeps its time and so the record."""
    if before.path == options.applied_from:
        return before
    return AppliedFrom(path=options.applied_from, time=now)


def _new_data(context: Context, change: Change, options: ApplyOptions) -> dict[str, Any]:
    now, uid = context.clock.now(), context.clock.nonce()
    if change.loaded.kind == SET_KIND:
        return to_data(
            SetRecord(
                object=change.merged,
                last_applied=change.loaded.raw,
                uid=uid,
                created=now,
                applied_from=AppliedFrom(path=options.applied_from, time=now),
            )
        )
    return to_data(
        ObjectRecord(object=change.merged, last_applied=change.loaded.raw, uid=uid, created=now)
    )
