"""The command watch."""

from __future__ import annotations

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.session import open_context, open_screen
from minisets.core.query.kinds import SET, parse_names


@click.command(
    "watch",
    cls=Command,
    examples=("minisets watch", "minisets watch sts/web -n team-1", "minisets watch -A"),
)
@click.argument("words", nargs=-1, metavar="[sts/NAME...]")
@click.option("-A", "--all-namespaces", is_flag=True, help="Watch the sets of all namespaces.")
@pass_settings
def watch(settings: Settings, words: tuple[str, ...], all_namespaces: bool) -> None:
    """Keep sets whole until Ctrl-C: restart what fails its liveness probe, replace lost pods.

    Whatever ends it leaves everything running.
    """
    given = parse_names(words, SET)
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app.watch import watch as keep

        where = "all namespaces" if all_namespaces else f"namespace {settings.namespace}"
        screen.remark(f"watching {where}; Ctrl-C ends it and leaves everything running")
        keep(context, None if all_namespaces else settings.namespace, given)
