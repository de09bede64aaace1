"""Files of containers through the Engine's archive calls: no tool in the image is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from minisets.core.observed import PathSeen
from minisets.engine import docker_parse
from minisets.engine.docker_connection import Connection
from minisets.engine.docker_parse import short_id
from minisets.errors import EngineMissing

_PIECE_BYTES = 1 << 18
_STAT_HEADER = "X-Docker-Container-Path-Stat"


def read(link: Connection, container_id: str, path: str) -> Iterator[bytes]:
    """Yield a path as a tar, in pieces."""
    with (
        link.speaking(f"read {path} in container {short_id(container_id)}"),
        link.send(
            "GET", f"/containers/{container_id}/archive", params={"path": path}, stream=True
        ) as answer,
    ):
        yield from answer.iter_content(chunk_size=_PIECE_BYTES)


def write(link: Connection, container_id: str, path: str, tar: Iterable[bytes]) -> None:
    """Unpack a tar, given in pieces."""
    with link.speaking(f"write to {path} in container {short_id(container_id)}"):
        # No limit of time: the Engine answers when the last piece is unpacked.
        link.send(
            "PUT",
            f"/containers/{container_id}/archive",
            params={"path": path, "noOverwriteDirNonDir": "true"},
            data=iter(tar),
            timeout=None,
        )


def stat(link: Connection, container_id: str, path: str) -> PathSeen | None:
    """Look at a path; None if it is not there."""
    doing = f"look at {path} in container {short_id(container_id)}"
    try:
        with link.speaking(doing):
            answer = link.send(
                "HEAD", f"/containers/{container_id}/archive", params={"path": path}
            )
    except EngineMissing:
        # The answer to HEAD has no words: whether it is the container that is gone, inspect says.
        link.read(doing, lambda: link.client.inspect_container(container_id))
        return None
    return docker_parse.parse_path_stat(answer.headers[_STAT_HEADER])
