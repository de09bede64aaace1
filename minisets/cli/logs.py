"""The command logs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from minisets.cli.command import DURATION, Command, Settings, pass_settings
from minisets.cli.pods import PODS_METAVAR, parse_pods, tell_default
from minisets.cli.session import open_context, open_screen

if TYPE_CHECKING:
    from minisets.app.reading.pod_choice import PodRef
    from minisets.core.query.log_lines import LogLine

# kubectl's: by labels one does not know how many pods there are.
_TAIL_OF_SELECTION = 10
# Colours that can be read on light and on dark terminals, in an order in which neighbours differ.
_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_red")


class Instant(click.ParamType[float]):
    """A time as RFC 3339 writes it, in seconds since the epoch."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return seconds since the epoch."""
        from datetime import datetime

        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f"{value!r} is no time; write 2026-01-31T12:00:00Z", param, ctx)
        return found.timestamp()


@click.command(
    "logs",
    cls=Command,
    examples=(
        "minisets logs web-0",
        "minisets logs sts/web -f",
        "minisets logs web-0 -f --tail=20",
        "minisets logs web-0 --since=5m --timestamps",
        "minisets logs web-0 --previous",
        "minisets logs -l app=web --prefix",
        "minisets logs web-0 --all-containers",
    ),
)
@click.argument("words", nargs=-1, metavar=f"[{PODS_METAVAR}] [CONTAINER]")
@click.option("-l", "--selector", metavar="LABELS", help="Of all pods with these labels.")
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C, over restarts of the pod.")
@click.option(
    "--tail",
    type=click.IntRange(min=-1),
    metavar="N",
    help="Only the last N lines of each container, -1 for all. [default: all; 10 with -l]",
)
@click.option("--since", type=DURATION, help="Only what is younger, as 90s or 2h.")
@click.option("--since-time", type=Instant(), help="Only what is not older, as RFC 3339.")
@click.option("--timestamps", is_flag=True, help="Write the time before each line.")
@click.option("-p", "--previous", is_flag=True, help="What the runs before the present one wrote.")
@click.option("-c", "--container", metavar="NAME", help="Container of the pod.")
@click.option("--all-containers", is_flag=True, help="Of all containers of the pod.")
@click.option(
    "--prefix/--no-prefix",
    default=None,
    help="Write pod and container before each line. [default: for a set or a Service]",
)
@click.option(
    "--limit-bytes", type=click.IntRange(min=1), metavar="N", help="At most N bytes of each."
)
@click.option(
    "--max-log-requests",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    metavar="N",
    help="With -f: how many containers may be followed.",
)
@pass_settings
def logs(
    settings: Settings,
    words: tuple[str, ...],
    selector: str | None,
    follow: bool,
    tail: int | None,
    since: float | None,
    since_time: float | None,
    timestamps: bool,
    previous: bool,
    container: str | None,
    all_containers: bool,
    prefix: bool | None,
    limit_bytes: int | None,
    max_log_requests: int,
) -> None:
    """Print what pods wrote to their standard output and standard error.

    The output of several pods is merged in the order of its times.
    """
    ref, named = _parse(words, selector)
    container = _one_container(container, named, all_containers)
    _check_options(follow=follow, previous=previous, since=since, since_time=since_time)
    if tail is None and selector is not None:
        tail = _TAIL_OF_SELECTION
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app.logs import LogOptions, follow_logs, read_logs

        options = LogOptions(
            container=container,
            all_containers=all_containers,
            tail=None if tail is None or tail < 0 else tail,
            since_seconds=since,
            since=since_time,
            previous=previous,
            most_streams=max_log_requests,
            on_default=lambda name, names: tell_default(screen, name, names),
            on_nothing=lambda: screen.remark(
                f"No resources found in {settings.namespace} namespace."
            ),
        )
        read = follow_logs if follow else read_logs
        has_prefix = ref.kind != "Pod" if prefix is None else prefix
        render = _renderer(has_prefix=has_prefix, timestamps=timestamps)
        lines = read(context, settings.namespace, ref, options)
        _print(lines, render, limit_bytes, is_live=follow)


def _parse(words: tuple[str, ...], selector: str | None) -> tuple[PodRef, str | None]:
    if selector is not None:
        if words:
            raise click.UsageError("only a selector (-l) or a POD name is allowed")
        from minisets.app.reading.pod_choice import PodRef
        from minisets.core.query.selectors import parse_labels

        return PodRef(selector=parse_labels(selector)), None
    if not 1 <= len(words) <= 2:
        raise click.UsageError(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n"
            "POD or TYPE/NAME is a required argument for the logs command"
        )
    return parse_pods(words[0]), words[1] if len(words) > 1 else None


def _one_container(given: str | None, word: str | None, all_containers: bool) -> str | None:
    if given and word:
        raise click.UsageError("only one of -c or an inline [CONTAINER] arg is allowed")
    found = given or word
    if found and all_containers:
        raise click.UsageError("--all-containers=true should not be specified with a container")
    return found


def _check_options(
    *, follow: bool, previous: bool, since: float | None, since_time: float | None
) -> None:
    if since is not None and since_time is not None:
        raise click.UsageError("at most one of --since and --since-time may be used")
    if follow and previous:
        raise click.UsageError("only one of follow (-f) or previous (-p) is allowed")


Render = Callable[["LogLine"], tuple[bytes, bytes]]
"""Returns prefix and text of a line."""


def _renderer(*, has_prefix: bool, timestamps: bool) -> Render:
    from minisets.cli.terminal import has_colours

    is_coloured = has_colours(sys.stdout)
    prefixes: dict[tuple[str, str], bytes] = {}
    pods: dict[str, str] = {}

    def prefix_of(line: LogLine) -> bytes:
        key = (line.pod, line.container)
        if key not in prefixes:
            colour = pods.setdefault(line.pod, _COLOURS[len(pods) % len(_COLOURS)])
            text = f"[pod/{line.pod}/{line.container}]"
            shown = click.style(text, fg=colour) if is_coloured else text
            prefixes[key] = f"{shown} ".encode()
        return prefixes[key]

    def render(line: LogLine) -> tuple[bytes, bytes]:
        text = f"{line.stamp} ".encode() + line.text if timestamps else line.text
        return prefix_of(line) if has_prefix else b"", text

    return render


def _print(
    lines: Iterator[LogLine], render: Render, limit_bytes: int | None, *, is_live: bool
) -> None:
    out = sys.stdout.buffer
    left: dict[tuple[str, str], int] = {}
    ended = True
    for line in lines:
        prefix, text = render(line)
        if limit_bytes is not None:
            key = (line.pod, line.container)
            room = left.setdefault(key, limit_bytes)
            text = text[:room]
            left[key] = room - len(text)
            if not text:
                continue
        # A line of another pod never goes on where one without an end stands.
        out.write(prefix + text if ended or not prefix else b"\n" + prefix + text)
        ended = text.endswith(b"\n")
        if is_live:
            out.flush()
    out.flush()
