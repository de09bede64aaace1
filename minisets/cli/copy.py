"""The command cp."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from minisets.cli.command import Command, Settings, pass_settings
from minisets.cli.session import open_context, open_screen
from minisets.errors import InputError

_PIECE_BYTES = 1 << 18
_STREAM = "-"
_FORMAT = "filespec must match the canonical format: [[namespace/]pod:]file/path"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """A path, of a pod or local; a local one has no pod."""

    path: str
    pod: str = ""
    namespace: str = ""


def parse_spec(text: str) -> FileSpec:
    """Read ``[[NAMESPACE/]POD:]PATH``; what begins as a path is one, also with a colon in it.

    Raises:
        InputError: Something is missing.
    """
    place, colon, path = text.partition(":")
    if not colon or text.startswith(("/", "./", "../", "~")):
        return FileSpec(path=text)
    namespace, slash, pod = place.rpartition("/")
    if not pod or not path or "/" in namespace or (slash and not namespace):
        raise InputError(f'"{text}": {_FORMAT}', hint="for example web-0:/var/log")
    return FileSpec(path=path, pod=pod, namespace=namespace)


@click.command(
    "cp",
    cls=Command,
    examples=(
        "minisets cp ./page.html web-0:/usr/share/nginx/html/",
        "minisets cp web-0:/var/log ./logs",
        "minisets cp ./conf/. web-0:/etc/app -c app",
        "tar cf - conf | minisets cp - web-0:/etc/app",
    ),
)
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("-c", "--container", metavar="NAME", help="Container of the pod.")
@click.option(
    "--no-preserve", is_flag=True, help="Give uploaded files usual permissions, not their own."
)
@pass_settings
def copy(
    settings: Settings, source: str, target: str, container: str | None, no_preserve: bool
) -> None:
    """Copy files and folders from a pod or to it, also while it does not run.

    One of the two is [NAMESPACE/]POD:PATH. As with cp -r, what is copied comes into a folder that
    is there, else it gets the new name; with /. at its end only what is in it is copied. A dash
    stands for a tar on standard input or output. No tool in the image is needed.
    """
    here, there = parse_spec(source), parse_spec(target)
    if here.pod and there.pod:
        raise InputError(
            "one of src or dest must be a local file specification",
            hint=f"minisets cp {source} - | minisets cp - {target}",
        )
    remote = here if here.pod else there
    if not remote.pod:
        raise InputError("one of src or dest must be a remote file specification", hint=_FORMAT)
    with open_screen(settings) as screen, open_context(settings, screen) as context:
        from minisets.app.copy import PodFiles

        files = PodFiles(context, remote.namespace or settings.namespace, remote.pod, container)
        if here.pod and target == _STREAM:
            for piece in files.download_tar(here.path):
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        elif here.pod:
            files.download(here.path, target, screen.notice)
        elif source == _STREAM:
            files.upload_tar(_read_stdin(), there.path)
        else:
            files.upload(source, there.path, screen.notice, keeps_modes=not no_preserve)


def _read_stdin() -> Iterator[bytes]:
    while piece := sys.stdin.buffer.read(_PIECE_BYTES):
        yield piece
