"""The sets that a command drives: each with its record as last read and what is to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from minisets.app.context import Context
from minisets.app.loop.world import Key, World, as_set
from minisets.core.controller.revision import parse_template
from minisets.core.input.decode import decode_as
from minisets.core.manifest import PodTemplateSpec, StatefulSet
from minisets.core.records.record import Record
from minisets.core.records.set_record import SetRecord, parse_set, to_data
from minisets.errors import Overtaken


@dataclass(slots=True, kw_only=True)
class Target:
    """One set under way.

    Attributes:
        record: As last read or written.
        facts: What the record holds, with changes that are not written yet.
        is_dirty: There are changes that must be written before anything is done by them.
        has_news: There are changes that can be derived again: written when the command ends.
    """

    record: Record
    facts: SetRecord
    manifest: StatefulSet
    is_dirty: bool = False
    has_news: bool = False

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return (self.record.namespace, self.record.name)

    @property
    def namespace(self) -> str:
        """Namespace of the set."""
        return self.record.namespace

    @property
    def name(self) -> str:
        """Name of the set."""
        return self.record.name

    def template_of(self, revision: str) -> PodTemplateSpec:
        """Return the template of a revision; today's if the revision is not remembered."""
        for entry in self.facts.revisions:
            if entry.name == revision:
                return _decode_template(entry.template)
        return self.manifest.spec.template

    def template_data(self, revision: str) -> dict[str, Any]:
        """Return the template of a revision as the API has it; see template_of."""
        for entry in self.facts.revisions:
            if entry.name == revision:
                return parse_template(entry.template)
        found: dict[str, Any] = self.facts.object["spec"]["template"]
        return found

    def change(self, **changes: object) -> None:
        """Change facts that deeds build on; flush before them."""
        if self._take(changes):
            self.is_dirty = True

    def note(self, **changes: object) -> None:
        """Change facts that can be derived again, to be written when the command ends."""
        if self._take(changes):
            self.has_news = True

    def _take(self, changes: Mapping[str, object]) -> bool:
        changed = msgspec.structs.replace(self.facts, **changes)
        if changed == self.facts:
            return False
        self.facts = changed
        return True


# Each look asks for every pod, and there are few revisions.
@lru_cache(maxsize=64)
def _decode_template(text: str) -> PodTemplateSpec:
    return decode_as(parse_template(text), PodTemplateSpec)


def open_target(record: Record) -> Target:
    """Take up a set from its record."""
    facts = parse_set(record.data)
    return Target(record=record, facts=facts, manifest=as_set(facts.object))


def flush(context: Context, target: Target, *, with_news: bool = False) -> None:
    """Write what has changed; news alone are worth it only at the end.

    Raises:
        Overtaken: Another command has written meanwhile.
    """
    if target.is_dirty or (with_news and target.has_news):
        target.record = context.store.replace(target.record, to_data(target.facts))
        target.is_dirty = target.has_news = False


def refresh(target: Target, world: World) -> None:
    """Take over what another command has written, unless it changed what the set should be.

    Raises:
        Overtaken: The set was deleted, or its spec changed.
    """
    subject = f"statefulset {target.namespace}/{target.name}"
    latest = world.records.get(target.record.key)
    if latest is None:
        raise Overtaken(f"{subject} was deleted by another command", hint="minisets get sts")
    if (latest.generation, latest.nonce) == (target.record.generation, target.record.nonce):
        return
    facts = parse_set(latest.data)
    mine = (
        target.facts.uid,
        target.facts.generation,
        target.facts.deletion,
        target.facts.is_stopped,
    )
    is_later = latest.generation > target.record.generation
    if not is_later or (facts.uid, facts.generation, facts.deletion, facts.is_stopped) != mine:
        raise Overtaken(
            f"{subject} was changed by another command, which goes on with it",
            hint=f"minisets rollout status sts/{target.name} -n {target.namespace}",
        )
    target.record, target.facts = latest, facts
    target.is_dirty = target.has_news = False
