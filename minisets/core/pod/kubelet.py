"""What a pod that exists needs, whatever its set wants: the second decider, beside the planner."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import assert_never

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.identity import NetworkPlace, names_hash
from minisets.core.pod.layout import SANDBOX, Part, Role
from minisets.core.pod.seen import PodSeen, container_of, is_completed


@dataclass(frozen=True, slots=True, kw_only=True)
class StartContainer:
    """Start a container that does not run, after its new claims were made writable."""

    pod: str
    container_id: str
    part: Part
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateContainers:
    """Create and start the containers that the pod lacks, until one has to be waited for."""

    pod: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartContainer:
    """Restart a container that runs and is not well."""

    pod: str
    container_id: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSandbox:
    """Stop the containers that run in the network of a sandbox that is down, then start it.

    They would run on without an address; the next look starts them in the new network.
    """

    pod: str
    container_id: str
    running: tuple[str, ...] = ()
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
    cause: str = ""


Care = (
    StartContainer
    | CreateContainers
    | RestartContainer
    | RestoreSandbox
    | UnpauseContainer
    | RenamePod
    | ReplacePod
)


def render_care(deed: Care) -> str:
    """Return what a pod needs in words, as a plan's actions have it."""
    return f"repair pod {deed.pod} - {deed.cause}"


class _Waiting(Enum):
    """Nothing is to be done but to wait."""

    FOR_A_CONTAINER = auto()


_DOWN = frozenset({ContainerStatus.CREATED, ContainerStatus.EXITED, ContainerStatus.DEAD})


def care(
    pod: PodSeen,
    *,
    parts: tuple[Part, ...],
    aliases: tuple[str, ...],
    network: NetworkPlace | None,
    given_names: Mapping[str, str],
    started: Collection[str] = (),
    unwell: Mapping[str, str] = MappingProxyType({}),
) -> Care | None:
    """Decide the next thing that a pod needs; None if it needs nothing, or only time.

    Args:
        pod: The pod as the Engine shows it.
        parts: The containers that it should have, by its revision.
        aliases: What it should be called now.
        network: The namespace's network as it is now; None if there is none.
        given_names: Container id → hash of names given after creation.
        started: Ids of the containers whose startup probes have succeeded.
        unwell: Ids of containers to restart, by the verdict of a probe → the verdict.
    """
    broken = _broken(pod, parts, network)
    if broken:
        return ReplacePod(pod=pod.name, cause=broken)
    sandbox = pod.sandbox
    if sandbox is not None and sandbox.status in _DOWN:
        return _restore(pod, sandbox)
    needed = _first_need(pod, parts, started, unwell)
    if needed is _Waiting.FOR_A_CONTAINER:
        # Renaming means leaving the network for a moment: an init container is not disturbed.
        return _names(pod, aliases, network, given_names) if sandbox is not None else None
    return needed or _names(pod, aliases, network, given_names)


def _first_need(
    pod: PodSeen,
    parts: tuple[Part, ...],
    started: Collection[str],
    unwell: Mapping[str, str],
) -> Care | _Waiting | None:
    """Return what the first container that needs something needs, or that one holds up."""
    for part in parts:
        container = pod.part(part.name)
        if container is None:
            if part.role is Role.INIT and pod.mains:
                # Somebody has tidied it away; its work is done.
                continue
            return CreateContainers(pod=pod.name, cause=f"container {part.name} is to come")
        if container.id in unwell:
            verdict = unwell[container.id]
            return RestartContainer(pod=pod.name, container_id=container.id, cause=verdict)
        needed = _needed(pod, part, container)
        if needed is not None:
            return needed
        if _holds_up(pod, part, container, started):
            return _Waiting.FOR_A_CONTAINER
    return None


