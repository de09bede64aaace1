"""What is written down of an object that is only a record, a Secret without its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from minisets.app.context import Context
from minisets.app.loop.configuration import secret_content
from minisets.app.loop.world import World
from minisets.core.records.record import Record
from minisets.core.records.secret_record import digest, sealed, to_files, values_of
from minisets.core.records.set_record import ObjectRecord, parse_object, to_data


def object_facts(
    context: Context, live: Record | None, merged: Mapping[str, Any], applied: Mapping[str, Any]
) -> ObjectRecord:
    """Return what is to be remembered of an object.

    Args:
        context: Of the command.
        live: Its record; None if it is new.
        merged: The object as it will be.
        applied: What the file says; empty if there is none.
    """
    if live is None:
        return ObjectRecord(
            object=dict(merged),
            last_applied=dict(applied),
            uid=context.clock.nonce(),
            created=context.clock.now(),
        )
    return msgspec.structs.replace(
        parse_object(live.data), object=dict(merged), last_applied=dict(applied)
    )


def stored_secret(
    context: Context, world: World, live: Record | None, facts: ObjectRecord
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the data of a Secret's record without a value in it, and its files.

    The key of the digest lies with the values: who can read it needs no digest to guess from.
    """
    values = values_of(facts.object)
    known = secret_content(context, world, live) if live is not None else None
    key = known[0] if known is not None else _new_key(context)
    stored = msgspec.structs.replace(
        facts, object=sealed(facts.object), digest=digest(key, values)
    )
    return to_data(stored), to_files(key, values)


def _new_key(context: Context) -> bytes:
    return "".join(context.clock.nonce() for _ in range(4)).encode()
