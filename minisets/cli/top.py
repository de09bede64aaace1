"""The command top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import click

from minisets.cli.command import Command, Family, Settings, pass_settings
from minisets.cli.session import open_context, open_screen
from minisets.core.query.kinds import POD, parse_names

if TYPE_CHECKING:
    from minisets.app.usage import PodUsage
    from minisets.core.observed import Usage

SortBy = Literal["cpu", "memory"]
_MEBI = 1 << 20
_LINE = "_" * 8


class Top(Family):
    """Takes every word for pods, as kubectl does."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command for a word."""
        return super().get_command(ctx, POD.plural if cmd_name in POD.words else cmd_name)


@click.group("top", cls=Top, examples=("minisets top pods", "minisets top pods --sort-by=cpu"))
def top() -> None:
    """Show what pods take of the machine right now."""


@top.command(
    "pods",
    cls=Command,
    examples=(
        "minisets top pods",
        "minisets top pods web-0 --containers",
        "minisets top pods -l app=web --sum",
        "minisets top pods -A --sort-by=memory",
    ),
)
@click.argument("pod", required=False)
@click.option("-l", "--selector", metavar="LABELS", help="Only pods with these labels.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Pods of all namespaces.")
@click.option("--containers", is_flag=True, help="A line for each container.")
@click.option(
    "--sort-by", type=click.Choice(["cpu", "memory"]), help="What takes most comes first."
)
@click.option("--sum", "has_sum", is_flag=True, help="A last line with the sums.")
@click.option("--no-headers", is_flag=True, help="Leave out the line of headers.")
@pass_settings
def pods(
    settings: Settings,
    pod: str | None,
    selector: str | None,
    all_namespaces: bool,
    containers: bool,
    sort_by: SortBy | None,
    has_sum: bool,
    no_headers: bool,
) -> None:
    """Show the processors and the memory that pods take, measured over a second.

    CPU is in thousandths of a processor. Memory is the working set: what the kernel could drop at
    once is left out.
    """
    if pod and (all_namespaces or selector):
        raise click.UsageError("a pod is named within one namespace: leave out -A and -l")
    name = parse_names((pod,), POD)[0] if pod else None
    namespace = None if all_namespaces else settings.namespace
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app.usage import measure_pods
        from minisets.core.query.selectors import parse_labels

        wanted = parse_labels(selector) if selector else None
        found = measure_pods(context, namespace, name=name, selector=wanted)
        if not found:
            place = f" in {namespace} namespace." if namespace else ""
            screen.remark(f"No resources found{place}")
            return
        rows = _rows(_sorted(found, sort_by), containers, all_namespaces)
        if has_sum:
            rows += _sums(found, rows[0])
        from minisets.cli.render import render_table

        screen.result(render_table(rows, has_headers=not no_headers))


def _sorted(found: Sequence[PodUsage], sort_by: SortBy | None) -> list[PodUsage]:
    measures: dict[str, Callable[[Usage], float]] = {
        "cpu": lambda usage: usage.cores,
        "memory": lambda usage: usage.memory_bytes,
    }
    if sort_by is None:
        return list(found)
    return sorted(found, key=lambda pod: measures[sort_by](pod.total), reverse=True)


def _rows(
    found: Sequence[PodUsage], has_containers: bool, has_namespace: bool
) -> list[dict[str, str]]:
    rows = []
    for pod in found:
        start = {"NAMESPACE": pod.namespace} if has_namespace else {}
        if has_containers:
            rows += [
                {**start, "POD": pod.name, "NAME": one.name, **_cells(one.usage)}
                for one in pod.containers
            ]
        else:
            rows.append({**start, "NAME": pod.name, **_cells(pod.total)})
    return rows


def _cells(usage: Usage) -> dict[str, str]:
    from math import ceil

    # As Kubernetes rounds quantities: up, so that what does something never shows as nothing.
    return {
        "CPU(cores)": f"{ceil(usage.cores * 1000 - 1e-9)}m",
        "MEMORY(bytes)": f"{usage.memory_bytes // _MEBI}Mi",
    }


def _sums(found: Sequence[PodUsage], like: dict[str, str]) -> list[dict[str, str]]:
    from minisets.app.usage import sum_up

    total = _cells(sum_up(pod.total for pod in found))
    empty = dict.fromkeys(like, "")
    return [{**empty, **dict.fromkeys(total, _LINE)}, {**empty, **total}]
