"""The use case delete, of pods: all at once, and their sets are driven until they are whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minisets.app.context import Context
from minisets.app.loop.deeds import Workshop
from minisets.app.loop.drive import DEFAULT_TIMEOUT, Drive
from minisets.app.loop.sets import SET_KIND, observe_whole, read_sets
from minisets.app.loop.side_by_side import for_each, outcomes, raise_all
from minisets.app.loop.unmade import unmade_pods
from minisets.app.reading.pod_choice import find_pod
from minisets.core import labels


def delete_pods(
    context: Context,
    namespace: str,
    names: Sequence[str],
    *,
    wait: bool = True,
    grace_seconds: int | None = None,
    timeout_seconds: float = DEFAULT_TIMEOUT,
    ignore_not_found: bool = False,
    tell: Callable[[str], None] = lambda _pod: None,
) -> None:
    """Delete pods, all at once as kubectl does, and return when their sets are whole again.

    Args:
        context: Of the command.
        namespace: Of the pods.
        names: Of the pods, of one set or of several.
        wait: Until the new pods are ready.
        grace_seconds: Overrides the pods' own grace periods.
        timeout_seconds: Of the wait.
        ignore_not_found: Be content with what is gone already.
        tell: Called with each pod that is gone, before its set is driven.

    Raises:
        NotFound: Some of them are not there; the others were deleted.
        NotConverged: Time is over, or a pod cannot get ready.
    """
    world = observe_whole(context, namespace)
    # Pods that a deleted set has left behind can be deleted as well.
    sets = {target.name: target for target in read_sets(world, with_orphans=True)}
    concerned: set[str] = set()

    unmade = {pod.name: pod.target for pod in unmade_pods(world, sets.values())}

    def remove(name: str) -> None:
        if name in unmade:
            # There is nothing to stop: its set tries again.
            concerned.add(unmade[name].name)
            return
        pod = find_pod(world, namespace, name)
        target = sets[pod.labels[labels.SET]]
        concerned.add(target.name)
        workshop = Workshop(context=context, target=target, world=world, network=None)
        workshop.remove(pod, "it was deleted", grace_seconds=grace_seconds)

    found = for_each(list(dict.fromkeys(names)), remove, lambda name, _: tell(name))
    targets = [sets[name] for name in sorted(concerned)]
    driven = [target for target in targets if (SET_KIND, *target.key) in world.records]
    if wait and driven:
        drive = Drive(context, driven)
        found += outcomes([lambda: _run(drive, timeout_seconds)])
    raise_all(found, ignore_not_found=ignore_not_found)


def _run(drive: Drive, timeout_seconds: float) -> None:
    drive.run(timeout_seconds=timeout_seconds)


def delete_pod(
    context: Context,
    namespace: str,
    pod: str,
    *,
    wait: bool = True,
    timeout_seconds: float = DEFAULT_TIMEOUT,
) -> None:
    """Delete one pod and return when its set is whole again; see delete_pods."""
    delete_pods(context, namespace, [pod], wait=wait, timeout_seconds=timeout_seconds)
