"""What a command that was killed has left behind: helper containers, and files of no record."""

from __future__ import annotations

from contextlib import suppress

from minisets.app.context import Context
from minisets.app.loop.world import World
from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.timestamps import seconds_of
from minisets.errors import EngineConflict, EngineMissing

# A porter's work takes milliseconds, but for a program that walks through many files. The Engine's
# clock may differ from ours; one that is taken too soon is made again by its command.
_PORTER_SECONDS = 60.0
# Files are written seconds before the record that needs them.
_FILES_SECONDS = 600.0


def remove_leftovers(context: Context, world: World) -> None:
    """Remove what killed commands have left; costs nothing if there is nothing."""
    now = context.clock.now()
    for container in world.containers:
        is_porter = container.labels.get(labels.KIND) == labels.KIND_PORTER
        if (
            is_porter
            and now - container.created > _PORTER_SECONDS
            and not _is_at_work(context, container)
        ):
            context.engine.remove_container(container.id, force=True)
    needed = {record.files for record in world.records.values()}
    for volume in world.volumes:
        is_stray = (
            volume.labels.get(labels.KIND) == labels.KIND_FILES and volume.name not in needed
        )
        if is_stray and now - seconds_of(volume.created) > _FILES_SECONDS:
            with suppress(EngineConflict):
                context.engine.remove_volume(volume.name)


def _is_at_work(context: Context, porter: ContainerSeen) -> bool:
    """Say whether a program runs in a porter's container, be its command there or not."""
    if porter.status is not ContainerStatus.RUNNING:
        return False
    with suppress(EngineMissing):
        return bool(context.engine.inspect(porter.id).execs)
    return True
