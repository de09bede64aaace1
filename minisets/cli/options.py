"""The command options: the global ones, for who looks for them as in kubectl."""

from __future__ import annotations

import click

from minisets.cli.command import Command, global_options, write_options


@click.command("options", cls=Command, examples=("minisets options",))
@click.pass_context
def options(ctx: click.Context) -> None:
    """Print the options that every command takes, before or after the verb."""
    formatter = ctx.make_formatter()
    write_options(global_options(), ctx, formatter)
    click.echo(formatter.getvalue().strip("\n"))
