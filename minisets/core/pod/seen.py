"""A pod as the Engine shows it: its containers, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Role

# Which state of a container tells most about its pod: the first of these that one of them is in.
_TELLING = (
    ContainerStatus.REMOVING,
    ContainerStatus.DEAD,
    ContainerStatus.RESTARTING,
    ContainerStatus.PAUSED,
    ContainerStatus.EXITED,
    ContainerStatus.CREATED,
)


class PodSeen(msgspec.Struct, frozen=True, kw_only=True):
    """All containers of one pod, in the order of their starts; at least one.

    Attributes:
        name: Of the pod.
    """

    name: str
    containers: tuple[ContainerSeen, ...]

    @property
    def first(self) -> ContainerSeen:
        """The container that was made first, and that goes last."""
        return self.containers[0]

    @property
    def id(self) -> str:
        """Identity of the pod: another pod of the name has another one."""
        return self.first.id

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the pod."""
        return self.first.labels

    @property
    def created(self) -> float:
        """Seconds since the epoch."""
        return self.first.created

    @property
    def sandbox(self) -> ContainerSeen | None:
        """The container that holds the network for the others."""
        return next((one for one in self.containers if role_of(one) is Role.SANDBOX), None)

    @property
    def holder(self) -> ContainerSeen:
        """The container on the network: the sandbox, else the one that runs or ran last."""
        return self.sandbox or self.containers[-1]

    @property
    def mains(self) -> tuple[ContainerSeen, ...]:
        """The containers that are no init containers, sidecars or sandbox."""
        return tuple(one for one in self.containers if role_of(one) is Role.MAIN)

    @property
    def inits(self) -> tuple[ContainerSeen, ...]:
        """The init containers that run to completion."""
        return tuple(one for one in self.containers if role_of(one) is Role.INIT)

    @property
    def lasting(self) -> tuple[ContainerSeen, ...]:
        """The containers that are to run as long as the pod."""
        return tuple(one for one in self.containers if role_of(one) is not Role.INIT)

    @property
    def running(self) -> tuple[ContainerSeen, ...]:
        """The containers that run now."""
        return tuple(one for one in self.containers if one.status is ContainerStatus.RUNNING)

    @property
    def status(self) -> ContainerStatus:
        """The state that tells most; of one container its own.

        An init container that has ended well says nothing.
        """
        states = {one.status for one in self._counted}
        if not self.mains:
            # Nothing of the pod's own runs yet.
            trouble = {ContainerStatus.RESTARTING, ContainerStatus.DEAD, ContainerStatus.REMOVING}
            states = (states & trouble) or {ContainerStatus.CREATED}
        return next((state for state in _TELLING if state in states), ContainerStatus.RUNNING)

    @property
    def status_text(self) -> str:
        """The Engine's phrase for the container whose state tells most."""
        return self.telling.status_text

    @property
    def telling(self) -> ContainerSeen:
        """The container to look at when something is wrong."""
        wanted = self.status
        found = [one for one in self._counted if one.status is wanted]
        # The sandbox has nothing to tell.
        return next(
            (one for one in found if role_of(one) is not Role.SANDBOX),
            (self.mains or self.containers)[0],
        )

    @property
    def addresses(self) -> Mapping[str, str]:
        """Network name → address."""
        return self.holder.addresses

    @property
    def network_ids(self) -> Mapping[str, str]:
        """Network name → network id."""
        return self.holder.network_ids

    @property
    def _counted(self) -> list[ContainerSeen]:
        """The containers whose state counts: once the pod's own are there, no init container's."""
        if self.mains:
            return list(self.lasting)
        return [one for one in self.containers if not is_completed(one)]

    def part(self, name: str) -> ContainerSeen | None:
        """Return the container with this name in the template, None if it is not there."""
        return next((one for one in self.containers if container_of(one) == name), None)


def role_of(container: ContainerSeen) -> Role:
    """Return what a container is to its pod."""
    return Role(container.labels.get(labels.ROLE, Role.MAIN))


def container_of(container: ContainerSeen) -> str:
    """Return the name that a container has in its pod's template."""
    return container.labels.get(labels.CONTAINER, "")


def is_completed(container: ContainerSeen) -> bool:
    """Say whether an init container has ended well."""
    return (
        role_of(container) is Role.INIT
        and container.status is ContainerStatus.EXITED
        and container.exit_code == 0
    )


def gather(containers: Iterable[ContainerSeen]) -> list[PodSeen]:
    """Put the containers of each pod together, in the order of the pods' names."""
    found: dict[str, list[ContainerSeen]] = {}
    for container in containers:
        found.setdefault(pod_of(container), []).append(container)
    return [
        PodSeen(name=name, containers=tuple(sorted(group, key=_place)))
        for name, group in sorted(found.items())
    ]


def pod_of(container: ContainerSeen) -> str:
    """Return the name of the pod that a container belongs to."""
    return container.labels.get(labels.POD_NAME, container.name)


def _place(container: ContainerSeen) -> int:
    return int(container.labels.get(labels.PLACE, "0"))
