"""Networks that this machine routes already; a namespace's subnet must not shadow them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from minisets.core.observed import EnginePlace, PublishedPort

_TABLE = Path("/proc/net/route")


def routed_networks(table: Path = _TABLE) -> tuple[str, ...]:
    """Return the subnets of the machine's IPv4 routes, none where the table cannot be read."""
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return ()
    found = []
    for line in lines:
        _, destination, _, _, _, _, _, mask = line.split()[:8]
        network = IPv4Network((_address(destination), str(_address(mask))), strict=False)
        if network.prefixlen:
            found.append(str(network))
    return tuple(found)


def has_bridge(network_id: str) -> bool:
    """Say whether the bridge of an Engine's network is on this machine, seen from this process.

    Where it is not (Docker Desktop, rootless, an Engine in another network namespace), a pod's
    address leads nowhere, or to a container of another Engine that has the same subnet.
    """
    try:
        socket.if_nametoindex(f"br-{network_id[:12]}")
    except OSError:
        return False
    return True


def published_place(
    published: Iterable[PublishedPort], port: int, engine: EnginePlace
) -> tuple[str, int] | None:
    """Return where the Engine's host answers for a container's port, IPv4 first."""
    host = "" if engine.is_local else urlsplit(engine.endpoint).hostname or ""
    places = []
    for found in published:
        if (found.container_port, found.protocol) != (port, "tcp"):
            continue
        own = found.host_address
        if own in ("", "0.0.0.0", "::"):  # noqa: S104  # Docker's words for "all addresses"
            places.append((host or ("::1" if own == "::" else "127.0.0.1"), found.host_port))
        elif engine.is_local or not own.startswith(("127.", "::1")):
            places.append((own, found.host_port))
    return min(places, key=lambda place: ":" in place[0], default=None)


def _address(text: str) -> IPv4Address:
    # The kernel prints the number in the machine's own byte order.
    return IPv4Address(socket.ntohl(struct.unpack("=I", struct.pack("=I", int(text, 16)))[0]))
