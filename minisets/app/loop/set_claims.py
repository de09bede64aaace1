"""The claims of one set's pods: what the volume of each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from minisets.app.context import Context
from minisets.app.loop.storage import claim_request, observe_storage
from minisets.app.loop.targets import Target
from minisets.app.loop.world import World
from minisets.core import labels, naming
from minisets.core.controller.snapshot import claim_volumes
from minisets.core.manifest import PersistentVolumeClaim
from minisets.core.volumes.pod_volumes import PodVolume, claim_volume
from minisets.core.volumes.storage import BLOCK, Storage, backing, is_given, named_request


@dataclass(frozen=True, kw_only=True)
class SetClaims:
    """The claims that a set's templates make, as of one look at the Engine."""

    context: Context
    target: Target
    world: World

    @cached_property
    def storage(self) -> Storage:
        """What claims can get their storage from; up to two Engine calls, once."""
        return observe_storage(self.context, self.world, self.target.namespace)

    def volume(self, claim: str) -> PodVolume | None:
        """Return the volume that a claim is to be, by its name; None if no template makes it.

        Raises:
            ReferenceMissing: It asks for a PersistentVolume that is not there or not free.
        """
        manifest = self.target.manifest
        for template in manifest.spec.volume_claim_templates:
            stem = f"{template.metadata.name}-{manifest.metadata.name}-"
            rest = claim.removeprefix(stem)
            if claim.startswith(stem) and rest.isdecimal():
                return self._volume(template, int(rest))
        return None

    def places(self, pod: str) -> dict[str, str]:
        """Return the claim templates whose volume is a place that was there before, and which."""
        _, ordinal = naming.split_pod_name(pod)
        manifest = self.target.manifest
        names = claim_volumes(manifest, self.target.namespace, ordinal)
        there = {volume.name: volume for volume in self.world.volumes}
        found = {}
        for template in manifest.spec.volume_claim_templates:
            name = template.metadata.name
            made = there.get(names[name]) or self._volume(template, ordinal)
            if is_given(made.driver, made.options):
                found[name] = made.options["device"]
        return found

    def devices(self, places: Mapping[str, str]) -> dict[str, str]:
        """Return those of a pod's places that are devices of the machine."""
        blocks = {
            template.metadata.name
            for template in self.target.manifest.spec.volume_claim_templates
            if template.spec.volume_mode == BLOCK
        }
        return {name: place for name, place in places.items() if name in blocks}

    def _volume(self, template: PersistentVolumeClaim, ordinal: int) -> PodVolume:
        facts, manifest = self.target.facts, self.target.manifest
        request = claim_request(manifest, template, self.target.namespace, ordinal)
        applied = self.storage.claims.get(request.name)
        if applied is not None:
            # Kubernetes rule: a claim of that name that is there already is taken as it is.
            request = named_request(applied, self.target.namespace)
        made = claim_volume(
            template,
            request,
            backing(request, self.storage, self.storage.chosen.get(request.name)),
            fs_group=manifest.spec.template.spec.security_context.fs_group,
        )
        marks = {
            **manifest.spec.selector.match_labels,
            **made.labels,
            labels.SET: self.target.name,
            labels.ORDINAL: str(ordinal),
            labels.APPLIED_FROM: facts.applied_from.path,
        }
        return replace(made, labels=marks)
