"""A connection to an Engine behind ssh: the ssh command, with the far docker at its other end.

As the docker command does it: keys, agents, jump hosts and the user's settings are ssh's own.
"""

from __future__ import annotations

import socket
import subprocess
from urllib.parse import urlsplit

from minisets.errors import InputError


def command_of(url: str) -> list[str]:
    """Return the command that connects its standard streams to the Engine of an ssh:// address.

    Raises:
        InputError: The address names no host, or a password.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise InputError(f"{url}: {error}", hint="for example ssh://user@host:22") from error
    if not parts.hostname or parts.password:
        raise InputError(
            "an address of ssh names a host, and no password",
            hint="for example ssh://user@host, with a key for it",
        )
    words = ["ssh", "-T", "-o", "ConnectTimeout=30"]
    words += ["-l", parts.username] if parts.username else []
    words += ["-p", str(port)] if port else []
    far = ["docker", "--host", f"unix://{parts.path}"] if parts.path.strip("/") else ["docker"]
    # The dashes: a host may not be taken for an option.
    return [*words, "--", parts.hostname, *far, "system", "dial-stdio"]


def dial(url: str) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Connect, and return the near end with the process that is the way.

    Raises:
        OSError: There is no ssh command.
    """
    near, far = socket.socketpair()
    try:
        process = subprocess.Popen(  # noqa: S603 - the words are checked above
            command_of(url),
            stdin=far.fileno(),
            stdout=far.fileno(),
            # Ctrl-C is for minisets alone: it has an answer to wait for.
            start_new_session=True,
        )
    except OSError:
        near.close()
        raise
    finally:
        far.close()
    return near, process
