"""The options of what is printed of an object that was changed: -o name, --dry-run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

from minisets.cli.command import BareOption
from minisets.errors import InputError

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])

DryRun = Literal["none", "client", "server"]

DRY_WORDS: dict[DryRun, str] = {
    "none": "",
    "client": " (dry run)",
    "server": " (server dry run)",
}
"""What stands behind the outcome of a dry run."""


def name_option(
    text: str = "Print TYPE/NAME alone.", *, hint: str | None = None
) -> Callable[[_FunctionT], _FunctionT]:
    """Add -o name to a command, which takes it as ``is_named``.

    Args:
        text: For the help.
        hint: Where to get other formats.
    """

    def check(_ctx: click.Context, _param: click.Parameter, value: str | None) -> bool:
        if value not in {None, "name"}:
            raise InputError(
                f"unexpected -o output mode: {value}. We only support '-o name'", hint=hint
            )
        return value is not None

    return click.option("-o", "--output", "is_named", metavar="name", callback=check, help=text)


def dry_run_option(text: str) -> Callable[[_FunctionT], _FunctionT]:
    """Add --dry-run to a command, which takes it as ``dry_run``.

    Args:
        text: For the help.
    """
    return click.option(
        "--dry-run",
        cls=BareOption,
        bare="client",
        default="none",
        type=click.Choice(list(DRY_WORDS)),
        help=text,
    )
