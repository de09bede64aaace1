"""Networks that this machine routes already; a namespace's subnet must not shadow them."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

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


def _address(text: str) -> IPv4Address:
    # The kernel prints the number in the machine's own byte order.
    return IPv4Address(socket.ntohl(struct.unpack("=I", struct.pack("=I", int(text, 16)))[0]))
