"""Lifecycle hooks of containers: what runs after their start and before their end."""

from __future__ import annotations

from collections.abc import Mapping

from minisets.app.context import Context
from minisets.core.manifest import Container
from minisets.core.manifest.probe import LifecycleHandler, Probe
from minisets.core.pod.probe_state import ProbeResult
from minisets.engine.prober import ProbeTarget


def run_hook(
    context: Context, handler: LifecycleHandler, target: ProbeTarget, *, timeout_seconds: float
) -> ProbeResult:
    """Run one hook to its end, at most for so long.

    Kubernetes rule: a hook is an exec, an HTTP request or a sleep; tcpSocket is accepted and does
    nothing.
    """
    if handler.sleep is not None:
        context.clock.sleep(min(float(handler.sleep.seconds), timeout_seconds))
        return ProbeResult(ok=True)
    if handler.exec is None and handler.http_get is None:
        return ProbeResult(ok=True)
    probe = Probe(exec=handler.exec, http_get=handler.http_get)
    return context.prober.probe(target, probe, timeout=timeout_seconds)


def port_names(container: Container) -> Mapping[str, int]:
    """Return the names of a container's ports and their numbers."""
    return {port.name: port.container_port for port in container.ports if port.name}
