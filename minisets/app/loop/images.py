"""Images: present, pulled or missing, before anything is created or stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from minisets.app.context import Context
from minisets.core.events import Progress
from minisets.core.manifest import StatefulSet
from minisets.core.observed import ImageSeen
from minisets.core.records.registry_login import RegistryLogin
from minisets.errors import ImageError

Pull = Literal["always", "missing", "never"]
Logins = Callable[[str], Sequence[RegistryLogin]]
"""Gives the credentials that a set has for an image, the best first."""

_MOST_PULLS = 4


def policies(manifests: Iterable[StatefulSet], override: Pull | None) -> dict[str, str]:
    """Return image → pull policy over all containers; the stricter one where two differ.

    An unwritten policy is IfNotPresent: Kubernetes' Always for ``:latest`` would pull over what
    was built locally.
    """
    order = ("Never", "IfNotPresent", "Always")
    forced = {"always": "Always", "missing": "IfNotPresent", "never": "Never", None: None}[
        override
    ]
    found: dict[str, str] = {}
    for manifest in manifests:
        pod = manifest.spec.template.spec
        for container in (*pod.init_containers, *pod.containers):
            policy = forced or container.image_pull_policy or "IfNotPresent"
            known = found.get(container.image, policy)
            found[container.image] = max(policy, known, key=order.index)
    return found


def provide(
    context: Context,
    wanted: dict[str, str],
    *,
    platform: str | None = None,
    logins: Logins = lambda _: (),
) -> dict[str, ImageSeen]:
    """Make sure that every image is present; pull what the policies ask for, in parallel.

    Args:
        context: Of the command.
        wanted: Image → ``Always``, ``IfNotPresent`` or ``Never``.
        platform: For pulls, for example ``linux/arm64``.
        logins: Asked when the user's own credentials do not open a registry.

    Raises:
        ImageError: An image is not present and cannot be had.
    """
    with ThreadPoolExecutor(_MOST_PULLS) as pool:
        found = pool.map(lambda item: _one(context, item, platform, logins), wanted.items())
        return dict(zip(wanted, found, strict=True))


def _one(
    context: Context, item: tuple[str, str], platform: str | None, logins: Logins
) -> ImageSeen:
    name, policy = item
    present = context.engine.image(name)
    if present is not None and policy != "Always":
        return present
    if policy == "Never":
        raise ImageError(
            f"image {name} is not present and its pull policy is Never",
            hint=f"docker pull {name}, or docker build -t {name} .",
        )
    if present is not None and not present.digests:
        # Built here: a registry's image of the same name is something else.
        context.reporter.notice(f"image {name} was built locally: kept, not pulled")
        return present
    try:
        _pull_somehow(context, name, platform, logins)
    except ImageError as error:
        if present is None:
            raise
        context.reporter.notice(f"{error.message}; the local image is used")
    pulled = context.engine.image(name)
    if pulled is None:
        raise ImageError(f"image {name} was pulled and is not there", hint=f"docker pull {name}")
    return pulled


def _pull_somehow(context: Context, name: str, platform: str | None, logins: Logins) -> None:
    """Pull with the user's own credentials, then with each of those that the sets have."""
    try:
        _pull(context, name, platform, None)
    except ImageError as error:
        failure = error
    else:
        return
    # A registry may say of what is not for everybody that it is not there: any failure counts.
    for login in logins(name):
        try:
            _pull(context, name, platform, login)
        except ImageError as error:
            failure = error
        else:
            return
    raise failure


def _pull(context: Context, name: str, platform: str | None, login: RegistryLogin | None) -> None:
    subject = f"image/{name}"
    context.reporter.progress(Progress(subject=subject, state="pulling"))
    size = 0
    for step in context.engine.pull(name, platform=platform, login=login):
        size = step.total
        context.reporter.progress(
            Progress(
                subject=subject,
                state="pulling",
                detail=step.text,
                current=step.current,
                total=step.total,
            )
        )
    context.reporter.progress(
        Progress(subject=subject, state="pulled", is_done=True, current=size, total=size)
    )
