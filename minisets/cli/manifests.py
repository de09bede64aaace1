"""Manifests of the command line: the options -f and -R, and what they name as checked objects."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from minisets.cli.command import Command, Settings
from minisets.core.query import kinds
from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.cli.progress import Screen
    from minisets.core.input.load import LoadedObject, UnknownFields

_MANIFESTS = (".yaml", ".yml", ".json")
_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


class FileCommand(Command):
    """A command that needs -f, and knows a manifest that was named without it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line.

        Raises:
            InputError: A manifest stands there without -f.
        """
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            bare = [word for word in args if word.endswith(_MANIFESTS)]
            if not bare or "=" in "".join(bare):
                raise
            several = "s" if len(bare) > 1 else ""
            flags = " ".join(f"-f {word}" for word in bare)
            raise InputError(
                f"unexpected argument{several}: {' '.join(bare)}",
                hint=f"did you mean {flags}?",
            ) from error


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
    unknown_fields: UnknownFields = "strict",
) -> list[LoadedObject]:
    """Read, check and place every object; no Engine is asked.

    Raises:
        ManifestError: Something is wrong; carries every problem of every file.
    """
    from minisets.app.changes import place
    from minisets.core.input.load import load
    from minisets.core.input.notice_groups import group_notices
    from minisets.engine.files import read_manifests

    loaded = load(
        read_manifests(files, recursive=recursive, stdin=lambda: sys.stdin.buffer.read()),
        unknown_fields=unknown_fields,
    )
    objects = place(
        loaded.objects, settings.namespace, is_explicit=settings.namespace_given is not None
    )
    for line in group_notices(loaded.notices) if tell_notices else ():
        screen.notice(line)
    if not objects:
        screen.notice("nothing to do: the files hold no object of a kind that minisets keeps")
    return objects


def find_wanted(
    settings: Settings,
    screen: Screen,
    words: Sequence[str],
    files: Sequence[str],
    *,
    recursive: bool,
) -> tuple[kinds.Wanted, str]:
    """Return which objects a reading command is about, and their namespace.

    Args:
        settings: Of the command.
        screen: Takes what is to be said of the files.
        words: Types and names, as typed.
        files: Whose objects are meant, if there are no words.
        recursive: The files in the folders of folders are meant, too.

    Raises:
        InputError: The words are wrong, or the files are about several namespaces.
        ManifestError: Something in the files is wrong.
    """
    if bool(words) == bool(files):
        raise click.UsageError("give either TYPE [NAME...] or -f FILE")
    if not files:
        wanted = kinds.parse_words(words, kinds.READABLE, is_all_known=True)
        return wanted, settings.namespace
    found: kinds.Wanted = {}
    objects = load_objects(settings, screen, files, recursive=recursive, tell_notices=False)
    for item in objects:
        found.setdefault(kinds.of_kind(item.kind), []).append(item.name)
    spaces = sorted({item.namespace for item in objects if item.namespace})
    if len(spaces) > 1:
        raise InputError(
            f"the files are about several namespaces: {', '.join(spaces)}",
            hint="name one file, or: minisets get all -A",
        )
    return found, spaces[0] if spaces else settings.namespace
