"""Looks at paths of the Engine's machine, and makes those that a pod asks to be made.

Through a container of ours that mounts them and is never started: the Engine may run on another
machine.
"""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from minisets.core import labels
from minisets.core.volumes.file_entry import FileEntry
from minisets.core.volumes.pod_volumes import HostPath
from minisets.engine.archives import ArchiveEntry, pack
from minisets.engine.ports import Engine
from minisets.errors import EngineError, NotConverged

# Where the paths are in the container.
_ROOT = "/h"
_MADE = "DirectoryOrCreate"
_NEW_FILE = "FileOrCreate"
_MISSING_SOURCE = "bind source path does not exist"
_CREATE_API = (1, 42)

# Kubernetes' type → what is there if it is right, in the words of archives. An archive has no
# word for a socket, and tells no sort of device from another.
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Directory": ("a directory", ("directory",)),
    _MADE: ("a directory", ("directory",)),
    "File": ("a file", ("file",)),
    _NEW_FILE: ("a file", ("file",)),
    "Socket": ("a socket", ("other", "nothing")),
    "CharDevice": ("a character device", ("other",)),
    "BlockDevice": ("a block device", ("other",)),
}


class HostPaths:
    """Sees to host paths for the pods of one namespace.

    Args:
        engine: On whose machine the paths are.
        namespace: For the labels, by which a leftover of a killed command is recognized.
        image: Name of the pause image, present on the Engine.
    """

    def __init__(self, engine: Engine, namespace: str, image: str) -> None:
        self._engine = engine
        self._namespace = namespace
        self._image = image

    def see_to(self, path: HostPath) -> None:
        """Make what is to be made, and refuse what is not as its type says.

        Raises:
            NotConverged: Something else is there, or nothing.
        """
        is_new_file = path.type == _NEW_FILE
        mounted = posixpath.dirname(path.path.rstrip("/")) if is_new_file else path.path
        name = f"minisets_porter_{secrets.token_hex(8)}"
        try:
            container_id = self._engine.create_container(name, self._config(mounted, path.type))
        except EngineError as error:
            if _MISSING_SOURCE not in error.message:
                raise
            raise _wrong(path, "it is not there") from error
        try:
            inside = f"{_ROOT}/{posixpath.basename(path.path)}" if is_new_file else _ROOT
            entry = self._engine.archive_entry(container_id, inside)
            if is_new_file and entry is None:
                tar = pack([FileEntry(path=inside, content=b"")])
                self._engine.put_archive(container_id, "/", tar)
            else:
                _check(path, entry)
        finally:
            # What went wrong before is what to tell of.
            with suppress(EngineError):
                self._engine.remove_container(container_id, force=True)

    def _config(self, path: str, kind: str) -> dict[str, Any]:
        return {
            "Image": self._image,
            "Labels": labels.base(labels.KIND_PORTER, self._namespace),
            "HostConfig": {"NetworkMode": "none", **self._mounts(path, kind)},
        }

    def _mounts(self, path: str, kind: str) -> dict[str, Sequence[Any]]:
        if kind == _MADE and self._engine.info().api_version < _CREATE_API:
            return {"Binds": [f"{path}:{_ROOT}"]}
        mount: dict[str, Any] = {"Type": "bind", "Source": path, "Target": _ROOT}
        if kind == _MADE:
            mount["BindOptions"] = {"CreateMountpoint": True}
        return {"Mounts": [mount]}


def _check(path: HostPath, entry: ArchiveEntry | None) -> None:
    wanted, kinds = _KINDS.get(path.type, ("", ()))
    kind = entry.kind if entry is not None else "nothing"
    if kinds and kind not in kinds:
        raise _wrong(path, f"it is not {wanted}")


def _wrong(path: HostPath, why: str) -> NotConverged:
    return NotConverged(
        f"hostPath type check failed: {path.path} is to be of type {path.type}, but {why}",
        hint="the path is looked for on the machine that the Engine runs on",
    )
