"""Limits and requests of a container as text: what ``resourceFieldRef`` stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from minisets.core.manifest import Container, PodSpec
from minisets.core.manifest.meta import Quantity, ResourceFieldSelector
from minisets.core.quantity import parse_quantity

# The API's numbers have 64 bits; Kubernetes gives the largest of them for anything above.
_LARGEST = 2**63 - 1
_NANOS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What the Engine's machine has; 0 if unknown.

    Attributes:
        cpus: Processors.
        memory: Bytes.
    """

    cpus: int = 0
    memory: int = 0

    def of(self, resource: str) -> Decimal:
        """Return how much there is of a resource; 0 of what the Engine does not tell."""
        return Decimal({"cpu": self.cpus, "memory": self.memory}.get(resource, 0))


def resource_value(
    selector: ResourceFieldSelector,
    pod: PodSpec,
    capacity: Capacity,
    *,
    container: Container | None = None,
) -> str:
    """Return a limit or a request in units of the divisor, rounded up, as Kubernetes does.

    A limit that is not set is all that the machine has; of ephemeral storage that is 0, because
    the Engine does not tell it. A request that is not set is the limit that is, else 0.

    Args:
        selector: Names a resource such as ``limits.cpu``; may name a container of the pod.
        pod: The pod that the container belongs to.
        capacity: What an unset limit comes to.
        container: Meant where the selector names none.

    Raises:
        ValueError: There is no such container (validation refuses such a manifest).
    """
    owner = _container(pod, selector.container_name) if selector.container_name else container
    if owner is None:
        message = f"container {selector.container_name} not found"
        raise ValueError(message)
    part, _, resource = selector.resource.partition(".")
    limits, requests = owner.resources.limits, owner.resources.requests
    if part == "limits":
        # Kubernetes rule: a limit of zero is none.
        amount = _amount(limits, resource) or capacity.of(resource)
    else:
        amount = _amount(requests if resource in requests else limits, resource)
    divisor = parse_quantity(selector.divisor) or Decimal(1)
    # In whole billionths: a division of decimals would round where 64 bits have more digits.
    units = -(-int(amount * _NANOS) // int(divisor * _NANOS))
    return str(min(units, _LARGEST))


def _container(pod: PodSpec, name: str) -> Container | None:
    everyone = (*pod.containers, *pod.init_containers)
    return next((one for one in everyone if one.name == name), None)


def _amount(amounts: Mapping[str, Quantity], resource: str) -> Decimal:
    return parse_quantity(amounts.get(resource, 0))
