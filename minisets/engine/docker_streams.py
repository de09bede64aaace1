"""The Engine's streams, as values: frames of two outputs in one stream, and progress of a pull."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minisets.core.observed import PullProgress
from minisets.engine.docker_errors import pull_failure

STREAM_NAMES = {0: "stdout", 1: "stdout", 2: "stderr"}
_HEADER_BYTES = 8


class FrameSplitter:
    """Takes a stream of frames apart as it comes in, in pieces of any size.

    A frame is the number of its output, three zero bytes, its size in four bytes, its content.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._name = "stdout"
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield what the next piece of the stream holds, as (output, content)."""
        data = self._rest + data
        self._rest = b""
        while data:
            if self._left == 0:
                if len(data) < _HEADER_BYTES:
                    self._rest = data
                    return
                self._name = STREAM_NAMES.get(data[0], "stderr")
                self._left = int.from_bytes(data[4:_HEADER_BYTES], "big")
                data = data[_HEADER_BYTES:]
            content, data = data[: self._left], data[self._left :]
            self._left -= len(content)
            if content:
                yield self._name, content


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream as soon as each is whole; empty ones are left out."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())
    if rest.strip():
        yield rest


def demultiplex(chunks: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (output, content) from a stream of frames, each frame as a whole."""
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        at = 0
        while len(rest) - at >= _HEADER_BYTES:
            end = at + _HEADER_BYTES + int.from_bytes(rest[at + 4 : at + _HEADER_BYTES], "big")
            if len(rest) < end:
                break
            yield STREAM_NAMES.get(rest[at], "stderr"), bytes(rest[at + _HEADER_BYTES : end])
            at = end
        del rest[:at]


def pull_progress(image: str, lines: Iterable[Mapping[str, Any]]) -> Iterator[PullProgress]:
    """Add up the layers of a pull.

    Raises:
        ImageError: The stream tells of a failure.
    """
    layers: dict[str, tuple[int, int]] = {}
    for line in lines:
        error = line.get("error") or (line.get("errorDetail") or {}).get("message")
        if error:
            raise pull_failure(image, str(error))
        text, layer = str(line.get("status") or ""), str(line.get("id") or "")
        detail = line.get("progressDetail") or {}
        if text == "Downloading" and detail:
            layers[layer] = (int(detail.get("current") or 0), int(detail.get("total") or 0))
        elif layer in layers and text in ("Download complete", "Pull complete", "Extracting"):
            layers[layer] = (layers[layer][1], layers[layer][1])
        yield PullProgress(
            image=image,
            current=sum(current for current, _ in layers.values()),
            total=sum(total for _, total in layers.values()),
            text=f"{layer}: {text}" if layer else text,
        )
