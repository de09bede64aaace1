"""The command get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from minisets.cli import kinds
from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.kinds import Resource
from minisets.cli.session import open_context, open_screen

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.cli.cells import View

_EXAMPLES = (
    "minisets get sts",
    "minisets get pods -o wide",
    "minisets get pvc -A",
    "minisets get sts/web -o yaml",
    "minisets get all -n team-1",
)


@click.command("get", cls=Command, examples=_EXAMPLES)
@click.argument("words", nargs=-1, required=True, metavar="TYPE [NAME...] | TYPE/NAME... | all")
@click.option(
    "-o", "--output", type=click.Choice(["wide", "yaml", "json", "name"]), help="Output format."
)
@click.option("-A", "--all-namespaces", is_flag=True, help="Show objects of all namespaces.")
@click.option("--no-headers", is_flag=True, help="Leave out the line of headers.")
@pass_settings
def get(
    settings: Settings,
    words: tuple[str, ...],
    output: str | None,
    all_namespaces: bool,
    no_headers: bool,
) -> None:
    """Show sets, pods, claims and Services.

    The types are sts, pods, pvc and svc; the word all stands for pods, svc and sts.
    """
    wanted = kinds.parse_words(words, kinds.READABLE, is_all_known=True)
    if all_namespaces and any(wanted.values()):
        raise click.UsageError("an object is named within one namespace: leave out -A or the name")
    namespace = None if all_namespaces else settings.namespace
    with open_screen(settings) as screen:
        with open_context(settings, screen) as context:
            found = [(kind, _fetch(context, kind, namespace, wanted[kind])) for kind in wanted]
            now = context.clock.now()
        from minisets.cli.render import TableOptions, render_found

        options = TableOptions(
            is_wide=output == "wide",
            has_namespace=all_namespaces,
            has_headers=not no_headers,
            is_single=sum(map(len, wanted.values())) == 1,
        )
        text = render_found(found, output, now, options=options)
        if text:
            screen.result(text)
        elif output != "name":
            place = f" in {namespace} namespace" if namespace else ""
            screen.remark(f"No resources found{place}." if namespace else "No resources found")


def _fetch(
    context: Context, resource: Resource, namespace: str | None, names: Sequence[str]
) -> Sequence[View]:
    from minisets.app import query

    match resource:
        case kinds.SET:
            return query.get_sets(context, namespace, names)
        case kinds.POD:
            return query.get_pods(context, namespace, names)
        case kinds.CLAIM:
            return query.get_claims(context, namespace, names)
        case _:
            return query.get_services(context, namespace, names)
