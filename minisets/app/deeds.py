"""From decisions to deeds: what each action and each care of a pod does in the Engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from minisets.app.context import Context
from minisets.app.readiness import Watched
from minisets.app.targets import Target
from minisets.app.world import World, pod_of
from minisets.core import labels, naming
from minisets.core.addresses import address_of
from minisets.core.container_spec import (
    PodRequest,
    claim_mount_paths,
    container_config,
    container_name,
)
from minisets.core.events import Progress
from minisets.core.kubelet import Care, RenamePod, ReplacePod, StartContainer, UnpauseContainer
from minisets.core.manifest import PersistentVolumeClaim
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod_identity import NetworkPlace, PodIdentity, identify
from minisets.core.snapshot import claim_volumes
from minisets.engine.executor import PodCreation, VolumeCreation


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """All that deeds on the pods of one set are made from, as of one look at the Engine."""

    context: Context
    target: Target
    world: World
    network: NetworkPlace | None

    def identity(self, ordinal: int) -> PodIdentity:
        """Return who the pod with this ordinal is."""
        return identify(
            self.target.manifest,
            ordinal,
            namespace=self.target.namespace,
            services=self.world.services(self.target.namespace),
            network=self.network,
            blocks=self.target.facts.blocks,
        )

    def pods(self) -> dict[str, ContainerSeen]:
        """Return the set's pods by name."""
        return {
            pod_of(container): container
            for container in self.world.pods(self.target.namespace, self.target.name)
        }

    def claims_of(self, pod: str) -> dict[str, str]:
        """Return claim template → volume name of a pod."""
        _, ordinal = naming.split_pod_name(pod)
        return claim_volumes(self.target.manifest, self.target.namespace, ordinal)

    def create_claim(self, claim: str) -> bool:
        """Create the volume of a claim; False if a volume of that name was somebody else's."""
        manifest = self.target.manifest
        for template in manifest.spec.volume_claim_templates:
            ordinal = _claim_ordinal(claim, template, manifest.metadata.name)
            if ordinal is not None:
                return self.context.executor.create_volume(
                    VolumeCreation(
                        name=naming.volume_name(self.target.namespace, claim),
                        labels=self._claim_labels(template, ordinal),
                    )
                )
        return True

    def create_pod(self, pod: str, revision: str, new_claims: frozenset[str]) -> str:
        """Create and start a pod; return its container's id."""
        self._report(pod, "creating")
        request = self.pod_request(pod, revision, new_claims)
        paths = claim_mount_paths(request.template, tuple(request.claims))
        used = self.target.facts.used_claims
        unknown = [
            path
            for name, path in paths.items()
            if name not in request.new_claims
            and request.claims[name] not in used
            and f"{name}-{pod}" not in self.target.facts.foreign_claims
        ]
        container_id = self.context.executor.create_pod(
            PodCreation(
                name=container_name(request),
                config=container_config(request),
                prepare=tuple(paths[name] for name in request.new_claims if name in paths),
                inspect=tuple(unknown),
            )
        )
        self._report(pod, "started")
        return container_id

    def created(self, pod: str, revision: str, container_id: str) -> Watched:
        """Return a pod that was just created as a list would show it."""
        _, ordinal = naming.split_pod_name(pod)
        identity = self.identity(ordinal)
        template = self.target.template_of(revision)
        container = ContainerSeen(
            id=container_id,
            name=naming.container_name(self.target.namespace, pod),
            status=ContainerStatus.RUNNING,
            created=self.context.clock.now(),
            image=template.spec.containers[0].image,
        )
        return Watched(
            container=container,
            spec=template.spec.containers[0],
            address=identity.address,
            network_id=self.network.id if self.network else "",
        )

    def pod_request(self, pod: str, revision: str, new_claims: frozenset[str]) -> PodRequest:
        """Return all that the container of a pod is made from."""
        info = self.context.engine.info()
        facts, manifest = self.target.facts, self.target.manifest
        _, ordinal = naming.split_pod_name(pod)
        return PodRequest(
            set_name=self.target.name,
            set_uid=facts.uid,
            revision=revision,
            template=self.target.template_of(revision),
            identity=self.identity(ordinal),
            network=self.network,
            claims=self.claims_of(pod),
            new_claims=tuple(
                template.metadata.name
                for template in manifest.spec.volume_claim_templates
                if f"{template.metadata.name}-{pod}" in new_claims - {*facts.foreign_claims}
            ),
            packed_spec=labels.pack({"object": facts.object, "generation": facts.generation}),
            api_version=info.api_version,
            cpus=info.cpus,
            memory=info.memory,
            host_address=self.network.gateway if self.network else "",
            node_name=info.name,
            services=tuple(self.world.services(self.target.namespace)),
        )

    def delete_pod(self, pod: str, cause: str) -> None:
        """Stop a pod gracefully and remove it; gone already is fine."""
        container = self.pods().get(pod)
        if container is not None:
            self.remove(container, cause)

    def remove(
        self, container: ContainerSeen, cause: str, *, grace_seconds: int | None = None
    ) -> None:
        """Stop and remove a container of the set, within its own grace period or a given one."""
        pod = pod_of(container)
        template = self.target.template_of(container.labels.get(labels.REVISION, ""))
        own = template.spec.termination_grace_period_seconds
        grace = own if grace_seconds is None else grace_seconds
        self._report(pod, "stopping", cause)
        took = self.context.executor.remove_pod(container, grace_seconds=grace)
        if grace and took >= grace:
            self.context.reporter.notice(
                f"pod/{pod} did not leave within its grace period of {grace}s and was killed: "
                "does its first process handle TERM?"
            )
        self._report(pod, "gone", is_done=True)

    def take_care(self, deed: Care) -> None:
        """Give a pod what it needs."""
        executor = self.context.executor
        self._report(deed.pod, "repairing", deed.cause)
        match deed:
            case StartContainer(pod=pod, container_id=container_id, new_claims=new):
                revision = self.pods()[pod].labels.get(labels.REVISION, "")
                paths = claim_mount_paths(self.target.template_of(revision), new)
                executor.start_pod(container_id, prepare=tuple(paths.values()))
            case UnpauseContainer(container_id=container_id):
                executor.unpause(container_id)
            case RenamePod(pod=pod, container_id=container_id):
                self._rename(pod, container_id)
            case ReplacePod(pod=pod, cause=cause):
                self.delete_pod(pod, cause)

    def address(self, container: ContainerSeen) -> str | None:
        """Return the address of a pod: as the Engine shows it, else as it is planned."""
        if self.network is None:
            return None
        _, ordinal = naming.split_pod_name(pod_of(container))
        return container.addresses.get(self.network.name) or address_of(
            self.network.subnet, self.target.facts.blocks, ordinal
        )

    def _rename(self, pod: str, container_id: str) -> None:
        if self.network is None:
            return
        _, ordinal = naming.split_pod_name(pod)
        identity, container = self.identity(ordinal), self.pods()[pod]
        self.context.executor.rename_pod(
            container_id,
            self.network.id,
            address=self.address(container),
            aliases=identity.aliases,
            is_connected=self.network.name in container.network_ids,
        )

    def _report(self, pod: str, state: str, detail: str = "", *, is_done: bool = False) -> None:
        self.context.reporter.progress(
            Progress(subject=f"pod/{pod}", state=state, detail=detail, is_done=is_done)
        )

    def _claim_labels(self, template: PersistentVolumeClaim, ordinal: int) -> Mapping[str, str]:
        facts, manifest = self.target.facts, self.target.manifest
        found = {
            **template.metadata.labels,
            **manifest.spec.selector.match_labels,
            **labels.base(labels.KIND_CLAIM, self.target.namespace),
            labels.SET: self.target.name,
            labels.CLAIM: template.metadata.name,
            labels.ORDINAL: str(ordinal),
            labels.STORAGE: str(template.spec.resources.requests.get("storage", "")),
            labels.ACCESS_MODES: ",".join(template.spec.access_modes),
            labels.RECLAIM_POLICY: "Delete",
            labels.APPLIED_FROM: facts.applied_from.path,
        }
        if template.spec.storage_class_name:
            found[labels.STORAGE_CLASS] = template.spec.storage_class_name
        return found


def _claim_ordinal(claim: str, template: PersistentVolumeClaim, set_name: str) -> int | None:
    stem = f"{template.metadata.name}-{set_name}-"
    rest = claim.removeprefix(stem)
    return int(rest) if claim.startswith(stem) and rest.isdecimal() else None
