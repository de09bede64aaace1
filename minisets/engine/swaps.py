"""How the files of a volume are replaced such that containers that run see all of it at once.

As the kubelet lays ConfigMaps out: each name is a link to ``..data/NAME``, and ``..data`` a link
to the folder with the files of today; so one rename changes them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from minisets.core.volumes.file_entry import FileEntry
from minisets.engine.archives import ArchiveEntry, DirectoryEntry, LinkEntry, PackEntry

_DATA = "..data"
_NEW_DATA = "..data_tmp"
_HIDDEN = ".."


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """How the content of one volume is replaced.

    Attributes:
        at: The mount.
        before: To be written first.
        commands: For the program that renames and removes (minisets.core.pod.programs).
        after: To be written last: links that would lead nowhere before.
    """

    at: str
    before: tuple[PackEntry, ...] = ()
    commands: tuple[str, ...] = ()
    after: tuple[LinkEntry, ...] = ()


def plan_swap(at: str, files: Sequence[FileEntry], seen: Iterable[ArchiveEntry]) -> Swap | None:
    """Return how a volume gets these files and no others; None if it has them.

    Args:
        at: The mount.
        files: What is to be in the volume.
        seen: What is in it.
    """
    there = {entry.path: entry for entry in seen}
    folder = _HIDDEN + _digest(files)
    links = {
        name: LinkEntry(path=f"{at}/{name}", target=f"{_DATA}/{name}")
        for name in dict.fromkeys(entry.path.split("/")[0] for entry in files)
    }
    content: tuple[PackEntry, ...] = (
        DirectoryEntry(path=f"{at}/{folder}", mode=0o755),
        *(below(f"{at}/{folder}", entry) for entry in files),
    )
    if _DATA not in there:
        data = LinkEntry(path=f"{at}/{_DATA}", target=folder)
        return Swap(at=at, before=(*content, data, *links.values()))
    is_today = there[_DATA].target == folder
    new = LinkEntry(path=f"{at}/{_NEW_DATA}", target=folder)
    rename = (f"={at}/{_NEW_DATA}", f"{at}/{_DATA}")
    # A reader that has followed the link just before is still on its way into the folder of
    # before, which is left for the next swap to remove.
    kept = {_DATA, _NEW_DATA, folder, there[_DATA].target, *links}
    # Deepest first: a directory goes when it is empty.
    outdated = sorted(
        (path for path in there if _is_outdated(path, kept, is_today=is_today)),
        key=len,
        reverse=True,
    )
    swap = Swap(
        at=at,
        before=() if is_today else (*content, new),
        commands=(*(() if is_today else rename), *(f"{at}/{path}" for path in outdated)),
        after=tuple(link for name, link in links.items() if name not in there),
    )
    return swap if swap.before or swap.commands or swap.after else None


def below(root: str, entry: FileEntry) -> FileEntry:
    """Return an entry with its path below a root."""
    return replace(entry, path=f"{root}/{entry.path}")


def _is_outdated(path: str, kept: Collection[str], *, is_today: bool) -> bool:
    top = path.split("/")[0]
    # Where there is nothing to swap, the folder of before is none of the changes.
    return top not in kept and not (is_today and top.startswith(_HIDDEN))


def _digest(files: Iterable[FileEntry]) -> str:
    """Name the folder of these files by all that they are."""
    digest = hashlib.sha256()
    for entry in sorted(files, key=lambda one: one.path):
        head = f"{entry.path}\0{entry.mode:o}\0{entry.uid}\0{entry.gid}\0{len(entry.content)}\0"
        digest.update(head.encode())
        digest.update(entry.content)
    return digest.hexdigest()[:32]
