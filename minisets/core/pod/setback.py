"""Why a pod could not be made, as the last command that tried found out: Kubernetes' words."""

from __future__ import annotations

import msgspec

from minisets.core import labels
from minisets.core.observed import ContainerStatus
from minisets.core.pod.seen import PodSeen, is_completed

PULL = "ErrImagePull"
PULL_BACK_OFF = "ImagePullBackOff"
NEVER_PULL = "ErrImageNeverPull"
INVALID_NAME = "InvalidImageName"
CONFIG = "CreateContainerConfigError"
CREATE = "CreateContainerError"
RUN = "RunContainerError"
HOOK = "PostStartHookError"
MOUNT = "FailedMount"
SCHEDULING = "FailedScheduling"
"""The last two are of the pod as a whole: Kubernetes tells them by events only."""

# As the kubelet does: ten seconds, doubled each time, five minutes at most.
_FIRST_PAUSE = 10.0
_LONGEST_PAUSE = 300.0
_MOST_DOUBLINGS = 5
_UP = frozenset({ContainerStatus.RUNNING, ContainerStatus.RESTARTING, ContainerStatus.PAUSED})


class Setback(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why a pod could not be made; times are seconds since the epoch.

    Attributes:
        reason: Kubernetes' word for it, such as ``ErrImagePull``.
        message: What happened, as a sentence.
        hint: What to do or to type next.
        container: Name of the container in the template; empty if it is about the whole pod.
        image: That could not be had; empty if it is not about one.
        revision: Of the template that the pod was to be made from.
        first: When it was tried for the first time.
        last: When it was tried last.
        count: How often it was tried.
        next_try: When a command that goes on running tries again; 0.0 if none does.
    """

    reason: str
    message: str
    hint: str = ""
    container: str = ""
    image: str = ""
    revision: str = ""
    first: float
    last: float
    count: int = 1
    next_try: float = 0.0


def counted(known: Setback | None, new: Setback) -> Setback:
    """Return a setback with the earlier tries that failed for the same reason."""
    if known is None or _matter(known) != _matter(new):
        return new
    return msgspec.structs.replace(new, first=known.first, count=known.count + 1)


def _matter(one: Setback) -> tuple[str, ...]:
    return (one.reason, one.container, one.image, one.revision)


def pause_after(tries: int) -> float:
    """Return the seconds to wait after so many tries, as the kubelet does."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(tries - 1, _MOST_DOUBLINGS))


def is_about(setback: Setback, container: str, *, is_main: bool) -> bool:
    """Say whether a setback is why a container is not there.

    Kubernetes rule: of volumes and claims that are not there no container tells.
    """
    if setback.reason in {MOUNT, SCHEDULING}:
        return False
    return setback.container == container or (not setback.container and is_main)


def waiting_reason(setback: Setback, now: float) -> tuple[str, str]:
    """Return why the container waits, as its state has it: a word and a sentence.

    Kubernetes rule: an image is in back-off until the next try.
    """
    if setback.reason == PULL and now < setback.next_try:
        text = f'Back-off pulling image "{setback.image}": {PULL}: {setback.message}'
        return PULL_BACK_OFF, text
    return setback.reason, setback.message


def is_over(setback: Setback, pod: PodSeen | None, newest_revision: str) -> bool:
    """Say whether a setback is of the past.

    Args:
        setback: Of a pod that its set asks for.
        pod: As the Engine shows it; None if it is not there.
        newest_revision: At which pods of the set come back now.
    """
    if pod is None:
        return False
    if pod.labels.get(labels.REVISION, "") != setback.revision:
        # The pod runs as it was while its successor cannot be made.
        return setback.revision != newest_revision
    container = pod.part(setback.container) if setback.container else next(iter(pod.mains), None)
    return container is not None and (container.status in _UP or is_completed(container))
