"""Files of running pods follow their ConfigMaps and Secrets."""

from __future__ import annotations

from minisets.app.loop.blueprint import Blueprint
from minisets.app.loop.pod_storage import mounted_volumes
from minisets.core import labels
from minisets.core.manifest import StatefulSet
from minisets.core.volumes.file_entry import FileEntry
from minisets.core.volumes.pod_files import references
from minisets.core.volumes.pod_volumes import VolumeKind
from minisets.errors import ReferenceMissing


def refresh_files(blueprint: Blueprint) -> None:
    """Write the files of a set's pods anew if a ConfigMap or Secret in them has changed.

    Costs nothing if none has: the set's record tells which of their records the files are from.
    What is not there any more stays in running pods, as in Kubernetes.
    """
    target = blueprint.target
    wanted = {
        f"{kind}/{name}": record.nonce
        for kind, name in sorted(_references(target.manifest))
        if (record := blueprint.world.records.get((kind, target.namespace, name))) is not None
    }
    if wanted == target.facts.shown:
        return
    files: dict[str, tuple[FileEntry, ...]] = {}
    for pod in blueprint.pods().values():
        files |= _files_of(blueprint, pod.name, pod.labels.get(labels.REVISION, ""))
    if files:
        blueprint.context.porter(target.namespace).publish(files)
    # Derived again if it is lost: writing the same files once more changes nothing.
    target.note(shown=wanted)


def _references(manifest: StatefulSet) -> frozenset[tuple[str, str]]:
    return references(manifest.spec.template.spec.volumes)


def _files_of(blueprint: Blueprint, pod: str, revision: str) -> dict[str, tuple[FileEntry, ...]]:
    there = {seen.name for seen in blueprint.world.pod_volumes(blueprint.target.namespace, pod)}
    try:
        volumes = mounted_volumes(blueprint.pod_request(pod, revision, frozenset()))
    except ReferenceMissing:
        return {}
    return {
        volume.source: volume.files
        for volume in volumes
        if volume.kind is VolumeKind.FILES and volume.source in there
    }
