"""The command events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.get import complete_format, show
from minisets.cli.selection import Choice
from minisets.cli.session import open_context, open_screen
from minisets.core.query import kinds

if TYPE_CHECKING:
    from minisets.app.reading.views import View

_EXAMPLES = (
    "minisets events",
    "minisets events --for pod/web-0",
    "minisets events --types=Warning -w",
    "minisets events -A -o json",
)


@click.command("events", cls=Command, examples=_EXAMPLES)
@click.option("--for", "subject", metavar="TYPE/NAME", help="Only events of this object.")
@click.option("--types", metavar="TYPE,...", help="Only events of these types: Normal, Warning.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Show events of all namespaces.")
@click.option("-w", "--watch", is_flag=True, help="Go on, and show what happens.")
@click.option(
    "-o",
    "--output",
    metavar="FORMAT",
    shell_complete=complete_format,
    help="As for get: wide, yaml, json, jsonpath=..., custom-columns=...",
)
@click.option("--no-headers", is_flag=True, help="Leave out the line of headers.")
@pass_settings
def events(
    settings: Settings,
    subject: str | None,
    types: str | None,
    all_namespaces: bool,
    watch: bool,
    output: str | None,
    no_headers: bool,
) -> None:
    """Show what happened to pods, sets and claims, oldest first.

    Events are what the Engine still remembers, the last 256 of its own, and what containers and
    volumes tell of themselves.
    """
    from minisets.cli.output import parse_output
    from minisets.cli.render import TableOptions

    keep = _Filter(subject, types)
    choice = Choice(wanted={kinds.EVENT: []}, keeps=keep, sort_by=None, has_fields=True)
    options = TableOptions(
        output=parse_output(output),
        has_namespace=all_namespaces,
        has_headers=not no_headers,
        is_history=True,
    )
    namespace = None if all_namespaces else settings.namespace
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        if not watch:
            show(context, screen, namespace, choice, options, is_lenient=True, noun="events")
            return
        from minisets.cli.watching import watch_objects

        watch_objects(
            context,
            screen,
            namespace=namespace,
            resource=kinds.EVENT,
            read=lambda look: choice.read(look, kinds.EVENT)[0],
            options=options,
            is_silent_first=False,
            has_events=False,
            is_whole=True,
            has_probes=True,
        )


class _Filter:
    """Keeps the events that were asked for.

    Args:
        subject: ``TYPE/NAME``.
        types: Types of events, parted by commas.
    """

    def __init__(self, subject: str | None, types: str | None) -> None:
        self._subject: tuple[str, str] | None = None
        if subject:
            if "/" not in subject:
                raise click.UsageError("--for must be in TYPE/NAME form, for example pod/web-0")
            ((resource, names),) = kinds.parse_words([subject], kinds.RESOURCES).items()
            self._subject = (resource.kind, names[0])
        self._types = {word.strip().capitalize() for word in types.split(",")} if types else set()
        if self._types - {"Normal", "Warning"}:
            raise click.UsageError("valid --types are Normal or Warning")

    def __call__(self, view: View) -> bool:
        """Say whether an event was asked for."""
        involved = view.object["involvedObject"]
        if self._subject not in {None, (involved["kind"], involved["name"])}:
            return False
        return not self._types or view.object["type"] in self._types
