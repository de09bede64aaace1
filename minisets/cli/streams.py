"""The commands exec and attach."""

from __future__ import annotations

import sys

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.pods import PODS_METAVAR, parse_pods, tell_default
from minisets.cli.session import open_context, open_screen
from minisets.cli.terminal import is_terminal

_NO_TERMINAL = "Unable to use a TTY - input is not a terminal or the right kind of file"
_REST = "minisets.command"


class ExecCommand(Command):
    """Keeps what follows ``--`` as it is: none of it is an option of ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before ``--``."""
        own, dashes, rest = _cut(args)
        ctx.meta[_REST] = tuple(rest)
        if ctx.resilient_parsing:
            return super().parse_args(ctx, own)
        try:
            left = super().parse_args(ctx, own)
        except click.MissingParameter:
            raise
        except click.UsageError as error:
            if dashes:
                raise
            raise click.UsageError(
                "exec [POD] [COMMAND] is not supported. Use exec [POD] -- [COMMAND] instead", ctx
            ) from error
        if not rest:
            raise click.UsageError("you must specify at least one command for the container", ctx)
        return left


def _cut(args: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in args:
        return args, False, []
    at = args.index("--")
    return args[:at], True, args[at + 1 :]


@click.command(
    "exec",
    cls=ExecCommand,
    options_metavar="[OPTIONS]",
    examples=(
        "minisets exec web-0 -- hostname -f",
        "minisets exec -it web-0 -- sh",
        "minisets exec sts/web -c nginx -- date",
        "minisets exec -i web-0 -- sh -c 'cat > /data/file' < file",
    ),
)
@click.argument("pod", metavar=f"{PODS_METAVAR} -- COMMAND...")
@click.option("-c", "--container", metavar="NAME", help="Container of the pod.")
@click.option("-i", "--stdin", is_flag=True, help="Pass standard input to the command.")
@click.option("-t", "--tty", is_flag=True, help="With -i: give the command a terminal.")
@pass_settings
def execute(settings: Settings, pod: str, container: str | None, stdin: bool, tty: bool) -> None:
    """Run a command in a pod, with its exit code.

    Of a set or a Service the first pod that runs is taken.
    """
    ctx = click.get_current_context()
    ref = parse_pods(pod)
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import streams

        if tty and stdin and not is_terminal(sys.stdin):
            screen.remark(_NO_TERMINAL)
            tty = False
        code = streams.run(
            context,
            settings.namespace,
            ref,
            ctx.meta[_REST],
            # As with kubectl: without input there is nobody at the terminal.
            tty=tty and stdin,
            stdin=stdin,
            container=container,
            on_default=lambda name, names: tell_default(screen, name, names),
        )
        if code:
            screen.remark(f"command terminated with exit code {code}")
    ctx.exit(code)


@click.command(
    "attach",
    cls=Command,
    examples=("minisets attach web-0", "minisets attach -it web-0 -c shell"),
)
@click.argument("pod", metavar=PODS_METAVAR)
@click.option("-c", "--container", metavar="NAME", help="Container of the pod.")
@click.option("-i", "--stdin", is_flag=True, help="Pass standard input to the container.")
@click.option(
    "-t", "--tty", is_flag=True, help="Ignored: a container has a terminal or it has none."
)
@pass_settings
def attach(settings: Settings, pod: str, container: str | None, stdin: bool, tty: bool) -> None:
    """Show what a container writes from now on, and pass it what is typed.

    Ctrl-C leaves the container running, unless it has a terminal and takes input.
    """
    ref = parse_pods(pod)
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import streams

        if tty and stdin:
            screen.remark("If you don't see a command prompt, try pressing enter.")
        streams.attach(
            context,
            settings.namespace,
            ref,
            stdin=stdin,
            container=container,
            on_default=lambda name, names: tell_default(screen, name, names),
        )
