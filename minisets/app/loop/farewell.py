"""How a pod goes: hooks, stops within the grace period, then the removal of its containers."""

from __future__ import annotations

from dataclasses import dataclass

from minisets.app.context import Context
from minisets.app.loop.crew import Crew
from minisets.app.loop.hooks import port_names, run_hook
from minisets.app.loop.view import address_of_pod, network_of_pod
from minisets.core.manifest import Container, PodSpec
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Role
from minisets.core.pod.seen import PodSeen, container_of, role_of
from minisets.engine.prober import ProbeTarget

# Kubernetes rule: a hook that has used up the grace period leaves two seconds for the stop.
_LEAST_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Farewell:
    """One pod to stop and remove.

    Attributes:
        namespace: Of the pod.
        spec: Of its revision.
    """

    context: Context
    namespace: str
    pod: PodSeen
    spec: PodSpec

    def run(self, grace_seconds: int) -> None:
        """Stop and remove the pod; gone already is fine.

        Kubernetes rule: its containers are stopped side by side, then its sidecars one after the
        other, the last one first; all share one grace period, and so do the hooks.
        """
        began = self.context.clock.monotonic()
        mains = [one for one in self.pod.containers if role_of(one) in {Role.MAIN, Role.INIT}]
        if len(mains) > 1:
            with Crew(len(mains)) as pool:
                list(pool.map(lambda one: self._stop(one, began, grace_seconds), mains))
        else:
            for container in mains:
                self._stop(container, began, grace_seconds)
        for container in reversed(self.pod.containers):
            if role_of(container) is Role.SIDECAR:
                self._stop(container, began, grace_seconds)
        for container in reversed(self.pod.containers):
            self.context.engine.remove_container(container.id, force=True)

    def _stop(self, container: ContainerSeen, began: float, grace_seconds: int) -> None:
        spec = self._spec(container)
        has_hook = self._say_goodbye(container, spec, grace_seconds)
        left = grace_seconds - (self.context.clock.monotonic() - began)
        if has_hook:
            left = max(left, min(_LEAST_SECONDS, grace_seconds))
        took = self.context.executor.stop(container, grace_seconds=max(0.0, left))
        if left > 0 and took >= left:
            which = "" if len(self.pod.lasting) == 1 else f": container {container_of(container)}"
            self.context.reporter.notice(
                f"pod/{self.pod.name} did not leave within its grace period of {grace_seconds}s "
                f"and was killed{which}: does its first process handle TERM?"
            )

    def _say_goodbye(
        self, container: ContainerSeen, spec: Container | None, grace_seconds: int
    ) -> bool:
        """Run the preStop hook; False if there is none, or nothing that it could run in."""
        hook = spec.lifecycle.pre_stop if spec is not None and spec.lifecycle else None
        runs = container.status is ContainerStatus.RUNNING
        if hook is None or spec is None or not runs or not grace_seconds:
            return False
        # Many hooks make the process end by itself, and then the Engine would run it once more.
        self.context.engine.forgo_restarts(container.id)
        target = ProbeTarget(
            container_id=container.id,
            # As the Engine has it: who deletes a pod has no plan of its network.
            address=address_of_pod(self.pod, self.namespace),
            network_id=network_of_pod(self.pod, self.namespace),
            published=self.pod.holder.ports,
            port_names=port_names(spec),
            image_id=container.image_id,
            is_on_host=self.spec.host_network,
        )
        done = run_hook(self.context, hook, target, timeout_seconds=float(grace_seconds))
        if not done.ok:
            self.context.reporter.notice(
                f"pod/{self.pod.name}: the preStop hook of container {spec.name} failed: "
                f"{done.output}"
            )
        return True

    def _spec(self, container: ContainerSeen) -> Container | None:
        name = container_of(container)
        everyone = (*self.spec.containers, *self.spec.init_containers)
        return next((one for one in everyone if one.name == name), None)
