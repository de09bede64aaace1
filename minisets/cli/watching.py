"""What ``get -w`` prints: first all objects, then each one that has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from minisets.app.context import Context
from minisets.app.reading.look import Look
from minisets.app.reading.lookout import Lookout
from minisets.app.reading.views import PodView, View
from minisets.cli.progress import Screen
from minisets.cli.render import GrowingTable, TableOptions, cells_for, render_found
from minisets.core.query.kinds import EVENT, Resource

News = tuple[str, View]
"""``ADDED``, ``MODIFIED`` or ``DELETED``, and the object as it is or was."""


def watch_objects(
    context: Context,
    screen: Screen,
    *,
    namespace: str | None,
    resource: Resource,
    read: Callable[[Look], Sequence[View]],
    options: TableOptions,
    is_silent_first: bool,
    has_events: bool,
    is_whole: bool,
    has_probes: bool,
) -> None:
    """Print objects, and again each one that changes, until the user has had enough.

    Args:
        context: Of the command.
        screen: Takes the lines.
        namespace: To watch; None: all of them.
        resource: Their kind.
        read: Chooses the objects of a look.
        options: How they are printed.
        is_silent_first: What is there at first is not printed.
        has_events: Each object is printed with what happened to it.
        is_whole: Any field of the objects may be asked for.
        has_probes: The readiness of pods is part of what is shown.
    """
    printer = Printer(resource, options, has_events=has_events)
    known = Known()
    with Lookout(context, namespace, is_whole=is_whole, has_probes=has_probes) as lookout:
        for index, look in enumerate(lookout.looks()):
            news = [
                (what, view)
                for what, view in known.take(read(look))
                # That the Engine has forgotten an event is no news.
                if what != "DELETED" or resource is not EVENT
            ]
            if news and not (is_silent_first and index == 0):
                for text in printer.lines(news, context.clock.now()):
                    screen.result(text)


@dataclass
class Known:
    """What was there at the last look."""

    views: dict[tuple[str, str], View] = field(default_factory=dict)

    def take(self, views: Sequence[View]) -> Iterator[News]:
        """Yield what is another than before, what came and what went."""
        before, self.views = self.views, {(view.namespace, view.name): view for view in views}
        for key, view in before.items():
            if key not in self.views:
                yield "DELETED", _last_of(view)
        for key, view in self.views.items():
            old = before.get(key)
            if old is None:
                yield "ADDED", view
            elif _identity(old) != _identity(view):
                # Under the name stands another one: of the first it is the end.
                yield "DELETED", _last_of(old)
                yield "ADDED", view
            elif old.object != view.object:
                yield "MODIFIED", view


def _identity(view: View) -> Any:  # noqa: ANN401 - whatever JSON has there
    return view.object.get("metadata", {}).get("uid")


def _last_of(view: View) -> View:
    return replace(view, status="Terminating") if isinstance(view, PodView) else view


class Printer:
    """Prints changes in the format that was asked for.

    Args:
        resource: Kind of the objects.
        options: Format and columns.
        has_events: With what happened to each object.
    """

    def __init__(self, resource: Resource, options: TableOptions, *, has_events: bool) -> None:
        self._resource = resource
        self._options = options
        self._has_events = has_events
        self._table = GrowingTable()
        self._has_headers = options.has_headers

    def lines(self, news: Sequence[News], now: float) -> Iterator[str]:
        """Yield what is printed of some changes."""
        output = self._options.output
        if output.is_table or output.format == "columns":
            rows = [self._cells(what, view, now) for what, view in news]
            yield from self._table.lines(rows, has_headers=self._has_headers)
            self._has_headers = False
            return
        for what, view in news:
            yield self._whole(what, view, now)

    def _cells(self, what: str, view: View, now: float) -> dict[str, str]:
        cells = cells_for(self._resource, view, now, self._options)
        return {"EVENT": what, **cells} if self._has_events else cells

    def _whole(self, what: str, view: View, now: float) -> str:
        if self._has_events and self._options.output.format in {"json", "yaml"}:
            # The event as the API server sends it.
            view = replace(view, object={"type": what, "object": view.object})
        options = replace(self._options, is_single=True)
        text = render_found([(self._resource, [view])], now, options)
        return f"---\n{text}" if self._options.output.format == "yaml" else text