def missing(pod: PodSeen | None, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the containers that the pod does not have, in the order of their starts."""
    return tuple(part for part in parts if pod is None or pod.part(part.name) is None)


def new_claims(container: ContainerSeen) -> tuple[str, ...]:
    """Return the claim templates that were new when the container was created."""
    text = container.labels.get(labels.NEW_CLAIMS, "")
    return tuple(text.split(",")) if text else ()


def _broken(pod: PodSeen, parts: tuple[Part, ...], network: NetworkPlace | None) -> str:
    """Return why the pod can only be made anew; empty if it need not be."""
    if _lost_network(pod, network):
        return "its network was removed and made again"
    sandbox = pod.sandbox
    if parts[0].name == SANDBOX:
        # Their network goes by the id of the sandbox that they were created with. Podman's list
        # says nothing of it; there no sandbox goes before its containers.
        modes = {f"container:{sandbox.id}", ""} if sandbox else set()
        if any(one is not sandbox and one.network_mode not in modes for one in pod.containers):
            return "its sandbox is gone"
    elif not pod.mains and not all(_is_of(one, parts) for one in pod.containers):
        return "its init containers are not those of its template"
    return ""


def _is_of(container: ContainerSeen, parts: tuple[Part, ...]) -> bool:
    return container_of(container) in {part.name for part in parts}


def _restore(pod: PodSeen, sandbox: ContainerSeen) -> RestoreSandbox:
    return RestoreSandbox(
        pod=pod.name,
        container_id=sandbox.id,
        running=tuple(
            one.id
            for one in pod.containers
            if one.status in {ContainerStatus.RUNNING, ContainerStatus.RESTARTING}
        ),
        cause=_why_down(sandbox),
    )


def _needed(pod: PodSeen, part: Part, container: ContainerSeen) -> Care | None:
    """Return what one container needs to run; None if it runs, or has ended as it should."""
    if is_completed(container) or (part.role is Role.INIT and pod.mains):
        return None
    match container.status:
        case ContainerStatus.CREATED | ContainerStatus.EXITED:
            return StartContainer(
                pod=pod.name,
                container_id=container.id,
                part=part,
                cause=_why_down(container),
            )
        case ContainerStatus.PAUSED:
            return UnpauseContainer(pod=pod.name, container_id=container.id, cause="it is paused")
        case (
            ContainerStatus.RUNNING
            | ContainerStatus.RESTARTING
            | ContainerStatus.DEAD
            | ContainerStatus.REMOVING
        ):
            return None
        case _:
            assert_never(container.status)


def _holds_up(
    pod: PodSeen, part: Part, container: ContainerSeen, started: Collection[str]
) -> bool:
    """Say whether the containers after this one have to wait for it.

    Kubernetes rule: an init container has to end well, a sidecar has to have started; the pod's
    own containers wait for nobody.
    """
    if pod.mains:
        return False
    if part.role is Role.INIT:
        return not is_completed(container)
    if part.spec is not None and part.spec.startup_probe:
        return container.id not in started
    return False


def _why_down(container: ContainerSeen) -> str:
    if container.status is ContainerStatus.CREATED:
        return "it was created and not started"
    return "it was stopped by hand or by the Engine"


def _lost_network(pod: PodSeen, network: NetworkPlace | None) -> bool:
    """Say whether the pod hangs on a network id that is not there any more.

    Removing a network does not ask its stopped members; they fail to start for ever.
    """
    if network is None:
        return False
    # Podman's list has the name of the network in the place of its id.
    return pod.network_ids.get(network.name, "") not in {"", network.id, network.name}


def _names(
    pod: PodSeen,
    aliases: tuple[str, ...],
    network: NetworkPlace | None,
    given_names: Mapping[str, str],
) -> RenamePod | None:
    holder = pod.holder
    if holder.status is not ContainerStatus.RUNNING or holder.network_mode == "host":
        return None
    if not aliases:
        # The set goes to the host's network: until it is replaced, the pod stays where it is.
        return None
    # An interrupted renaming leaves a pod off its network.
    is_off = network is not None and network.name not in holder.network_ids
    has = given_names.get(holder.id, holder.labels.get(labels.NAMES, ""))
    wanted = names_hash(aliases)
    if has == wanted and not is_off:
        return None
    return RenamePod(
        pod=pod.name,
        container_id=holder.id,
        names_hash=wanted,
        cause="it is off its network" if is_off else "the Services that select it have changed",
    )
