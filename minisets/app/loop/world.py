"""One look at the Engine: one container list, one volume list, parsed into what we know of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

from minisets.core import labels, naming
from minisets.core.input.decode import decode
from minisets.core.manifest import Service, StatefulSet
from minisets.core.observed import ContainerSeen, VolumeSeen
from minisets.core.pod.seen import PodSeen, gather
from minisets.core.records.record import Record, newest
from minisets.core.records.set_record import parse_object
from minisets.core.records.unreadable import Unreadable, find_unreadable
from minisets.engine.ports import Engine
from minisets.errors import InputError

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What is there, of one namespace or of all."""

    containers: tuple[ContainerSeen, ...]
    volumes: tuple[VolumeSeen, ...]
    written: tuple[Record, ...] = ()
    """Records as they will be, which count before those of the look."""

    @cached_property
    def records(self) -> dict[tuple[str, str, str], Record]:
        """Newest generation of each record that can be read, by kind, namespace and name."""
        broken = {one.record.key for one in self.unreadable}
        found = {key: record for key, record in self._newest.items() if key not in broken}
        return {**found, **{record.key: record for record in self.written}}

    @cached_property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """Records that cannot be read: nothing else may fail for them."""
        return find_unreadable(self._newest.values())

    @cached_property
    def _newest(self) -> dict[tuple[str, str, str], Record]:
        return newest(self.volumes)

    def unreadable_one(self, kind: str, namespace: str, name: str) -> Unreadable | None:
        """Return what is wrong with the record of an object; None if it can be read."""
        key = (kind, namespace, name)
        return next((one for one in self.unreadable if one.record.key == key), None)

    def check_readable(self, kind: str, namespace: str, name: str) -> None:
        """Check that an object's record, if there is one, can be read.

        Raises:
            InputError: It cannot.
        """
        if broken := self.unreadable_one(kind, namespace, name):
            raise InputError(broken.message, hint=broken.remedy)

    def without(self, containers: Collection[ContainerSeen]) -> World:
        """Return what is there once some containers are gone."""
        if not containers:
            return self
        kept = tuple(one for one in self.containers if one not in containers)
        return replace(self, containers=kept)

    def of_kind(self, kind: str, namespace: str | None = None) -> list[Record]:
        """Return the records of a kind, in the order of their namespaces and names."""
        return sorted(
            (
                record
                for record in self.records.values()
                if record.kind == kind and namespace in {None, record.namespace}
            ),
            key=lambda record: record.key,
        )

    def services(self, namespace: str) -> list[Service]:
        """Return the Services of a namespace."""
        return self._services.get(namespace, [])

    @cached_property
    def _services(self) -> dict[str, list[Service]]:
        # Asked for once per pod.
        found: dict[str, list[Service]] = {}
        for record in self.of_kind("Service"):
            service = decode(parse_object(record.data).object)
            if isinstance(service, Service):
                found.setdefault(record.namespace, []).append(service)
        return found

    def pods(self, namespace: str, set_name: str | None = None) -> list[PodSeen]:
        """Return the pods of a set (or of the whole namespace), lowest ordinal first."""
        found = self._pods.get(namespace, {})
        if set_name is not None:
            return list(found.get(set_name, ()))
        everyone = [pod for pods in found.values() for pod in pods]
        return sorted(everyone, key=lambda pod: naming.split_pod_name(pod.name))

    @cached_property
    def _pods(self) -> dict[str, dict[str, list[PodSeen]]]:
        # Asked for many times in a turn.
        groups: dict[Key, list[ContainerSeen]] = {}
        for container in self.containers:
            found = container.labels
            if found.get(labels.KIND) == labels.KIND_POD:
                key = (found.get(labels.NAMESPACE, ""), found.get(labels.SET, ""))
                groups.setdefault(key, []).append(container)
        pods: dict[str, dict[str, list[PodSeen]]] = {}
        for (namespace, name), containers in groups.items():
            pods.setdefault(namespace, {})[name] = sorted(
                gather(containers), key=lambda pod: naming.split_pod_name(pod.name)
            )
        return pods

    def claims(self, namespace: str, set_name: str | None = None) -> list[VolumeSeen]:
        """Return the claims of a set (or of the whole namespace), by name."""
        found = [
            volume
            for volume in self.volumes
            if volume.labels.get(labels.KIND) == labels.KIND_CLAIM
            and volume.labels.get(labels.NAMESPACE) == namespace
            and set_name in {None, volume.labels.get(labels.SET)}
        ]
        return sorted(found, key=lambda volume: naming.split_pod_name(volume.name))

    def pod_volumes(self, namespace: str, pod: str = "") -> list[VolumeSeen]:
        """Return the volumes that live and die with a pod, or with the namespace's pods."""
        return [
            volume
            for volume in self.volumes
            if volume.labels.get(labels.KIND) == labels.KIND_POD_VOLUME
            and volume.labels.get(labels.NAMESPACE) == namespace
            and pod in {"", volume.labels.get(labels.POD_NAME)}
        ]

    def namespaces(self) -> set[str]:
        """Return the namespaces in which there is anything."""
        everything = [item.labels for item in self.containers] + [
            item.labels for item in self.volumes
        ]
        return {found[labels.NAMESPACE] for found in everything if labels.NAMESPACE in found}


def observe(engine: Engine, namespace: str | None = None) -> World:
    """Look once: two Engine calls, whatever there is.

    Raises:
        EngineError: Something there was made by a newer minisets.
    """
    # By schema, not by its number: what a newer version made must be seen to be refused.
    wanted = {labels.SCHEMA: None} if namespace is None else {labels.NAMESPACE: namespace}
    world = World(containers=engine.containers(wanted), volumes=engine.volumes(wanted))
    for container in world.containers:
        labels.is_ours(container.labels)
    for volume in world.volumes:
        labels.is_ours(volume.labels)
    return world


def as_set(record_object: dict[str, object]) -> StatefulSet:
    """Decode the live object of a set's record."""
    manifest = decode(record_object)
    if not isinstance(manifest, StatefulSet):
        message = f"a {manifest.kind} in the record of a StatefulSet"
        raise TypeError(message)
    return manifest
