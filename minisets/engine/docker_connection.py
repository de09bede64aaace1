"""What the verbs need of a connection to an Engine; minisets.engine.docker_engine makes it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from minisets.engine.endpoint import Endpoint

if TYPE_CHECKING:
    from minisets.engine.docker_socket import HijackedSocket
    from minisets.engine.docker_transport import Body, Stream
    from minisets.engine.docker_wire import Answer

# Starting may mount slow storage; a stop has its grace period on top.
ANSWER_SECONDS = 120

Params = Mapping[str, str | int]


class Connection(Protocol):
    """What the verbs need of the client.

    Attributes:
        client: docker.APIClient, imported and opened when it is first asked for.
        calls: How many answers the Engine gave.
        offered_api: The newest version that the Engine speaks.
        is_podman: It is Podman that speaks Docker's API.
    """

    endpoint: Endpoint
    api_version: tuple[int, int]
    offered_api: tuple[int, int]
    is_podman: bool
    calls: int

    @property
    def client(self) -> Any:  # noqa: ANN401 - of the SDK, which only one module imports
        """The SDK's client."""

    def close(self) -> None:
        """Close all connections."""

    def speaking(self, doing: str) -> AbstractContextManager[None]:
        """Turn whatever is raised inside on the way to the Engine into errors of ours."""

    def get(self, doing: str, path: str, params: Params | None = None) -> Any:  # noqa: ANN401
        """Ask for something and return its JSON; again while the Engine restarts."""

    def ask(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: object = None,
        timeout: float | None = ANSWER_SECONDS,
    ) -> Any:  # noqa: ANN401 - the API's JSON
        """Send a request, once, with a body as JSON, and return the answer's; None if empty."""

    def exchange(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Body | None = None,
        content_type: str = "",
        timeout: float | None = ANSWER_SECONDS,
    ) -> Answer:
        """Send a request, once, and return the answer as it is; a refusal is an error."""

    def stream(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Body | None = None,
        content_type: str = "",
        timeout: float | None = ANSWER_SECONDS,
    ) -> Stream:
        """Send a request, once, and return the answer before its body has come."""

    def take_over(
        self, doing: str, path: str, *, params: Params | None = None, body: object = None
    ) -> HijackedSocket:
        """Post a request that makes a raw connection of its own, and return that."""
