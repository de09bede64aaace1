"""The typed model, part 2: probes and lifecycle hooks."""

from __future__ import annotations

from minisets.core.manifest.meta import (
    IntOrString,
    Model,
)


class ExecAction(Model, frozen=True, kw_only=True):
    """A command run inside the container."""

    command: tuple[str, ...] = ()


class HTTPHeader(Model, frozen=True, kw_only=True):
    """One header of a probe request."""

    name: str
    value: str


class HTTPGetAction(Model, frozen=True, kw_only=True):
    """A GET request to the pod."""

    port: IntOrString
    host: str | None = None
    http_headers: tuple[HTTPHeader, ...] = ()
    path: str = "/"
    protocol: str | None = None
    scheme: str = "HTTP"


class TCPSocketAction(Model, frozen=True, kw_only=True):
    """A TCP connection to the pod."""

    port: IntOrString
    host: str | None = None


class GRPCAction(Model, frozen=True, kw_only=True):
    """A call of the gRPC health protocol."""

    port: int
    mode: str | None = None
    service: str = ""


class SleepAction(Model, frozen=True, kw_only=True):
    """A pause."""

    seconds: int


class Probe(Model, frozen=True, kw_only=True):
    """A health check and its thresholds."""

    exec: ExecAction | None = None
    failure_threshold: int = 3
    grpc: GRPCAction | None = None
    http_get: HTTPGetAction | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    success_threshold: int = 1
    tcp_socket: TCPSocketAction | None = None
    termination_grace_period_seconds: int | None = None
    timeout_seconds: int = 1


class LifecycleHandler(Model, frozen=True, kw_only=True):
    """What a lifecycle hook does."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None
    tcp_socket: TCPSocketAction | None = None


class Lifecycle(Model, frozen=True, kw_only=True):
    """Hooks after the start and before the stop of a container."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str | None = None
