"""What the Engine's refusals mean: from status and text to an error of ours, with its remedy.

Pure translation of values; the texts were seen on Engine 20.10 and 28.
"""

from __future__ import annotations

import errno
import re
import socket

from minisets.engine.endpoint import Endpoint
from minisets.errors import (
    AddressTaken,
    Contended,
    EngineConflict,
    EngineError,
    EngineMissing,
    EngineUnreachable,
    ImageError,
    PortTaken,
)

_TAKEN = (
    "address already in use",
    "port is already allocated",
    "is already in use by container",
    "volume is in use",
    # Podman's words for the two before.
    "name is already in use",
    "volume is being used",
    "already exists",
    "has active endpoints",
)
# A container that is just being removed; two networks of a name, or the one that was removed.
_CONTENDED = (
    "marked for removal",
    "removal of container",
    "is ambiguous",
    "does not belong to any of this network's subnets",
)
NETWORK_TAKEN = (
    "overlap",
    "already exists",
    "failed to allocate gateway",
    "already used on the host",  # Podman
)
"""Words of a refusal to create a network whose subnet or name is taken."""
# Also a port that an Engine without root may not have.
_PORT_TAKEN = re.compile(
    r"(?:bind for|listen (?:tcp|udp|sctp)[46]?|failed to bind host port for|exposing port \S+)"
    r" (?:\[[^\]]*\]|[0-9.]*):([0-9]+).*"
    r"(?:already allocated|address already in use|permission denied)"
)
_PRIVILEGED_PORT = re.compile(r"cannot expose privileged port ([0-9]+)")
_FORMAT = (
    "schema 1",
    "unsupported media type",
    "no longer supported",
    "prettyjws",
    "image format v1",
)
_NO_REGISTRY = (
    "no such host",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "no route to host",
    "timeout",
    "deadline exceeded",
    "request canceled",
    "name resolution",
    "server misbehaving",
    "proxyconnect",
    "x509",
    "tls:",
    "http response to https client",
    "unexpected eof",
)
# Podman, of a container that goes while it is looked at; the status is that of a fault.
_GONE_MEANWHILE = "found in database: no such container"
_DENIED = ("denied", "unauthorized", "authentication required", "no basic auth", "forbidden")
_NOT_FOUND = ("not found", "manifest unknown", "name unknown", "does not exist")
_NAME_HINT = "an image is named [REGISTRY/]NAME[:TAG], in lower case"
# Kubernetes' word for an image that no registry can have.
_INVALID_NAME = "InvalidImageName"


def refusal(doing: str, status: int | None, text: str) -> EngineError:
    """Return the error for an answer of the Engine that is a refusal.

    Args:
        doing: What was asked, such as ``start container 1f2e…``.
        status: HTTP status of the answer.
        text: The Engine's own words.
    """
    words = text.strip() or f"HTTP status {status}"
    low = words.lower()
    message = f"cannot {doing}: {words}"
    conflict = _conflict(message, words)
    if conflict is not None:
        return conflict
    if "no such image" in low:
        return ImageError(message, hint="docker pull IMAGE, or let minisets pull: --pull=missing")
    if "invalid reference format" in low:
        return ImageError(message, hint=_NAME_HINT, reason=_INVALID_NAME)
    if (status == 404 and "address pool" not in low) or _GONE_MEANWHILE in low:
        return EngineMissing(message)
    hint = None
    if "client version" in low and "too old" in low:
        hint = "pip install --upgrade minisets"
    elif "cannot assign requested address" in low:
        hint = "publish on an address that this Engine's machine has"
    elif "address pool" in low:
        hint = "docker network prune"
    return EngineError(message, hint=hint)


def _conflict(message: str, words: str) -> EngineConflict | None:
    low = words.lower()
    port = _PORT_TAKEN.search(low) or _PRIVILEGED_PORT.search(low)
    if port is not None:
        return PortTaken(message, hint=_conflict_hint(low), port=int(port[1]))
    # Docker's words, and Podman's.
    if words.endswith("Address already in use") or "requested ip address" in low:
        return AddressTaken(message)
    if any(part in low for part in _CONTENDED):
        return Contended(message)
    if any(part in low for part in _TAKEN):
        return EngineConflict(message, hint=_conflict_hint(low))
    return None


def _conflict_hint(low: str) -> str | None:
    if "port is already allocated" in low or "bind" in low or "listen tcp" in low:
        return "see who has the port: docker ps --format '{{.Names}}\\t{{.Ports}}', or ss -ltnp"
    if "volume is in use" in low or "volume is being used" in low:
        return "remove the containers that use it first: docker ps -a --filter volume=NAME"
    return None


