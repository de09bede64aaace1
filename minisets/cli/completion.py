"""The command completion: the script that makes a shell ask for completions."""

from __future__ import annotations

import click

from minisets.cli.command import Command

_EXAMPLES = (
    "minisets completion bash",
    "minisets completion zsh",
    "minisets completion fish",
)


@click.command("completion", cls=Command, examples=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that completes commands, options and names in a shell.

    In bash: source <(minisets completion bash). In zsh, after compinit: source <(minisets
    completion zsh). In fish: minisets completion fish | source. Names of objects, namespaces and
    containers come from the Engine.
    """
    from click.shell_completion import ShellComplete, get_completion_class

    from minisets.cli.complete import VARIABLE
    from minisets.cli.main import cli

    kind = get_completion_class(shell)
    if kind is not None:
        # Not by the class for bash: it would run bash to see how old it is.
        script = ShellComplete.source(kind(cli, {}, "minisets", VARIABLE))
        # click's script for fish ends values and descriptions at their first comma.
        click.echo(script.replace('string split ","', 'string split -m 1 ","'))
