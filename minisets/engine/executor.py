"""Does what was decided: each deed in as few Engine calls as possible, and no decision."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.engine.archives import DirectoryEntry, directories_tar
from minisets.engine.ports import Clock, Engine
from minisets.errors import EngineError, EngineMissing

UNTOUCHED_ROOT = (0, 0o755)
"""What the Engine's local driver leaves: a volume in this state was never prepared."""

PrepareAside = Callable[[tuple[DirectoryEntry, ...]], None]
"""Prepares the volumes at these mount paths by another way than through the container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerCreation:
    """A container to create and start.

    Attributes:
        name: Container name.
        config: The Engine API's JSON.
        prepare: Mount paths of new volumes, and what their root directories are to be.
        inspect: The same of claims that may never have been prepared: looked at first.
        prepare_aside: Prepares the volumes at these mount paths where the container cannot: the
            Engine puts nothing into one whose root file system is read-only.
    """

    name: str
    config: Mapping[str, Any]
    prepare: tuple[DirectoryEntry, ...] = ()
    inspect: tuple[DirectoryEntry, ...] = ()
    prepare_aside: PrepareAside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCreation:
    """A volume to create."""

    name: str
    labels: Mapping[str, str]
    driver: str = "local"
    options: Mapping[str, str] | None = None


class Executor:
    """Carries out deeds on one Engine. Safe to use from several threads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def create_volume(self, creation: VolumeCreation) -> bool:
        """Create a volume; False if one of that name was there that is not ours."""
        seen = self._engine.create_volume(
            creation.name,
            labels=creation.labels,
            driver=creation.driver,
            options=creation.options,
        )
        return labels.is_ours(seen.labels)

    def create(self, creation: ContainerCreation) -> str:
        """Create a container, prepare its claims and start it; return its id.

        Raises:
            EngineError: With the container removed again if it could not be started, because a
                container keeps what it was created with; ``was_created`` tells.
        """
        container_id = self._engine.create_container(creation.name, creation.config)
        try:
            self.start(
                container_id,
                prepare=creation.prepare,
                inspect=creation.inspect,
                prepare_aside=creation.prepare_aside,
            )
        except EngineError as error:
            error.was_created = True
            self._engine.remove_container(container_id, force=True)
            raise
        return container_id

    def start(
        self,
        container_id: str,
        *,
        prepare: tuple[DirectoryEntry, ...] = (),
        inspect: tuple[DirectoryEntry, ...] = (),
        prepare_aside: PrepareAside | None = None,
    ) -> None:
        """Prepare the roots of new volumes, then start the container."""
        fresh = [
            entry
            for entry in inspect
            if self._engine.archive_head(container_id, f"{entry.path}/.") == UNTOUCHED_ROOT
        ]
        entries = (*prepare, *fresh)
        if entries and prepare_aside is not None:
            prepare_aside(entries)
        elif entries:
            tar = directories_tar(entries)
            self._engine.put_archive(container_id, "/", tar)
        self._engine.start(container_id)

    def stop(self, container: ContainerSeen, *, grace_seconds: float) -> float:
        """Stop a container gracefully if it runs, and return the seconds that it took.

        Gone already is fine.
        """
        began = self._clock.monotonic()
        if container.status in {ContainerStatus.RUNNING, ContainerStatus.RESTARTING}:
            # Somebody else may be at it, or have been: what counts is that it does not run.
            with suppress(EngineMissing):
                self._engine.stop(container.id, grace_seconds=math.ceil(grace_seconds))
        return self._clock.monotonic() - began

    def restore_sandbox(self, sandbox_id: str, running: tuple[str, ...]) -> None:
        """Stop what runs in a sandbox that is down, then start it."""
        for container_id in running:
            with suppress(EngineMissing):
                self._engine.stop(container_id)
        self._engine.start(sandbox_id)

    def rename_pod(
        self,
        container_id: str,
        network_id: str,
        *,
        address: str | None,
        aliases: tuple[str, ...],
        is_connected: bool = True,
    ) -> None:
        """Give a container other names on its network, at the same address."""
        if is_connected:
            self._engine.disconnect(network_id, container_id)
        self._engine.connect(network_id, container_id, address=address, aliases=aliases)

    def unpause(self, container_id: str) -> None:
        """Resume a paused container."""
        self._engine.unpause(container_id)
