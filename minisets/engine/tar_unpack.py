"""A tar that somebody else made, unpacked at one local path and nowhere else.

A container may send any tar it likes. So: no name may lead out, nothing is written through a link,
and links are made last, when nothing more is written, and only those that stay inside.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from minisets.errors import EngineError, InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE_BYTES = 1 << 18

Skip = Callable[[str], None]
"""Told why something was left out."""

Parts = tuple[str, ...]


def unpack(tar: Iterable[bytes], target: Path, skip: Skip) -> None:
    """Unpack a tar so that its first entry becomes the target itself.

    Args:
        tar: In pieces.
        target: A file or a folder that is there already is written over or into.
        skip: Told of links that lead out of the target, and of devices.

    Raises:
        EngineError: The tar is broken, or a name in it leads out of the target.
        InputError: Something cannot be written.
    """
    stream = io.BufferedReader(_Stream(iter(tar)), _PIECE_BYTES)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as entries:
            _Unpacking(target, skip).run(entries)
    except tarfile.TarError as error:
        raise EngineError(f"what the Engine sent is no tar: {error}") from error
    except OSError as error:
        place = error.filename or target
        raise InputError(f"cannot write {place}: {error.strerror or error}") from error


class _Stream(io.RawIOBase):
    """Pieces as the file that tarfile reads."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read some bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        room = memoryview(buffer).cast("B")
        count = min(len(room), len(self._rest))
        room[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class _Unpacking:
    def __init__(self, target: Path, skip: Skip) -> None:
        self._target = target
        self._skip = skip
        self._top: Parts | None = None
        self._links: list[tuple[Parts, str]] = []
        self._folders: dict[Path, int] = {}
        self._safe: set[Path] = set()

    def run(self, entries: tarfile.TarFile) -> None:
        """Unpack every entry, then the links, then the permissions of the folders."""
        for entry in entries:
            parts = self._parts(entry.name)
            if entry.issym():
                self._links.append((parts, entry.linkname))
            elif entry.isdir():
                self._make_folder(self._path(parts), entry.mode)
            elif entry.islnk():
                self._copy_twin(parts, self._parts(entry.linkname))
            elif entry.isreg():
                content = entries.extractfile(entry)
                if content is not None:
                    self._write(self._path(parts), entry, content)
            else:
                self._skip(f"skipping {entry.name}: it is neither a file nor a folder nor a link")
        for parts, leads_to in self._links:
            self._make_link(parts, leads_to)
        for folder, mode in reversed(self._folders.items()):
            folder.chmod(mode)

    def _parts(self, name: str) -> Parts:
        """Return where an entry belongs below the target.

        Raises:
            EngineError: Its name leads out of the target.
        """
        parts = tuple(part for part in name.split("/") if part not in {"", "."})
        if self._top is None:
            self._top = parts
        if ".." in parts or parts[: len(self._top)] != self._top:
            raise EngineError(f"a name in the archive leads out of the target: {name!r}")
        return parts[len(self._top) :]

    def _path(self, parts: Parts) -> Path:
        """Return the path of an entry, with the folder that it is to be in.

        Raises:
            InputError: A link that was there before leads out of the target.
        """
        if not parts:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            return self._target
        path = self._target.joinpath(*parts)
        folder = path.parent
        if folder not in self._safe:
            folder.mkdir(parents=True, exist_ok=True)
            if not folder.resolve().is_relative_to(self._target.resolve()):
                raise InputError(f"{folder} leads out of {self._target}: nothing is written there")
            self._safe.add(folder)
        return path

    def _make_folder(self, path: Path, mode: int) -> None:
        if path != self._target and path.is_symlink():
            path.unlink()
        if path.is_dir():
            return
        # Ours to write into while we do; what the container says comes last.
        path.mkdir(mode=0o700)
        self._folders[path] = mode & 0o777

    def _write(self, path: Path, entry: tarfile.TarInfo, content: IO[bytes]) -> None:
        if path == self._target and path.exists() and not path.is_symlink():
            # Named by the user: its place and its permissions stay; it may be a device, too.
            with path.open("wb") as out:
                shutil.copyfileobj(content, out)
            return
        _remove_file(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "wb") as out:
            shutil.copyfileobj(content, out)
            os.fchmod(out.fileno(), entry.mode & 0o777)
        os.utime(path, (entry.mtime, entry.mtime))

    def _copy_twin(self, parts: Parts, other: Parts) -> None:
        """Make a hard link's second name a file of its own."""
        path, twin = self._path(parts), self._path(other)
        if path == twin or not stat.S_ISREG(twin.lstat().st_mode):
            self._skip(f"skipping {path}: what it is a second name of is no file")
            return
        _remove_file(path)
        shutil.copy2(twin, path, follow_symlinks=False)

    def _make_link(self, parts: Parts, leads_to: str) -> None:
        path = self._path(parts)
        if not _stays_inside(parts, leads_to):
            self._skip(f'skipping symlink: "{path}" -> "{leads_to}": it leads out of the target')
        elif path.is_dir() and not path.is_symlink():
            self._skip(f'skipping symlink: "{path}" -> "{leads_to}": a folder is there')
        else:
            _remove_file(path)
            path.symlink_to(leads_to)


def _stays_inside(parts: Parts, leads_to: str) -> bool:
    """Say whether a link leads to something below the target, whatever other links there are.

    Steps up count only at the beginning: after a name, which may be another link, they could lead
    anywhere. From a real folder every step up is known.
    """
    if not parts or leads_to.startswith("/"):
        return False
    steps = [step for step in leads_to.split("/") if step not in {"", "."}]
    ups = 0
    while ups < len(steps) and steps[ups] == "..":
        ups += 1
    return ".." not in steps[ups:] and ups < len(parts)


def _remove_file(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            message = "is a folder"
            raise IsADirectoryError(21, message, str(path))
        path.unlink()
