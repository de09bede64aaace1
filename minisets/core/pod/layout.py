"""Of which containers a pod consists, and in which order they start."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from minisets.core.manifest import Container, PodSpec

SANDBOX = "_pod"
"""Name of the sandbox among the containers of a pod; no container of a manifest can have it."""


class Role(StrEnum):
    """What a container is to its pod."""

    SANDBOX = "sandbox"
    INIT = "init"
    SIDECAR = "sidecar"
    MAIN = "main"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One container of a pod.

    Attributes:
        name: Of the container in the template; SANDBOX for the sandbox.
        place: In the order of the starts, from 0.
        spec: As the template has it; None for the sandbox, which is ours.
        is_named_as_pod: The Engine's container has the pod's own name.
    """

    role: Role
    name: str
    place: int
    spec: Container | None = None
    is_named_as_pod: bool = False


def layout(spec: PodSpec) -> tuple[Part, ...]:
    """Return the containers of a pod in the order in which they start.

    Kubernetes rule: init containers one after the other in the order of the manifest, those that
    are sidecars (restartPolicy Always) among them; then all others.
    """
    found: list[tuple[Role, str, Container | None]] = []
    if has_sandbox(spec):
        found.append((Role.SANDBOX, SANDBOX, None))
    found += [(_init_role(one), one.name, one) for one in spec.init_containers]
    found += [(Role.MAIN, one.name, one) for one in spec.containers]
    return tuple(
        Part(
            role=role,
            name=name,
            place=place,
            spec=container,
            is_named_as_pod=container is spec.containers[0],
        )
        for place, (role, name, container) in enumerate(found)
    )


def has_sandbox(spec: PodSpec) -> bool:
    """Say whether a container of ours holds the pod's network: several that run share it.

    A pod of one container needs none, and so survives a restart of the Engine by itself. Its
    init containers have the pod's address and names one after the other.
    """
    sidecars = any(_init_role(one) is Role.SIDECAR for one in spec.init_containers)
    return len(spec.containers) > 1 or sidecars or spec.share_process_namespace


def _init_role(container: Container) -> Role:
    return Role.SIDECAR if container.restart_policy == "Always" else Role.INIT
