"""A local file or folder as a tar, in pieces: nothing larger than a piece is held in memory."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from minisets.errors import InputError

_PIECE_BYTES = 1 << 18
_END = bytes(2 * tarfile.BLOCKSIZE)
_PLAIN_FILE, _PLAIN_FOLDER = 0o644, 0o755

Skip = Callable[[str], None]
"""Told why something was left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Whose the files are to be, and whether they keep their permissions."""

    uid: int = 0
    gid: int = 0
    keeps_modes: bool = True


def pack(source: Path, name: str, owner: Ownership, skip: Skip) -> Iterator[bytes]:
    """Yield a tar of a file, or of a folder with all that is in it.

    Args:
        source: A file or a folder; if it is a link, what it leads to.
        name: What the source is called in the tar; empty: leave the folder itself out.
        owner: Of everything in the tar.
        skip: Told of what is neither file, folder nor link. Links inside stay links.

    Raises:
        InputError: Something cannot be read, or changed its size meanwhile.
    """
    try:
        yield from _entry(source, name, source.stat(), owner, skip)
    except OSError as error:
        raise InputError(f"cannot read {error.filename or source}: {error.strerror}") from error
    yield _END


def _entry(
    path: Path, name: str, seen: os.stat_result, owner: Ownership, skip: Skip
) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.mtime, info.uid, info.gid = int(seen.st_mtime), owner.uid, owner.gid
    info.mode = stat.S_IMODE(seen.st_mode)
    if stat.S_ISLNK(seen.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, str(path.readlink())
        yield _header(info)
    elif stat.S_ISDIR(seen.st_mode):
        info.type = tarfile.DIRTYPE
        info.mode = info.mode if owner.keeps_modes else _PLAIN_FOLDER
        if name:
            yield _header(info)
        for child in sorted(path.iterdir()):
            inner = f"{name}/{child.name}" if name else child.name
            yield from _entry(child, inner, child.lstat(), owner, skip)
    elif stat.S_ISREG(seen.st_mode):
        info.mode = info.mode if owner.keeps_modes else _PLAIN_FILE
        with path.open("rb") as file:
            # Not the size of before: the file may have grown since.
            info.size = os.fstat(file.fileno()).st_size
            yield _header(info)
            yield from _content(file, info.size, path)
    else:
        skip(f"skipping {path}: it is neither a file nor a folder nor a link")


def _header(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _content(file: BinaryIO, size: int, path: Path) -> Iterator[bytes]:
    left = size
    while left:
        piece = file.read(min(left, _PIECE_BYTES))
        if not piece:
            raise InputError(f"{path} became shorter while it was read", hint="copy it again")
        left -= len(piece)
        yield piece
    yield bytes(-size % tarfile.BLOCKSIZE)
