"""Objects that are kept in records: found by kind and name, and their metadata changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from minisets.app.changes import CLUSTER_SCOPED
from minisets.app.context import Context
from minisets.app.loop.sets import observe_whole
from minisets.app.loop.world import World
from minisets.core import naming
from minisets.core.input.validate import validate
from minisets.core.query.absence import not_found
from minisets.core.records.record import Record
from minisets.errors import InputError, ManifestError

Part = Literal["annotations", "labels"]

_CLAIM = "PersistentVolumeClaim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An object as a command names it.

    Attributes:
        printed: Its type as messages write it, for example ``statefulsets.apps``.
    """

    kind: str
    namespace: str
    name: str
    printed: str


def observe_around(context: Context, wanted: Reference, *, is_dry: bool = False) -> World:
    """Look at the namespace of an object, at all of them if it is of none; see observe_whole."""
    return observe_whole(context, _space(wanted) or None, is_dry=is_dry)


def find_object(world: World, wanted: Reference) -> Record:
    """Return the record of an object.

    Raises:
        NotFound: There is none of that name.
        InputError: It is a claim that a set made: it has no record, its volume is all there is.
    """
    space = _space(wanted)
    record = world.records.get((wanted.kind, space, wanted.name))
    if record is not None:
        return record
    if wanted.kind == _CLAIM and any(
        volume.name == naming.volume_name(wanted.namespace, wanted.name)
        for volume in world.claims(wanted.namespace)
    ):
        raise InputError(
            f'the claim "{wanted.name}" is a volume, whose labels are fixed when it is made',
            hint="write them in the set's volumeClaimTemplates, for new claims",
        )
    known = [one.name for one in world.of_kind(wanted.kind, space)]
    raise not_found(wanted.printed, wanted.name, known, namespace=space or None)


def _space(wanted: Reference) -> str:
    return "" if wanted.kind in CLUSTER_SCOPED else wanted.namespace


def metadata_of(record: Record, part: Part) -> dict[str, str]:
    """Return the labels or the annotations of an object."""
    return dict(record.data["object"]["metadata"].get(part) or {})


def change_metadata(
    context: Context,
    wanted: Reference,
    part: Part,
    values: Mapping[str, str | None],
    *,
    overwrite: bool,
    is_dry: bool = False,
) -> bool:
    """Set and remove labels or annotations of an object; say whether anything changed.

    Pods are left as they are: labels and annotations of a set are not those of its template.

    Args:
        context: Of the command.
        wanted: The object.
        part: Which of the two.
        values: Key → value; None removes the key.
        overwrite: Also change what has another value now.
        is_dry: Only say what would be: nothing is written.

    Raises:
        NotFound: There is no such object.
        InputError: A key has another value and ``overwrite`` is off.
        ManifestError: A key or a value is none that Kubernetes takes.
    """
    record = find_object(observe_around(context, wanted, is_dry=is_dry), wanted)
    before = metadata_of(record, part)
    taken = [
        f"'{key}' already has a value ({before[key]})"
        for key, value in values.items()
        if value is not None and before.get(key, value) != value
    ]
    if taken and not overwrite:
        if part == "labels":
            message = f"{taken[0]}, and --overwrite is false"
        else:
            message = (
                "--overwrite is false but found the following declared annotation(s): "
                f"{'; '.join(taken)}"
            )
        raise InputError(message, hint="add --overwrite to change it")
    kept = {key: value for key, value in before.items() if values.get(key, value) is not None}
    after = {**kept, **{key: value for key, value in values.items() if value is not None}}
    if after == before:
        return False
    changed: dict[str, Any] = copy.deepcopy(record.data["object"])
    changed["metadata"][part] = after
    # The values of a Secret are not here to be judged, nor is it asked for.
    judged = {key: part for key, part in changed.items() if key not in {"data", "type"}}
    problems = validate(judged)
    if problems:
        raise ManifestError(problems)
    if not is_dry:
        context.store.replace(record, {**record.data, "object": changed})
    return True
