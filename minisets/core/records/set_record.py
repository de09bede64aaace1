"""What is remembered of a StatefulSet between commands, as one typed record."""

from __future__ import annotations

from typing import Any

import msgspec

from minisets.core.input.decode import convert
from minisets.core.network.addresses import Block
from minisets.core.network.host_ports import PortBlock
from minisets.core.pod.setback import Setback


class RevisionEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One remembered template.

    Attributes:
        template: Canonical JSON (minisets.core.controller.revision).
        created: Seconds since the epoch.
    """

    name: str
    number: int
    template: str
    created: float = 0.0
    change_cause: str = ""


class AppliedFrom(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The file of the last apply and when that was, in seconds since the epoch."""

    path: str = ""
    time: float = 0.0


class SetRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """All facts of a set that can change and cannot be seen in the Engine.

    Attributes:
        object: The live object, defaulted: apiVersion, kind, metadata and spec.
        last_applied: The file's object at the last apply; empty if it was never applied.
        uid: Identity; another set of the same name has another one.
        generation: Kubernetes' metadata.generation: grows with each change of the spec.
        created: Seconds since the epoch.
        status: As the controller last wrote it; None before the first time.
        blocks: Address blocks in the namespace's subnet.
        ports: Which ports of the host its pods have.
        claim_owners: Claim → owners. A pod is ``Pod/web-2@<container id>``.
        ready_since: Container id → seconds since the epoch.
        aliases: Container id → hash of the names it was given after its creation.
        used_claims: Claims whose volume is known to be prepared for use.
        foreign_claims: Claims whose volume somebody else made; never removed.
        shown: What is in the files of its pods: ``ConfigMap/NAME`` → nonce of the record.
        setbacks: Pod → why it could not be made; gone once it is there, or not wanted any more.
        is_stopped: Parked by ``stop``: no pods, everything else stays.
        deletion: How the set is being deleted (``foreground`` …); empty if it is not.
    """

    object: dict[str, Any]
    uid: str
    last_applied: dict[str, Any] = msgspec.field(default_factory=dict)
    generation: int = 1
    created: float = 0.0
    revisions: tuple[RevisionEntry, ...] = ()
    status: dict[str, Any] | None = None
    blocks: tuple[Block, ...] = ()
    ports: tuple[PortBlock, ...] = ()
    claim_owners: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    ready_since: dict[str, float] = msgspec.field(default_factory=dict)
    aliases: dict[str, str] = msgspec.field(default_factory=dict)
    used_claims: tuple[str, ...] = ()
    foreign_claims: tuple[str, ...] = ()
    shown: dict[str, str] = msgspec.field(default_factory=dict)
    setbacks: dict[str, Setback] = msgspec.field(default_factory=dict)
    is_stopped: bool = False
    deletion: str = ""
    applied_from: AppliedFrom = AppliedFrom()


class ObjectRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What is remembered of any other object: see SetRecord for the attributes.

    Attributes:
        digest: Keyed hash of a Secret's values, which are not here (secret_record).
    """

    object: dict[str, Any]
    uid: str
    last_applied: dict[str, Any] = msgspec.field(default_factory=dict)
    created: float = 0.0
    digest: str = ""


def to_data(record: SetRecord | ObjectRecord) -> dict[str, Any]:
    """Turn a record into plain JSON."""
    # Through JSON text, so that tuples become lists and a reader gets what a writer gave.
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    return data


def parse_set(data: dict[str, Any]) -> SetRecord:
    """Read a set's record from plain JSON."""
    return convert(data, SetRecord)


def parse_object(data: dict[str, Any]) -> ObjectRecord:
    """Read another object's record from plain JSON."""
    return convert(data, ObjectRecord)