def owner_of_name(text: str) -> str | None:
    """Return the id of the container that a refusal says has the name."""
    # Podman has neither the word nor the quotes.
    found = re.search(r'already in use by (?:container )?"?([0-9a-f]{12,64})', text)
    return found[1] if found else None


def name_taken(name: str, owner: str, image: str | None, ours: str | None) -> EngineConflict:
    """Return the error for a container name that is taken.

    Args:
        name: The name.
        owner: Id of the container that has it.
        image: What that container runs; None if it is gone by now, or is still being made.
        ours: What the container is to minisets; None if minisets did not make it.
    """
    taken = f"the container name {name} is taken by container {owner[:12]}"
    if image is None:
        return Contended(f"{taken}, which is gone by now")
    if ours is not None:
        return Contended(f"{taken} ({image}), {ours}")
    return EngineConflict(
        f"{taken} ({image}), which minisets did not create",
        hint=f"docker rename {name} OTHER, or use another namespace",
    )


def pull_failure(image: str, text: str) -> ImageError:
    """Return the error for a pull that failed: format, platform, registry, access or name."""
    low = text.lower()
    reason = "ErrImagePull"

    def has(words: tuple[str, ...]) -> bool:
        return any(word in low for word in words)

    if has(_FORMAT):
        why, hint = "has a format that this Engine no longer takes", "use a newer tag of the image"
    elif "no matching manifest" in low or "does not match the specified platform" in low:
        why, hint = (
            "is not there for this platform",
            "--platform linux/amd64, if it is there for that",
        )
    elif "toomanyrequests" in low or "rate limit" in low:
        why, hint = "was refused: too many pulls", "docker login, or try again later"
    elif has(_NO_REGISTRY):
        why = "could not be pulled: its registry cannot be reached"
        hint = "check the network, or bring the image: docker load -i FILE, docker build -t NAME"
    elif has(_DENIED):
        # Docker Hub answers so for what does not exist, too.
        why = "could not be pulled: access denied"
        hint = "docker login REGISTRY, and check the name: what is not there is denied too"
    elif "invalid reference" in low:
        why, hint, reason = "is no image name", _NAME_HINT, _INVALID_NAME
    elif has(_NOT_FOUND):
        why, hint = "was not found in its registry", "check name and tag"
    else:
        why, hint = "could not be pulled", f"docker pull {image}"
    return ImageError(f"image {image} {why}: {text.strip()}", hint=hint, reason=reason)


def _causes(error: BaseException) -> list[BaseException]:
    # requests and urllib3 put causes in args as often as in __cause__.
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        one = todo.pop()
        if not isinstance(one, BaseException) or one in found:
            continue
        found.append(one)
        todo += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return found


def unreachable(endpoint: Endpoint, error: BaseException) -> EngineUnreachable:
    """Return the error for an Engine that does not answer, with the reason and what to do."""
    # Costs more to import than a short command has time for.
    import ssl

    causes = _causes(error)
    # The number of a TLS error is none of the system's, though its type says so.
    numbers = {
        cause.errno
        for cause in causes
        if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError)
    }
    start = "start Docker (sudo systemctl start docker, or Docker Desktop)"
    if endpoint.source == "DOCKER_HOST":
        start += ", or correct DOCKER_HOST"
    elif endpoint.source == "default":
        start += ", or set DOCKER_HOST or a Docker context to where it is"
    else:
        start += ", or choose another one: docker context use NAME"
    if numbers & {errno.EACCES, errno.EPERM}:
        why, hint = (
            "this user may not use the socket",
            "sudo usermod -aG docker $USER, then log in again",
        )
    elif errno.ENOENT in numbers:
        why, hint = "there is no such socket", start
    elif errno.ECONNREFUSED in numbers:
        why, hint = "nothing listens there (connection refused)", start
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        why, hint = "its host name is unknown", start
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        why, hint = (
            f"TLS failed: {error}",
            "check DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and the files there",
        )
    elif any(isinstance(cause, TimeoutError) or "timed out" in str(cause) for cause in causes):
        why, hint = "it does not answer in time", "see whether it works: docker version"
    else:
        why, hint = str(error) or type(error).__name__, start
    return EngineUnreachable(
        f"no Docker Engine answers at {endpoint.url} (chosen by {endpoint.source}): {why}",
        hint=hint,
    )
