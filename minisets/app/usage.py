"""The use case top: what pods take of the machine right now."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from minisets.app.context import Context
from minisets.app.loop.world import observe
from minisets.app.reading.pod_choice import all_pods
from minisets.core.observed import ContainerSeen, ContainerStatus, Usage
from minisets.core.pod.seen import container_of
from minisets.core.query.absence import not_found
from minisets.core.query.selectors import LabelSelector, matches
from minisets.errors import EngineMissing

# Each measurement takes the Engine about a second, whatever the number of them.
_WORKERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerUsage:
    """What one container takes."""

    name: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class PodUsage:
    """What a pod takes: the sum of its containers that run."""

    namespace: str
    name: str
    containers: tuple[ContainerUsage, ...]

    @property
    def total(self) -> Usage:
        """The sum."""
        return sum_up(one.usage for one in self.containers)


def sum_up(parts: Iterable[Usage]) -> Usage:
    """Return what several take together."""
    found = list(parts)
    return Usage(
        cores=sum(one.cores for one in found),
        memory_bytes=sum(one.memory_bytes for one in found),
    )


def measure_pods(
    context: Context,
    namespace: str | None,
    *,
    name: str | None = None,
    selector: LabelSelector | None = None,
) -> list[PodUsage]:
    """Measure the pods that run, all at once; it takes about a second.

    Args:
        context: Of the command.
        namespace: Of the pods; None: of all.
        name: Of one pod; None: all.
        selector: Only pods with these labels.

    Raises:
        NotFound: There is no pod of that name.
    """
    pods = all_pods(observe(context.engine, namespace), namespace)
    if name is not None:
        known = [pod.name for pod in pods]
        if name not in known:
            raise not_found("pods", name, known, namespace=namespace)
        pods = [pod for pod in pods if pod.name == name]
    if selector is not None:
        pods = [pod for pod in pods if matches(selector, pod.containers[0].labels)]
    running = [
        one for pod in pods for one in pod.containers if one.status is ContainerStatus.RUNNING
    ]
    with ThreadPoolExecutor(_WORKERS) as pool:
        measured = dict(
            zip(
                [one.id for one in running],
                pool.map(lambda one: _measure(context, one), running),
                strict=True,
            )
        )
    found = [
        PodUsage(
            namespace=pod.namespace,
            name=pod.name,
            containers=tuple(
                ContainerUsage(name=container_of(one), usage=usage)
                for one in pod.containers
                if (usage := measured.get(one.id)) is not None
            ),
        )
        for pod in pods
    ]
    return [pod for pod in found if pod.containers]


def _measure(context: Context, container: ContainerSeen) -> Usage | None:
    try:
        return context.engine.usage(container.id)
    except EngineMissing:
        return None
