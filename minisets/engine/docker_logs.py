"""Output of a container as the Engine keeps it, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minisets.engine import docker_parse, docker_streams
from minisets.engine.docker_connection import ANSWER_SECONDS, Connection


def read(
    link: Connection,
    container_id: str,
    *,
    follow: bool,
    tail: int | None,
    since: float | None,
    until: float | None,
    timestamps: bool,
) -> Iterator[tuple[str, bytes]]:
    """Yield (output, entry); see the Engine port."""
    params: dict[str, Any] = {
        "stdout": 1,
        "stderr": 1,
        "follow": int(follow),
        "timestamps": int(timestamps),
        "tail": "all" if tail is None else tail,
    }
    for name, value in (("since", since), ("until", until)):
        if value is not None:
            params[name] = f"{value:.9f}"
    doing = f"read the logs of container {docker_parse.short_id(container_id)}"
    with (
        link.speaking(doing),
        link.stream(
            doing,
            "GET",
            f"/containers/{container_id}/logs",
            params=params,
            timeout=None if follow else ANSWER_SECONDS,
        ) as answer,
    ):
        chunks = answer.pieces()
        if _is_framed(link, container_id, answer.headers.get("content-type", "")):
            yield from docker_streams.demultiplex(chunks)
        else:
            yield from (("stdout", chunk) for chunk in chunks)


def _is_framed(link: Connection, container_id: str, content_type: str) -> bool:
    # The answer says so since API 1.42; before, the container's own setting has to.
    if "multiplexed" in content_type:
        return True
    if "raw-stream" in content_type and link.api_version >= (1, 42):
        return False
    detail = docker_parse.parse_detail(
        link.get("look at the container", f"/containers/{container_id}/json")
    )
    return not detail.config.get("Tty")
