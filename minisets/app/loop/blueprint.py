"""What the pods of a set are made from, as of one look at the Engine; nothing is done to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from minisets.app.context import Context
from minisets.app.loop.configuration import configuration_of
from minisets.app.loop.image_users import users_of
from minisets.app.loop.publishing import published_of
from minisets.app.loop.set_claims import SetClaims
from minisets.app.loop.storage import needs_storage
from minisets.app.loop.targets import Target
from minisets.app.loop.world import World
from minisets.core import labels, naming
from minisets.core.controller.snapshot import claim_volumes
from minisets.core.manifest import PodTemplateSpec
from minisets.core.network.addresses import address_of
from minisets.core.network.publishing import probed_ports
from minisets.core.observed import PublishedPort
from minisets.core.pod.container_spec import PodRequest
from minisets.core.pod.identity import NetworkPlace, PodIdentity, identify
from minisets.core.pod.layout import Part, has_sandbox, layout
from minisets.core.pod.seen import PodSeen
from minisets.core.volumes.storage import Storage


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """Of the pods of one set; ``network`` is None while its namespace has none."""

    context: Context
    target: Target
    world: World
    network: NetworkPlace | None

    def pods(self) -> dict[str, PodSeen]:
        """Return the set's pods by name."""
        return {pod.name: pod for pod in self.world.pods(self.target.namespace, self.target.name)}

    def parts(self, revision: str) -> tuple[Part, ...]:
        """Return the containers of the set's pods at a revision."""
        return layout(self.target.template_of(revision).spec)

    def claims_of(self, pod: str) -> dict[str, str]:
        """Return claim template → volume name of a pod."""
        _, ordinal = naming.split_pod_name(pod)
        return claim_volumes(self.target.manifest, self.target.namespace, ordinal)

    @cached_property
    def set_claims(self) -> SetClaims:
        """What the claims of the pods are made of."""
        return SetClaims(context=self.context, target=self.target, world=self.world)

    def address(self, pod: PodSeen) -> str | None:
        """Return the address of a pod: as the Engine shows it, else as it is planned.

        A pod on the host's network has none of its own.
        """
        if self.network is None or pod.holder.network_mode == "host":
            return None
        _, ordinal = naming.split_pod_name(pod.name)
        return pod.addresses.get(self.network.name) or address_of(
            self.network.subnet, self.target.facts.blocks, ordinal
        )

    def pod_request(
        self, pod: str, revision: str, new_claims: frozenset[str], unprepared: tuple[str, ...] = ()
    ) -> PodRequest:
        """Return all that the containers of a pod are made from.

        Args:
            pod: Its name.
            revision: What it is made from.
            new_claims: Names of the claims that were created for it just now.
            unprepared: Claim templates that are known to be new by the pod itself.
        """
        info = self.context.engine.info()
        places = self.set_claims.places(pod)
        facts, manifest = self.target.facts, self.target.manifest
        pod_template = self.target.template_of(revision)
        _, ordinal = naming.split_pod_name(pod)
        published = published_of(
            self.target, self.world.services(self.target.namespace), ordinal, revision
        )
        return PodRequest(
            set_name=self.target.name,
            set_uid=facts.uid,
            revision=revision,
            template=pod_template,
            identity=self._identity(ordinal),
            network=self.network,
            claims=self.claims_of(pod),
            given_roots=frozenset(places),
            devices=self.set_claims.devices(places),
            storage=self.set_claims.storage if needs_storage(pod_template.spec) else Storage(),
            new_claims=unprepared
            or tuple(
                template.metadata.name
                for template in manifest.spec.volume_claim_templates
                if f"{template.metadata.name}-{pod}" in new_claims - {*facts.foreign_claims}
            ),
            sandbox_image=self.context.pause_image if has_sandbox(pod_template.spec) else "",
            packed_spec=labels.pack({"object": facts.object, "generation": facts.generation}),
            configuration=configuration_of(self.context, self.world, self.target.namespace),
            api_version=info.api_version,
            publish=published,
            probed=self._probed_ports(pod_template, published),
            cpus=info.cpus,
            memory=info.memory,
            host_address=self.network.gateway if self.network else "",
            node_name=info.name,
            services=tuple(self.world.services(self.target.namespace)),
            images=users_of(self.context.engine, pod, pod_template.spec),
        )

    def _identity(self, ordinal: int) -> PodIdentity:
        """Return who the pod with this ordinal is."""
        return identify(
            self.target.manifest,
            ordinal,
            namespace=self.target.namespace,
            services=self.world.services(self.target.namespace),
            network=self.network,
            blocks=self.target.facts.blocks,
        )

    def _probed_ports(
        self, template: PodTemplateSpec, published: tuple[PublishedPort, ...]
    ) -> tuple[PublishedPort, ...]:
        if self.network is None or not self.context.needs_ports(self.network.id):
            return ()
        return probed_ports(template, published)
