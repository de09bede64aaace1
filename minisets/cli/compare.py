"""The command diff."""

from __future__ import annotations

import click

from minisets.cli.command import Settings, pass_settings
from minisets.cli.manifests import FileCommand, file_options, load_objects
from minisets.cli.session import open_context, open_screen


@click.command(
    "diff",
    cls=FileCommand,
    examples=("minisets diff -f web.yaml", "helm template chart | minisets diff -f -"),
)
@file_options(is_required=True)
@pass_settings
@click.pass_context
def diff(ctx: click.Context, settings: Settings, files: tuple[str, ...], recursive: bool) -> None:
    """Print what apply would change in the live objects; exit code 1 if there is a difference."""
    from minisets.cli.render_diff import render_difference

    with open_screen(settings) as screen:
        objects = load_objects(settings, screen, files, recursive=recursive)
        with open_context(settings, screen) as context:
            from minisets.app.compare import compare

            found = compare(context, objects)
        for item in found:
            screen.result(render_difference(item.title, item.before, item.after))
    if found:
        ctx.exit(1)
