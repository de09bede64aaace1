"""What apply would change: each object of the input merged with what lives of it, and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from minisets.app.context import Context
from minisets.app.loop.change import Change
from minisets.app.loop.configuration import SECRET_KIND, live_object
from minisets.app.loop.sets import ORPHANED_KIND, SET_KIND
from minisets.app.loop.world import World
from minisets.core.input.defaults import apply_defaults
from minisets.core.input.load import LoadedObject
from minisets.core.input.merge import merge
from minisets.core.input.validate import validate, validate_update
from minisets.core.input.validate_pod_settings import check_full_names
from minisets.core.network.publishing import PublishFlags, flag_annotations
from minisets.core.records.record import Record
from minisets.core.records.secret_record import fold, sealed
from minisets.core.records.set_record import ObjectRecord, SetRecord, parse_set, to_data
from minisets.errors import ManifestError, Problem

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


def prepare(
    context: Context | None,
    world: World,
    objects: Sequence[LoadedObject],
    flags: PublishFlags | None = None,
    *,
    is_whole: bool = False,
) -> list[Change]:
    """Merge each object with what lives of it, in the order in which they are written.

    Args:
        context: To read Secrets that live; None if nothing lives.
        world: A look at the Engine.
        objects: From place().
        flags: What the command line says about published ports.
        is_whole: They say all there is to say: what they leave out is taken away.

    Raises:
        InputError: A flag is wrong.
        ManifestError: A merged object is not valid, or changes what cannot be changed.
    """
    said = flag_annotations(
        flags or PublishFlags(), (item.name for item in objects if item.kind == SET_KIND)
    )
    changes = []
    for item in objects:
        annotations = said.get(item.name, {}) if item.kind == SET_KIND else {}
        changes.append(_change(context, world, item, annotations, is_whole=is_whole))
    problems = [
        change.loaded.source.place(problem) for change in changes for problem in _check(change)
    ]
    if problems:
        raise ManifestError(tuple(problems))
    return sorted(changes, key=lambda change: _ORDER.index(change.loaded.kind))


def _change(
    context: Context | None,
    world: World,
    item: LoadedObject,
    annotations: Mapping[str, str],
    *,
    is_whole: bool,
) -> Change:
    namespace = item.namespace or ""
    world.check_readable(item.kind, namespace, item.name)
    record = world.records.get((item.kind, namespace, item.name))
    raw = {**item.raw, "metadata": {**item.raw["metadata"]}}
    if namespace:
        raw["metadata"]["namespace"] = namespace
    applied = item.raw
    if item.kind == SECRET_KIND:
        raw, applied = fold(raw), sealed(fold(applied))
    before: dict[str, Any] = {}
    merged = raw
    if record is not None:
        before = live_object(context, world, record)
        last: dict[str, Any] = record.data.get("lastApplied", {})
        merged = merge(before if is_whole else last, raw, before)
        applied = last if is_whole else applied
    if annotations:
        merged = _annotated(merged, annotations)
    return Change(
        loaded=item,
        namespace=namespace,
        live=record,
        before=before,
        applied=applied,
        merged=apply_defaults(merged),
        orphaned=world.records.get((ORPHANED_KIND, namespace, item.name))
        if item.kind == SET_KIND
        else None,
    )


def _annotated(obj: dict[str, Any], annotations: Mapping[str, str]) -> dict[str, Any]:
    """Return an object with other annotations; those that are empty are taken away."""
    metadata = {**obj["metadata"]}
    wanted = {**metadata.pop("annotations", {}), **annotations}
    if kept := {key: text for key, text in wanted.items() if text or key not in annotations}:
        metadata["annotations"] = kept
    return {**obj, "metadata": metadata}


def _check(change: Change) -> tuple[Problem, ...]:
    problems: tuple[Problem, ...] = ()
    if change.loaded.kind == SET_KIND:
        # Only here the namespace is known, which is part of the names.
        problems = tuple(check_full_names(change.merged, change.namespace))
    if change.live is None:
        return problems
    updated = validate_update(change.before, change.merged)
    return (*problems, *validate(change.merged), *updated)


def facts_after(change: Change, *, is_edit: bool = False) -> SetRecord:
    """Return what is remembered of a set once a change is written.

    Args:
        change: Of a set.
        is_edit: It is a live one that was edited: that wakes no parked set.
    """
    if change.live is None:
        return SetRecord(object=change.merged, last_applied=change.applied, uid="")
    facts = parse_set(change.live.data)
    grew = change.before.get("spec") != change.merged.get("spec")
    return msgspec.structs.replace(
        facts,
        object=change.merged,
        last_applied=change.applied,
        generation=facts.generation + int(grew),
        deletion="",
        is_stopped=is_edit and facts.is_stopped,
    )


def world_after(world: World, changes: Sequence[Change]) -> World:
    """Return the look as it would be once all changes are written."""
    written = tuple(
        Record(
            kind=change.loaded.kind,
            namespace=change.namespace,
            name=change.loaded.name,
            generation=change.live.generation if change.live else 1,
            nonce=change.live.nonce if change.live else "",
            data=to_data(
                facts_after(change)
                if change.loaded.kind == SET_KIND
                else ObjectRecord(object=change.merged, uid="")
            ),
        )
        for change in changes
    )
    return replace(world, written=(*world.written, *written))
