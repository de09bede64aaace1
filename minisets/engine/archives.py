"""Small tar archives, made and read in memory: how files get into volumes and out, with no tool.

Entries have full names, to be unpacked at ``/``: an entry ``.`` is ignored, and older Engines
refuse links that lead out of the path that is unpacked to.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Literal

from minisets.core.volumes.file_entry import FileEntry

Kind = Literal["directory", "file", "link", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """A directory as it should be: absolute path, owner and mode bits."""

    path: str
    mode: int = 0o777
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEntry:
    """A symbolic link as it should be: absolute path, and what it says."""

    path: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveEntry:
    """One entry of an archive that the Engine gave.

    Attributes:
        path: As the archive has it, without a leading ``./`` and a final slash.
        target: What a link says.
        content: Of a file, if the archive was read to its end.
    """

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    target: str = ""
    content: bytes = b""


PackEntry = DirectoryEntry | LinkEntry | FileEntry


def pack(entries: Iterable[PackEntry]) -> bytes:
    """Pack entries with absolute paths, to be unpacked at ``/`` in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.path.strip("/"))
            content = None
            if isinstance(entry, LinkEntry):
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.target, 0o777
            else:
                info.mode, info.uid, info.gid = entry.mode, entry.uid, entry.gid
                if isinstance(entry, DirectoryEntry):
                    info.type = tarfile.DIRTYPE
                else:
                    info.size, content = len(entry.content), io.BytesIO(entry.content)
            tar.addfile(info, content)
    return buffer.getvalue()


def directories_tar(entries: Iterable[DirectoryEntry]) -> bytes:
    """Pack directory entries; see pack."""
    return pack(entries)


def unpack(tar: bytes) -> Iterator[ArchiveEntry]:
    """Yield the entries of an archive with their contents."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for info in archive:
            stream = archive.extractfile(info) if info.isreg() else None
            yield to_entry(info, stream.read() if stream else b"")


def first_entry(stream: IO[bytes]) -> ArchiveEntry | None:
    """Read the head of an archive and no more; None if it is empty."""
    with tarfile.open(fileobj=stream, mode="r|", bufsize=512) as archive:
        info = archive.next()
        return None if info is None else to_entry(info, b"")


def to_entry(info: tarfile.TarInfo, content: bytes) -> ArchiveEntry:
    """Translate an entry of a tar."""
    kind: Kind = "other"
    if info.isdir():
        kind = "directory"
    elif info.issym():
        kind = "link"
    elif info.isreg():
        kind = "file"
    return ArchiveEntry(
        path=info.name.removeprefix("./").strip("/"),
        kind=kind,
        mode=info.mode & 0o7777,
        uid=info.uid,
        gid=info.gid,
        target=info.linkname if info.issym() else "",
        content=content,
    )
