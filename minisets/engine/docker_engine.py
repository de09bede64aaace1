"""The connection to a Docker Engine: the SDK's low-level client, its settings and its errors.

The only importer of docker. No type and no exception of docker or requests gets past the verbs
(minisets.engine.docker_verbs). One connection serves many threads, but never a fork.
"""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import docker
import requests
from docker import errors as sdk
from docker.credentials.errors import StoreError
from docker.tls import TLSConfig
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool
from urllib3.exceptions import HTTPError as TransportError
from urllib3.exceptions import ReadTimeoutError

from minisets.engine import docker_errors
from minisets.engine.docker_connection import ANSWER_SECONDS
from minisets.engine.docker_verbs import DockerEngine
from minisets.engine.endpoint import Endpoint, find_endpoint
from minisets.engine.ssh import dial
from minisets.errors import (
    EngineError,
    EngineMissing,
    EngineUnreachable,
    ImageError,
    InputError,
    MinisetsError,
)

__all__ = ["DockerConnection", "DockerEngine", "connect"]

OLDEST_API = (1, 41)
NEWEST_API = (1, 52)
# More than 8 threads gain nothing; the rest is for streams that are open meanwhile.
POOL_SIZE = 32
CONNECT_SECONDS = 10
_SSH = "ssh://"
# For an Engine that restarts with open streams; never for writes, which might be done twice.
READ_TRIES = 3
READ_RETRY_SECONDS = 0.3

# Every exception of docker.errors and what it is to us; a test compares the list with docker's.
SDK_ERRORS: dict[type[Exception], type[MinisetsError]] = {
    sdk.DockerException: EngineUnreachable,  # the client could not be made: ssh, named pipe
    sdk.APIError: EngineError,  # by status and text, see docker_errors.refusal
    sdk.NotFound: EngineMissing,
    sdk.ImageNotFound: ImageError,
    sdk.InvalidVersion: EngineError,
    sdk.InvalidRepository: ImageError,
    sdk.InvalidConfigFile: InputError,
    sdk.InvalidArgument: EngineError,
    sdk.DeprecatedMethod: EngineError,
    sdk.TLSParameterError: InputError,
    sdk.NullResource: EngineMissing,
    sdk.ContainerError: EngineError,
    sdk.StreamParseError: EngineError,
    sdk.BuildError: ImageError,
    sdk.ImageLoadError: ImageError,
    sdk.MissingContextParameter: InputError,
    sdk.ContextAlreadyExists: InputError,
    sdk.ContextException: InputError,
    sdk.ContextNotFound: InputError,
}
_ANY_ERROR: tuple[type[Exception], ...] = (
    *SDK_ERRORS,
    StoreError,
    requests.RequestException,
    TransportError,
    OSError,
)

_T = TypeVar("_T")


def connect(
    endpoint: Endpoint | None = None, *, on_call: Callable[[str, str], None] | None = None
) -> DockerEngine:
    """Reach the Engine at the endpoint, by default the one that the user chose.

    Raises:
        InputError: The Docker context does not exist.
        EngineUnreachable: It does not answer.
    """
    return DockerEngine(DockerConnection(endpoint or find_endpoint(), on_call=on_call))


class _UnixConnection(UnixHTTPConnection):
    """Closes its socket when nobody answers; the SDK's leaves that to the garbage collector."""

    def connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(CONNECT_SECONDS)
            sock.connect(self.unix_socket)
        except OSError:
            sock.close()
            raise
        self.sock = sock


class _SshConnection(UnixHTTPConnection):
    """Speaks through the ssh command; the SDK's own way needs a package of many megabytes."""

    _process: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        self.sock, self._process = dial(self.base_url)

    def close(self) -> None:
        super().close()
        if self._process is not None:
            # It has nobody to speak to any more.
            self._process.terminate()
            self._process.wait()
            self._process = None


class _UnixPool(UnixHTTPConnectionPool):
    # types-docker does not know that the SDK does the same.
    def _new_conn(self) -> UnixHTTPConnection:  # type: ignore[override]
        kind = _SshConnection if self.base_url.startswith(_SSH) else _UnixConnection
        return kind(self.base_url, self.socket_path, ANSWER_SECONDS)


class _OnePoolAdapter(UnixHTTPAdapter):
    """One pool for the socket: the SDK keeps one per URL, and closes them under other threads."""

    def __init__(self, socket_url: str) -> None:
        super().__init__(socket_url, ANSWER_SECONDS, max_pool_size=POOL_SIZE)
        self._pool = _UnixPool(socket_url, self.socket_path, ANSWER_SECONDS, maxsize=POOL_SIZE)

    def get_connection(self, url: bytes | str, proxies: object = None) -> UnixHTTPConnectionPool:
        del url, proxies
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()


class _Client(docker.APIClient):
    """The SDK's client, whose certificates are those that it was given."""

    def merge_environment_settings(
        self,
        url: Any,  # noqa: ANN401 - all as requests has them
        proxies: Any,  # noqa: ANN401
        stream: Any,  # noqa: ANN401
        verify: Any,  # noqa: ANN401
        cert: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Give the Engine's own authority its place: REQUESTS_CA_BUNDLE would win over it."""
        verify = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, verify, cert)


