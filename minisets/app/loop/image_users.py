"""What pods take from the user of their image: whether it is root, and who goes with a group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from minisets.app.loop.change import Change
from minisets.app.loop.setbacks import Unmade
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.world import as_set
from minisets.core.input.source import Path, render_path
from minisets.core.manifest import Container, PodSpec
from minisets.core.observed import ImageSeen
from minisets.core.pod.security import needs_image, root_reason
from minisets.core.pod.setback import CONFIG
from minisets.engine.ports import Engine
from minisets.errors import ManifestError, NotConverged, Problem

_HINT = "set runAsUser to a number above 0, or build the image with a numeric USER"


def users_of(engine: Engine, pod: str, spec: PodSpec) -> dict[str, ImageSeen]:
    """Return name → image of those of a pod's containers whose user depends on it.

    Raises:
        Unmade: A container would run as root, and must not: the kubelet's rule.
    """
    images: dict[str, ImageSeen] = {}
    for _, container in _containers(spec):
        image = engine.image(container.image) if needs_image(spec, container) else None
        if image is not None:
            images[container.image] = image
        reason = root_reason(spec, container, image)
        if reason:
            error = NotConverged(f"container {container.name}: {reason}", hint=_HINT)
            raise Unmade(pod, error, CONFIG, container=container.name)
    return images


def check_present_users(
    engine: Engine, changes: Sequence[Change], policies: Mapping[str, str]
) -> None:
    """Check the images that are here and stay: the first to tell that a pod can never run.

    Args:
        engine: That has the images.
        changes: Of apply.
        policies: Image → pull policy: with Always, another image may come.

    Raises:
        ManifestError: A container would run as root, and must not.
    """
    names = {
        container.image
        for _, spec in _specs(changes)
        for _, container in _containers(spec)
        if needs_image(spec, container) and policies.get(container.image) != "Always"
    }
    images = {name: engine.image(name) for name in sorted(names)}
    problems = tuple(
        change.loaded.source.place(
            Problem(message=reason, path=render_path((*path, "image")), hint=_HINT)
        )
        for change, path, _, reason in _roots(changes, images)
    )
    if problems:
        raise ManifestError(problems)


def check_pulled_users(changes: Sequence[Change], images: Mapping[str, ImageSeen]) -> None:
    """Check the images as they were provided.

    Raises:
        NotConverged: A container would run as root, and must not.
    """
    for change, _, container, reason in _roots(changes, images):
        message = f"statefulset/{change.loaded.name}: container {container.name}: {reason}"
        raise NotConverged(message, hint=_HINT)


def _roots(
    changes: Iterable[Change], images: Mapping[str, ImageSeen | None]
) -> Iterator[tuple[Change, Path, Container, str]]:
    for change, spec in _specs(changes):
        for path, container in _containers(spec):
            reason = root_reason(spec, container, images.get(container.image))
            if reason:
                yield change, ("spec", "template", "spec", *path), container, reason


def _specs(changes: Iterable[Change]) -> Iterator[tuple[Change, PodSpec]]:
    for change in changes:
        if change.loaded.kind == SET_KIND:
            yield change, as_set(change.merged).spec.template.spec


def _containers(spec: PodSpec) -> Iterator[tuple[Path, Container]]:
    for index, container in enumerate(spec.init_containers):
        yield ("initContainers", index), container
    for index, container in enumerate(spec.containers):
        yield ("containers", index), container
