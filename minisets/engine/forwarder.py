"""Listens on ports of this machine and carries each connection to a pod, in threads."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from minisets.engine.tunnel import NoWay, Tunnel
from minisets.errors import MinisetsError

_READ_BYTES = 65536
_BACKLOG = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    sock: socket.socket
    port: int
    dial: Callable[[], Tunnel]


class Forwarder:
    """Carries connections until it is closed.

    Args:
        on_connection: Told the local port of each connection.
        on_trouble: Told what went wrong with a connection, and its local port.
    """

    def __init__(
        self, on_connection: Callable[[int], None], on_trouble: Callable[[int, str], None]
    ) -> None:
        self._on_connection = on_connection
        self._on_trouble = on_trouble
        self._listeners: dict[int, _Listener] = {}
        # What ends serve(), from another thread.
        self._wake, self._waker = socket.socketpair()

    def listen(self, address: str, port: int, dial: Callable[[], Tunnel]) -> int:
        """Listen on an address and port (0: any free one) and return the port.

        Args:
            address: IPv4 or IPv6.
            port: Local.
            dial: Opens the way to the pod, for each connection anew.

        Raises:
            OSError: The port is taken, or the address is none of this machine's.
        """
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address, port))
            sock.listen(_BACKLOG)
        except OSError:
            sock.close()
            raise
        chosen: int = sock.getsockname()[1]
        self._listeners[sock.fileno()] = _Listener(sock=sock, port=chosen, dial=dial)
        return chosen

    def serve(self) -> None:
        """Carry connections until stop() is called."""
        while True:
            waiting = [*self._listeners, self._wake.fileno()]
            ready, _, _ = select.select(waiting, [], [])
            if self._wake.fileno() in ready:
                return
            for number in ready:
                self._accept(self._listeners[number])

    def stop(self) -> None:
        """Let serve() return; from any thread."""
        with suppress(OSError):
            self._waker.send(b".")

    def close(self) -> None:
        """Listen no more; connections under way end with the process."""
        for listener in self._listeners.values():
            listener.sock.close()
        self._listeners.clear()
        self._wake.close()
        self._waker.close()

    def _accept(self, listener: _Listener) -> None:
        try:
            client, _ = listener.sock.accept()
        except OSError:
            # Whoever knocked has gone again.
            return
        self._on_connection(listener.port)
        # Daemons: a connection that stays open must not keep the command from ending.
        threading.Thread(target=self._carry, args=(client, listener), daemon=True).start()

    def _carry(self, client: socket.socket, listener: _Listener) -> None:
        with client:
            try:
                tunnel = listener.dial()
            except (NoWay, MinisetsError) as error:
                self._on_trouble(listener.port, str(error))
                return
            try:
                upward = threading.Thread(target=_send, args=(client, tunnel), daemon=True)
                upward.start()
                _receive(client, tunnel)
                upward.join()
            except NoWay as error:
                # Before the client learns of the end: whoever sees that may want the reason.
                self._on_trouble(listener.port, str(error))
                _shut(client, socket.SHUT_RDWR)
            finally:
                tunnel.close()


def _send(client: socket.socket, tunnel: Tunnel) -> None:
    """Carry what the client sends; its end is passed on, the other direction goes on."""
    try:
        while data := client.recv(_READ_BYTES):
            tunnel.sendall(data)
        tunnel.end_input()
    except OSError:
        # One side has gone: so must the other, whatever it waits for.
        tunnel.close()
        _shut(client, socket.SHUT_RDWR)


def _receive(client: socket.socket, tunnel: Tunnel) -> None:
    try:
        while data := tunnel.recv(_READ_BYTES):
            client.sendall(data)
    except OSError:
        tunnel.close()
        _shut(client, socket.SHUT_RDWR)
        return
    _shut(client, socket.SHUT_RDWR if tunnel.ends_whole else socket.SHUT_WR)


def _shut(client: socket.socket, how: int) -> None:
    with suppress(OSError):
        client.shutdown(how)
