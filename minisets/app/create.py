"""The use case create: an object that must not be there yet, written down as apply would."""

from __future__ import annotations

from minisets.app.changes import prepare
from minisets.app.context import Context
from minisets.app.loop.configuration import SECRET_KIND
from minisets.app.loop.sets import observe_whole
from minisets.app.loop.world import World
from minisets.app.reading.facts import object_facts, stored_secret
from minisets.core.input.load import LoadedObject
from minisets.core.naming import DEFAULT_NAMESPACE
from minisets.core.records.set_record import to_data
from minisets.errors import InputError, Overtaken

NAMESPACE_KIND = "Namespace"


def create(context: Context, item: LoadedObject, printed: str, *, is_dry: bool = False) -> None:
    """Write an object down; pods that wait for it find it at the next command that drives them.

    Args:
        context: Of the command.
        item: With its namespace filled in.
        printed: Its type as messages write it, such as ``configmaps``.
        is_dry: Check all, write nothing.

    Raises:
        InputError: It is there.
        ManifestError: It is not valid.
    """
    world = observe_whole(context, item.namespace or None, is_dry=is_dry)
    if _is_there(world, item):
        raise _already_there(item, printed)
    (change,) = prepare(context, world, [item])
    if is_dry:
        return
    # As kubectl's create: nothing was applied, so the first apply takes nothing away.
    facts = object_facts(context, None, change.merged, {})
    data, files = to_data(facts), None
    if item.kind == SECRET_KIND:
        data, files = stored_secret(context, world, None, facts)
    try:
        context.store.create(item.kind, change.namespace, item.name, data, files)
    except Overtaken as error:
        raise _already_there(item, printed) from error


def _is_there(world: World, item: LoadedObject) -> bool:
    if item.kind == NAMESPACE_KIND and item.name in {DEFAULT_NAMESPACE, *world.namespaces()}:
        return True
    return (item.kind, item.namespace or "", item.name) in world.records


def _already_there(item: LoadedObject, printed: str) -> InputError:
    return InputError(
        f'{printed} "{item.name}" already exists',
        hint=None
        if item.kind == NAMESPACE_KIND
        else "to change it, add to the same command: "
        "--dry-run=client -o yaml | minisets apply -f -",
    )
