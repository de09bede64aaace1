"""The connection to a Docker Engine: how it is reached, in which version of the API, its errors.

One connection serves many threads, but never a fork.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from minisets.engine import docker_errors
from minisets.engine.docker_connection import ANSWER_SECONDS, Params
from minisets.engine.docker_verbs import DockerEngine
from minisets.engine.docker_wire import CONNECT_SECONDS, Answer, Taken, Wire, dial_socket
from minisets.engine.endpoint import Endpoint, extra_headers, find_endpoint
from minisets.errors import EngineError, EngineUnreachable, MinisetsError

if TYPE_CHECKING:
    from minisets.engine.docker_sdk import Sdk
    from minisets.engine.docker_socket import HijackedSocket
    from minisets.engine.docker_transport import Body, Stream, Transport

__all__ = ["DockerConnection", "DockerEngine", "connect"]

OLDEST_API = (1, 41)
NEWEST_API = (1, 52)
_UNIX = "unix://"
_REFUSED = 400
_JSON = "application/json"
# For an Engine that restarts; never for writes, which might be done twice.
READ_TRIES = 3
READ_RETRY_SECONDS = 0.3


def connect(
    endpoint: Endpoint | None = None, *, on_call: Callable[[str, str], None] | None = None
) -> DockerEngine:
    """Reach the Engine at the endpoint, by default the one that the user chose.

    Raises:
        InputError: The Docker context does not exist.
        EngineUnreachable: It does not answer.
    """
    return DockerEngine(DockerConnection(endpoint or find_endpoint(), on_call=on_call))


class DockerConnection:
    """The way to one Engine: a socket of this machine, or whatever else the SDK can reach.

    Args:
        endpoint: Where the Engine is.
        on_call: Told method and path of every answer, from the thread that asked.

    Attributes:
        calls: How many answers the Engine gave.
        api_version: The version that Engine and minisets agreed on.
        offered_api: The newest version that the Engine speaks.
        is_podman: It is Podman that speaks Docker's API.
    """

    def __init__(
        self, endpoint: Endpoint, *, on_call: Callable[[str, str], None] | None = None
    ) -> None:
        self.endpoint = endpoint
        self.calls = 0
        self.api_version = OLDEST_API
        self._on_call = on_call
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._sdk: Sdk | None = None
        self._errors: tuple[type[Exception], ...] = (OSError,)
        self._translate_sdk: Callable[[Exception, str], MinisetsError | None] | None = None
        path = endpoint.url.removeprefix(_UNIX)
        is_socket = endpoint.url.startswith(_UNIX)
        self._headers = extra_headers()
        self._wire = (
            Wire(partial(dial_socket, path), self._count, self._headers) if is_socket else None
        )
        with self.speaking("reach the Docker Engine"):
            # HEAD /_ping tells the version in 0.4 ms; the SDK's "auto" asks GET /version, 12 ms.
            ping = self._transport().open("HEAD", "/_ping", timeout=CONNECT_SECONDS)
            ping.close()
        self.offered_api = self._offered(ping)
        self.is_podman = "libpod-api-version" in ping.headers
        self.api_version = min(self.offered_api, NEWEST_API)
        if self.api_version != OLDEST_API:
            # The SDK's client has its version from the beginning.
            self._close_sdk()

    def _transport(self) -> Transport:
        return self._wire or self._open_sdk()

    def _open_sdk(self) -> Sdk:
        with self._opening:
            if self._sdk is None:
                from minisets.engine import docker_sdk

                self._errors = docker_sdk.ERRORS
                self._translate_sdk = docker_sdk.translate
                self._sdk = docker_sdk.Sdk(
                    self.endpoint, self.api_version, self._count, self._headers
                )
            return self._sdk

    @property
    def client(self) -> Any:  # noqa: ANN401 - of the SDK, which only one module imports
        """The SDK's client, imported and opened when it is first asked for."""
        return self._open_sdk().client

    def close(self) -> None:
        """Close all connections."""
        if self._wire is not None:
            self._wire.close()
        self._close_sdk()

    def _close_sdk(self) -> None:
        if self._sdk is not None:
            self._sdk.close()
            self._sdk = None

    def _count(self, method: str, target: str) -> None:
        with self._lock:
            self.calls += 1
        if self._on_call:
            self._on_call(method, target)

    def _offered(self, ping: Stream) -> tuple[int, int]:
        text = ping.headers.get("api-version", "")
        major, _, minor = text.partition(".")
        if not (major.isdecimal() and minor.isdecimal()):
            raise EngineUnreachable(
                f"what answers at {self.endpoint.url} is no Docker Engine: "
                f"HTTP status {ping.status}, no API version",
                hint="docker version",
            )
        offered = (int(major), int(minor))
        if offered < OLDEST_API:
            raise EngineError(
                f"the Docker Engine at {self.endpoint.url} speaks API {text}; minisets needs 1.41",
                hint="upgrade Docker to 20.10 or newer",
            )
        return offered

    @contextmanager
    def speaking(self, doing: str) -> Iterator[None]:
        """Turn whatever is raised on the way to the Engine into errors of ours."""
        try:
            yield
        except BrokenPipeError:
            # The reader of our own output has gone; the Engine's broken pipes come wrapped.
            raise
        # Looked up when something was raised: what the SDK raises is known once it is imported.
        except self._errors as error:
            known = self._translate_sdk(error, doing) if self._translate_sdk else None
            raise (known or docker_errors.unreachable(self.endpoint, error)) from error

    def get(self, doing: str, path: str, params: Params | None = None) -> Any:  # noqa: ANN401
        """Ask for something and return its JSON.

        Again while the connection breaks, which is what a restart of the Engine does.
        """
        with self.speaking(doing):
            try:
                answer = self._whole(doing, "GET", path, params)
            except TimeoutError:
                # Who has waited long for an answer is told that none came.
                raise
            except OSError:
                answer = self._once_more(doing, path, params)
        return _to_json(doing, answer)

    def _once_more(self, doing: str, path: str, params: Params | None) -> Answer:
        # 20 ms to import, and hardly ever needed.
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

        again = Retrying(
            retry=retry_if_exception(_is_broken),
            stop=stop_after_attempt(READ_TRIES - 1),
            wait=wait_fixed(READ_RETRY_SECONDS),
            reraise=True,
        )
        return again(self._whole, doing, "GET", path, params)

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
        """Send a request, once, with a body as JSON, and return the answer's; None if it has none.

        Podman says OK in plain text where Docker says nothing.
        """
        answer = self.exchange(
            doing,
            method,
            path,
            params=params,
            body=None if body is None else json.dumps(body).encode(),
            content_type="" if body is None else _JSON,
            timeout=timeout,
        )
        is_text = answer.headers.get("content-type", "").startswith("text/plain")
        return None if is_text else _to_json(doing, answer)

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
        """Send a request, once, and return the answer as it is.

        Raises:
            EngineError: A refusal, in the Engine's words.
            EngineUnreachable: There was none; caused by a TimeoutError, if not in time.
        """
        with self.speaking(doing):
            return self._whole(doing, method, path, params, body, content_type, timeout)

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
        """Send a request, once, and return the answer before its body has come.

        Raises:
            EngineError: A refusal, in the Engine's words.
        """
        with self.speaking(doing):
            return self._open(doing, method, path, params, body, content_type, timeout)

    def take_over(
        self, doing: str, path: str, *, params: Params | None = None, body: object = None
    ) -> HijackedSocket:
        """Post a request that makes a raw connection of its own, and return that.

        Raises:
            EngineError: A refusal, in the Engine's words.
        """
        # Imported for the few commands that need it: all have to wait for what is imported.
        from minisets.engine.docker_socket import HijackedSocket

        target = self._target(path, params)
        data, kind = (None, "") if body is None else (json.dumps(body).encode(), _JSON)
        with self.speaking(doing):
            if self._wire is None:
                return HijackedSocket(self._open_sdk().take_over(target, data, content_type=kind))
            answer = self._wire.take_over(target, data, content_type=kind, timeout=ANSWER_SECONDS)
            if isinstance(answer, Taken):
                return HijackedSocket(answer.connection, answer.ahead)
            raise _refused(doing, answer)

    def _whole(
        self,
        doing: str,
        method: str,
        path: str,
        params: Params | None = None,
        body: Body | None = None,
        content_type: str = "",
        timeout: float | None = ANSWER_SECONDS,
    ) -> Answer:
        with self._open(doing, method, path, params, body, content_type, timeout) as answer:
            return Answer(answer.status, answer.headers, b"".join(answer.pieces()))

    def _open(
        self,
        doing: str,
        method: str,
        path: str,
        params: Params | None,
        body: Body | None,
        content_type: str,
        timeout: float | None,
    ) -> Stream:
        answer = self._transport().open(
            method,
            self._target(path, params),
            body,
            content_type=content_type,
            timeout=timeout,
        )
        if answer.status >= _REFUSED:
            raise _refused(doing, answer)
        return answer

    def _target(self, path: str, params: Params | None) -> str:
        query = f"?{urlencode(params)}" if params else ""
        version = f"{self.api_version[0]}.{self.api_version[1]}"
        return f"/v{version}{quote(path, safe='/:@')}{query}"


def _refused(doing: str, answer: Stream) -> EngineError:
    with answer:
        text = b"".join(answer.pieces())
    return docker_errors.refusal(doing, answer.status, _words(text))


def _is_broken(error: BaseException) -> bool:
    return isinstance(error, OSError) and not isinstance(error, TimeoutError)


def _to_json(doing: str, answer: Answer) -> Any:  # noqa: ANN401
    if not answer.body:
        return None
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise EngineError(f"cannot {doing}: the answer is no JSON: {error}") from error


def _words(refusal: bytes) -> str:
    try:
        return str(json.loads(refusal)["message"])
    except (ValueError, KeyError, TypeError):
        return refusal.decode("utf-8", "replace")
