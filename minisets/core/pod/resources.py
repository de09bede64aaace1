"""Limits and requests of a container as the Engine's settings, and where they cannot be kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from minisets.core.input.support_table import GPU
from minisets.core.manifest import Container
from minisets.core.quantity import parse_quantity, to_bytes, to_nano_cpus

_NANO = 1_000_000_000
# The Engine refuses less memory; of the CPU, less is no quota that the kernel takes.
_LEAST_MEMORY = 6 * 1024 * 1024
_LEAST_NANO_CPUS = 10_000_000
# Docker's and Kubernetes' share of a whole CPU.
_SHARES_PER_CPU = 1024
_LEAST_SHARES = 2
_MOST_SHARES = 262_144


def resource_settings(container: Container, cpus: int) -> dict[str, Any]:
    """Return the limits of a container as fields of ``HostConfig``.

    Kubernetes rules: a limit of 0 is none; a limit of a CPU without a request is the request,
    too; there is no swap beyond the limit of memory. A request of memory only schedules.

    Args:
        container: Of the template.
        cpus: Of the Engine's machine, 0 if unknown: it refuses a limit above them.
    """
    limits, requests = container.resources.limits, container.resources.requests
    found: dict[str, Any] = {}
    if wanted := to_nano_cpus(limits.get("cpu", 0)):
        found["NanoCpus"] = _possible_nano_cpus(wanted, cpus)
    if memory := to_bytes(limits.get("memory", 0)):
        memory = max(_LEAST_MEMORY, memory)
        found |= {"Memory": memory, "MemorySwap": memory}
    cpu = requests.get("cpu", limits.get("cpu"))
    if cpu is not None:
        shares = int(parse_quantity(cpu) * _SHARES_PER_CPU)
        found["CpuShares"] = min(_MOST_SHARES, max(_LEAST_SHARES, shares))
    if gpus := int(parse_quantity(limits.get(GPU, 0))):
        found["DeviceRequests"] = [{"Count": gpus, "Capabilities": [["gpu"]]}]
    return found


def changed_limits(container: Container, cpus: int) -> tuple[str, ...]:
    """Say of each limit that the Engine cannot keep what takes its place.

    Args:
        container: Of the template.
        cpus: Of the Engine's machine, 0 if unknown.
    """
    limits = container.resources.limits
    said = []
    cpu = limits.get("cpu", 0)
    wanted = to_nano_cpus(cpu)
    if wanted and (possible := _possible_nano_cpus(wanted, cpus)) != wanted:
        amount = (Decimal(possible) / _NANO).normalize()
        bound = f"the machine has {cpus}" if possible < wanted else "the least there is"
        said.append(
            f"container {container.name}: the CPU limit of {cpu} becomes {amount:f}: {bound}"
        )
    memory = limits.get("memory", 0)
    if 0 < to_bytes(memory) < _LEAST_MEMORY:
        said.append(
            f"container {container.name}: the memory limit of {memory} becomes "
            f"{_LEAST_MEMORY // 1024**2}Mi: the Engine takes no less"
        )
    if parse_quantity(limits.get(GPU, 0)):
        said.append(
            f"container {container.name}: the Engine does not keep GPUs apart: other containers "
            "may be given the same one"
        )
    return tuple(said)


def _possible_nano_cpus(wanted: int, cpus: int) -> int:
    most = cpus * _NANO if cpus else wanted
    return max(_LEAST_NANO_CPUS, min(wanted, most))
