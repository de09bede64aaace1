"""The command get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.manifests import file_options, find_wanted
from minisets.cli.selection import Choice, parse_selectors
from minisets.cli.session import open_context, open_screen
from minisets.core import naming
from minisets.core.query import kinds
from minisets.core.query.kinds import Resource
from minisets.errors import InputError, NotFound

if TYPE_CHECKING:
    from minisets.app.context import Context
    from minisets.app.reading.look import Look
    from minisets.app.reading.views import View
    from minisets.cli.progress import Screen
    from minisets.cli.render import TableOptions

_EXAMPLES = (
    "minisets get sts",
    "minisets get pods -o wide",
    "minisets get pods -w",
    "minisets get pods -l app=web --field-selector=status.phase=Running",
    "minisets get pvc -A",
    "minisets get sts/web -o yaml",
    "minisets get -f web.yaml",
    "minisets get pod web-0 -o jsonpath='{.status.podIP}'",
    "minisets get pods -o custom-columns=POD:.metadata.name,IMAGE:.spec.containers[*].image",
    "minisets get pods --sort-by=.metadata.creationTimestamp --show-labels",
    "minisets get all -n team-1",
)

# What stands before an equals sign is gone on with.
_FORMATS = (
    "wide",
    "yaml",
    "json",
    "name",
    "jsonpath=",
    "jsonpath-file=",
    "jsonpath-as-json=",
    "custom-columns=",
    "custom-columns-file=",
)
# Their rows change when pods do.
_PROBED = frozenset({kinds.SET, kinds.POD, kinds.EVENT})


def complete_format(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    """Return the formats that begin so."""
    return [one for one in _FORMATS if one.startswith(start)]


@click.command("get", cls=Command, examples=_EXAMPLES)
@click.argument("words", nargs=-1, metavar="TYPE [NAME...] | TYPE/NAME... | all")
@file_options(is_required=False)
@click.option(
    "-o",
    "--output",
    metavar="FORMAT",
    shell_complete=complete_format,
    help="wide, yaml, json, name, jsonpath=..., jsonpath-file=FILE, jsonpath-as-json=..., "
    "custom-columns=HEADER:PATH,... or custom-columns-file=FILE.",
)
@click.option("-l", "--selector", metavar="LABELS", help="Only objects with these labels.")
@click.option("--field-selector", metavar="FIELDS", help="Only objects with these fields.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Show objects of all namespaces.")
@click.option("--sort-by", metavar="PATH", help="Sort by a field, a JSONPath.")
@click.option("-w", "--watch", is_flag=True, help="Go on, and show what changes.")
@click.option("--watch-only", is_flag=True, help="Show only what changes from now on.")
@click.option("--output-watch-events", is_flag=True, help="Say what happened to each object.")
@click.option("--show-labels", is_flag=True, help="With a last column for all labels.")
@click.option("--show-kind", is_flag=True, help="With the type before each name.")
@click.option(
    "-L", "--label-columns", multiple=True, metavar="KEY,...", help="With a column per label."
)
@click.option("--no-headers", is_flag=True, help="Leave out the line of headers.")
@click.option("--ignore-not-found", is_flag=True, help="Be content with what is not there.")
@click.option(
    "--show-managed-fields",
    is_flag=True,
    expose_value=False,
    hidden=True,
    help="Accepted: objects here have none.",
)
@click.option(
    "--chunk-size",
    type=int,
    expose_value=False,
    hidden=True,
    help="Accepted: lists come in one piece.",
)
@click.option(
    "--allow-missing-template-keys/--no-allow-missing-template-keys",
    "allows_missing",
    default=True,
    help="A JSONPath may lead to nothing.",
)
@pass_settings
def get(
    settings: Settings,
    words: tuple[str, ...],
    files: tuple[str, ...],
    recursive: bool,
    output: str | None,
    selector: str | None,
    field_selector: str | None,
    all_namespaces: bool,
    sort_by: str | None,
    watch: bool,
    watch_only: bool,
    output_watch_events: bool,
    show_labels: bool,
    show_kind: bool,
    label_columns: tuple[str, ...],
    no_headers: bool,
    ignore_not_found: bool,
    allows_missing: bool,
) -> None:
    """Show sets, pods, claims and other objects.

    The types are sts, pods, pvc, pv, svc, cm, secret, controllerrevisions, events, ns and sc; the
    word all stands for pods, svc and sts. With -o wide, claims say what their files really take.
    """
    from minisets.cli.output import parse_output
    from minisets.cli.render import TableOptions

    with open_screen(settings) as screen:
        wanted, here = find_wanted(settings, screen, words, files, recursive=recursive)
        choice = Choice(
            wanted=wanted,
            keeps=parse_selectors(wanted, selector, field_selector),
            sort_by=sort_by,
            has_fields=bool(sort_by or field_selector),
        )
        choice.check(has_selector=bool(selector or field_selector), is_everywhere=all_namespaces)
        options = TableOptions(
            output=parse_output(output, is_strict=not allows_missing),
            has_namespace=all_namespaces and not wanted.keys() <= kinds.CLUSTER_SCOPED,
            has_headers=not no_headers,
            has_kind=show_kind,
            has_labels=show_labels,
            labels=[key for keys in label_columns for key in keys.split(",")],
            is_single=sum(map(len, wanted.values())) == 1,
        )
        namespace = None if all_namespaces else here
        with open_context(settings, screen) as context:
            if not watch and not watch_only:
                show(context, screen, namespace, choice, options, is_lenient=ignore_not_found)
                return
            from minisets.cli.watching import watch_objects

            (resource,) = _one_kind(wanted)
            watch_objects(
                context,
                screen,
                namespace=None if resource in kinds.CLUSTER_SCOPED else namespace,
                resource=resource,
                read=lambda look: choice.read(look, resource)[0],
                options=options,
                is_silent_first=watch_only,
                has_events=output_watch_events,
                # What changes of a set is its status.
                is_whole=options.is_whole or choice.has_fields or resource is kinds.SET,
                has_probes=resource in _PROBED,
            )


def show(
    context: Context,
    screen: Screen,
    namespace: str | None,
    choice: Choice,
    options: TableOptions,
    *,
    is_lenient: bool,
    noun: str = "resources",
) -> None:
    """Print what there is of the chosen objects.

    Args:
        context: Of the command.
        screen: Takes the text.
        namespace: To look at; None: all of them.
        choice: Of the objects.
        options: How they are printed.
        is_lenient: What is not there is no error.
        noun: What there is none of.

    Raises:
        NotFound: After the others were printed: some are not there.
    """
    from minisets.cli.render import render_found

    found = []
    missing: list[NotFound] = []
    look, everywhere = _looks(context, namespace, options, choice)
    for resource in choice.wanted:
        views, gone = choice.read(
            everywhere if resource in kinds.CLUSTER_SCOPED else look, resource
        )
        found.append((resource, views))
        missing += gone
    is_empty = not any(views for _, views in found)
    if not is_empty or (not options.output.is_table and not choice.has_names):
        text = render_found(found, context.clock.now(), options)
        if text:
            # What a JSONPath gives is for programs: nothing is added to it, as in kubectl.
            is_raw = options.output.format == "jsonpath"
            click.echo(text, nl=False) if is_raw else screen.result(text)
    if options.output.is_table:
        _remark_cut_off(screen, [view for _, views in found for view in views])
    if missing and not is_lenient:
        raise NotFound("\n".join(one.message for one in missing), hint=missing[0].hint)
    if is_empty and options.output.is_table and not missing:
        is_global = choice.wanted.keys() <= kinds.CLUSTER_SCOPED
        place = "" if namespace is None or is_global else f" in {namespace} namespace"
        screen.remark(f"No {noun} found{place}{'.' if place else ''}")


def _remark_cut_off(screen: Screen, views: Sequence[View]) -> None:
    """Say how pods come back that nothing but a command of ours brings back."""
    from minisets.app.reading.views import PodView

    cut_off = [view for view in views if isinstance(view, PodView) and view.is_cut_off]
    for namespace in sorted({view.namespace for view in cut_off}):
        names = ", ".join(view.name for view in cut_off if view.namespace == namespace)
        screen.remark(
            f"cut off, because the sandbox has ended: {names}; "
            f"bring back with: minisets start{naming.flag(namespace)}"
        )


def _looks(
    context: Context, namespace: str | None, options: TableOptions, choice: Choice
) -> tuple[Look, Look]:
    """Return the look at the namespace, and the one at everything."""
    from minisets.app.reading.look import Look

    def look(place: str | None) -> Look:
        return Look(
            context,
            place,
            is_whole=options.is_whole or choice.has_fields,
            has_sizes=options.output.format == "wide" and kinds.CLAIM in choice.wanted,
        )

    here = look(namespace)
    return here, here if namespace is None else look(None)


def _one_kind(wanted: kinds.Wanted) -> tuple[Resource]:
    """Return the only resource.

    Raises:
        InputError: There are several.
    """
    if len(wanted) > 1:
        raise InputError(
            "watch is only supported on individual resources and resource collections - "
            f"{len(wanted)} resources were found",
            hint=f"minisets get {min(wanted, key=lambda one: len(one.plural)).plural} -w",
        )
    (resource,) = wanted
    return (resource,)
