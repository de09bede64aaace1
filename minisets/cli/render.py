"""What get prints, as text: tables as kubectl lays them out, names, and the user's own columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from minisets.app.reading.views import ObjectView, View
from minisets.cli.cells import PUBLISHED, Cells, cells_of, history_cells
from minisets.cli.output import TABLE, Output, write_objects
from minisets.core.query.kinds import Resource

Found = Sequence[tuple[Resource, Sequence[View]]]
"""What was found, by resource, in the order in which it is printed."""

_PADDING = 3
_MIN_WIDTH = 6
_NONE = "<none>"


class TableOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How get shows things.

    Attributes:
        has_namespace: With a first column for the namespace.
        has_headers: With a line of headers.
        has_kind: Names say what they are the names of, as they do beside other kinds.
        has_labels: With a last column for all labels.
        labels: With a column for each of these labels.
        is_single: One object was asked for by its name: not a list.
        is_history: Events say how often they were, as the command of that name has them.
    """

    output: Output = TABLE
    has_namespace: bool = False
    has_headers: bool = True
    has_kind: bool = False
    has_labels: bool = False
    labels: Sequence[str] = ()
    is_single: bool = False
    is_history: bool = False

    @property
    def is_whole(self) -> bool:
        """More is shown of the objects than a table has room for."""
        return self.output.format not in {"table", "name"}


def render_found(found: Found, now: float, options: TableOptions) -> str:
    """Return what get prints.

    Args:
        found: Objects by resource.
        now: Seconds since the epoch.
        options: Say how.

    Raises:
        InputError: A template of the user's does not fit the objects.
    """
    output = options.output
    if output.is_table or output.format == "columns":
        return render_tables(found, now, options=options)
    if output.format == "name":
        lines = [f"{kind.printed}/{view.name}" for kind, views in found for view in views]
        return "\n".join(lines)
    items = [view.object for _, views in found for view in views]
    return write_objects(output, items, is_single=options.is_single)


def render_tables(found: Found, now: float, *, options: TableOptions) -> str:
    """Return a table per resource that has something, an empty line between them."""
    full = [(resource, views) for resource, views in found if views]
    if options.output.format == "columns":
        # As kubectl: one table, whatever the kinds.
        rows = [own_cells(options.output, view) for _, views in full for view in views]
        return render_table(rows, has_headers=options.has_headers) if rows else ""
    tables = []
    for resource, views in full:
        is_published = any(getattr(view, "places", ()) for view in views)
        rows = [
            cells_for(
                resource,
                view,
                now,
                options,
                has_kind=len(found) > 1,
                is_published=is_published,
            )
            for view in views
        ]
        tables.append(render_table(rows, has_headers=options.has_headers))
    return "\n\n".join(tables)


def cells_for(
    resource: Resource,
    view: View,
    now: float,
    options: TableOptions,
    *,
    has_kind: bool = False,
    is_published: bool = False,
) -> Cells:
    """Return the row of one object, with all columns that were asked for.

    Args:
        resource: Of the object.
        view: The object.
        now: Seconds since the epoch.
        options: Say which columns.
        has_kind: The name says what it is the name of.
        is_published: The table has a column of places.
    """
    if options.output.format == "columns":
        return own_cells(options.output, view)
    is_wide = options.output.format == "wide"
    cells = cells_of(view, now, is_wide=is_wide)
    if options.is_history and isinstance(view, ObjectView):
        cells |= history_cells(view, now)
    if is_wide and is_published:
        cells.setdefault(PUBLISHED, _NONE)
    if (has_kind or options.has_kind) and "NAME" in cells:
        cells["NAME"] = f"{resource.printed}/{cells['NAME']}"
    if options.has_namespace:
        cells = {"NAMESPACE": view.namespace or _NONE, **cells}
    labels: Mapping[str, str] = view.object.get("metadata", {}).get("labels") or {}
    for key in options.labels:
        cells[key.rpartition("/")[2].upper()] = labels.get(key, "")
    if options.has_labels:
        listed = [f"{key}={value}" for key, value in sorted(labels.items())]
        cells["LABELS"] = ",".join(listed) or _NONE
    return cells


def own_cells(output: Output, view: View) -> Cells:
    """Return the row of one object in a table of the user's own."""
    from minisets.core.query.columns import row

    found = row(output.columns, view.object)
    return {column.header: cell for column, cell in zip(output.columns, found, strict=True)}


def render_table(rows: Sequence[Cells], *, has_headers: bool = True) -> str:
    """Return rows of the same columns as kubectl lays them out: three spaces between columns."""
    lines = GrowingTable().lines(rows, has_headers=has_headers)
    return "\n".join(lines)


class GrowingTable(msgspec.Struct):
    """A table that is written bit by bit: its columns grow, and never shrink.

    Attributes:
        widths: Of the columns so far.
    """

    widths: list[int] = msgspec.field(default_factory=list)

    def lines(self, rows: Sequence[Cells], *, has_headers: bool) -> list[str]:
        """Return further lines of the table."""
        lines = [list(rows[0])] if has_headers else []
        lines += [list(row.values()) for row in rows]
        needed = [
            max(_MIN_WIDTH, _PADDING + max(len(line[index]) for line in lines))
            for index in range(len(rows[0]) - 1)
        ]
        known = self.widths or [0] * len(needed)
        self.widths = [max(pair) for pair in zip(known, needed, strict=True)]
        return [
            "".join(cell.ljust(width) for cell, width in zip(line, self.widths, strict=False))
            + line[-1]
            for line in lines
        ]
