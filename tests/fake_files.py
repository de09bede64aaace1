"""The files of a container and of the volumes that it mounts, in memory."""

from __future__ import annotations

from dataclasses import replace

from minisets.core.volumes.file_entry import FileEntry
from minisets.engine.archives import (
    ArchiveEntry,
    DirectoryEntry,
    LinkEntry,
    PackEntry,
    pack,
    unpack,
)
from minisets.errors import EngineMissing

Tree = dict[str, ArchiveEntry]
"""Path relative to a root → what is there; the root itself is the empty path."""

_ROOT = ArchiveEntry(path="", kind="directory", mode=0o755, uid=0, gid=0)


class FakeFiles:
    """One file system: a container's own tree, and those of its mounts by their targets."""

    def __init__(self, own: Tree, mounts: dict[str, Tree]) -> None:
        self._own = own
        self._mounts = {target.strip("/"): tree for target, tree in mounts.items()}

    def put(self, path: str, tar: bytes) -> None:
        """Unpack a tar; what is in the way goes, but for a directory under a directory."""
        for entry in unpack(tar):
            name = f"{path.strip('/')}/{entry.path}".strip("/")
            tree, inner = self._place(name)
            old = tree.get(inner)
            if old is not None and (old.kind, entry.kind) != ("directory", "directory"):
                self._remove(tree, inner)
            parts = inner.split("/")
            for count in range(1, len(parts)):
                tree.setdefault("/".join(parts[:count]), _ROOT)
            tree[inner] = entry

    def get(self, path: str) -> bytes:
        """Pack what is at a path."""
        is_content = path.endswith("/.")
        name = path.removesuffix("/.").strip("/")
        found = self._all(name)
        if not found:
            raise EngineMissing(f"Could not find the file {path} in container")
        stem = "." if is_content else name.rpartition("/")[2]
        return pack(_packed(entry, f"{stem}/{inner}") for inner, entry in sorted(found.items()))

    def entry(self, path: str) -> ArchiveEntry | None:
        """Return what is at a path."""
        return self._all(path.removesuffix("/.").strip("/")).get("")

    def run(self, words: tuple[str, ...]) -> int:
        """Do what the program of minisets.core.pod.programs does."""
        left = list(words)
        while left:
            word = left.pop(0)
            tree, inner = self._place(word.removeprefix("=").strip("/"))
            if not word.startswith("="):
                if not any(path.startswith(f"{inner}/") for path in tree):
                    tree.pop(inner, None)
                continue
            to_tree, to = self._place(left.pop(0).strip("/"))
            if inner not in tree:
                return 1
            to_tree[to] = tree.pop(inner)
        return 0

    def hand_over(self, group: int, paths: tuple[str, ...]) -> None:
        """Do what the program of minisets.core.pod.group_program does."""
        for path in paths:
            tree, inner = self._place(path.strip("/"))
            tree.setdefault(inner, _ROOT)
            for name, entry in tree.items():
                if name == inner or not inner or name.startswith(f"{inner}/"):
                    bits = 0o2770 if entry.kind == "directory" else 0o660
                    tree[name] = replace(entry, gid=group, mode=entry.mode | bits)

    def _all(self, name: str) -> Tree:
        """Return everything at and below a path, mounts too, by path relative to it."""
        whole: Tree = {"": _ROOT, **self._own}
        for target, tree in self._mounts.items():
            parts = target.split("/")
            for count in range(1, len(parts)):
                whole.setdefault("/".join(parts[:count]), _ROOT)
            whole[target] = tree.get("", _ROOT)
            whole |= {f"{target}/{path}": entry for path, entry in tree.items() if path}
        return {
            path.removeprefix(name).strip("/"): entry
            for path, entry in whole.items()
            if not name or path == name or path.startswith(f"{name}/")
        }

    def _place(self, name: str) -> tuple[Tree, str]:
        for target, tree in self._mounts.items():
            if name == target or name.startswith(f"{target}/"):
                return tree, name.removeprefix(target).strip("/")
        return self._own, name

    def _remove(self, tree: Tree, name: str) -> None:
        for path in [path for path in tree if path == name or path.startswith(f"{name}/")]:
            del tree[path]


def _packed(entry: ArchiveEntry, path: str) -> PackEntry:
    if entry.kind == "link":
        return LinkEntry(path=path, target=entry.target)
    if entry.kind == "directory":
        return DirectoryEntry(path=path, mode=entry.mode, uid=entry.uid, gid=entry.gid)
    return FileEntry(
        path=path, content=entry.content, mode=entry.mode, uid=entry.uid, gid=entry.gid
    )
