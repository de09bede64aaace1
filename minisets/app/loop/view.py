"""Pods as commands look at them: which probe to ask, and at which address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minisets.app.loop.readiness import Watched, WatchedPod
from minisets.app.loop.targets import Target
from minisets.app.loop.world import World
from minisets.core import labels, naming
from minisets.core.pod.layout import Role, layout
from minisets.core.pod.seen import PodSeen


def watched_pods(world: World, targets: Iterable[Target]) -> Iterator[WatchedPod]:
    """Yield the pods of the sets with the probes and the address to ask."""
    for target in targets:
        for pod in world.pods(target.namespace, target.name):
            yield watched_pod(target, pod)


def watched_pod(target: Target, pod: PodSeen) -> WatchedPod:
    """Return one pod of a set with the probes and the address to ask."""
    template = target.template_of(pod.labels.get(labels.REVISION, ""))
    lasting = [
        part
        for part in layout(template.spec)
        if part.role in {Role.MAIN, Role.SIDECAR} and part.spec is not None
    ]
    holder = pod.holder
    return WatchedPod(
        id=pod.id,
        containers=tuple(
            Watched(
                container=container,
                spec=part.spec,
                address=address_of_pod(pod, target.namespace),
                network_id=network_of_pod(pod, target.namespace),
                known_since=_known_since(target, pod),
                published=holder.ports,
                is_on_host=template.spec.host_network,
            )
            for part in lasting
            if part.spec is not None and (container := pod.part(part.name)) is not None
        ),
        is_whole=all(pod.part(part.name) is not None for part in lasting),
    )


def _known_since(target: Target, pod: PodSeen) -> float | None:
    """Return since when a pod may count as ready, once it is seen to be; None: look it up."""
    if not target.manifest.spec.min_ready_seconds:
        # Nobody asks how long: its creation will do, and spares an inspection.
        return pod.created
    return target.facts.ready_since.get(pod.id)


def address_of_pod(pod: PodSeen, namespace: str) -> str | None:
    """Return the pod's address on its namespace's network, None if it has none (yet)."""
    return pod.addresses.get(naming.network_name(namespace))


def network_of_pod(pod: PodSeen, namespace: str) -> str:
    """Return the id of its namespace's network as the pod has it, empty if it is not on it."""
    return pod.network_ids.get(naming.network_name(namespace), "")
