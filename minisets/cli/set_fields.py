"""The commands set image, set env and set resources: one thing of a set's template."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from minisets.cli.changing import (
    SETS_METAVAR,
    finish,
    found_sets,
    select_sets,
    waiting_options,
)
from minisets.cli.command import Command, Family, Settings, pass_settings
from minisets.cli.selection import Given, selection_options
from minisets.cli.session import open_context, open_screen
from minisets.errors import InputError

Change = Callable[[dict[str, Any]], dict[str, Any]]

_containers = click.option(
    "-c",
    "--containers",
    default="*",
    show_default=True,
    metavar="NAME",
    help="Container of the pods; may hold * for any letters.",
)


@click.group(
    "set",
    cls=Family,
    examples=(
        "minisets set image sts/web nginx=registry.k8s.io/nginx-slim:0.24",
        "minisets set env sts/web LEVEL=debug",
    ),
)
def set_group() -> None:
    """Change one thing of a set; its pods roll, highest ordinal first."""


@set_group.command(
    "image",
    cls=Command,
    examples=(
        "minisets set image sts/web nginx=registry.k8s.io/nginx-slim:0.24",
        "minisets set image sts/web '*=my-image:2'",
    ),
)
@selection_options(f"{SETS_METAVAR} CONTAINER=IMAGE...")
@waiting_options
@pass_settings
def image(settings: Settings, given: Given, wait: bool, timeout: float) -> None:
    """Give containers of a set other images; its pods roll, highest ordinal first."""
    from minisets.core.controller.rollout import with_images

    named, values = _apart(given.words)
    if not values:
        raise InputError(
            "at least one image update is required",
            hint="minisets set image sts/web CONTAINER=IMAGE",
        )
    images = dict(word.split("=", 1) for word in values)
    _run(
        settings,
        given,
        named,
        partial(with_images, images=images),
        "image updated",
        wait=wait,
        timeout=timeout,
    )


@set_group.command(
    "env",
    cls=Command,
    examples=(
        "minisets set env sts/web LEVEL=debug",
        "minisets set env sts/web -c nginx LEVEL-",
        "minisets set env sts/web --list",
    ),
)
@selection_options(f"{SETS_METAVAR} NAME=VALUE... NAME-")
@_containers
@click.option("--list", "is_list", is_flag=True, help="Print the variables, and change nothing.")
@click.option(
    "--overwrite/--no-overwrite", default=True, help="Change what has another value now, too."
)
@waiting_options
@pass_settings
def env(
    settings: Settings,
    given: Given,
    containers: str,
    is_list: bool,
    overwrite: bool,
    wait: bool,
    timeout: float,
) -> None:
    """Set variables of a set's containers, or remove them with NAME-."""
    from minisets.cli.metadata import parse_values
    from minisets.core.controller.template_edits import with_variables

    named, words = _apart(given.words)
    values = parse_values(words)
    if is_list:
        _list_variables(settings, given, named, containers)
        return
    if not values:
        raise InputError(
            "at least one environment variable must be provided",
            hint="minisets set env sts/web NAME=VALUE",
        )
    change = partial(with_variables, containers=containers, values=values, overwrite=overwrite)
    _run(settings, given, named, change, "env updated", wait=wait, timeout=timeout)


@set_group.command(
    "resources",
    cls=Command,
    examples=(
        "minisets set resources sts/web --limits=cpu=500m,memory=256Mi",
        "minisets set resources sts/web -c nginx --requests=memory=64Mi",
    ),
)
@selection_options(SETS_METAVAR)
@_containers
@click.option("--limits", metavar="NAME=QUANTITY,...", help="The most that is taken; 0 removes.")
@click.option("--requests", metavar="NAME=QUANTITY,...", help="What is asked for; 0 removes.")
@waiting_options
@pass_settings
def resources(
    settings: Settings,
    given: Given,
    containers: str,
    limits: str | None,
    requests: str | None,
    wait: bool,
    timeout: float,
) -> None:
    """Set processors and memory of a set's containers: limits, and what is asked for."""
    from minisets.core.controller.template_edits import parse_quantities, with_resources

    if not limits and not requests:
        raise InputError(
            "you must specify an update to requests or limits (in the form of --requests/--limits)"
        )
    change = partial(
        with_resources,
        containers=containers,
        limits=parse_quantities(limits or ""),
        requests=parse_quantities(requests or ""),
    )
    _run(
        settings,
        given,
        list(given.words),
        change,
        "resource requirements updated",
        wait=wait,
        timeout=timeout,
    )


def _apart(words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the words about objects, and those about values."""
    values = [word for word in words if "=" in word or word.endswith("-")]
    return [word for word in words if word not in values], values


def _run(
    settings: Settings,
    given: Given,
    named: list[str],
    change: Change,
    verb: str,
    *,
    wait: bool,
    timeout: float,
) -> None:
    with open_screen(settings) as screen:
        selection = select_sets(given, settings, screen, words=named)
        with open_context(settings, screen) as context:
            from minisets.app import rollout as use_case
            from minisets.app.loop.images import Images

            provider = Images(context)
            for thing in found_sets(selection, context):
                if use_case.change_template(
                    context, thing.namespace, thing.name, change, provider
                ):
                    screen.result(f"{thing.title} {verb}")
                finish(context, screen, thing, provider, wait=wait, timeout=timeout)


def _list_variables(settings: Settings, given: Given, named: list[str], containers: str) -> None:
    from minisets.core.controller.template_edits import variable_lines

    with open_screen(settings) as screen:
        selection = select_sets(given, settings, screen, words=named)
        with open_context(settings, screen) as context:
            from minisets.app.loop.sets import find_set, observe_whole

            for thing in found_sets(selection, context):
                world = observe_whole(context, thing.namespace, is_dry=True)
                target = find_set(context, thing.namespace, thing.name, world)
                for line in variable_lines(target.facts.object, containers):
                    screen.result(line)
