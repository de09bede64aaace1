"""Archives as Docker has them, on Podman: it leaves out what is mounted below the path.

A file that is unpacked at ``/`` would lie below the volume that is mounted over it, in silence.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any

from minisets.engine.archives import ArchiveEntry, first_entry, to_entry


def mounts_of(container: Mapping[str, Any]) -> tuple[str, ...]:
    """Return where an inspected container has mounts, the deepest first."""
    found = (str(mount["Destination"]) for mount in container.get("Mounts") or ())
    return tuple(sorted(found, key=lambda place: (-place.count("/"), place)))


def below(path: str, mounts: Iterable[str]) -> tuple[str, ...]:
    """Return the mounts below a path, relative to it."""
    root = PurePosixPath(path)
    found = (PurePosixPath(mount) for mount in mounts)
    return tuple(str(at.relative_to(root)) for at in found if root in at.parents)


def split(tar: bytes, path: str, mounts: Iterable[str]) -> dict[str, bytes]:
    """Divide what is to be unpacked at a path by the mount it is for.

    Args:
        tar: With names relative to the path.
        path: Absolute.
        mounts: Absolute, the deepest first.

    Returns:
        Path to unpack at → tar, the parts outside of all mounts first. The root of a mount is the
        entry ``.``.
    """
    places = tuple(mounts)
    parts: dict[str, list[tuple[tarfile.TarInfo, bytes]]] = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as whole:
        for entry in whole:
            content = whole.extractfile(entry) if entry.isfile() else None
            at = PurePosixPath(path) / entry.name
            mount = next((place for place in places if at.is_relative_to(place)), path)
            entry.name = str(at.relative_to(mount))
            if entry.islnk():
                entry.linkname = str((PurePosixPath(path) / entry.linkname).relative_to(mount))
            parts.setdefault(mount, []).append((entry, content.read() if content else b""))
    return {mount: _pack(parts[mount]) for mount in sorted(parts, key=lambda at: at != path)}


def join(parts: Mapping[str, bytes]) -> bytes:
    """Make one tar of several.

    Args:
        parts: Prefix of the names → tar, whose root is the entry ``.`` if it is there.
    """
    found = []
    for prefix, tar in parts.items():
        with tarfile.open(fileobj=io.BytesIO(tar)) as whole:
            for entry in whole:
                content = whole.extractfile(entry) if entry.isfile() else None
                entry.name = str(PurePosixPath(prefix) / entry.name)
                if entry.islnk():
                    entry.linkname = str(PurePosixPath(prefix) / entry.linkname)
                found.append((entry, content.read() if content else b""))
    return _pack(found)


def way_to_entry(path: str) -> tuple[str, Callable[[IO[bytes]], ArchiveEntry | None]]:
    """Say how to look at what is at a path, also at a link.

    Podman follows links, and leaves the folder itself out of the archive of ``FOLDER/.``. So the
    folder around is read until its entry comes.

    Returns:
        The path to get the archive of, and what reads it.
    """
    if path.endswith("/."):
        return path.removesuffix("/.") or "/", first_entry
    folder, _, name = path.rpartition("/")
    return folder or "/", partial(_child, name)


def _child(name: str, stream: IO[bytes]) -> ArchiveEntry | None:
    with tarfile.open(fileobj=stream, mode="r|", bufsize=512) as archive:
        root = archive.next()
        wanted = f"{root.name.strip('/')}/{name}".strip("/") if root else name
        for info in archive:
            if info.name.strip("/") == wanted:
                return to_entry(info, b"")
    return None


def _pack(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content) if entry.isfile() else None)
    return stream.getvalue()
