"""The imagePullSecrets of sets as credentials for their images; read when a pull needs them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from minisets.app.changes import Change
from minisets.app.context import Context
from minisets.app.loop.configuration import SECRET_KIND, configuration_of
from minisets.app.loop.sets import SET_KIND
from minisets.app.loop.world import Key, World, as_set
from minisets.core.manifest import StatefulSet
from minisets.core.records.registry_login import RegistryLogin, logins_for, parse_logins
from minisets.core.records.secret_record import values_of


class PullSecrets:
    """The credentials that the sets of a command name.

    Args:
        context: Of the command.
        world: What lives.
        manifests: Namespace and set, for each set of the command.
        changes: What the command is about to write: its Secrets count before those that live.
    """

    def __init__(
        self,
        context: Context,
        world: World,
        manifests: Iterable[tuple[str, StatefulSet]],
        changes: Sequence[Change] = (),
    ) -> None:
        self._context = context
        self._world = world
        self._manifests = tuple(manifests)
        self._coming = {
            (change.namespace, change.loaded.name): change.merged
            for change in changes
            if change.loaded.kind == SECRET_KIND
        }
        self._lock = threading.Lock()

    def logins(self, image: str) -> tuple[RegistryLogin, ...]:
        """Return the credentials for an image, the best first; may read Secrets."""
        wanted = {
            (namespace, one.name)
            for namespace, manifest in self._manifests
            if image in _images(manifest)
            for one in manifest.spec.template.spec.image_pull_secrets
        }
        # Several pulls ask at once, and reading is for all of them.
        with self._lock:
            found = [login for key in sorted(wanted) for login in self._of(key)]
        return logins_for(image, found)

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
    manifests = [
        (change.namespace, as_set(change.merged))
        for change in changes
        if change.loaded.kind == SET_KIND
    ]
    return PullSecrets(context, world, manifests, changes)


def _images(manifest: StatefulSet) -> frozenset[str]:
    pod = manifest.spec.template.spec
    return frozenset(one.image for one in (*pod.init_containers, *pod.containers))
