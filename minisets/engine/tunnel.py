"""A way for bytes to one port of a pod and back: a socket, or a tool inside the container."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from typing import Protocol

from minisets.core.observed import EnginePlace
from minisets.engine.ports import Engine, ExecStream
from minisets.engine.prober import ROUTE_SECONDS, ProbeTarget, endpoint
from minisets.engine.routes import has_bridge

# Where a route is known, the pod is on this machine or on its network.
_CONNECT_SECONDS = 10.0
_TOOLS = ("socat", "nc-N", "nc", "bash")
_FIND_TOOLS = (
    "for t in socat nc bash; do command -v $t >/dev/null 2>&1 && echo $t; done; "
    "nc -h 2>&1 | grep -qi 'shutdown the network' && echo nc-N; :"
)
_BASH = 'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1; cat <&3 & cat >&3; wait'


class Tunnel(Protocol):
    """Bytes to a port and back, in both directions at once.

    Attributes:
        ends_whole: The end of what comes back is the end of the other direction, too.
    """

    ends_whole: bool

    def recv(self, size: int, /) -> bytes:
        """Read what is there, at most about ``size`` bytes; nothing at the end."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""

    def end_input(self) -> None:
        """Say that nothing more will be sent."""

    def close(self) -> None:
        """Give it up, in both directions."""


class NoWay(Exception):
    """A port of a pod cannot be reached; the text says why."""


class SocketTunnel:
    """A TCP connection."""

    ends_whole = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.recv = connection.recv
        self.sendall = connection.sendall

    def end_input(self) -> None:
        """Close the direction to the pod."""
        self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close both directions, also under a thread that reads."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class ExecTunnel:
    """A tool in the pod's container that connects to the port from inside.

    The first answer tells whether it did: a tool that cannot ends without a byte.
    """

    ends_whole = True

    def __init__(self, stream: ExecStream) -> None:
        self._stream = stream
        self._said = b""
        self._is_open = False

    def recv(self, size: int, /) -> bytes:
        """Read what the port answers.

        Raises:
            NoWay: The tool ended without an answer, and said why.
        """
        while True:
            name, data = self._stream.recv(size)
            if name == "stderr":
                self._said += data
            elif data:
                self._is_open = True
                return data
            elif self._said and not self._is_open:
                raise NoWay(self._said.decode("utf-8", "replace").strip())
            else:
                return b""

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""
        self._stream.sendall(data)

    def end_input(self) -> None:
        """Close the tool's input."""
        self._stream.end_input()

    def close(self) -> None:
        """Leave the tool."""
        self._stream.close()


class Dialer:
    """Opens tunnels to pods of one Engine, and remembers which way leads there.

    The ways are those of probes: the pod's address, a port that is published for it, a tool in
    the container. The last one also leads to what listens on the pod's loopback only.
    """

    def __init__(
        self, engine: Engine, place: EnginePlace, *, platform: str = sys.platform
    ) -> None:
        self._engine = engine
        self._place = place
        self._is_routed: bool | None = None if place.is_local and platform == "linux" else False
        self._tools: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def dial(self, target: ProbeTarget, port: int) -> Tunnel:
        """Open a tunnel to a port of a pod.

        Raises:
            NoWay: The pod cannot be reached, or refuses.
            EngineError: Its container is gone, or does not run.
        """
        reasons = []
        for place, seconds in self._places(target, port):
            try:
                connection = socket.create_connection(place, seconds)
            except OSError as error:
                if isinstance(error, ConnectionRefusedError) and place[0] == target.address:
                    self._is_routed = True
                elif place[0] == target.address and self._is_routed is None:
                    self._is_routed = False
                reasons.append(f"dial tcp {place[0]}:{place[1]}: {error.strerror or error}")
                continue
            if place[0] == target.address:
                self._is_routed = True
            connection.settimeout(None)
            return SocketTunnel(connection)
        tool = self._tool(target)
        if tool is None:
            reasons.append("its container has none of socat, nc and bash to reach it from inside")
            raise NoWay("; ".join(reasons))
        return ExecTunnel(self._engine.exec_stream(target.container_id, _command(tool, port)))

    def _places(self, target: ProbeTarget, port: int) -> list[tuple[tuple[str, int], float]]:
        """Return where to connect to, with the longest wait, best first."""
        found: list[tuple[tuple[str, int], float]] = []
        is_routed = self._is_routed
        if is_routed is None and target.network_id and not has_bridge(target.network_id):
            # Another Engine's container may have the address.
            self._is_routed = is_routed = False
        if target.address and is_routed is not False:
            seconds = _CONNECT_SECONDS if is_routed else ROUTE_SECONDS
            found.append(((target.address, port), seconds))
        place = endpoint(target, port, self._place)
        if place is not None and not (target.address and is_routed):
            found.append((place, _CONNECT_SECONDS))
        return found

    def _tool(self, target: ProbeTarget) -> str | None:
        image = target.image_id or target.container_id
        with self._lock:
            known = self._tools.get(image)
            if known is None:
                done = self._engine.exec(target.container_id, ("sh", "-c", _FIND_TOOLS))
                words = done.output.decode("ascii", "replace").split()
                known = tuple(tool for tool in _TOOLS if tool in words)
                self._tools[image] = known
        return known[0] if known else None


def _command(tool: str, port: int) -> tuple[str, ...]:
    match tool:
        case "socat":
            return ("socat", "-", f"TCP:127.0.0.1:{port}")
        case "nc-N":
            return ("nc", "-N", "127.0.0.1", str(port))
        case "nc":
            return ("nc", "127.0.0.1", str(port))
        case _:
            return ("bash", "-c", _BASH, "bash", str(port))
