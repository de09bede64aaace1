"""Pods as commands look at them: which probe to ask at which address, and the word for a state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minisets.app.readiness import Watched
from minisets.app.targets import Target
from minisets.app.world import World
from minisets.core import labels, naming
from minisets.core.observed import ContainerSeen, ContainerStatus

_WORDS = {
    ContainerStatus.CREATED: "Pending",
    ContainerStatus.RUNNING: "Running",
    ContainerStatus.PAUSED: "Paused",
    ContainerStatus.RESTARTING: "CrashLoopBackOff",
    # The Engine restarts what exits: a container that stays down was stopped by hand.
    ContainerStatus.EXITED: "Stopped",
    ContainerStatus.DEAD: "Failed",
    ContainerStatus.REMOVING: "Terminating",
}


def watched_pods(world: World, targets: Iterable[Target]) -> Iterator[Watched]:
    """Yield the pods of the sets with the probe and the address to ask."""
    for target in targets:
        for container in world.pods(target.namespace, target.name):
            template = target.template_of(container.labels.get(labels.REVISION, ""))
            yield Watched(
                container=container,
                spec=template.spec.containers[0],
                address=address_of_pod(container, target.namespace),
                network_id=container.network_ids.get(naming.network_name(target.namespace), ""),
                known_since=_known_since(target, container),
            )


def _known_since(target: Target, container: ContainerSeen) -> float | None:
    """Return since when a pod may count as ready, once it is seen to be; None: look it up."""
    if not target.manifest.spec.min_ready_seconds:
        # Nobody asks how long: its creation will do, and spares an inspection.
        return container.created
    return target.facts.ready_since.get(container.id)


def address_of_pod(container: ContainerSeen, namespace: str) -> str | None:
    """Return the pod's address on its namespace's network, None if it has none (yet)."""
    return container.addresses.get(naming.network_name(namespace))


def status_word(container: ContainerSeen) -> str:
    """Return the state of a pod as ``get pods`` shows it."""
    return _WORDS[container.status]
