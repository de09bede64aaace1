"""Manifests of the command line: the options -f and -R, and what they name as checked objects."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from minisets.cli.command import Settings

if TYPE_CHECKING:
    from minisets.cli.progress import Screen
    from minisets.core.load import LoadedObject

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


def file_options(*, is_required: bool) -> Callable[[_FunctionT], _FunctionT]:
    """Add -f and -R to a command."""

    def decorate(function: _FunctionT) -> _FunctionT:
        function = click.option(
            "-R", "--recursive", is_flag=True, help="Read the folders inside folders, too."
        )(function)
        return click.option(
            "-f",
            "--filename",
            "files",
            multiple=True,
            required=is_required,
            metavar="FILE",
            help="Manifest: a file, a folder, a URL, or - for standard input. Several are fine.",
        )(function)

    return decorate


def load_objects(
    settings: Settings,
    screen: Screen,
    files: Sequence[str],
    *,
    recursive: bool,
    tell_notices: bool = True,
) -> list[LoadedObject]:
    """Read, check and place every object; no Engine is asked.

    Raises:
        ManifestError: Something is wrong; carries every problem of every file.
    """
    from minisets.app.changes import place
    from minisets.core.load import load
    from minisets.core.notice_groups import group_notices
    from minisets.engine.files import read_manifests

    loaded = load(
        read_manifests(files, recursive=recursive, stdin=lambda: sys.stdin.buffer.read())
    )
    objects = place(
        loaded.objects, settings.namespace, is_explicit=settings.namespace_given is not None
    )
    for line in group_notices(loaded.notices) if tell_notices else ():
        screen.notice(line)
    if not objects:
        screen.notice("nothing to do: the files hold no object of a kind that minisets keeps")
    return objects
