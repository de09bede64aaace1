"""What claims get their storage from: classes, PersistentVolumes and claims, and who has which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from minisets.app.context import Context
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.world import World, as_set
from minisets.core import labels, naming
from minisets.core.input.decode import decode_as
from minisets.core.manifest import (
    PersistentVolume,
    PersistentVolumeClaim,
    PodSpec,
    StatefulSet,
    StorageClass,
)
from minisets.core.observed import VolumeSeen
from minisets.core.records.record import Record, newest
from minisets.core.records.set_record import parse_object
from minisets.core.volumes.storage import ClaimRequest, Storage, bind, named_request
from minisets.engine.ports import Engine

RecordKey = tuple[str, str, str]
"""Kind, namespace and name."""

_Kept = TypeVar("_Kept", StorageClass, PersistentVolume, PersistentVolumeClaim)


def observe_storage(context: Context, world: World, namespace: str) -> Storage:
    """Look at what claims of a namespace can get; a second Engine call if there are volumes."""
    cluster = cluster_records(context.engine)
    volumes = _of_kind(cluster, PersistentVolume, "")
    bound = context.engine.volumes({labels.PERSISTENT_VOLUME: None}) if volumes else ()
    named = _of_kind(world.records, PersistentVolumeClaim, namespace)
    made = made_claims(world, namespace)
    options = {_claim_of(seen)[1]: seen.options for seen in world.claims(namespace)}
    storage = Storage(
        classes=_of_kind(cluster, StorageClass, ""),
        persistent_volumes=volumes,
        claims={**made, **{claim.metadata.name: claim for claim in named}},
        made=options,
        bound={seen.labels[labels.PERSISTENT_VOLUME]: _claim_of(seen) for seen in bound},
    )
    return replace(storage, chosen=_bindings(world, namespace, storage))


def cluster_records(engine: Engine) -> dict[RecordKey, Record]:
    """Return what belongs to no namespace, and so is not in the look at one; an Engine call."""
    return newest(engine.volumes({labels.NAMESPACE: ""}))


def made_claims(world: World, namespace: str) -> dict[str, PersistentVolumeClaim]:
    """Return the claims of a namespace that are volumes, those of claim templates among them."""
    found = {}
    for volume in world.claims(namespace):
        _, name = _claim_of(volume)
        modes = volume.labels.get(labels.ACCESS_MODES, "")
        spec = {
            "accessModes": [mode for mode in modes.split(",") if mode],
            "resources": {"requests": {"storage": volume.labels.get(labels.STORAGE) or "0"}},
            "storageClassName": volume.labels.get(labels.STORAGE_CLASS, ""),
            "volumeMode": volume.labels.get(labels.VOLUME_MODE, "Filesystem"),
        }
        found[name] = decode_as({"metadata": {"name": name}, "spec": spec}, PersistentVolumeClaim)
    return found


def needs_storage(spec: PodSpec) -> bool:
    """Say whether pods have claims of their own words, beside those of claim templates."""
    return any(
        volume.persistent_volume_claim is not None or volume.ephemeral is not None
        for volume in spec.volumes
    )


def has_claims(manifest: StatefulSet) -> bool:
    """Say whether the pods of a set have claims of any sort."""
    return bool(manifest.spec.volume_claim_templates) or needs_storage(manifest.spec.template.spec)


def claim_request(
    manifest: StatefulSet, template: PersistentVolumeClaim, namespace: str, ordinal: int
) -> ClaimRequest:
    """Return the claim of one pod of a set."""
    return ClaimRequest(
        namespace=namespace,
        name=f"{template.metadata.name}-{manifest.metadata.name}-{ordinal}",
        spec=template.spec,
        annotations=template.metadata.annotations,
    )


def claim_users(world: World, namespace: str, pod: str, set_name: str) -> dict[str, set[str]]:
    """Return volume → the pods that mount it as a claim which they name, before a pod does.

    Args:
        world: As last seen.
        namespace: Of all of them.
        pod: That is to be made. The pods of its set that come before it count as being there:
            those may be made in the same moment.
        set_name: Of the pod.
    """
    users: dict[str, set[str]] = {}
    for record in world.of_kind(SET_KIND, namespace):
        manifest = as_set(record.data["object"])
        sources = [one.persistent_volume_claim for one in manifest.spec.template.spec.volumes]
        names = {source.claim_name for source in sources if source is not None}
        pods = {seen.name for seen in world.pods(namespace, record.name)}
        if record.name == set_name:
            _, ordinal = naming.split_pod_name(pod)
            earlier = range(manifest.spec.first_ordinal, ordinal)
            pods |= {f"{set_name}-{before}" for before in earlier}
        for name in names:
            users.setdefault(naming.volume_name(namespace, name), set()).update(pods)
    return users


def _bindings(world: World, namespace: str, storage: Storage) -> dict[str, PersistentVolume]:
    """Choose PersistentVolumes for the claims of a namespace that have no volume yet.

    For all of them together, in a fixed order: each pod comes to the same answer by itself.
    """
    if not storage.persistent_volumes:
        return {}
    requests = [named_request(claim, namespace) for claim in storage.claims.values()]
    for record in world.of_kind(SET_KIND, namespace):
        manifest = as_set(record.data["object"])
        requests += [
            claim_request(manifest, template, namespace, ordinal)
            for ordinal in manifest.spec.pod_ordinals
            for template in manifest.spec.volume_claim_templates
        ]
    # The first of a name counts: a claim that was applied is what its set's pod gets.
    wanted = {one.name: one for one in reversed(requests) if one.name not in storage.made}
    return bind(list(reversed(wanted.values())), storage)


def _of_kind(
    records: Mapping[tuple[str, str, str], Record], kind: type[_Kept], namespace: str
) -> tuple[_Kept, ...]:
    found = sorted(
        (record for record in records.values() if record.kind == kind.__name__),
        key=lambda record: record.key,
    )
    return tuple(
        decode_as(parse_object(record.data).object, kind)
        for record in found
        if record.namespace == namespace
    )


def _claim_of(volume: VolumeSeen) -> tuple[str, str]:
    namespace = volume.labels[labels.NAMESPACE]
    return (namespace, volume.name.removeprefix(naming.prefix(namespace)))
