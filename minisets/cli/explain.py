"""The commands explain and api-resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.session import open_screen
from minisets.core.query.kinds import CLUSTER_SCOPED, POD, RESOURCES, find_resource
from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.core.input.explain import Explained, Explanation
    from minisets.core.input.support_table import Support
    from minisets.core.query.kinds import Resource

_WIDTH = 80
_VERBS = {
    "Pod": "delete,get,list",
    "PersistentVolumeClaim": "create,delete,get,list",
}
_ANY_VERBS = "create,delete,get,list,patch,update"


@click.command(
    "explain",
    cls=Command,
    examples=(
        "minisets explain sts",
        "minisets explain sts.spec.template.spec.containers",
        "minisets explain pvc.spec --recursive",
    ),
)
@click.argument("word", metavar="TYPE[.FIELD...]")
@click.option("--recursive", is_flag=True, help="Print the names of all fields below, too.")
@pass_settings
def explain(settings: Settings, word: str, recursive: bool) -> None:
    """Say what a field means, and whether it is honoured, ignored or refused here.

    Types and descriptions are those of Kubernetes. Nothing is asked of the Engine.
    """
    kind, *path = word.strip(".").split(".")
    resource = _resource(kind)
    from minisets.core.input.explain import explain as use_case

    found = use_case(resource.kind, path)
    with open_screen(settings) as screen:
        screen.result(render_explanation(found, is_recursive=recursive))


def _resource(word: str) -> Resource:
    """Return the resource that a word names.

    Raises:
        InputError: There is none; of what kubectl knows, its hint names the type to look at.
    """
    try:
        return find_resource(word, RESOURCES)
    except InputError as error:
        from minisets.core.query.kubectl import absent_type

        _, instead = absent_type(word) or ("", "")
        verb, _, rest = instead.partition(" ")
        if verb != "get":
            raise
        raise InputError(error.message, hint=f"minisets explain {rest.split()[0]}") from error


def render_explanation(found: Explanation, *, is_recursive: bool) -> str:
    """Return what explain prints, laid out as kubectl does."""
    lines = [f"GROUP:      {found.group}"] if found.group else []
    lines += [f"KIND:       {found.kind}", f"VERSION:    {found.version}", ""]
    if found.path:
        lines += [f"FIELD: {found.field.name} <{found.field.type}>", ""]
    if found.field.values:
        lines += ["ENUM:", *(f"    {value}" for value in found.field.values), ""]
    lines += ["DESCRIPTION:", *_wrapped(found.field.description or "<no description>", "    "), ""]
    if found.path:
        lines += ["HERE:", *_wrapped(_verdict(found.field.support), "    "), ""]
    if found.fields:
        lines.append("FIELDS:")
        for field in found.fields:
            if is_recursive:
                lines += _tree(field, "  ", ())
            else:
                lines += [*_entry(field, found.field.support), ""]
    return "\n".join(lines).rstrip("\n")


def _entry(field: Explained, above: Support) -> Iterator[str]:
    yield _head(field, "  ")
    if field.values:
        yield f"  enum: {', '.join(field.values)}"
    # What was said of the field above is said of all below.
    if _is_apart(field.support) and field.support != above:
        yield from _wrapped(f"HERE: {_verdict(field.support)}", "    ")
    yield from _wrapped(field.description or "<no description>", "    ")


def _tree(field: Explained, indent: str, above: tuple[str, ...]) -> Iterator[str]:
    from minisets.core.input.explain import fields_of

    mark = f" -{_word(field.support)}-" if _is_apart(field.support) else ""
    yield f"{_head(field, indent)}{mark}"
    if field.values:
        yield f"{indent}enum: {', '.join(field.values)}"
    # Some types hold themselves; and what is below a refused field is as refused.
    if field.inner and field.inner not in above and not mark:
        for inner in fields_of(field):
            yield from _tree(inner, f"{indent}  ", (*above, field.inner))


def _head(field: Explained, indent: str) -> str:
    return f"{indent}{field.name}\t<{field.type}>{' -required-' if field.is_required else ''}"


def _is_apart(support: Support) -> bool:
    from minisets.core.input.support_table import Level

    return support.level is not Level.HONOURED


def _word(support: Support) -> str:
    return support.level.value.partition(" ")[0]


def _verdict(support: Support) -> str:
    if not _is_apart(support):
        return support.level.value
    return f"{_word(support)}: {support.reason}"


def _wrapped(text: str, indent: str) -> Iterator[str]:
    import textwrap

    for paragraph in text.splitlines():
        yield from textwrap.wrap(
            paragraph,
            _WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]


@click.command(
    "api-resources",
    cls=Command,
    examples=(
        "minisets api-resources",
        "minisets api-resources -o wide",
        "minisets api-resources --namespaced=false -o name",
    ),
)
@click.option("-o", "--output", type=click.Choice(["wide", "name"]), help="Output format.")
@click.option(
    "--namespaced/--not-namespaced",
    default=None,
    help="Only what lives in a namespace, or with =false what does not.",
)
@click.option("--no-headers", is_flag=True, help="Leave out the line of headers.")
@pass_settings
def api_resources(
    settings: Settings, output: str | None, namespaced: bool | None, no_headers: bool
) -> None:
    """List the types of objects that minisets knows, with their short names."""
    from minisets.cli.render import render_table
    from minisets.core.input.defaults import API_VERSIONS

    rows, names = [], []
    for resource in sorted(RESOURCES, key=lambda one: (one.group, one.plural)):
        is_namespaced = resource not in CLUSTER_SCOPED
        if namespaced is not None and namespaced is not is_namespaced:
            continue
        names.append(resource.full)
        group = f"{resource.group[1:]}/" if resource.group else ""
        row = {
            "NAME": resource.plural,
            "SHORTNAMES": ",".join(resource.aliases),
            "APIVERSION": API_VERSIONS.get(resource.kind, f"{group}v1"),
            "NAMESPACED": str(is_namespaced).lower(),
            "KIND": resource.kind,
        }
        if output == "wide":
            row["VERBS"] = _VERBS.get(resource.kind, _ANY_VERBS)
            row["CATEGORIES"] = (
                "all" if resource.kind in {"StatefulSet", POD.kind, "Service"} else ""
            )
        rows.append(row)
    with open_screen(settings) as screen:
        if output == "name":
            screen.result("\n".join(names))
        else:
            screen.result(render_table(rows, has_headers=not no_headers))
