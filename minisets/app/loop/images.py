"""Images: present, pulled or missing, before anything is created or stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from minisets.app.context import Context
from minisets.app.loop.crew import Crew
from minisets.app.loop.pull_secrets import PullSecrets
from minisets.app.loop.world import Key
from minisets.core.events import Progress
from minisets.core.manifest import PodSpec
from minisets.core.observed import ImageSeen
from minisets.core.pod.setback import NEVER_PULL
from minisets.core.records.registry_login import RegistryLogin
from minisets.errors import ImageError

Pull = Literal["always", "missing", "never"]

_MOST_PULLS = 4


def policies(specs: Iterable[PodSpec], override: Pull | None) -> dict[str, str]:
    """Return image → pull policy over all containers; the stricter one where two differ.

    An unwritten policy is IfNotPresent: Kubernetes' Always for ``:latest`` would pull over what
    was built locally.
    """
    order = ("Never", "IfNotPresent", "Always")
    forced = {"always": "Always", "missing": "IfNotPresent", "never": "Never", None: None}[
        override
    ]
    found: dict[str, str] = {}
    for spec in specs:
        for container in (*spec.init_containers, *spec.containers):
            policy = forced or container.image_pull_policy or "IfNotPresent"
            known = found.get(container.image, policy)
            found[container.image] = max(policy, known, key=order.index)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """An image that is present; ``is_pulled`` if that was tried, whatever came of it."""

    image: ImageSeen
    is_pulled: bool


class Images:
    """Provides images over the time of one command: each is looked up, and pulled, once.

    Safe to use from several threads: who asks for an image that is being pulled waits for it.

    Args:
        context: Of the command.
        pull: Overrides the pull policies of the manifests.
        platform: For pulls, for example ``linux/arm64``.
    """

    def __init__(
        self, context: Context, *, pull: Pull | None = None, platform: str | None = None
    ) -> None:
        self._context = context
        self._pull = pull
        self._platform = platform
        self._known: dict[str, _Known] = {}
        self._failed: dict[tuple[str, str, frozenset[Key]], ImageError] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def provide(self, specs: Iterable[PodSpec], secrets: PullSecrets) -> dict[str, ImageSeen]:
        """Make sure that all images of pods are present; pull what is asked for, in parallel.

        Args:
            specs: Of the pods.
            secrets: Asked when the user's own credentials do not open a registry.

        Returns:
            Image by name.

        Raises:
            ImageError: An image is not present and cannot be had.
        """
        wanted = policies(specs, self._pull)
        if len(wanted) == 1:
            return {name: self._one(name, policy, secrets) for name, policy in wanted.items()}
        with Crew(_MOST_PULLS) as pool:
            found = pool.map(lambda item: self._one(item[0], item[1], secrets), wanted.items())
            return dict(zip(wanted, found, strict=True))

    def forget_failures(self) -> None:
        """Have what could not be had tried again when it is asked for."""
        self._failed.clear()

    def forget(self) -> None:
        """Have everything looked up again: time has gone by."""
        self._known.clear()
        self._failed.clear()

    def _one(self, name: str, policy: str, secrets: PullSecrets) -> ImageSeen:
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            known = self._known.get(name)
            if known is not None and (known.is_pulled or policy != "Always"):
                return known.image
            attempt = (name, policy, secrets.names(name))
            if attempt in self._failed:
                raise self._failed[attempt]
            try:
                found = self._find(name, policy, secrets)
            except ImageError as error:
                error.image = name
                self._failed[attempt] = error
                raise
            self._known[name] = _Known(image=found, is_pulled=policy == "Always")
            return found

    def _find(self, name: str, policy: str, secrets: PullSecrets) -> ImageSeen:
        context = self._context
        present = context.engine.image(name)
        if present is not None and policy != "Always":
            return present
        if policy == "Never":
            raise ImageError(
                f"image {name} is not present and its pull policy is Never",
                hint=f"docker pull {name}, or docker build -t {name} .",
                reason=NEVER_PULL,
            )
        if present is not None and not present.digests:
            # Built here: a registry's image of the same name is something else.
            context.reporter.notice(f"image {name} was built locally: kept, not pulled")
            return present
        try:
            _pull_somehow(context, name, self._platform, secrets.logins)
        except ImageError as error:
            if present is None:
                raise
            context.reporter.notice(f"{error.message}; the local image is used")
        pulled = context.engine.image(name)
        if pulled is None:
            raise ImageError(
                f"image {name} was pulled and is not there", hint=f"docker pull {name}"
            )
        return pulled


def _pull_somehow(
    context: Context,
    name: str,
    platform: str | None,
    logins: Callable[[str], Sequence[RegistryLogin]],
) -> None:
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
    # Others go on meanwhile: what has failed is not shown as if it did, too.
    context.reporter.progress(Progress(subject=f"image/{name}", state="failed"))
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
                unit="bytes" if step.current or step.total else "",
            )
        )
    context.reporter.progress(
        Progress(
            subject=subject,
            state="pulled",
            is_done=True,
            current=size,
            total=size,
            unit="bytes" if size else "",
        )
    )
