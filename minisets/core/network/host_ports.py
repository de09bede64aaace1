"""Which ports of the host each pod of a set has: runs of ports, kept like addresses are.

A pod has the port that is written plus its ordinal, unless that one is taken: then another one,
and from then on always that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from minisets.core.observed import PublishedPort

_LAST_PORT = 65535
# Below what Linux gives to outgoing connections.
_SPARE_PORTS = 20000
ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - Docker's words for all addresses
"""Host addresses that stand for all of them."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One port of a pod that the host is to answer for.

    Attributes:
        address: Of the host.
        host_port: As it is written, or chosen for the first pod.
        protocol: ``tcp``, ``udp`` or ``sctp``.
        origin: What asks for it, such as ``service/web``.
        is_strict: It has to be this one port, as a hostPort has.
        is_single: Only one pod is meant: its port is the one that is written.
        name: Of the port, if it has one.
        scheme: ``http`` or ``https`` where a browser can go there, else empty.
    """

    address: str
    host_port: int
    container_port: int
    protocol: str = "tcp"
    origin: str = ""
    is_strict: bool = False
    is_single: bool = False
    name: str = ""
    scheme: str = ""

    @property
    def key(self) -> str:
        """The wish as one word, as ``docker run -p`` takes it."""
        return render_port(
            PublishedPort(
                container_port=self.container_port,
                host_port=self.host_port,
                host_address=self.address,
                protocol=self.protocol,
            )
        )

    def natural(self, ordinal: int) -> int:
        """Return the host port of the pod with this ordinal, if nothing is in the way."""
        return self.host_port if self.is_single else self.host_port + ordinal


class PortBlock(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Host ports for ``count`` pods from ``first_ordinal`` on; ``wish`` is a Wish's key."""

    wish: str
    first_ordinal: int
    count: int
    host_port: int

    def port_of(self, ordinal: int) -> int | None:
        """Return the host port of the pod with this ordinal, None if it is not in the block."""
        index = ordinal - self.first_ordinal
        return self.host_port + index if 0 <= index < self.count else None


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Pods whose host ports are others than the ones that are written."""

    wish: Wish
    ordinals: range
    host_port: int


Wishes = Mapping[int, Sequence[Wish]]
"""Ordinal of a pod to what it asks for."""


def published(wishes: Iterable[Wish], ordinal: int, blocks: Iterable[PortBlock]) -> list[int]:
    """Return the host port of each wish of a pod, as the blocks say, else the natural one."""
    known = tuple(blocks)
    return [_given(wish, ordinal, known) or wish.natural(ordinal) for wish in wishes]


def published_ports(
    wishes: Iterable[Wish], ordinal: int, blocks: Iterable[PortBlock]
) -> tuple[PublishedPort, ...]:
    """Return the ports that a pod publishes."""
    asked = tuple(wishes)
    return tuple(
        PublishedPort(
            container_port=wish.container_port,
            host_port=host_port,
            host_address=wish.address,
            protocol=wish.protocol,
        )
        for wish, host_port in zip(asked, published(asked, ordinal, blocks), strict=True)
    )


def allocate(
    wishes: Wishes,
    *,
    own: tuple[PortBlock, ...],
    others: Iterable[PortBlock],
    leaving: frozenset[str] = frozenset(),
) -> tuple[tuple[PortBlock, ...], tuple[Moved, ...]]:
    """Return the set's blocks, with ports for all its pods, and which of these had to move.

    Args:
        wishes: Of each pod that the set asks for.
        own: Blocks that the set has; those of wishes that it has no more go.
        others: Blocks of other sets.
        leaving: Keys of wishes that only pods have that are still to be made anew.
    """
    if not wishes:
        # A set that is scaled to nothing comes back to the same ports.
        return own, ()
    asked = {wish.key: wish for found in wishes.values() for wish in found}
    blocks = [block for block in own if block.wish in asked]
    foreign = [_span_of(block) for block in others]
    moved = []
    # What cannot give way chooses first.
    for wish in sorted(asked.values(), key=lambda wish: not wish.is_strict):
        missing = [
            ordinal
            for ordinal in sorted(wishes)
            if any(one.key == wish.key for one in wishes[ordinal])
            and _given(wish, ordinal, blocks) is None
        ]
        for run in _runs(missing):
            standing = [one for one in blocks if not _gives_way(one, wish, run, leaving)]
            spans = [_span_of(block) for block in standing]
            spans += [] if wish.is_strict else foreign
            port = _free_run(wish, wish.natural(run[0]), len(run), spans)
            if port != wish.natural(run[0]):
                moved.append(Moved(wish=wish, ordinals=run, host_port=port))
            blocks.append(
                PortBlock(wish=wish.key, first_ordinal=run[0], count=len(run), host_port=port)
            )
    return _merged(blocks), tuple(moved)


def _gives_way(block: PortBlock, wish: Wish, ordinals: range, leaving: frozenset[str]) -> bool:
    """Say whether the ports of a block are free by the time that pods ask for those of a wish.

    Pods are made anew from the highest ordinal down: one that moves to a higher port finds it
    left by the pod above.
    """
    if block.wish not in leaving or wish.key in leaving:
        return False
    first = ordinals[0]
    return wish.natural(first) - first >= block.host_port - block.first_ordinal


def move(
    wish: Wish,
    ordinal: int,
    *,
    own: tuple[PortBlock, ...],
    others: Iterable[PortBlock],
    step: int = 1,
) -> tuple[tuple[PortBlock, ...], Moved]:
    """Return the set's blocks with another host port for one pod, whose own one is taken.

    Args:
        wish: What the port is for.
        ordinal: Of the pod.
        own: Blocks that the set has.
        others: Blocks of other sets.
        step: How far from the taken one to look.
    """
    taken = _given(wish, ordinal, own) or wish.natural(ordinal)
    spans = [_span_of(block) for block in (*own, *others)]
    port = _free_run(wish, taken + step, 1, spans)
    block = PortBlock(wish=wish.key, first_ordinal=ordinal, count=1, host_port=port)
    rest = tuple(
        found
        for found in own
        if (found.wish, found.first_ordinal, found.count) != (wish.key, ordinal, 1)
    )
    moved = Moved(wish=wish, ordinals=range(ordinal, ordinal + 1), host_port=port)
    return (block, *rest), moved


def recover(wishes: Wishes, seen: Mapping[int, Iterable[PublishedPort]]) -> tuple[PortBlock, ...]:
    """Return the blocks that give each pod the host ports that it has been seen with.

    Only of those that are not the natural ones; for a set whose record was lost.
    """
    found = []
    for ordinal, asked in sorted(wishes.items()):
        left = list(seen.get(ordinal, ()))
        natural = published_ports(asked, ordinal, ())
        others = [port for port in left if port not in natural]
        for wish, port in zip(asked, natural, strict=True):
            if port in left:
                continue
            for other in others:
                if (other.host_address, other.container_port, other.protocol) == (
                    wish.address,
                    wish.container_port,
                    wish.protocol,
                ):
                    others.remove(other)
                    found.append(
                        PortBlock(
                            wish=wish.key,
                            first_ordinal=ordinal,
                            count=1,
                            host_port=other.host_port,
                        )
                    )
                    break
    return _merged(found)


def render_port(port: PublishedPort) -> str:
    """Write a published port as ``docker run -p`` takes it: ``127.0.0.1:8080:80/tcp``."""
    address = f"[{port.host_address}]" if ":" in port.host_address else port.host_address
    return f"{address}:{port.host_port}:{port.container_port}/{port.protocol}"


def parse_port(text: str) -> PublishedPort:
    """Read a port that render_port wrote."""
    rest, _, protocol = text.partition("/")
    place, _, container_port = rest.rpartition(":")
    address, _, host_port = place.rpartition(":")
    return PublishedPort(
        container_port=int(container_port),
        host_port=int(host_port),
        host_address=address.strip("[]"),
        protocol=protocol,
    )


def render_ports(ports: Iterable[PublishedPort]) -> str:
    """Write the ports of a pod as one text, the same whatever their order; see parse_ports.

    Those that the Engine chooses anew at each start are left out.
    """
    return ",".join(sorted(render_port(port) for port in ports if port.host_port))


def parse_ports(text: str) -> tuple[PublishedPort, ...]:
    """Read ports that render_ports wrote."""
    return tuple(parse_port(part) for part in text.split(",") if part)


class _Span(msgspec.Struct, frozen=True):
    address: str
    protocol: str
    first: int
    last: int

    def meets(self, other: _Span) -> bool:
        """Say whether the two cannot both be had."""
        is_apart = self.address != other.address and not (
            {self.address, other.address} & ANY_ADDRESS
        )
        return (
            not is_apart
            and self.protocol == other.protocol
            and self.first <= other.last
            and other.first <= self.last
        )


def _span_of(block: PortBlock) -> _Span:
    asked = parse_port(block.wish)
    return _Span(
        asked.host_address, asked.protocol, block.host_port, block.host_port + block.count - 1
    )


def _given(wish: Wish, ordinal: int, blocks: Iterable[PortBlock]) -> int | None:
    for block in blocks:
        if block.wish == wish.key and (port := block.port_of(ordinal)) is not None:
            return port
    return None


def _runs(ordinals: Sequence[int]) -> Iterator[range]:
    """Yield what follows on each other as ranges."""
    start = 0
    for index in range(1, len(ordinals) + 1):
        if index == len(ordinals) or ordinals[index] != ordinals[index - 1] + 1:
            yield range(ordinals[start], ordinals[index - 1] + 1)
            start = index


def _free_run(wish: Wish, start: int, count: int, spans: Sequence[_Span]) -> int:
    """Return the first of ``count`` ports from ``start`` on that meet no span."""
    port, wraps = start, 0
    while wraps < 2:
        if port + count - 1 > _LAST_PORT:
            port, wraps = _SPARE_PORTS, wraps + 1
        wanted = _Span(wish.address, wish.protocol, port, port + count - 1)
        in_the_way = [span.last for span in spans if span.meets(wanted)]
        if not in_the_way:
            return port
        port = max(in_the_way) + 1
    return start


def _merged(blocks: Iterable[PortBlock]) -> tuple[PortBlock, ...]:
    """Return the blocks with those joined that go on where one before them ends."""
    merged: list[PortBlock] = []
    for block in blocks:
        for index, before in enumerate(merged):
            is_next = (
                before.wish == block.wish
                and before.first_ordinal + before.count == block.first_ordinal
                and before.host_port + before.count == block.host_port
            )
            if is_next:
                merged[index] = msgspec.structs.replace(before, count=before.count + block.count)
                break
        else:
            merged.append(block)
    return tuple(merged)
