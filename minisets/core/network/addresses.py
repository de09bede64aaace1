"""Addresses: the subnet of a namespace, and the fixed address of each pod in it.

The lower half of a subnet is ours, in blocks that sets have in their records; the Engine's own
allocation is kept to the upper half, so the two never meet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, ip_network

import msgspec

# Where Docker takes its own networks from, asked from the far end: networks that others will
# make automatically start at the near one.
_POOLS = ("172.16.0.0/12", "192.168.0.0/16", "10.128.0.0/9")
_SUBNET_BITS = 20
# The network's own address and the gateway.
_RESERVED = 2
_SMALLEST_BLOCK = 32


class Block(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Addresses for ``count`` pods from ``first_ordinal`` on; ``offset`` is from the subnet."""

    first_ordinal: int
    count: int
    offset: int


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """What a namespace's network is created with."""

    subnet: str
    ip_range: str
    gateway: str


def free_subnets(taken: Iterable[str]) -> Iterator[Subnet]:
    """Yield subnets that overlap with none of those taken, best first.

    Args:
        taken: Subnets of the Engine's networks and of the machine's routes; others are skipped.
    """
    busy = [
        network
        for text in taken
        for network in [ip_network(text, strict=False)]
        if isinstance(network, IPv4Network) and network.prefixlen
    ]
    for pool in _POOLS:
        for candidate in reversed(list(IPv4Network(pool).subnets(new_prefix=_SUBNET_BITS))):
            if not any(candidate.overlaps(other) for other in busy):
                lower, upper = candidate.subnets(prefixlen_diff=1)
                yield Subnet(
                    subnet=str(candidate),
                    ip_range=str(upper),
                    gateway=str(lower.network_address + 1),
                )


def address_of(subnet: str, blocks: Iterable[Block], ordinal: int) -> str | None:
    """Return the fixed address of the pod with this ordinal, None if no block covers it."""
    for block in blocks:
        if block.first_ordinal <= ordinal < block.first_ordinal + block.count:
            offset = block.offset + ordinal - block.first_ordinal
            return str(IPv4Address(_first_address(subnet) + offset))
    return None


# Asked for every pod and every peer that it knows by name.
@lru_cache(maxsize=64)
def _first_address(subnet: str) -> int:
    return int(IPv4Network(subnet).network_address)


def block_of(subnet: str, ordinal: int, address: str) -> Block:
    """Return the block that gives one pod this address."""
    offset = int(IPv4Address(address)) - int(IPv4Network(subnet).network_address)
    return Block(first_ordinal=ordinal, count=1, offset=offset)


def allocate(
    subnet: str,
    *,
    ordinals: range,
    own: tuple[Block, ...],
    others: Iterable[Block],
    used: Collection[str] = (),
) -> tuple[Block, ...]:
    """Return the set's blocks, with one more if some of its ordinals have no address yet.

    Args:
        subnet: Of the namespace's network.
        ordinals: Those that the set asks for.
        own: Blocks that the set has; they stay as they are.
        others: Blocks of the other sets of the namespace.
        used: Addresses that containers hold, ours or not; the new block avoids them.

    Raises:
        OverflowError: The lower half of the subnet has no room for so many pods.
    """
    missing = [number for number in ordinals if address_of(subnet, own, number) is None]
    if not missing:
        return own
    first = missing[0]
    count = max(_SMALLEST_BLOCK, missing[-1] - first + 1)
    offset = _free_offset(subnet, count, blocks=(*own, *others), used=used)
    return (*own, Block(first_ordinal=first, count=count, offset=offset))


def move(
    subnet: str,
    ordinal: int,
    *,
    own: tuple[Block, ...],
    others: Iterable[Block],
    used: Collection[str],
) -> tuple[Block, ...]:
    """Return the set's blocks with another address for one pod, whose own one is taken.

    Raises:
        OverflowError: The lower half of the subnet is full.
    """
    offset = _free_offset(subnet, 1, blocks=(*own, *others), used=used)
    return (Block(first_ordinal=ordinal, count=1, offset=offset), *own)


def _free_offset(
    subnet: str, count: int, *, blocks: Iterable[Block], used: Collection[str]
) -> int:
    network = IPv4Network(subnet)
    end = network.num_addresses // 2
    spans = [(block.offset, block.offset + block.count) for block in blocks]
    spans += [
        (offset, offset + 1)
        for offset in (int(IPv4Address(text)) - int(network.network_address) for text in used)
        if 0 <= offset < end
    ]
    offset = _RESERVED
    for low, high in sorted(spans):
        if offset + count <= low:
            break
        offset = max(offset, high)
    if offset + count > end:
        raise OverflowError(f"no room for {count} more addresses in the lower half of {subnet}")
    return offset
