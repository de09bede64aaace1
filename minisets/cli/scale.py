"""The commands scale, stop and start."""

from __future__ import annotations

import click

from minisets.cli.changing import SETS_METAVAR, found_sets, select_sets, waiting_options
from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.selection import Given, selection_options
from minisets.cli.session import open_context, open_screen
from minisets.core import naming
from minisets.core.query.kinds import SET, parse_names


@click.command(
    "scale",
    cls=Command,
    examples=(
        "minisets scale sts/web --replicas=5",
        "minisets scale sts web --replicas=0",
        "minisets scale sts/web --current-replicas=3 --replicas=5",
        "minisets scale sts -l app=web --replicas=3",
    ),
)
@selection_options(SETS_METAVAR)
@click.option(
    "--replicas", type=click.IntRange(min=0), required=True, metavar="N", help="Pods to have."
)
@click.option(
    "--current-replicas",
    type=click.IntRange(min=-1),
    metavar="N",
    help="Scale only if so many are asked for now.",
)
@waiting_options
@pass_settings
def scale(
    settings: Settings,
    given: Given,
    replicas: int,
    current_replicas: int | None,
    wait: bool,
    timeout: float,
) -> None:
    """Set how many pods a set has: up in order, down from the highest ordinal; volumes stay."""
    # kubectl's default, which means any.
    expected = None if current_replicas == -1 else current_replicas
    with open_screen(settings) as screen:
        selection = select_sets(given, settings, screen)
        with open_context(settings, screen) as context:
            from minisets.app import park

            for thing in found_sets(selection, context):
                flag = naming.flag(thing.namespace)
                is_done = park.scale(
                    context,
                    thing.namespace,
                    thing.name,
                    replicas,
                    current_replicas=expected,
                    # As with kubectl: no time is not to wait.
                    wait=wait and timeout > 0,
                    timeout_seconds=timeout,
                )
                screen.result(f"{thing.title} scaled")
                if is_done:
                    screen.remark(f"next: minisets get pods{flag}")
                else:
                    screen.remark(f"still to come; go on: minisets start sts/{thing.name}{flag}")


@click.command(
    "stop",
    cls=Command,
    examples=("minisets stop sts/web", "minisets stop", "minisets stop -n team-1"),
)
@click.argument("words", nargs=-1, metavar="[sts/NAME...]")
@pass_settings
def stop(settings: Settings, words: tuple[str, ...]) -> None:
    """Park sets, or all sets of the namespace: pods go, volumes, addresses and settings stay."""
    given = parse_names(words, SET)
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import park

        names = park.stop(context, settings.namespace, given)
        for name in names:
            screen.result(f"{SET.printed}/{name} stopped")
        if names:
            screen.remark("next: minisets start")
        else:
            screen.remark(f"No resources found in {settings.namespace} namespace.")


@click.command(
    "start",
    cls=Command,
    examples=("minisets start sts/web", "minisets start", "minisets start -n team-1"),
)
@click.argument("words", nargs=-1, metavar="[sts/NAME...]")
@waiting_options
@pass_settings
def start(settings: Settings, words: tuple[str, ...], wait: bool, timeout: float) -> None:
    """Bring parked sets back, or all sets of the namespace, and repair what a reboot left."""
    given = parse_names(words, SET)
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app import park

        names = park.start(
            context,
            settings.namespace,
            given,
            wait=wait,
            timeout_seconds=timeout,
        )
        for name in names:
            screen.result(f"{SET.printed}/{name} started")
        if names:
            screen.remark("next: minisets get pods")
        else:
            screen.remark(f"No resources found in {settings.namespace} namespace.")
