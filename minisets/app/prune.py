"""The use case apply --prune: what was applied before, and is in the files no more, goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minisets.app.context import Context
from minisets.app.delete import delete_object, delete_set
from minisets.app.loop.sets import SET_KIND, observe_whole
from minisets.app.loop.world import World
from minisets.core.input.load import LoadedObject
from minisets.core.query.selectors import LabelSelector, matches
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_object, parse_set

# Sets go before what their pods use. Claims and volumes are data: they go by their own names only.
_KINDS = (SET_KIND, "Service", "ConfigMap", "Secret")

Key = tuple[str, str, str]
"""Kind, namespace and name."""


def prune(
    context: Context,
    objects: Sequence[LoadedObject],
    selector: LabelSelector,
    tell: Callable[[Key], None],
    *,
    is_dry: bool = False,
) -> None:
    """Delete what a selector takes, was applied, and is not among the objects; volumes stay.

    Args:
        context: Of the command.
        objects: Of the files; only their namespaces are looked into.
        selector: Over the labels of the objects themselves.
        tell: Called with each object that is gone.
        is_dry: Only tell.
    """
    kept = {(item.kind, item.namespace or "", item.name) for item in objects}
    for namespace in sorted({item.namespace for item in objects if item.namespace}):
        world = observe_whole(context, namespace, is_dry=is_dry)
        for key in _outdated(world, namespace, selector, kept):
            if not is_dry:
                _delete(context, key)
            tell(key)


def _delete(context: Context, key: Key) -> None:
    kind, namespace, name = key
    if kind == SET_KIND:
        delete_set(context, namespace, name)
    else:
        delete_object(context, kind, namespace, name)


def _outdated(world: World, namespace: str, selector: LabelSelector, kept: set[Key]) -> list[Key]:
    return [
        record.key
        for kind in _KINDS
        for record in world.of_kind(kind, namespace)
        if record.key not in kept and _was_applied(record) and _is_meant(record, selector)
    ]


def _was_applied(record: Record) -> bool:
    """Say whether an object came by apply: what was made otherwise is not in any file."""
    parse = parse_set if record.kind == SET_KIND else parse_object
    return bool(parse(record.data).last_applied)


def _is_meant(record: Record, selector: LabelSelector) -> bool:
    return matches(selector, record.data["object"]["metadata"].get("labels") or {})
