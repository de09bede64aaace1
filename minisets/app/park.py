"""The use cases scale, stop and start: how many pods a set has, and whether it has any now."""

from __future__ import annotations

from collections.abc import Sequence

from minisets.app.context import Context
from minisets.app.loop.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.loop.sets import SET_KIND, find_set, observe_whole
from minisets.app.loop.targets import Target, flush, open_target
from minisets.core.input.arguments import check_count
from minisets.core.input.validate import validate
from minisets.errors import InputError, ManifestError


def scale(
    context: Context,
    namespace: str,
    name: str,
    replicas: int,
    *,
    current_replicas: int | None = None,
    wait: bool = True,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> bool:
    """Set the number of pods, and drive the set there.

    Args:
        context: Of the command.
        namespace: Of the set.
        name: Of the set.
        replicas: Wanted, 0 or more.
        current_replicas: Only scale if the set asks for so many now.
        wait: Wait until it is done.
        timeout_seconds: Of the wait.

    Returns:
        False if ``wait`` is off and something is still to come.

    Raises:
        NotFound: There is no such set.
        InputError: ``current_replicas`` does not match, or ``replicas`` is no number of pods.
    """
    check_count("replicas", replicas)
    target = find_set(context, namespace, name)
    now = target.manifest.spec.replicas
    if current_replicas is not None and current_replicas != now:
        raise InputError(f"Expected replicas to be {current_replicas}, was {now}")
    if replicas != now:
        live = target.facts.object
        scaled = {**live, "spec": {**live["spec"], "replicas": replicas}}
        if problems := validate(scaled):
            raise ManifestError(problems)
        target.change(
            object=scaled,
            generation=target.facts.generation + 1,
        )
        flush(context, target)
    fresh = find_set(context, namespace, name)
    return Drive(context, [fresh]).run(timeout_seconds=timeout_seconds, wait=wait)


def stop(
    context: Context,
    namespace: str,
    names: Sequence[str] = (),
    *,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> tuple[str, ...]:
    """Park sets: pods go in order, everything else stays; return the names.

    Args:
        context: Of the command.
        namespace: Of the sets.
        names: Of the sets; none means all of the namespace.
        timeout_seconds: Of the wait.
    """
    targets = _chosen(context, namespace, names)
    for target in targets:
        target.change(is_stopped=True)
        flush(context, target)
    if targets:
        Drive(context, targets).run(timeout_seconds=timeout_seconds)
    return tuple(target.name for target in targets)


def start(
    context: Context,
    namespace: str,
    names: Sequence[str] = (),
    *,
    wait: bool = True,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> tuple[str, ...]:
    """Bring parked sets back, and repair what an Engine restart left; return the names.

    Args:
        context: Of the command.
        namespace: Of the sets.
        names: Of the sets; none means all of the namespace.
        wait: Wait until everything is ready.
        timeout_seconds: Of the wait.
    """
    targets = _chosen(context, namespace, names)
    for target in targets:
        target.change(is_stopped=False)
        flush(context, target)
    if targets:
        Drive(context, targets).run(timeout_seconds=timeout_seconds, wait=wait)
    return tuple(target.name for target in targets)


def _chosen(context: Context, namespace: str, names: Sequence[str]) -> list[Target]:
    world = observe_whole(context, namespace)
    if names:
        return [find_set(context, namespace, name, world) for name in names]
    return [open_target(record) for record in world.of_kind(SET_KIND, namespace)]
