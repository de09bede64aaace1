"""Revisions of a set as text: the history table, and one revision in full."""

from __future__ import annotations

from collections.abc import Sequence

from minisets.cli.blocks import Block, render_block
from minisets.cli.render import render_table
from minisets.cli.render_describe import template_fields
from minisets.core.controller.revision import parse_template
from minisets.core.records.set_record import RevisionEntry
from minisets.errors import NotFound

_NONE = "<none>"


def render_history(title: str, entries: Sequence[RevisionEntry]) -> str:
    """Return kubectl's table of revisions, oldest first."""
    if not entries:
        return "No rollout history found."
    rows = [
        {"REVISION": str(entry.number), "CHANGE-CAUSE": entry.change_cause or _NONE}
        for entry in entries
    ]
    return f"{title} \n{render_table(rows)}\n"


def render_revision(title: str, entries: Sequence[RevisionEntry], number: int) -> str:
    """Return the pod template of one revision, as describe shows it.

    Raises:
        NotFound: There is no revision of that number.
    """
    for entry in entries:
        if entry.number == number:
            template = Block(template_fields(parse_template(entry.template)))
            lines = render_block(Block([("Pod Template", template)]))
            return "\n".join([f"{title} with revision #{number}", *lines])
    known = ", ".join(str(entry.number) for entry in entries)
    raise NotFound("unable to find the specified revision", hint=f"the revisions are {known}")
