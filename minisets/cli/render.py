"""What get prints, as text: tables and ages as kubectl has them, YAML, JSON and names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from minisets.cli.cells import PUBLISHED, View, cells_of
from minisets.cli.kinds import Resource

Found = Sequence[tuple[Resource, Sequence[View]]]
"""What was found, by resource, in the order in which it is printed."""

_NONE = "<none>"
_PADDING = 3
_MIN_WIDTH = 6
_TEXT = "tag:yaml.org,2002:str"


def render_found(found: Found, output: str | None, now: float, *, options: TableOptions) -> str:
    """Return what get prints for an output format; None and ``wide`` are tables."""
    if output == "name":
        lines = [f"{kind.printed}/{view.name}" for kind, views in found for view in views]
        return "\n".join(lines)
    if output in {"yaml", "json"}:
        items = [view.object for _, views in found for view in views]
        whole = items[0] if options.is_single and len(items) == 1 else as_list(items)
        return to_yaml(whole) if output == "yaml" else to_json(whole)
    return render_tables(found, now, options=options)


class TableOptions:
    """How get shows things.

    Args:
        is_wide: With the columns of ``-o wide``.
        has_namespace: With a first column for the namespace.
        has_headers: With a line of headers.
        is_single: One object was asked for by its name: not a list.
    """

    def __init__(
        self,
        *,
        is_wide: bool = False,
        has_namespace: bool = False,
        has_headers: bool = True,
        is_single: bool = False,
    ) -> None:
        self.is_wide = is_wide
        self.has_namespace = has_namespace
        self.has_headers = has_headers
        self.is_single = is_single


def render_tables(found: Found, now: float, *, options: TableOptions) -> str:
    """Return a table per resource that has something, an empty line between them."""
    full = [(resource, views) for resource, views in found if views]
    # Beside others, names say what they are the names of.
    has_kind = len(found) > 1
    tables = []
    for resource, views in full:
        rows = []
        for view in views:
            cells = cells_of(view, now, is_wide=options.is_wide)
            if has_kind:
                cells["NAME"] = f"{resource.printed}/{view.name}"
            if options.has_namespace:
                cells = {"NAMESPACE": view.namespace, **cells}
            rows.append(cells)
        if any(PUBLISHED in cells for cells in rows):
            rows = [{**cells, PUBLISHED: cells.get(PUBLISHED, _NONE)} for cells in rows]
        tables.append(render_table(rows, has_headers=options.has_headers))
    return "\n\n".join(tables)


def render_table(rows: Sequence[dict[str, str]], *, has_headers: bool = True) -> str:
    """Return rows of the same columns as kubectl lays them out: three spaces between columns."""
    lines = [list(rows[0])] if has_headers else []
    lines += [list(row.values()) for row in rows]
    widths = [
        max(_MIN_WIDTH, _PADDING + max(len(line[index]) for line in lines))
        for index in range(len(rows[0]) - 1)
    ]
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) + line[-1]
        for line in lines
    )


def as_list(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return several objects as the List that kubectl prints."""
    return {
        "apiVersion": "v1",
        "items": list(items),
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }


def to_json(value: dict[str, Any]) -> str:
    """Return JSON as kubectl writes it: four spaces, keys in order."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)


def to_yaml(value: dict[str, Any]) -> str:
    """Return YAML as kubectl writes it: keys in order, text of several lines as a block."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes no anchors: kubectl's readers would accept them, people would not."""

        def ignore_aliases(self, data: object) -> bool:
            """Write a value again where it stands again."""
            del data
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        # As kubectl: double quotes around what would be no text without quotes.
        tag = dumper.resolve(yaml.ScalarNode, data, (True, False))  # type: ignore[no-untyped-call]
        is_text = tag == _TEXT
        style = "|" if "\n" in data else None if is_text else '"'
        return dumper.represent_scalar(_TEXT, data, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(
        value, Dumper=Dumper, allow_unicode=True, default_flow_style=False, width=10**6
    )
    return written.rstrip("\n")
