"""The use case diff: each object of the input beside what lives of it; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minisets.app.changes import prepare
from minisets.app.context import Context
from minisets.app.loop.change import Change
from minisets.app.loop.configuration import SECRET_KIND
from minisets.app.loop.sets import observe_whole
from minisets.core.input.load import LoadedObject
from minisets.core.records.secret_record import masked


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
    world = observe_whole(context, None, is_dry=True)
    return [
        _difference(change)
        for change in prepare(context, world, objects)
        if change.verb != "unchanged"
    ]


def _difference(change: Change) -> Difference:
    kind, place = change.loaded.kind, f"{change.namespace}/{change.loaded.name}"
    before, after = change.before, change.merged
    if kind == SECRET_KIND:
        before, after = masked(before, after)
    return Difference(
        title=f"{after['apiVersion']} {kind} {place}".replace(" /", " "),
        before=before,
        after=after,
    )
