from __future__ import annotations

import socket
import struct
from pathlib import Path

from minisets.engine.routes import has_bridge, routed_networks

HEADER = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def _word(address: str) -> str:
    """Print an address as the kernel does: network bytes read as a number of this machine."""
    return f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}"


def _table(tmp_path: Path, *routes: tuple[str, str]) -> Path:
    table = tmp_path / "route"
    lines = [
        f"eth0\t{_word(destination)}\t00000000\t0001\t0\t0\t0\t{_word(mask)}\t0\t0\t0\n"
        for destination, mask in routes
    ]
    table.write_text(HEADER + "".join(lines))
    return table


def test_routes_are_read_as_networks(tmp_path: Path):
    table = _table(tmp_path, ("172.17.0.0", "255.255.0.0"), ("10.8.0.64", "255.255.255.192"))
    assert routed_networks(table) == ("172.17.0.0/16", "10.8.0.64/26")


def test_the_default_route_is_no_network(tmp_path: Path):
    assert routed_networks(_table(tmp_path, ("0.0.0.0", "0.0.0.0"))) == ()  # noqa: S104


def test_a_route_to_one_machine_is_a_network_of_one(tmp_path: Path):
    assert routed_networks(_table(tmp_path, ("10.1.2.3", "255.255.255.255"))) == ("10.1.2.3/32",)


def test_a_machine_without_that_table_has_no_routes(tmp_path: Path):
    assert routed_networks(tmp_path / "absent") == ()


def test_a_bridge_that_is_not_here_is_seen_to_be_missing():
    assert not has_bridge("0123456789abcdef")
