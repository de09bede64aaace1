"""The events of pods that could not be made, in the words of the kubelet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from minisets.core.pod.setback import Setback, waiting_reason
from minisets.core.query.history import MINISETS, NOT_STARTED, SAME_SECONDS, Event, EventType


def pod_setback(
    namespace: str, set_name: str, pod: str, setback: Setback, now: float, *, is_there: bool
) -> Iterator[Event]:
    """Yield the events of a pod that could not be made, and of its set.

    Args:
        namespace: Of both.
        set_name: Name of the set.
        pod: Name of the pod.
        setback: Why it could not be made.
        now: Seconds since the epoch.
        is_there: An older pod of the name runs meanwhile, or some containers of this one.
    """

    def event(reason: str, message: str, kind: EventType = "Warning") -> Event:
        return Event(
            namespace=namespace,
            kind="Pod",
            name=pod,
            type=kind,
            reason=reason,
            message=message,
            first=setback.first,
            last=setback.last,
            count=setback.count,
            container=setback.container,
            source=MINISETS,
        )

    image, word, said = setback.image, setback.reason, setback.message
    match word:
        case "ErrImagePull":
            yield event("Pulling", f'Pulling image "{image}"', "Normal")
            yield event("Failed", f'Failed to pull image "{image}": {said}')
            yield event("Failed", f"Error: {word}")
        case "ErrImageNeverPull":
            text = f'Container image "{image}" is not present with pull policy of Never'
            yield event(word, text)
            yield event("Failed", f"Error: {word}")
        case "InvalidImageName":
            text = f'Failed to apply default image tag "{image}": {said}'
            yield event("InspectFailed", text)
            yield event("Failed", f"Error: {word}")
        case "FailedMount":
            yield event(word, f"MountVolume.SetUp failed: {said}")
        case "FailedScheduling":
            yield event(word, said)
        case _:
            yield event("Failed", f"Error: {said}")
    waiting, _ = waiting_reason(setback, now)
    if waiting != word:
        yield event("BackOff", f'Back-off pulling image "{image}"', "Normal")
        yield event("Failed", f"Error: {waiting}")
    verb = "update" if is_there else "create"
    yield replace(
        event(f"Failed{verb.capitalize()}", ""),
        kind="StatefulSet",
        name=set_name,
        message=f"{verb} Pod {pod} in StatefulSet {set_name} failed error: {word}: {said}",
        container="",
    )


def is_told_better(event: Event, setback: Setback, *, set_name: str, pod: str) -> bool:
    """Say whether an event that the Engine remembers only hints at what a setback tells in full.

    Args:
        event: Of the setback's namespace.
        setback: Why a pod could not be made.
        set_name: Name of the pod's set.
        pod: Name of the pod.
    """
    is_own = (event.kind, event.name) == ("Pod", pod) or (
        (event.kind, event.name) == ("StatefulSet", set_name)
        and f"create Pod {pod} in" in event.message
    )
    is_then = setback.first - SAME_SECONDS <= event.last <= setback.last + SAME_SECONDS
    return is_own and is_then and NOT_STARTED in event.message
