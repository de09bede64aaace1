"""The command describe."""

from __future__ import annotations

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.manifests import file_options, find_wanted
from minisets.cli.selection import parse_selectors
from minisets.cli.session import open_context, open_screen
from minisets.core.query import kinds
from minisets.errors import InputError

_EXAMPLES = (
    "minisets describe sts web",
    "minisets describe pod web-0",
    "minisets describe pods -l app=web",
    "minisets describe pvc/www-web-0 svc/nginx",
    "minisets describe pod web",
    "minisets describe -f web.yaml",
)


@click.command("describe", cls=Command, examples=_EXAMPLES)
@click.argument("words", nargs=-1, metavar="TYPE [NAME...] | TYPE/NAME...")
@file_options(is_required=False)
@click.option("-l", "--selector", metavar="LABELS", help="Only objects with these labels.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Describe objects of all namespaces.")
@click.option(
    "--show-events/--no-show-events",
    default=True,
    show_default=True,
    help="With what happened to each object.",
)
@pass_settings
def describe(
    settings: Settings,
    words: tuple[str, ...],
    files: tuple[str, ...],
    recursive: bool,
    selector: str | None,
    all_namespaces: bool,
    show_events: bool,
) -> None:
    """Say all that is known of objects: what they do, did, and wait for.

    A name that no object has stands for all whose names begin with it. Events are what the Engine
    still remembers, and what containers and volumes tell of themselves.
    """
    with open_screen(settings) as screen:
        wanted, here = find_wanted(settings, screen, words, files, recursive=recursive)
        has_names = any(wanted.values())
        if has_names and selector:
            raise InputError("name cannot be provided when a selector is specified")
        if has_names and all_namespaces:
            raise InputError(
                "an object is named within one namespace", hint="leave out -A or the name"
            )
        keeps = parse_selectors(wanted, selector, None)
        with open_context(settings, screen) as context:
            from minisets.app.describe import describe_views, find_views
            from minisets.app.reading.look import Look
            from minisets.cli.render_describe import render_facts

            texts = []
            for resource, names in wanted.items():
                is_global = all_namespaces or resource in kinds.CLUSTER_SCOPED
                look = Look(
                    context,
                    None if is_global else here,
                    is_whole=True,
                    has_sizes=resource is kinds.CLAIM,
                )
                printed = resource.full
                views = find_views(look, resource.kind, names, printed)
                facts = describe_views(look, [view for view in views if keeps(view)])
                now = context.clock.now()
                texts += [
                    render_facts(one, now, has_events=show_events, advice=settings.advice)
                    for one in facts
                ]
            if texts:
                screen.result("\n\n\n".join(texts))
            else:
                place = "" if all_namespaces else f" in {here} namespace."
                screen.remark(f"No resources found{place}")
