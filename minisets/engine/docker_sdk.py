"""The SDK's client at one Engine: for pulls, and where no socket of this machine leads there.

The only importer of docker, and imported when first needed: that takes longer than most commands
take in all. No type and no exception of docker or requests gets past the verbs
(minisets.engine.docker_verbs).
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import docker
import requests
from docker import errors as sdk
from docker.credentials.errors import StoreError
from docker.tls import TLSConfig
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError as TransportError
from urllib3.exceptions import ReadTimeoutError

from minisets.engine import docker_errors
from minisets.engine.docker_connection import ANSWER_SECONDS
from minisets.engine.docker_transport import Body, Stream
from minisets.engine.docker_wire import CONNECT_SECONDS, dial_socket
from minisets.engine.endpoint import Endpoint
from minisets.engine.ssh import dial
from minisets.errors import (
    EngineError,
    EngineMissing,
    EngineUnreachable,
    ImageError,
    InputError,
    MinisetsError,
)

# More than 8 threads gain nothing; the rest is for streams that are open meanwhile.
POOL_SIZE = 32
_SSH = "ssh://"
# A machine that has gone is found out within a minute and a half, also by who waits in silence.
_KEEP_ALIVE = (
    ("SO_KEEPALIVE", socket.SOL_SOCKET, 1),
    ("TCP_KEEPIDLE", socket.IPPROTO_TCP, 30),
    ("TCP_KEEPINTVL", socket.IPPROTO_TCP, 10),
    ("TCP_KEEPCNT", socket.IPPROTO_TCP, 6),
)

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
ERRORS: tuple[type[Exception], ...] = (
    *SDK_ERRORS,
    StoreError,
    requests.RequestException,
    TransportError,
    OSError,
)


class _Patient(HTTPConnection):
    """Sends without a limit of time: urllib3 has that of connecting count for each piece.

    An Engine that unpacks a large archive to a slow disk reads no more for a while.
    """

    default_socket_options: ClassVar = [
        *HTTPConnection.default_socket_options,
        *(
            (level, getattr(socket, name), value)
            for name, level, value in _KEEP_ALIVE
            if hasattr(socket, name)
        ),
    ]

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(None)

    def putrequest(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - http.client's own
        # One that is used again has the limit of its last answer.
        if self.sock is not None:
            self.sock.settimeout(None)
        super().putrequest(*args, **more)


class _PatientTls(_Patient, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Patient


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _PatientTls


class _PatientAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **more: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


class _UnixConnection(UnixHTTPConnection):
    """Closes its socket when nobody answers; the SDK's leaves that to the garbage collector."""

    def connect(self) -> None:
        self.sock = dial_socket(self.unix_socket)


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


class Sdk:
    """The SDK's client at one Engine; safe to use from many threads, but never over a fork.

    Args:
        endpoint: Where the Engine is.
        version: Of the API.
        on_answer: Told method and path of every answer, from the thread that asked.
        headers: Sent with every request.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        version: tuple[int, int],
        on_answer: Callable[[str, str], None],
        headers: Mapping[str, str],
    ) -> None:
        self._on_answer = on_answer
        self.client = self._open(endpoint, version)
        self.client.headers.update(headers)

    def _open(self, endpoint: Endpoint, version: tuple[int, int]) -> docker.APIClient:
        tls: TLSConfig | bool = False
        if given := endpoint.tls:
            pair = (str(given.cert), str(given.key)) if given.cert and given.key else None
            tls = TLSConfig(
                client_cert=pair,
                ca_cert=str(given.ca) if given.ca else None,
                verify=not endpoint.skip_verify,
            )
        is_ssh = endpoint.url.startswith(_SSH)
        client = _Client(
            # Nothing is connected yet; a pool of ours takes the place of the SDK's below.
            base_url="unix:///ssh" if is_ssh else endpoint.url,
            version=f"{version[0]}.{version[1]}",
            timeout=ANSWER_SECONDS,
            tls=tls,
            max_pool_size=POOL_SIZE,
        )
        if is_ssh or endpoint.url.startswith("unix://"):
            # No proxy and no .netrc on the way to a socket: looking costs time at every call.
            client.trust_env = False
            path = "http+unix://" + endpoint.url.removeprefix("unix://")
            client.mount("http+docker://", _OnePoolAdapter(endpoint.url if is_ssh else path))
        else:
            for scheme in ("http://", "https://"):
                client.mount(scheme, _PatientAdapter(pool_maxsize=POOL_SIZE))
        # The Engine would compress archives, which a reader of the raw stream has to undo.
        client.headers["Accept-Encoding"] = "identity"
        client.hooks["response"].append(self._tell)
        return client

    def _tell(self, answer: requests.Response, **_: object) -> None:
        self._on_answer(answer.request.method or "", answer.request.path_url)

    def open(
        self,
        method: str,
        target: str,
        body: Body | None = None,
        *,
        content_type: str = "",
        timeout: float | None,
    ) -> Stream:
        """Send a request and return the answer's head; see Transport."""
        with _plain():
            return _Reply(
                self.client.request(
                    method,
                    f"{self.client.base_url}{target}",
                    data=body,
                    headers={"Content-Type": content_type} if content_type else {},
                    timeout=(CONNECT_SECONDS, timeout),
                    stream=True,
                )
            )

    def take_over(self, target: str, body: bytes | None, *, content_type: str) -> Any:  # noqa: ANN401
        """Post a request that makes a raw connection of its own, and return that."""
        answer = self.client.request(
            "POST",
            f"{self.client.base_url}{target}",
            data=body,
            headers={
                **({"Content-Type": content_type} if content_type else {}),
                "Connection": "Upgrade",
                "Upgrade": "tcp",
            },
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            stream=True,
        )
        # Where it is depends on the transport. types-docker does not know that the SDK knows; it
        # raises what a refusal is, too.
        client: Any = self.client
        return client._get_raw_response_socket(answer)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()


class _Reply:
    """An answer of requests, as minisets.engine.docker_wire has them."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def pieces(self) -> Iterator[bytes]:
        with _plain():
            yield from self._response.iter_content(chunk_size=None)

    def read(self, size: int, /) -> bytes:
        with _plain():
            data: bytes = self._response.raw.read(size)
        return data

    def close(self) -> None:
        self._response.close()


@contextmanager
def _plain() -> Iterator[None]:
    """Raise what a socket would raise."""
    try:
        yield
    except requests.Timeout as error:
        raise TimeoutError(str(error)) from error
    except (requests.RequestException, TransportError) as error:
        # So a time-out comes when the answer has begun.
        causes = (error, *error.args)
        kind = TimeoutError if any(isinstance(one, ReadTimeoutError) for one in causes) else None
        raise (kind or ConnectionError)(str(error)) from error


def translate(error: Exception, doing: str) -> MinisetsError | None:
    """Return what an error of the SDK means; None if the Engine could not be reached."""
    if isinstance(error, sdk.APIError):
        return docker_errors.refusal(doing, error.status_code, error.explanation or str(error))
    # The SDK wraps it in what it also raises where nobody answers.
    for failed in (error, error.__cause__):
        if isinstance(failed, StoreError):
            return ImageError(
                f"cannot {doing}: the credential helper failed: {failed}", hint="docker login"
            )
    kind = SDK_ERRORS.get(type(error), EngineUnreachable)
    return None if kind is EngineUnreachable else kind(f"cannot {doing}: {error}")
