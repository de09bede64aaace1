"""The commands logs and exec."""

from __future__ import annotations

import sys

import click

from minisets.cli.command import DURATION, Command, Settings, pass_settings
from minisets.cli.kinds import POD, parse_names
from minisets.cli.session import open_context, open_screen


@click.command(
    "logs",
    cls=Command,
    examples=(
        "minisets logs web-0",
        "minisets logs web-0 -f --tail=20",
        "minisets logs web-0 --since=5m --timestamps",
    ),
)
@click.argument("pod")
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option(
    "--tail", type=click.IntRange(min=-1), default=-1, metavar="N", help="Only the last N lines."
)
@click.option("--since", type=DURATION, help="Only what is younger, as 90s or 2h.")
@click.option("--timestamps", is_flag=True, help="Write the time before each line.")
@click.option("-c", "--container", metavar="NAME", help="Container of the pod.")
@pass_settings
def logs(
    settings: Settings,
    pod: str,
    follow: bool,
    tail: int,
    since: float | None,
    timestamps: bool,
    container: str | None,
) -> None:
    """Print what a pod wrote to its standard output and standard error."""
    name = parse_names((pod,), POD)[0]
    out = sys.stdout.buffer
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import streams

        for _, chunk in streams.logs(
            context,
            settings.namespace,
            name,
            follow=follow,
            tail=None if tail < 0 else tail,
            since_seconds=since,
            timestamps=timestamps,
            container=container,
        ):
            out.write(chunk)
            out.flush()


@click.command(
    "exec",
    cls=Command,
    examples=(
        "minisets exec web-0 -- hostname -f",
        "minisets exec -it web-0 -- sh",
        "minisets exec -i web-0 -- sh -c 'cat > /data/file' < file",
    ),
)
@click.argument("pod")
@click.argument("command", nargs=-1, required=True, metavar="-- COMMAND...")
@click.option("-c", "--container", metavar="NAME", help="Container of the pod.")
@click.option("-i", "--stdin", is_flag=True, help="Pass standard input to the command.")
@click.option("-t", "--tty", is_flag=True, help="Give the command a terminal.")
@pass_settings
def execute(
    settings: Settings,
    pod: str,
    command: tuple[str, ...],
    container: str | None,
    stdin: bool,
    tty: bool,
) -> None:
    """Run a command in a pod, with its exit code."""
    ctx = click.get_current_context()
    if not ctx.meta["minisets.has_dashes"]:
        raise click.UsageError(f"write -- before the command: minisets exec {pod} -- COMMAND")
    name = parse_names((pod,), POD)[0]
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import streams

        if tty and not sys.stdin.isatty():
            screen.remark("Unable to use a TTY - input is not a terminal")
            tty = False
        code = streams.run(
            context,
            settings.namespace,
            name,
            command,
            tty=tty,
            stdin=stdin,
            container=container,
        )
    ctx.exit(code)
