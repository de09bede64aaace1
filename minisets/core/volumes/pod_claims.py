"""The claims of pods: who may use them, whose their files are, and what is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from minisets.core import labels
from minisets.core.manifest import PodSpec, StatefulSet
from minisets.core.observed import VolumeSeen
from minisets.core.volumes.pod_volumes import PodVolume, VolumeKind, is_disk_after_all
from minisets.core.volumes.storage import (
    ClaimRequest,
    Storage,
    backing,
    bind,
    ephemeral_request,
    is_given,
    named_request,
)
from minisets.errors import NotConverged, ReferenceMissing

SINGLE_POD = "ReadWriteOncePod"
"""The access mode of a claim that only one pod may use at a time."""
ALWAYS = "Always"
"""The fsGroupChangePolicy by which every start of a pod walks through all files."""

_ON_DISK = "the emptyDir {} is on disk: Docker cannot mount a subPath of memory"


def to_hand_over(
    volumes: Iterable[PodVolume], there: Mapping[str, VolumeSeen], spec: PodSpec
) -> tuple[str, ...]:
    """Return the Engine's volumes that may have to be handed to the group of a pod.

    Those of its claims that it may write to and that were there before it, but for places that
    are none of the Engine's. A volume that was made for the group is not looked at again, unless
    the policy is Always. A policy that is not written is OnRootMismatch here: Kubernetes walks
    through all files at each start.

    Args:
        volumes: Of the pod.
        there: What was there before it, by name.
        spec: Of the pod.
    """
    group = spec.security_context.fs_group
    if group is None:
        return ()
    is_always = spec.security_context.fs_group_change_policy == ALWAYS
    return tuple(
        volume.source
        for volume in volumes
        if volume.kind in {VolumeKind.CLAIM, VolumeKind.SHARED_CLAIM}
        and not volume.read_only
        and (seen := there.get(volume.source)) is not None
        and not is_given(seen.driver, seen.options)
        and (is_always or seen.labels.get(labels.FS_GROUP) != str(group))
    )


def check_users(
    volumes: Iterable[PodVolume], pod: str, users: Mapping[str, Iterable[str]]
) -> None:
    """Refuse a claim for one pod that another pod uses.

    Args:
        volumes: Of the pod.
        pod: Its name.
        users: Engine volume → the pods that have it mounted now.

    Raises:
        NotConverged: Another pod has the claim.
    """
    for volume in volumes:
        others = sorted({*users.get(volume.source, ())} - {pod})
        if SINGLE_POD in volume.access_modes and others:
            raise NotConverged(
                f"pod/{pod} cannot use the claim {volume.labels.get(labels.CLAIM, volume.name)}: "
                f"its access mode is {SINGLE_POD}, and pod/{others[0]} uses it",
                hint="ask for ReadWriteOnce if several pods of this machine may use it",
            )


def shortfalls(manifest: StatefulSet, namespace: str, storage: Storage) -> tuple[str, ...]:
    """Return what Docker does not give of what a set's volumes ask for, each sentence once."""
    spec = manifest.spec.template.spec
    templates = {one.metadata.name for one in manifest.spec.volume_claim_templates}
    # One of each template's claims stands for the others.
    wanted: list[ClaimRequest | None] = [
        replace(
            named_request(one, namespace), name=f"{one.metadata.name}-{manifest.metadata.name}-0"
        )
        for one in manifest.spec.volume_claim_templates
    ]
    found = []
    for volume in spec.volumes:
        claim = volume.persistent_volume_claim
        if volume.name in templates:
            continue
        if claim is not None and claim.claim_name in storage.claims:
            wanted.append(named_request(storage.claims[claim.claim_name], namespace))
        wanted.append(ephemeral_request(volume, namespace=namespace))
        if is_disk_after_all(volume, spec):
            found.append(_ON_DISK.format(volume.name))
    for request in filter(None, wanted):
        with suppress(ReferenceMissing):
            bound = bind((request,), storage).get(request.name)
            found.append(backing(request, storage, bound).shortfall)
    return tuple(dict.fromkeys(text for text in found if text))


def missing_claims(manifest: StatefulSet, storage: Storage) -> tuple[tuple[int, str], ...]:
    """Return the claims that pods of a set name and that are not there, with their place.

    That is the index in the volumes of the template.
    """
    templates = {one.metadata.name for one in manifest.spec.volume_claim_templates}
    sources = (
        (index, volume.persistent_volume_claim)
        for index, volume in enumerate(manifest.spec.template.spec.volumes)
        if volume.name not in templates
    )
    return tuple(
        (index, source.claim_name)
        for index, source in sources
        if source is not None and source.claim_name not in storage.claims
    )
