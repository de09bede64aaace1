"""The command doctor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.session import open_context, open_screen
from minisets.errors import EngineError

if TYPE_CHECKING:
    from minisets.cli.progress import Screen
    from minisets.core.query.diagnosis import Finding

_EXIT_PROBLEMS = 1


@click.command("doctor", cls=Command, examples=("minisets doctor", "minisets doctor -o json"))
@click.option("-o", "--output", type=click.Choice(["json"]), help="Output format.")
@pass_settings
@click.pass_context
def doctor(ctx: click.Context, settings: Settings, output: str | None) -> None:
    """Look for what is wrong, in all namespaces, and say what to do; exit code 1 if there is any.

    The Engine and its API, the way to pods, room on the disk, clashes of names, what a prune took,
    pods that are down, images that are missing, and what was left over. Nothing is changed.
    """
    with open_screen(settings) as screen:
        found = _examine(settings, screen)
        advice = settings.advice
        found = [
            replace(one, message=advice(one.message), remedy=advice(one.remedy)) for one in found
        ]
        screen.result(_to_json(found) if output == "json" else render_findings(found))
    from minisets.core.query.diagnosis import Level

    if any(finding.level is Level.PROBLEM for finding in found):
        ctx.exit(_EXIT_PROBLEMS)


def _examine(settings: Settings, screen: Screen) -> list[Finding]:
    from minisets.core.query.diagnosis import Finding, Level
    from minisets.engine.endpoint import config_file

    try:
        with open_context(settings, screen) as context:
            from minisets.app.doctor import examine

            return examine(context, docker_config=config_file())
    except EngineError as error:
        # What every other command would fail with is here a finding.
        return [
            Finding(
                level=Level.PROBLEM,
                check="engine",
                message=error.message,
                remedy=error.hint or "docker version",
            )
        ]


def render_findings(found: Sequence[Finding]) -> str:
    """Return a line per finding, its remedy below it, and what it comes to."""
    from minisets.core.query.diagnosis import Level

    width = max(len(finding.check) for finding in found)
    lines = []
    for finding in found:
        head = f"{finding.level.value:<7}  {finding.check:<{width}}  "
        lines.append(f"{head}{finding.message}")
        if finding.remedy:
            lines.append(f"{'':<{len(head)}}remedy: {finding.remedy}")
    count = sum(finding.level is Level.PROBLEM for finding in found)
    word = "problem" if count == 1 else "problems"
    return "\n".join([*lines, f"{count or 'no'} {word} found"])


def _to_json(found: Sequence[Finding]) -> str:
    from minisets.cli.output import to_json
    from minisets.core.query.diagnosis import Level

    return to_json(
        {
            "healthy": all(finding.level is not Level.PROBLEM for finding in found),
            "findings": [
                {
                    "level": finding.level.value,
                    "check": finding.check,
                    "message": finding.message,
                    "remedy": finding.remedy,
                }
                for finding in found
            ],
        }
    )
