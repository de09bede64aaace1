"""The commands rollout status, history, undo and restart."""

from __future__ import annotations

import click

from minisets.cli.changing import (
    SETS_METAVAR,
    each_in_turn,
    finish,
    found_sets,
    mark_begun,
    select_sets,
    waiting_options,
)
from minisets.cli.command import (
    DURATION,
    FOREVER_SECONDS,
    Command,
    Family,
    Settings,
    pass_settings,
)
from minisets.cli.selection import Given, selection_options
from minisets.cli.session import open_context, open_screen


@click.group(
    "rollout",
    cls=Family,
    examples=(
        "minisets rollout status sts/web",
        "minisets rollout history sts/web",
        "minisets rollout undo sts/web",
        "minisets rollout restart sts/web",
    ),
)
def rollout() -> None:
    """Follow, repeat or take back the update of a set."""


@rollout.command(
    "status",
    cls=Command,
    examples=("minisets rollout status sts/web", "minisets rollout status sts/web --watch=false"),
)
@selection_options(SETS_METAVAR)
@click.option(
    "-w", "--watch/--no-watch", default=True, help="Drive it to its end; else only tell."
)
@click.option(
    "--revision",
    type=click.IntRange(min=0),
    expose_value=False,
    metavar="N",
    help="Accepted; of a set it is always the newest, as with kubectl.",
)
@click.option(
    "--timeout",
    type=DURATION,
    default="10m",
    show_default=True,
    help="Longest wait; 0 is without end.",
)
@pass_settings
def status(settings: Settings, given: Given, watch: bool, timeout: float) -> None:
    """Drive a rollout to its end and print how far it is."""
    with open_screen(settings) as screen:
        selection = select_sets(given, settings, screen)
        with open_context(settings, screen) as context:
            from minisets.app import rollout as use_case

            for thing in found_sets(selection, context):
                if not watch:
                    screen.result(use_case.view_status(context, thing.namespace, thing.name))
                    continue
                use_case.follow(
                    context,
                    thing.namespace,
                    thing.name,
                    screen.result,
                    timeout_seconds=timeout or FOREVER_SECONDS,
                )


@rollout.command(
    "history",
    cls=Command,
    examples=(
        "minisets rollout history sts/web",
        "minisets rollout history sts/web --revision=2",
    ),
)
@selection_options(SETS_METAVAR)
@click.option("--revision", type=click.IntRange(min=0), default=0, help="Show this one in full.")
@pass_settings
def history(settings: Settings, given: Given, revision: int) -> None:
    """Print the remembered revisions of a set."""
    from minisets.cli.render_rollout import render_history, render_revision

    with open_screen(settings) as screen:
        selection = select_sets(given, settings, screen)
        with open_context(settings, screen) as context:
            from minisets.app import rollout as use_case

            for thing in found_sets(selection, context):
                entries = use_case.history(context, thing.namespace, thing.name)
                title = thing.title
                if revision:
                    screen.result(render_revision(title, entries, revision))
                else:
                    screen.result(render_history(title, entries))


@rollout.command(
    "undo",
    cls=Command,
    examples=("minisets rollout undo sts/web", "minisets rollout undo sts/web --to-revision=1"),
)
@selection_options(SETS_METAVAR)
@click.option(
    "--to-revision", type=int, default=0, metavar="N", help="0 is the one before the newest."
)
@waiting_options
@pass_settings
def undo(settings: Settings, given: Given, to_revision: int, wait: bool, timeout: float) -> None:
    """Go back to an earlier revision of a set; its pods roll, highest ordinal first."""
    with open_screen(settings) as screen:
        selection = select_sets(given, settings, screen)
        with open_context(settings, screen) as context:
            from minisets.app import rollout as use_case

            for thing in each_in_turn(found_sets(selection, context), settings):
                number, is_changed = use_case.undo(
                    context, thing.namespace, thing.name, to_revision=to_revision
                )
                mark_begun(thing, settings)
                if is_changed:
                    screen.result(f"{thing.title} rolled back")
                else:
                    screen.result(
                        f"{thing.title} skipped rollback "
                        f"(current template already matches revision {number})"
                    )
                finish(context, screen, thing, wait=wait, timeout=timeout)


@rollout.command("restart", cls=Command, examples=("minisets rollout restart sts/web",))
@selection_options(SETS_METAVAR)
@waiting_options
@pass_settings
def restart(settings: Settings, given: Given, wait: bool, timeout: float) -> None:
    """Make all pods of a set anew, highest ordinal first, each when the one before is ready."""
    with open_screen(settings) as screen:
        selection = select_sets(given, settings, screen)
        with open_context(settings, screen) as context:
            from minisets.app import rollout as use_case

            for thing in each_in_turn(found_sets(selection, context), settings):
                use_case.restart(context, thing.namespace, thing.name)
                mark_begun(thing, settings)
                screen.result(f"{thing.title} restarted")
                finish(context, screen, thing, wait=wait, timeout=timeout)
