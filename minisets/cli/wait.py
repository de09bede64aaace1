"""The command wait."""

from __future__ import annotations

import click

from minisets.cli.command import FOREVER_SECONDS, Command, Duration, Settings, pass_settings
from minisets.cli.outcome import name_option
from minisets.cli.selection import Given, Thing, selection_options
from minisets.cli.session import open_context, open_screen
from minisets.core.query import kinds
from minisets.core.query.kinds import of_kind
from minisets.errors import InputError, NotFound


@click.command(
    "wait",
    cls=Command,
    examples=(
        "minisets wait --for=condition=Ready pod/web-0",
        "minisets wait --for=condition=Ready pods -l app=web --timeout=2m",
        "minisets wait --for=delete pod/web-2 --timeout=60s",
        "minisets wait --for=create sts/web",
        "minisets wait --for=jsonpath='{.status.readyReplicas}'=3 sts/web",
    ),
)
@selection_options("TYPE/NAME... | TYPE NAME... | TYPE")
@click.option(
    "--for",
    "condition",
    required=True,
    metavar="CONDITION",
    help="condition=NAME[=VALUE], create, delete, or jsonpath='{PATH}'[=VALUE].",
)
@name_option()
@click.option(
    "--timeout",
    type=Duration(is_signed=True),
    default="10m",
    show_default=True,
    help="Longest wait; 0 looks once, less is a week.",
)
@pass_settings
def wait(settings: Settings, given: Given, condition: str, is_named: bool, timeout: float) -> None:
    """Wait for a condition or a field of objects, or until they are there or gone.

    The sets that they belong to are driven meanwhile, as a controller would.
    """
    from minisets.core.query.goals import Existence, StatusCondition, parse_goal

    goal = parse_goal(condition)
    with open_screen(settings) as screen:
        selection = given.select(settings, screen, kinds.READABLE)
        with open_context(settings, screen) as context:
            from minisets.app import wait as use_case

            things = selection.things(context)
            if isinstance(goal, StatusCondition):
                _check_conditions(things, goal.name)
            if not things and goal != Existence(is_there=False):
                raise NotFound("no matching resources found")
            use_case.wait_for(
                context,
                [
                    use_case.Awaited(
                        kind=thing.resource.kind,
                        namespace=thing.namespace,
                        name=thing.name,
                        printed=thing.resource.full,
                    )
                    for thing in things
                ],
                goal,
                timeout_seconds=FOREVER_SECONDS if timeout < 0 else timeout,
                tell=lambda found: screen.result(
                    f"{of_kind(found.kind).printed}/{found.name}"
                    + ("" if is_named else " condition met")
                ),
            )


def _check_conditions(things: list[Thing], name: str) -> None:
    """Refuse to wait for what never comes.

    Raises:
        InputError: Objects of that kind have no conditions.
    """
    idle = next((thing for thing in things if thing.resource is not kinds.POD), None)
    if idle is None:
        return
    if idle.resource is kinds.SET:
        hint = (
            f"minisets rollout status sts/{idle.name}, or "
            f"minisets wait --for=jsonpath='{{.status.readyReplicas}}'=N sts/{idle.name}"
        )
    else:
        hint = "--for=jsonpath='{.status.phase}'=VALUE, --for=create or --for=delete"
    raise InputError(
        f'{idle.title} never has the condition "{name}": objects of its kind have none', hint=hint
    )
