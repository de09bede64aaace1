"""The ConfigMaps and Secrets of a namespace, from their records; Secrets only when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from minisets.app.context import Context
from minisets.app.loop.world import World
from minisets.core import labels
from minisets.core.records.configuration import (
    Configuration,
    Values,
    config_map_binary_keys,
    config_map_values,
)
from minisets.core.records.record import Record
from minisets.core.records.secret_record import from_files, opened
from minisets.core.records.set_record import parse_object
from minisets.errors import Contended, ReferenceMissing

CONFIG_MAP_KIND = "ConfigMap"
SECRET_KIND = "Secret"  # noqa: S105 - a kind, no password


def configuration_of(context: Context, world: World, namespace: str) -> Configuration:
    """Return what pods of a namespace may refer to.

    Costs nothing; the first look into a Secret costs three Engine calls, for all Secrets of the
    namespace, and further ones nothing, also with the next look at the Engine.
    """
    config_maps = {
        record.name: record.data["object"] for record in world.of_kind(CONFIG_MAP_KIND, namespace)
    }
    return Configuration(
        config_maps={name: config_map_values(obj) for name, obj in config_maps.items()},
        secrets=_Secrets(context, world, namespace),
        binary_keys={name: config_map_binary_keys(obj) for name, obj in config_maps.items()},
    )


def secret_values(context: Context, world: World, record: Record) -> Values | None:
    """Return the values of one Secret; None if they are lost, as after a prune.

    Raises:
        Contended: Another command is replacing the Secret this moment.
    """
    found = secret_content(context, world, record)
    return None if found is None else found[1]


def secret_content(
    context: Context, world: World, record: Record
) -> tuple[bytes, Mapping[str, bytes]] | None:
    """Return the key of a Secret's digest and its values; see secret_values."""
    there = {volume.name for volume in world.volumes}
    if record.files not in there:
        return None
    readable = [one for one in world.of_kind(SECRET_KIND, record.namespace) if one.files in there]
    files = context.store.files(readable)[record.key]
    found = from_files(files, parse_object(record.data).digest)
    if found is None:
        _forget_stray(context, record)
        raise Contended(
            f"secret {record.namespace}/{record.name} was changed by another command meanwhile",
            hint="run the command again",
        )
    return found


def live_object(context: Context | None, world: World, record: Record) -> dict[str, Any]:
    """Return the object that a record holds, a Secret with its values."""
    found: dict[str, Any] = record.data["object"]
    if record.kind != SECRET_KIND or context is None:
        return found
    return opened(found, secret_values(context, world, record))


class _Secrets(Mapping[str, Values]):
    """The Secrets of a namespace, read when one of them is asked for."""

    def __init__(self, context: Context, world: World, namespace: str) -> None:
        self._context = context
        self._world = world
        self._records = {one.name: one for one in world.of_kind(SECRET_KIND, namespace)}

    def __getitem__(self, name: str) -> Values:
        values = secret_values(self._context, self._world, self._records[name])
        if values is None:
            raise ReferenceMissing(
                f'the values of secret "{name}" are gone (docker volume prune?)',
                hint="apply the file with the secret again, or create it again",
            )
        return values

    def __contains__(self, name: object) -> bool:
        # Else the names alone would make it read the values.
        return name in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def _forget_stray(context: Context, record: Record) -> None:
    """Remove the volume that the Engine made when we mounted one that had just been removed."""
    found = context.engine.create_volume(record.files, labels={})
    if labels.SCHEMA not in found.labels:
        context.engine.remove_volume(record.files)
