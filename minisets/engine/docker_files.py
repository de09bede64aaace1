"""Files of containers through the Engine's archive calls: no tool in the image is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minisets.core.observed import PathSeen
from minisets.engine import docker_parse
from minisets.engine.docker_connection import Connection
from minisets.engine.docker_parse import short_id
from minisets.errors import EngineMissing

_STAT_HEADER = "x-docker-container-path-stat"


def read(link: Connection, container_id: str, path: str) -> Iterator[bytes]:
    """Yield a path as a tar, in pieces."""
    doing = f"read {path} in container {short_id(container_id)}"
    place = f"/containers/{container_id}/archive"
    with (
        link.speaking(doing),
        # No limit of time: of a slow disk nothing may come for long.
        link.stream(doing, "GET", place, params={"path": path}, timeout=None) as answer,
    ):
        yield from answer.pieces()


def write(link: Connection, container_id: str, path: str, tar: Iterable[bytes]) -> None:
    """Unpack a tar, given in pieces."""
    # No limit of time: the Engine answers when the last piece is unpacked.
    link.exchange(
        f"write to {path} in container {short_id(container_id)}",
        "PUT",
        f"/containers/{container_id}/archive",
        params={"path": path, "noOverwriteDirNonDir": "true"},
        body=iter(tar),
        content_type="application/x-tar",
        timeout=None,
    )


def stat(link: Connection, container_id: str, path: str) -> PathSeen | None:
    """Look at a path; None if it is not there."""
    doing = f"look at {path} in container {short_id(container_id)}"
    try:
        answer = link.exchange(
            doing, "HEAD", f"/containers/{container_id}/archive", params={"path": path}
        )
    except EngineMissing:
        # The answer to HEAD has no words: whether it is the container that is gone, inspect says.
        link.get(doing, f"/containers/{container_id}/json")
        return None
    return docker_parse.parse_path_stat(answer.headers[_STAT_HEADER])
