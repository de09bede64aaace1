"""Carries files into volumes and out of them, through a container of ours that mounts them.

The container is created and removed, and never started but to swap files that running containers
see. Three Engine calls for any number of volumes. What the files mean is not known here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from minisets.core import labels
from minisets.core.pod.group_program import group_program
from minisets.core.volumes.file_entry import FileEntry
from minisets.core.volumes.pod_volumes import Root
from minisets.engine.archives import (
    ArchiveEntry,
    DirectoryEntry,
    Kind,
    pack,
    unpack,
)
from minisets.engine.executor import UNTOUCHED_ROOT
from minisets.engine.pause_image import FILES_PROGRAM, PAUSE_STOP_SIGNAL
from minisets.engine.ports import Engine
from minisets.engine.swaps import Swap, below, plan_swap
from minisets.errors import EngineError, EngineMissing, NotConverged

GROUP_PROGRAM = "/group"
"""The path of the program that hands files over (minisets.core.pod.group_program)."""

_ResultT = TypeVar("_ResultT")

# Where the volumes are in the porter's container.
_ROOT = "/v"
# Kubernetes rule: the group reads and writes, and what is made in a directory is the group's.
_OF_GROUP = 0o2770
_WORDS: dict[Kind, str] = {"file": "a file", "link": "a link", "other": "something else"}


class Porter:
    """Carries files for the volumes of one namespace. Safe to use from several threads.

    The volumes must exist: the Engine would create others, without labels, in silence.

    Args:
        engine: Where the volumes are.
        namespace: For the labels, by which a leftover of a killed command is recognized.
        image: Gives the name of the pause image, present on the Engine.
    """

    def __init__(self, engine: Engine, namespace: str, image: Callable[[], str]) -> None:
        self._engine = engine
        self._namespace = namespace
        self._image = image

    def write(self, volumes: Mapping[str, Iterable[FileEntry]]) -> None:
        """Write files into volumes as they are; other files there stay. Three Engine calls."""
        files = {name: tuple(entries) for name, entries in volumes.items()}

        def work(container_id: str, mounts: Mapping[str, str]) -> None:
            tar = pack(below(mounts[name], entry) for name in files for entry in files[name])
            self._engine.put_archive(container_id, "/", tar)

        self._use(list(files), work)

    def prepare(self, roots: Mapping[str, Root], *, only_untouched: bool = False) -> None:
        """Give the root directories of volumes a mode and an owner. Three Engine calls.

        Args:
            roots: By volume.
            only_untouched: Leave those that are not as the Engine makes them: another pod may
                have come first. One call more per volume.
        """

        def work(container_id: str, mounts: Mapping[str, str]) -> None:
            entries = [
                DirectoryEntry(path=mounts[name], mode=root.mode, uid=root.uid, gid=root.gid)
                for name, root in roots.items()
                if not only_untouched
                or self._engine.archive_head(container_id, f"{mounts[name]}/.") == UNTOUCHED_ROOT
            ]
            if entries:
                self._engine.put_archive(container_id, "/", pack(entries))

        self._use(list(roots), work)

    def hand_over(self, volumes: Iterable[str], group: int, *, always: bool = False) -> None:
        """Give all files of volumes to a group, which may then read and write them.

        Three Engine calls and one per volume; four more where there is something to do. On
        machines that we have no program for, the roots alone are handed over.

        Args:
            volumes: By name.
            group: Its id.
            always: Also the files of volumes whose root is the group's already.

        Raises:
            EngineError: Some files could not be handed over.
        """

        def work(container_id: str, mounts: Mapping[str, str]) -> None:
            roots = {
                name: self._engine.archive_entry(container_id, f"{mount}/.")
                for name, mount in mounts.items()
            }
            wanted = {
                mounts[name]: root
                for name, root in roots.items()
                if root is not None and (always or not _belongs_to(root, group))
            }
            if wanted:
                self._hand_over(container_id, wanted, group)

        self._use(list(dict.fromkeys(volumes)), work)

    def _hand_over(self, container_id: str, roots: Mapping[str, ArchiveEntry], group: int) -> None:
        program = group_program(self._engine.info().architecture)
        if program is None:
            tar = pack(
                DirectoryEntry(path=path, mode=root.mode | _OF_GROUP, uid=root.uid, gid=group)
                for path, root in roots.items()
            )
            self._engine.put_archive(container_id, "/", tar)
            return
        file = FileEntry(path=GROUP_PROGRAM, content=program, mode=0o755)
        self._engine.put_archive(container_id, "/", pack([file]))
        self._engine.start(container_id)
        done = self._engine.exec(container_id, (GROUP_PROGRAM, str(group), *roots))
        if done.exit_code != 0:
            raise EngineError(f"files of a volume could not be given to the group {group}")

    def read(self, volume: str, path: str = "") -> dict[str, bytes]:
        """Return the files at or below a path of a volume, by their paths in the volume.

        Links are left out.

        Raises:
            EngineMissing: The path is not there.
        """

        def work(container_id: str, mounts: Mapping[str, str]) -> dict[str, bytes]:
            stem = path.strip("/")
            whole = f"{mounts[volume]}/{stem}".rstrip("/")
            entry = self._engine.archive_entry(container_id, whole) if stem else None
            if entry is not None and entry.kind == "file":
                tar = self._engine.get_archive(container_id, whole)
                (found,) = unpack(tar)
                return {stem: found.content}
            tar = self._engine.get_archive(container_id, f"{whole}/.")
            return {
                f"{stem}/{found.path}".lstrip("/"): found.content
                for found in unpack(tar)
                if found.kind == "file"
            }

        return self._use([volume], work)

    def read_all(self, volumes: Iterable[str]) -> dict[str, dict[str, bytes]]:
        """Return the files of volumes, by volume and path. Three Engine calls."""
        names = list(dict.fromkeys(volumes))
        return {
            name: {entry.path: entry.content for entry in entries if entry.kind == "file"}
            for name, entries in self._use(names, self._look).items()
        }

    def entries(self, volume: str) -> tuple[ArchiveEntry, ...]:
        """Return all that is in a volume: directories, links and files. Three Engine calls."""
        return self._use([volume], self._look)[volume]

    def check_path(self, volume: str, sub_path: str) -> Kind:
        """Make sure that a path of a volume leads through directories and no link.

        Directories that are missing are created with the mode and owner of the volume's root, as
        Kubernetes does for a subPath.

        Returns:
            What is there: a directory or a file.

        Raises:
            NotConverged: A component is a link, or leads through a file or out of the volume.
        """
        parts = [part for part in sub_path.split("/") if part not in ("", ".")]

        def work(container_id: str, mounts: Mapping[str, str]) -> Kind:
            found: Kind = "directory"
            for count, part in enumerate(parts, 1):
                at = "/".join([mounts[volume], *parts[:count]])
                entry = self._engine.archive_entry(container_id, at) if part != ".." else None
                if entry is None and part != "..":
                    self._make_directories(container_id, mounts[volume], parts, count)
                    return "directory"
                found = entry.kind if entry else "other"
                if found != "directory" and not (found == "file" and count == len(parts)):
                    raise NotConverged(
                        f"the path {sub_path} of volume {volume} cannot be mounted: "
                        f"{'/'.join(parts[:count])} is no directory but {_WORDS[found]}",
                        hint=f"mount the whole volume {volume} and look at the path",
                    )
            return found

        return self._use([volume], work)

    def publish(self, volumes: Mapping[str, Iterable[FileEntry]]) -> frozenset[str]:
        """Make files the whole content of volumes, such that running containers see all at once.

        Files that are no longer among them go out of sight, and with the next publication for
        good. As the kubelet lays ConfigMaps out: each name is a link to ``..data/NAME``, and
        ``..data`` a link to the directory with the files of today.

        Returns:
            The volumes whose content has changed.

        Raises:
            EngineError: Files could not be swapped.
        """
        files = {name: tuple(entries) for name, entries in volumes.items()}

        def work(container_id: str, mounts: Mapping[str, str]) -> frozenset[str]:
            seen = self._look(container_id, mounts)
            swaps = [
                swap
                for name, entries in files.items()
                if (swap := plan_swap(mounts[name], entries, seen[name])) is not None
            ]
            self._carry_out(container_id, swaps)
            return frozenset(name for name in files if any(s.at == mounts[name] for s in swaps))

        return self._use(list(files), work)

    def _carry_out(self, container_id: str, swaps: Sequence[Swap]) -> None:
        before = [entry for swap in swaps for entry in swap.before]
        if before:
            self._engine.put_archive(container_id, "/", pack(before))
        commands = [word for swap in swaps for word in swap.commands]
        if commands:
            self._engine.start(container_id)
            done = self._engine.exec(container_id, (FILES_PROGRAM, *commands))
            if done.exit_code != 0:
                words = done.output.decode(errors="replace").strip()
                raise EngineError(f"the files of a volume could not be swapped: {words}".strip())
        after = [entry for swap in swaps for entry in swap.after]
        if after:
            self._engine.put_archive(container_id, "/", pack(after))

    def _look(
        self, container_id: str, mounts: Mapping[str, str]
    ) -> dict[str, tuple[ArchiveEntry, ...]]:
        """Return what is in each volume, with paths relative to its root."""
        by_mount = {mount.removeprefix(f"{_ROOT}/"): name for name, mount in mounts.items()}
        found: dict[str, list[ArchiveEntry]] = {name: [] for name in mounts}
        for entry in unpack(self._engine.get_archive(container_id, f"{_ROOT}/.")):
            mount, slash, path = entry.path.partition("/")
            if slash and mount in by_mount:
                found[by_mount[mount]].append(replace(entry, path=path))
        return {name: tuple(entries) for name, entries in found.items()}

    def _make_directories(
        self, container_id: str, root: str, parts: Sequence[str], first: int
    ) -> None:
        """Make the directories of a path from the first that is missing (counted from 1)."""
        like = self._engine.archive_entry(container_id, f"{root}/.")
        mode, uid, gid = (like.mode, like.uid, like.gid) if like else (0o777, 0, 0)
        tar = pack(
            DirectoryEntry(path="/".join([root, *parts[:count]]), mode=mode, uid=uid, gid=gid)
            for count in range(first, len(parts) + 1)
        )
        self._engine.put_archive(container_id, "/", tar)

    def _use(
        self, volumes: Sequence[str], work: Callable[[str, Mapping[str, str]], _ResultT]
    ) -> _ResultT:
        """Work with a container that mounts the volumes.

        Once more if it is removed meanwhile: by a prune, or by a command that took it for a
        leftover.
        """
        mounts = {name: f"{_ROOT}/{index}" for index, name in enumerate(volumes)}
        try:
            return self._attempt(mounts, work)
        except EngineMissing as error:
            if "no such container" not in error.message.lower():
                raise
            return self._attempt(mounts, work)

    def _attempt(
        self,
        mounts: Mapping[str, str],
        work: Callable[[str, Mapping[str, str]], _ResultT],
    ) -> _ResultT:
        name = f"minisets_porter_{secrets.token_hex(8)}"
        container_id = self._engine.create_container(name, self._config(mounts))
        try:
            return work(container_id, mounts)
        finally:
            # What went wrong before is what to tell of.
            with suppress(EngineError):
                self._engine.remove_container(container_id, force=True)

    def _config(self, mounts: Mapping[str, str]) -> dict[str, Any]:
        return {
            "Image": self._image(),
            "Labels": labels.base(labels.KIND_PORTER, self._namespace),
            "StopSignal": PAUSE_STOP_SIGNAL,
            "HostConfig": {
                "NetworkMode": "none",
                "Mounts": [
                    {
                        "Type": "volume",
                        "Source": name,
                        "Target": mount,
                        "VolumeOptions": {"NoCopy": True},
                    }
                    for name, mount in mounts.items()
                ],
            },
        }


def _belongs_to(root: ArchiveEntry, group: int) -> bool:
    """Say whether a root directory is as handing it over would leave it."""
    return root.gid == group and root.mode & _OF_GROUP == _OF_GROUP
