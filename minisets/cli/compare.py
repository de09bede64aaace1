"""The commands diff and wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from minisets.cli.command import DURATION, Command, Settings, pass_settings
from minisets.cli.kinds import CLAIM, POD, SERVICE, SET, parse_words
from minisets.cli.manifests import file_options, load_objects
from minisets.cli.session import open_context, open_screen
from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.cli.kinds import Resource


@click.command(
    "diff",
    cls=Command,
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


@click.command(
    "wait",
    cls=Command,
    examples=(
        "minisets wait --for=condition=Ready pod/web-0",
        "minisets wait --for=delete pod/web-2 --timeout=60s",
        "minisets wait --for=jsonpath='{.status.readyReplicas}'=3 sts/web",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="TYPE/NAME...")
@click.option(
    "--for",
    "condition",
    required=True,
    metavar="CONDITION",
    help="condition=Ready, delete, or jsonpath='{PATH}'=VALUE.",
)
@click.option("--timeout", type=DURATION, default="10m", show_default=True, help="Longest wait.")
@pass_settings
def wait(settings: Settings, words: tuple[str, ...], condition: str, timeout: float) -> None:
    """Wait for pods to be ready, for things to be gone, or for a field to have a value."""
    wanted = parse_words(words, (SET, POD, CLAIM, SERVICE))
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        for resource, names in wanted.items():
            if not names:
                raise click.UsageError("name what to wait for, for example pod/web-0")
            _wait_one(context, settings, resource, names, condition, timeout)
            met = "deleted" if condition == "delete" else "condition met"
            for name in names:
                screen.result(f"{resource.printed}/{name} {met}")


def _wait_one(
    context: Context,
    settings: Settings,
    resource: Resource,
    names: list[str],
    condition: str,
    timeout: float,
) -> None:
    from minisets.app import wait as use_case
    from minisets.core.query.jsonpath import parse_condition

    space = settings.namespace
    kind, _, rest = condition.partition("=")
    if condition == "delete":
        use_case.wait_deleted(context, space, resource.kind, names, timeout_seconds=timeout)
    elif kind == "jsonpath":
        use_case.wait_field(
            context, space, resource.kind, names, parse_condition(rest), timeout_seconds=timeout
        )
    elif kind == "condition" and rest.lower() in {"ready", "ready=true"} and resource is POD:
        use_case.wait_ready(context, space, names, timeout_seconds=timeout)
    else:
        raise InputError(
            f"--for={condition} cannot be waited for on {resource.printed}",
            hint="condition=Ready on pods, delete, or jsonpath='{.status.readyReplicas}'=3",
        )
