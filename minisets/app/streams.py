"""The use cases logs and exec: into one container of one pod."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minisets.app.context import Context
from minisets.app.delete import find_pod
from minisets.app.world import observe
from minisets.core.observed import ContainerSeen
from minisets.core.pod_seen import container_of
from minisets.errors import NotFound


def logs(
    context: Context,
    namespace: str,
    pod: str,
    *,
    follow: bool = False,
    tail: int | None = None,
    since_seconds: float | None = None,
    timestamps: bool = False,
    container: str | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Yield (``stdout`` or ``stderr``, chunk) of a container's output, oldest first.

    Raises:
        NotFound: There is no such pod or container.
    """
    seen = _find(context, namespace, pod, container)
    since = None if since_seconds is None else context.clock.now() - since_seconds
    yield from context.engine.logs(
        seen.id, follow=follow, tail=tail, since=since, timestamps=timestamps
    )


def run(
    context: Context,
    namespace: str,
    pod: str,
    command: Sequence[str],
    *,
    tty: bool = False,
    stdin: bool = False,
    container: str | None = None,
) -> int:
    """Run a command in a container with this process's streams and return its exit code.

    Raises:
        NotFound: There is no such pod or container.
    """
    seen = _find(context, namespace, pod, container)
    return context.engine.exec_interactive(seen.id, tuple(command), tty=tty, stdin=stdin)


def _find(context: Context, namespace: str, pod: str, container: str | None) -> ContainerSeen:
    seen = find_pod(observe(context.engine, namespace), namespace, pod)
    if container is None:
        return (seen.mains or seen.containers)[0]
    found = seen.part(container)
    if found is None:
        known = [container_of(one) for one in seen.containers if one is not seen.sandbox]
        raise NotFound(
            f'container "{container}" is not in pod "{pod}"',
            hint=f"its containers are {', '.join(known)}",
        )
    return found
