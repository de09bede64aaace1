"""The use cases exec and attach: this process's streams in one container of one pod."""

from __future__ import annotations

from collections.abc import Sequence

from minisets.app.context import Context
from minisets.app.loop.world import observe
from minisets.app.reading.pod_choice import Defaulted, PodRef, running_container, tell_default
from minisets.core.observed import ContainerSeen
from minisets.core.pod.seen import container_of
from minisets.errors import InputError


def run(
    context: Context,
    namespace: str,
    ref: PodRef,
    command: Sequence[str],
    *,
    tty: bool = False,
    stdin: bool = False,
    container: str | None = None,
    on_default: Defaulted = lambda _name, _names: None,
) -> int:
    """Run a command in a container with this process's streams and return its exit code.

    Raises:
        NotFound: There is no such pod or container.
        EngineConflict: The container does not run.
    """
    seen = _choose(context, namespace, ref, container, on_default)
    return context.engine.exec_interactive(seen.id, tuple(command), tty=tty, stdin=stdin)


def attach(
    context: Context,
    namespace: str,
    ref: PodRef,
    *,
    stdin: bool = False,
    container: str | None = None,
    on_default: Defaulted = lambda _name, _names: None,
) -> None:
    """Connect this process's streams with those of a container until it ends.

    Raises:
        NotFound: There is no such pod or container.
        EngineConflict: The container does not run.
        InputError: It has no standard input, and input was asked for.
    """
    seen = _choose(context, namespace, ref, container, on_default)
    config = context.engine.inspect(seen.id).config
    if stdin and not config.get("OpenStdin"):
        raise InputError(
            f"container {container_of(seen)} takes no input: "
            "its manifest does not say stdin: true",
            hint="leave out -i, or use minisets exec -it",
        )
    has_terminal = bool(config.get("Tty"))
    context.engine.attach(seen.id, tty=has_terminal, stdin=stdin)


def _choose(
    context: Context, namespace: str, ref: PodRef, container: str | None, on_default: Defaulted
) -> ContainerSeen:
    world = observe(context.engine, namespace)
    pod, seen = running_container(world, namespace, ref, container)
    if container is None:
        tell_default(world, pod, container_of(seen), on_default)
    return seen