class DockerConnection:
    """The SDK's client at one Engine, with its errors turned into ours.

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
        self._on_call = on_call
        self._lock = threading.Lock()
        with self.speaking("reach the Docker Engine"):
            self.client = self._open(OLDEST_API)
            # HEAD /_ping tells the version in 0.4 ms; the SDK's "auto" asks GET /version, 12 ms.
            ping = self.client.head(f"{self.client.base_url}/_ping", timeout=CONNECT_SECONDS)
            self.offered_api = self._offered(ping)
            self.is_podman = "Libpod-Api-Version" in ping.headers
            self.api_version = min(self.offered_api, NEWEST_API)
            if self.api_version != OLDEST_API:
                self.client.close()
                self.client = self._open(self.api_version)

    def _open(self, version: tuple[int, int]) -> docker.APIClient:
        tls: TLSConfig | bool = False
        if given := self.endpoint.tls:
            pair = (str(given.cert), str(given.key)) if given.cert and given.key else None
            tls = TLSConfig(
                client_cert=pair,
                ca_cert=str(given.ca) if given.ca else None,
                verify=not self.endpoint.skip_verify,
            )
        is_ssh = self.endpoint.url.startswith(_SSH)
        client = _Client(
            # Nothing is connected yet; a pool of ours takes the place of the SDK's below.
            base_url="unix:///ssh" if is_ssh else self.endpoint.url,
            version=f"{version[0]}.{version[1]}",
            timeout=ANSWER_SECONDS,
            tls=tls,
            max_pool_size=POOL_SIZE,
        )
        if is_ssh or self.endpoint.url.startswith("unix://"):
            # No proxy and no .netrc on the way to a socket: looking costs time at every call.
            client.trust_env = False
            path = "http+unix://" + self.endpoint.url.removeprefix("unix://")
            client.mount("http+docker://", _OnePoolAdapter(self.endpoint.url if is_ssh else path))
        # The Engine would compress archives, which a reader of the raw stream has to undo.
        client.headers["Accept-Encoding"] = "identity"
        client.hooks["response"].append(self._count)
        return client

    def _count(self, answer: requests.Response, **_: object) -> None:
        with self._lock:
            self.calls += 1
        if self._on_call:
            self._on_call(answer.request.method or "", answer.request.path_url)

    def _offered(self, ping: requests.Response) -> tuple[int, int]:
        text = ping.headers.get("Api-Version", "")
        major, _, minor = text.partition(".")
        if not (major.isdecimal() and minor.isdecimal()):
            raise EngineUnreachable(
                f"what answers at {self.endpoint.url} is no Docker Engine: "
                f"HTTP status {ping.status_code}, no API version",
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
        """Turn whatever the SDK and its transport raise into errors of ours."""
        try:
            yield
        except BrokenPipeError:
            # The reader of our own output has gone; the Engine's broken pipes come wrapped.
            raise
        except _ANY_ERROR as error:
            raise self._translate(error, doing) from error

    def _translate(self, error: Exception, doing: str) -> MinisetsError:
        if isinstance(error, sdk.APIError):
            return docker_errors.refusal(doing, error.status_code, _words(error))
        # The SDK wraps it in what it also raises where nobody answers.
        for failed in (error, error.__cause__):
            if isinstance(failed, StoreError):
                return ImageError(
                    f"cannot {doing}: the credential helper failed: {failed}", hint="docker login"
                )
        kind = SDK_ERRORS.get(type(error), EngineUnreachable)
        if kind is not EngineUnreachable:
            return kind(f"cannot {doing}: {error}")
        return docker_errors.unreachable(self.endpoint, error)

    def read(self, doing: str, ask: Callable[[], _T]) -> _T:
        """Ask for something; again while the connection breaks, which is what a restart does."""
        with self.speaking(doing):
            try:
                return ask()
            except requests.Timeout:
                raise
            except requests.ConnectionError:
                # 20 ms to import, and hardly ever needed.
                from tenacity import (
                    Retrying,
                    retry_if_exception_type,
                    stop_after_attempt,
                    wait_fixed,
                )

                again = Retrying(
                    retry=retry_if_exception_type(requests.ConnectionError),
                    stop=stop_after_attempt(READ_TRIES - 1),
                    wait=wait_fixed(READ_RETRY_SECONDS),
                    reraise=True,
                )
                return again(ask)

    def send(
        self,
        method: str,
        path: str,
        *,
        timeout: float | None = ANSWER_SECONDS,
        **more: Any,  # noqa: ANN401 - requests' own arguments
    ) -> requests.Response:
        """Send a request that the SDK has no fitting method for: its timeouts, its extra calls."""
        version = f"{self.api_version[0]}.{self.api_version[1]}"
        answer = self.client.request(
            method,
            f"{self.client.base_url}/v{version}{path}",
            timeout=(CONNECT_SECONDS, timeout),
            **more,
        )
        try:
            answer.raise_for_status()
        except requests.HTTPError as error:
            sdk.create_api_error_from_http_exception(error)
        return answer

    def send_patiently(
        self, method: str, path: str, *, timeout: float
    ) -> requests.Response | None:
        """Send a request whose answer may take long; None if it has not come in time."""
        try:
            return self.send(method, path, timeout=timeout)
        except requests.ReadTimeout:
            return None
        except requests.ConnectionError as error:
            # So it comes when the answer has begun: the Engine sends its head at once.
            if any(isinstance(cause, ReadTimeoutError) for cause in error.args):
                return None
            raise


def _words(error: sdk.APIError) -> str:
    return error.explanation or str(error)
