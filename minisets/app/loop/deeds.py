"""From decisions to deeds: what each action and each care of a pod does in the Engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from minisets.app.loop.blueprint import Blueprint
from minisets.app.loop.farewell import Farewell
from minisets.app.loop.hooks import port_names, run_hook
from minisets.app.loop.pod_storage import (
    dated,
    first_roots,
    mounted_volumes,
    new_roots,
    remove_volumes,
    root_entries,
    see_to_host_paths,
    with_volumes,
)
from minisets.app.loop.setbacks import making
from minisets.core import labels, naming
from minisets.core.events import Progress
from minisets.core.manifest import PodTemplateSpec
from minisets.core.network.host_ports import parse_ports
from minisets.core.observed import ContainerSeen, ContainerStatus, PublishedPort
from minisets.core.pod.container_spec import (
    PodRequest,
    claim_mount_paths,
    container_config,
    container_name,
)
from minisets.core.pod.identity import aliases_of
from minisets.core.pod.kubelet import (
    Care,
    CreateContainers,
    RenamePod,
    ReplacePod,
    RestartContainer,
    RestoreSandbox,
    StartContainer,
    UnpauseContainer,
    missing,
    new_claims,
)
from minisets.core.pod.layout import Part, Role, layout
from minisets.core.pod.seen import PodSeen, container_of
from minisets.core.pod.setback import CONFIG, CREATE, HOOK, MOUNT, RUN
from minisets.core.volumes.pod_volumes import Root
from minisets.engine.archives import DirectoryEntry
from minisets.engine.executor import ContainerCreation, PrepareAside, VolumeCreation
from minisets.engine.prober import ProbeTarget
from minisets.errors import NotConverged

# An init container is waited for at once for so long, then looked at again turn by turn.
_INIT_SECONDS = 1.0
_HOOK_SECONDS = 600.0


class Workshop(Blueprint):
    """Does what was decided about the pods of one set, as of one look at the Engine."""

    def create_claim(self, claim: str) -> bool:
        """Create the volume of a claim; False if a volume of that name was somebody else's."""
        made = self.set_claims.volume(claim)
        if made is None:
            return True
        see_to_host_paths(self.context, self.target.namespace, [made])
        return self.context.executor.create_volume(
            VolumeCreation(
                name=made.source,
                labels=dated(self.context, made.labels),
                driver=made.driver,
                options=made.options,
            )
        )

    def create_pod(self, pod: str, revision: str, new_claims: frozenset[str]) -> PodSeen:
        """Create a pod and start its containers, as far as none has to be waited for."""
        self._report(pod, "creating")
        with making(pod, MOUNT):
            request = self.pod_request(pod, revision, new_claims)
            request = with_volumes(self.context, self.world, request, is_new=True)
        made = self._create_containers(request, None)
        if len(made) == len(self.parts(revision)):
            self._report(pod, "started")
        return PodSeen(name=pod, containers=made)

    def rehearse(self, pod: str, revision: str) -> None:
        """Find out whether all that a pod is to be made of is there; nothing is made.

        Raises:
            Unmade: A ConfigMap, a Secret, a key of one or a claim is not there.
        """
        with making(pod, MOUNT):
            request = self.pod_request(pod, revision, frozenset())
            volumes = mounted_volumes(request)
            # Where the Engine's machine has a volume is known once it is made: some place will do.
            places = {volume.source: volume.source for volume in volumes}
            request = replace(request, volumes=volumes, mountpoints=places)
        for part in self.parts(revision):
            with _making(request, part, CONFIG):
                container_config(request, part)

    def _complete(self, pod: str) -> None:
        """Create and start the containers that a pod lacks, as create_pod does."""
        seen = self.pods()[pod]
        revision = seen.labels.get(labels.REVISION, "")
        with making(pod, MOUNT):
            request = self.pod_request(pod, revision, frozenset(), tuple(new_claims(seen.first)))
            request = with_volumes(self.context, self.world, request, is_new=False)
        self._create_containers(request, seen)

    def _create_containers(
        self, request: PodRequest, seen: PodSeen | None
    ) -> tuple[ContainerSeen, ...]:
        parts = layout(request.template.spec)
        sandbox = seen.sandbox if seen else None
        sandbox_id = sandbox.id if sandbox else ""
        there = [part for part in parts if part not in missing(seen, parts)]
        volumes = (*request.claims, *new_roots(request))
        prepared = {name for part in there for name in claim_mount_paths(part, volumes)}
        made: list[ContainerSeen] = []
        for part in missing(seen, parts):
            if part.role is Role.INIT and seen is not None and seen.mains:
                continue
            with _making(request, part, CONFIG):
                config = container_config(request, part, sandbox_id)
                creation = self._creation(request, part, config, prepared)
            with _making(request, part, CREATE):
                container_id = self.context.executor.create(creation)
            prepared |= claim_mount_paths(part, volumes).keys()
            if part.role is Role.SANDBOX:
                sandbox_id = container_id
            made.append(self._as_listed(request, creation, container_id))
            self._after_start(request, part, made[-1])
            if self._holds_up(part, container_id):
                break
        return tuple(made)

    def _creation(
        self, request: PodRequest, part: Part, config: Mapping[str, Any], prepared: Collection[str]
    ) -> ContainerCreation:
        """Return what to create, and which volumes to make writable: each by its first."""
        facts, pod = self.target.facts, request.identity.pod
        new = (*request.new_claims, *new_roots(request))
        paths = {
            name: path
            for name, path in claim_mount_paths(part, (*request.claims, *new)).items()
            if name not in prepared
        }
        entries = root_entries(request, paths)
        unknown = [
            entry
            for name, entry in entries.items()
            if name not in new
            and request.claims[name] not in facts.used_claims
            and f"{name}-{pod}" not in facts.foreign_claims
        ]
        return ContainerCreation(
            name=container_name(request, part),
            config=config,
            prepare=tuple(entries[name] for name in new if name in entries),
            inspect=tuple(unknown),
            prepare_aside=self._prepare_aside(request, part),
        )

    def _prepare_aside(self, request: PodRequest, part: Part) -> PrepareAside | None:
        """Return how volumes are made writable without the container; None if it can do it."""
        context = part.spec.security_context if part.spec else None
        if context is None or not context.read_only_root_filesystem:
            return None
        paths = claim_mount_paths(part, [volume.name for volume in request.volumes])
        names = {path: name for name, path in paths.items()}
        sources = {volume.name: volume.source for volume in request.volumes}
        porter = self.context.porter(self.target.namespace)
        return lambda entries: porter.prepare(
            {
                sources[names[entry.path]]: Root(mode=entry.mode, uid=entry.uid, gid=entry.gid)
                for entry in entries
            }
        )

    def _holds_up(self, part: Part, container_id: str) -> bool:
        """Say whether the containers after one that was just started have to wait for it."""
        if part.role is Role.INIT:
            # Most of them are done in a moment; the next look tells of the others.
            code = self.context.engine.wait_exit(container_id, timeout_seconds=_INIT_SECONDS)
            return code != 0
        has_probe = part.spec is not None and part.spec.startup_probe is not None
        return part.role is Role.SIDECAR and has_probe

    def _after_start(self, request: PodRequest, part: Part, container: ContainerSeen) -> None:
        """Run the hook that follows a first start; without its success the container goes."""
        target = self._hook_target(
            container, part, request.identity.address, request.publish, request.template
        )
        with _making(request, part, HOOK):
            self._greet(
                part,
                target,
                lambda: self.context.engine.remove_container(container.id, force=True),
            )

    def _after_restart(self, pod: PodSeen, container: ContainerSeen, part: Part) -> None:
        """Run the hook that follows every start; without its success the container is stopped."""
        template = self.target.template_of(pod.labels.get(labels.REVISION, ""))
        # Ports that the Engine chooses are others now.
        published = parse_ports(pod.labels.get(labels.PORTS, ""))
        target = self._hook_target(container, part, self.address(pod), published, template)
        grace = template.spec.termination_grace_period_seconds
        with making(pod.name, HOOK, container=part.name):
            self._greet(
                part,
                target,
                lambda: self.context.engine.stop(container.id, grace_seconds=grace),
            )

    def _hook_target(
        self,
        container: ContainerSeen,
        part: Part,
        address: str | None,
        published: tuple[PublishedPort, ...],
        template: PodTemplateSpec,
    ) -> ProbeTarget:
        return ProbeTarget(
            container_id=container.id,
            address=address,
            network_id=self.network.id if self.network else "",
            published=published,
            port_names=port_names(part.spec) if part.spec else {},
            image_id=container.image_id,
            is_on_host=template.spec.host_network,
        )

    def _greet(self, part: Part, target: ProbeTarget, undo: Callable[[], None]) -> None:
        """Run a postStart hook if there is one; where it fails, undo what it follows."""
        hook = part.spec.lifecycle.post_start if part.spec and part.spec.lifecycle else None
        if hook is None:
            return
        done = run_hook(self.context, hook, target, timeout_seconds=_HOOK_SECONDS)
        if not done.ok:
            undo()
            raise NotConverged(
                f"the postStart hook of container {part.name} failed: {done.output}",
                hint="correct the hook, apply it again",
            )

    def _as_listed(
        self, request: PodRequest, creation: ContainerCreation, container_id: str
    ) -> ContainerSeen:
        """Return a container that was just created as a list would show it."""
        network = naming.network_name(self.target.namespace)
        endpoint = creation.config["NetworkingConfig"]["EndpointsConfig"].get(network, {})
        address = endpoint.get("IPAMConfig", {}).get("IPv4Address")
        return ContainerSeen(
            id=container_id,
            name=creation.name,
            status=ContainerStatus.RUNNING,
            created=self.context.clock.now(),
            image=creation.config["Image"],
            labels=creation.config["Labels"],
            addresses={network: address} if address else {},
            network_ids={network: self.network.id} if self.network and endpoint else {},
            ports=(*request.publish, *request.probed) if endpoint else (),
        )

    def delete_pod(self, pod: str, cause: str) -> None:
        """Stop a pod gracefully and remove it; gone already is fine."""
        seen = self.pods().get(pod)
        if seen is not None:
            self.remove(seen, cause)

    def remove(self, pod: PodSeen, cause: str, *, grace_seconds: int | None = None) -> None:
        """Stop and remove a pod of the set, within its own grace period or a given one."""
        self._report(pod.name, "stopping", cause)
        template = self.target.template_of(pod.labels.get(labels.REVISION, ""))
        farewell = Farewell(
            context=self.context, namespace=self.target.namespace, pod=pod, spec=template.spec
        )
        own = template.spec.termination_grace_period_seconds
        farewell.run(own if grace_seconds is None else grace_seconds)
        remove_volumes(self.context, self.world, self.target.namespace, pod.name)
        self._report(pod.name, "gone", is_done=True)

    def take_care(self, deed: Care) -> None:
        """Give a pod what it needs."""
        executor = self.context.executor
        if not isinstance(deed, CreateContainers) or self.pods()[deed.pod].mains:
            # That one of several containers follows the other is no repair.
            self._report(deed.pod, "repairing", deed.cause)
        match deed:
            case StartContainer(pod=pod, container_id=container_id, part=part):
                self._start(pod, container_id, part)
            case CreateContainers(pod=pod):
                self._complete(pod)
            case RestoreSandbox(container_id=container_id, running=running):
                executor.restore_sandbox(container_id, running)
            case RestartContainer(pod=pod, container_id=container_id):
                self._restart(pod, container_id)
            case UnpauseContainer(container_id=container_id):
                executor.unpause(container_id)
            case RenamePod(pod=pod, container_id=container_id):
                self._rename(pod, container_id)
            case ReplacePod(pod=pod, cause=cause):
                self.delete_pod(pod, cause)

    def _start(self, pod: str, container_id: str, part: Part) -> None:
        seen = self.pods()[pod]
        container = seen.part(part.name)
        is_new = container is not None and container.status is ContainerStatus.CREATED
        prepare: tuple[DirectoryEntry, ...] = ()
        prepare_aside = None
        if is_new:
            revision = seen.labels.get(labels.REVISION, "")
            request = self.pod_request(pod, revision, frozenset(), new_claims(seen.first))
            request = replace(request, volumes=mounted_volumes(request))
            new = (*request.new_claims, *first_roots(request, part))
            prepare = tuple(root_entries(request, claim_mount_paths(part, new)).values())
            prepare_aside = self._prepare_aside(request, part)
        lifecycle = part.spec.lifecycle if part.spec else None
        if not is_new and lifecycle is not None and lifecycle.pre_stop is not None:
            # A farewell that was interrupted took its restarts away, and then it has stayed.
            self.context.engine.resume_restarts(container_id)
        with making(pod, RUN, container=part.name):
            self.context.executor.start(
                container_id,
                prepare=prepare,
                prepare_aside=prepare_aside,
            )
        if container is not None:
            self._after_restart(seen, container, part)

    def _restart(self, pod: str, container_id: str) -> None:
        self.context.engine.restart(container_id)
        seen = self.pods()[pod]
        parts = self.parts(seen.labels.get(labels.REVISION, ""))
        for container in seen.containers:
            for part in parts:
                if container.id == container_id and part.name == container_of(container):
                    self._after_restart(seen, container, part)

    def _rename(self, pod: str, container_id: str) -> None:
        if self.network is None:
            return
        _, ordinal = naming.split_pod_name(pod)
        target, seen = self.target, self.pods()[pod]
        services = self.world.services(target.namespace)
        self.context.executor.rename_pod(
            container_id,
            self.network.id,
            address=self.address(seen),
            aliases=aliases_of(target.manifest, ordinal, target.namespace, services),
            is_connected=self.network.name in seen.network_ids,
        )

    def _report(self, pod: str, state: str, detail: str = "", *, is_done: bool = False) -> None:
        self.context.reporter.progress(
            Progress(
                subject=f"pod/{pod}",
                state=state,
                detail=detail,
                is_done=is_done,
                owner=f"sts/{self.target.name}",
            )
        )


def _making(request: PodRequest, part: Part, reason: str) -> AbstractContextManager[None]:
    """Name the container that cannot be made; see making. The sandbox is the pod itself."""
    container = part.spec
    return making(
        request.identity.pod,
        reason,
        container=container.name if container else "",
        image=container.image if container else request.sandbox_image,
    )
