"""The commands options and help, for who looks for them as in kubectl."""

from __future__ import annotations

import click

from minisets.cli.command import Command, global_options, write_options
from minisets.errors import InputError


@click.command("options", cls=Command, examples=("minisets options",))
@click.pass_context
def options(ctx: click.Context) -> None:
    """Print the options that every command takes, before or after the verb."""
    formatter = ctx.make_formatter()
    write_options(global_options(), ctx, formatter)
    click.echo(formatter.getvalue().strip("\n"))


@click.command("help", cls=Command, examples=("minisets help", "minisets help rollout undo"))
@click.argument("words", nargs=-1, metavar="[COMMAND...]")
@click.pass_context
def show_help(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Print what a command does and which options it takes, as its --help does."""
    shown = ctx.find_root()
    for word in words:
        command = shown.command
        found = command.get_command(shown, word) if isinstance(command, click.Group) else None
        if found is None:
            raise InputError(
                f"Unknown help topic {' '.join(words)!r}", hint=f"{shown.command_path} --help"
            )
        shown = click.Context(found, info_name=word, parent=shown)
    click.echo(shown.get_help())
