"""What a way to an Engine has to be able to do; only types, which nothing needs at run time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, Self

Body = bytes | Iterable[bytes]


class Stream(Protocol):
    """An answer whose body is still to come; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]

    def __enter__(self) -> Self:
        """Return itself; leaving closes it."""

    def __exit__(self, *_: object) -> None:
        """Close it."""

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes of the body, fewer only at its end."""

    def close(self) -> None:
        """Be done with it, read to its end or not."""


class Transport(Protocol):
    """A way to send requests to an Engine; safe to use from many threads."""

    def open(
        self,
        method: str,
        target: str,
        body: Body | None = None,
        *,
        content_type: str = "",
        timeout: float | None,
    ) -> Stream:
        """Send a request and return the answer's head, whatever its status.

        Args:
            method: Of HTTP.
            target: Path and query, quoted.
            body: What to send with it.
            content_type: Of the body.
            timeout: Seconds of silence after which the wait ends; None waits for ever.

        Raises:
            TimeoutError: The answer did not come in time.
            OSError: There is no connection, or it broke. Never a BrokenPipeError.
        """

    def close(self) -> None:
        """Close the connections that are not in use."""
