"""Small tar archives, made in memory: how ownership and files get into volumes without a tool."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """A directory as it should be: absolute path, owner and mode bits."""

    path: str
    mode: int = 0o777
    uid: int = 0
    gid: int = 0


def directories_tar(entries: Iterable[DirectoryEntry]) -> bytes:
    """Pack directory entries with full names, to be unpacked at ``/``.

    Full names at the root, because an entry ``.`` is ignored and older Engines refuse links that
    lead out of the path that is unpacked to.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.path.strip("/"))
            info.type = tarfile.DIRTYPE
            info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
            tar.addfile(info)
    return buffer.getvalue()
