"""What the verbs need of a connection to an Engine; minisets.engine.docker_engine makes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from minisets.engine.endpoint import Endpoint

# Starting may mount slow storage; a stop has its grace period on top.
ANSWER_SECONDS = 120

_T = TypeVar("_T")


class Connection(Protocol):
    """What the verbs need of the client.

    Attributes:
        client: docker.APIClient.
        calls: How many answers the Engine gave.
        offered_api: The newest version that the Engine speaks.
        is_podman: It is Podman that speaks Docker's API.
    """

    endpoint: Endpoint
    api_version: tuple[int, int]
    offered_api: tuple[int, int]
    is_podman: bool
    client: Any
    calls: int

    def speaking(self, doing: str) -> AbstractContextManager[None]:
        """Turn whatever the client raises inside into errors of ours."""

    def read(self, doing: str, ask: Callable[[], _T]) -> _T:
        """Ask for something, again while the Engine restarts."""

    def send(
        self, method: str, path: str, *, timeout: float | None = ANSWER_SECONDS, **more: object
    ) -> Any:  # noqa: ANN401 - requests.Response, which only the connection imports
        """Send a request that the client has no method for, and return the answer."""

    def send_patiently(self, method: str, path: str, *, timeout: float) -> Any:  # noqa: ANN401
        """Send a request whose answer may take long; None if it has not come in time."""
