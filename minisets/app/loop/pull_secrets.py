"""The imagePullSecrets of sets as credentials for their images; read when a pull needs them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from minisets.app.context import Context
from minisets.app.loop.change import Change
from minisets.app.loop.configuration import SECRET_KIND, configuration_of
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.world import Key, World, as_set
from minisets.core.manifest import PodSpec
from minisets.core.records.registry_login import RegistryLogin, logins_for, parse_logins
from minisets.core.records.secret_record import values_of


class PullSecrets:
    """The credentials that the sets of a command name.

    Args:
        context: Of the command.
        world: What lives.
        pods: Namespace and pods, for each set of the command.
        changes: What the command is about to write: its Secrets count before those that live.
    """

    def __init__(
        self,
        context: Context,
        world: World,
        pods: Iterable[tuple[str, PodSpec]],
        changes: Sequence[Change] = (),
    ) -> None:
        self._context = context
        self._world = world
        self._pods = tuple(pods)
        self._coming = {
            (change.namespace, change.loaded.name): change.merged
            for change in changes
            if change.loaded.kind == SECRET_KIND
        }
        self._lock = threading.Lock()

    def logins(self, image: str) -> tuple[RegistryLogin, ...]:
        """Return the credentials for an image, the best first; may read Secrets."""
        # Several pulls ask at once, and reading is for all of them.
        with self._lock:
            found = [login for key in sorted(self.names(image)) for login in self._of(key)]
        return logins_for(image, found)

    def names(self, image: str) -> frozenset[Key]:
        """Return namespace and name of the Secrets that may have credentials for an image."""
        return frozenset(
            (namespace, one.name)
            for namespace, pod in self._pods
            if image in _images(pod)
            for one in pod.image_pull_secrets
        )

    def _of(self, key: Key) -> tuple[RegistryLogin, ...]:
        """Return what a Secret holds; one that is not there is passed over, as in Kubernetes."""
        coming = self._coming.get(key)
        if coming is not None:
            return parse_logins(coming["type"], values_of(coming))
        record = self._world.records.get((SECRET_KIND, *key))
        if record is None:
            return ()
        namespace, name = key
        values = configuration_of(self._context, self._world, namespace).secret(name)
        return parse_logins(record.data["object"]["type"], values)


def pull_secrets(context: Context, world: World, changes: Sequence[Change]) -> PullSecrets:
    """Return the credentials that the sets of an apply name."""
    pods = [
        (change.namespace, as_set(change.merged).spec.template.spec)
        for change in changes
        if change.loaded.kind == SET_KIND
    ]
    return PullSecrets(context, world, pods, changes)


def _images(pod: PodSpec) -> frozenset[str]:
    return frozenset(one.image for one in (*pod.init_containers, *pod.containers))
