"""The use case diff: each object of the input beside what lives of it; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minisets.app.changes import prepare
from minisets.app.context import Context
from minisets.app.world import observe
from minisets.core.load import LoadedObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One object that apply would change.

    Attributes:
        title: For example ``apps/v1 StatefulSet default/web``.
        before: The live object; empty if it is new.
        after: The object as apply would leave it.
    """

    title: str
    before: dict[str, Any]
    after: dict[str, Any]


def compare(context: Context, objects: Sequence[LoadedObject]) -> list[Difference]:
    """Return the objects that apply would change, with their namespaces filled in.

    Raises:
        ManifestError: A merged object is not valid, or changes what cannot be changed.
    """
    world = observe(context.engine)
    return [
        Difference(
            title=f"{change.merged['apiVersion']} {change.loaded.kind} "
            f"{change.namespace}/{change.loaded.name}".replace(" /", " "),
            before=change.before,
            after=change.merged,
        )
        for change in prepare(world, objects)
        if change.verb != "unchanged"
    ]
