"""What a pod that exists needs, whatever its set wants: the second decider, beside the planner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod_identity import NetworkPlace, PodIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class StartContainer:
    """Start a container that does not run, after its new claims were made writable."""

    pod: str
    container_id: str
    new_claims: tuple[str, ...] = ()
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpauseContainer:
    """Resume a paused container."""

    pod: str
    container_id: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenamePod:
    """Give a running pod the names that its Services ask for now; the address stays."""

    pod: str
    container_id: str
    names_hash: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacePod:
    """Remove a pod that cannot be repaired; the planner makes it anew."""

    pod: str
    container_id: str
    cause: str = ""


Care = StartContainer | UnpauseContainer | RenamePod | ReplacePod


def care(
    container: ContainerSeen,
    *,
    identity: PodIdentity,
    network: NetworkPlace | None,
    given_names: Mapping[str, str],
) -> Care | None:
    """Decide the next thing that a pod needs; None if it needs nothing.

    Args:
        container: The pod as the Engine shows it.
        identity: What the pod should be called now.
        network: The namespace's network as it is now; None if there is none.
        given_names: Container id → hash of names given after creation.
    """
    pod = identity.pod
    if _lost_network(container, network):
        return ReplacePod(
            pod=pod,
            container_id=container.id,
            cause="its network was removed and made again",
        )
    match container.status:
        case ContainerStatus.CREATED:
            return StartContainer(
                pod=pod,
                container_id=container.id,
                new_claims=new_claims(container),
                cause="it was created and not started",
            )
        case ContainerStatus.EXITED:
            return StartContainer(
                pod=pod, container_id=container.id, cause="it was stopped by hand or by the Engine"
            )
        case ContainerStatus.PAUSED:
            return UnpauseContainer(pod=pod, container_id=container.id, cause="it is paused")
        case ContainerStatus.RUNNING:
            return _names(container, identity, network, given_names)
        case ContainerStatus.RESTARTING | ContainerStatus.DEAD | ContainerStatus.REMOVING:
            return None
        case _:
            assert_never(container.status)


def new_claims(container: ContainerSeen) -> tuple[str, ...]:
    """Return the claim templates that were new when the container was created."""
    text = container.labels.get(labels.NEW_CLAIMS, "")
    return tuple(text.split(",")) if text else ()


def _lost_network(container: ContainerSeen, network: NetworkPlace | None) -> bool:
    """Say whether the container hangs on a network id that is not there any more.

    Removing a network does not ask its stopped members; they fail to start for ever.
    """
    if network is None:
        return False
    held = container.network_ids.get(network.name, "")
    return bool(held) and held != network.id


def _names(
    container: ContainerSeen,
    identity: PodIdentity,
    network: NetworkPlace | None,
    given_names: Mapping[str, str],
) -> RenamePod | None:
    # An interrupted renaming leaves a pod off its network.
    is_off = network is not None and network.name not in container.network_ids
    has = given_names.get(container.id, container.labels.get(labels.NAMES, ""))
    if has == identity.names_hash and not is_off:
        return None
    return RenamePod(
        pod=identity.pod,
        container_id=container.id,
        names_hash=identity.names_hash,
        cause="it is off its network" if is_off else "the Services that select it have changed",
    )
