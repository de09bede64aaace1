"""What becomes of each volume of a set whose claim templates change."""

from __future__ import annotations

from collections.abc import Iterable

from minisets.core import labels, naming
from minisets.core.manifest import PersistentVolumeClaim, StatefulSet
from minisets.core.observed import VolumeSeen


def claim_changes(
    before: StatefulSet, after: StatefulSet, namespace: str, volumes: Iterable[VolumeSeen]
) -> tuple[str, ...]:
    """Say what becomes of each volume, a sentence each; empty if no template changes.

    Kubernetes forbids such changes. Here templates may come and go, and ask for something else;
    no volume is removed or changed by it.

    Args:
        before: The live set.
        after: The set as it will be.
        namespace: Of both.
        volumes: The claims of the set that are there.
    """
    old = {claim.metadata.name: claim for claim in before.spec.volume_claim_templates}
    new = {claim.metadata.name: claim for claim in after.spec.volume_claim_templates}
    seen = {volume.name: volume for volume in volumes}
    told: list[str] = []
    for name in old.keys() - new.keys():
        told += [
            f"volume {volume.name} stays with its data, and no pod mounts it any more; remove "
            f"it with: minisets delete pvc {volume.name.removeprefix(naming.prefix(namespace))}"
            f"{naming.flag(namespace)}"
            for volume in seen.values()
            if volume.labels.get(labels.CLAIM) == name
        ]
    for name in new.keys() - old.keys():
        told += [_added(pod, name, namespace, seen) for pod in _pods(after)]
    for name in old.keys() & new.keys():
        difference = _difference(old[name], new[name])
        if difference:
            told += [
                f"volume {volume.name} stays as it was made: {difference} counts for new volumes"
                for volume in seen.values()
                if volume.labels.get(labels.CLAIM) == name
            ]
    return tuple(sorted(told))


def _added(pod: str, name: str, namespace: str, seen: dict[str, VolumeSeen]) -> str:
    volume = naming.volume_name(namespace, f"{name}-{pod}")
    if volume in seen:
        return f"volume {volume} is there from earlier and is mounted again, with its data"
    return f"volume {volume} is created, empty"


def _pods(manifest: StatefulSet) -> list[str]:
    return [f"{manifest.metadata.name}-{ordinal}" for ordinal in manifest.spec.pod_ordinals]


def _difference(old: PersistentVolumeClaim, new: PersistentVolumeClaim) -> str:
    """Return what another size, class or access mode is, in words; empty if there is none."""
    said = []
    sizes = [str(one.spec.resources.requests.get("storage", "")) for one in (old, new)]
    if sizes[0] != sizes[1]:
        said.append(f"storage {sizes[1]} instead of {sizes[0]}")
    classes = [one.spec.storage_class_name or "" for one in (old, new)]
    if classes[0] != classes[1]:
        said.append(f'storage class "{classes[1]}" instead of "{classes[0]}"')
    if old.spec.access_modes != new.spec.access_modes:
        said.append(f"access mode {', '.join(new.spec.access_modes)}")
    return ", ".join(said)
