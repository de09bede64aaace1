"""The use case cp: files from and to a pod, through the Engine alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from minisets.app.context import Context
from minisets.app.loop.world import observe
from minisets.app.reading.pod_choice import find_container
from minisets.core import naming
from minisets.core.observed import PathSeen
from minisets.engine.tar_pack import Ownership, pack
from minisets.engine.tar_unpack import unpack
from minisets.errors import EngineError, InputError, NotFound

_CONTENTS = "/."

Skip = Callable[[str], None]
"""Told why something was left out."""


class PodFiles:
    """The files of one container of a pod, whether it runs or not.

    Args:
        context: Of the command.
        namespace: Of the pod.
        pod: Its name.
        container: Name of the container; None: the default one.

    Raises:
        NotFound: There is no such pod or container.
    """

    def __init__(
        self, context: Context, namespace: str, pod: str, container: str | None = None
    ) -> None:
        self._engine = context.engine
        self._pod = pod
        chosen = f" -c {container}" if container else ""
        self._exec = f"minisets exec {pod}{chosen}{naming.flag(namespace)} --"
        seen = find_container(observe(context.engine, namespace), namespace, pod, container)
        self._id = seen.id
        config = context.engine.inspect(seen.id).config
        self._working_dir = str(config.get("WorkingDir") or "/")
        self._user = str(config.get("User") or "")

    def download(self, path: str, target: str, skip: Skip) -> None:
        """Copy a file or a folder of the pod to a local path.

        As ``cp -r`` does: into a folder that is there, else under the new name; ``/.`` at the end
        of the path means what is in the folder. A link at the path is followed; inside, links
        that would lead out of the target are left out.

        Raises:
            NotFound: The path is not there.
            InputError: The target cannot be written.
            EngineError: What the container sent tries to lead out of the target.
        """
        real, seen = self._follow(path)
        if seen is None:
            raise self._missing(path)
        local = Path(target)
        has_slash = target.endswith("/")
        wants_contents = path.endswith(_CONTENTS) or _base(path) == ""
        if local.is_dir() and not (seen.is_directory and wants_contents):
            final = local / _base(path)
        elif has_slash and not seen.is_directory:
            raise InputError(f"the folder {target} does not exist", hint=f"mkdir -p {target}")
        elif seen.is_directory and local.exists() and not local.is_dir():
            raise InputError(f"{target} is a file, and {path} is a folder")
        else:
            # Named by the user: a link there is meant to be followed.
            final = local.resolve()
        unpack(self._engine.read_archive(self._id, real), final, skip)

    def download_tar(self, path: str) -> Iterator[bytes]:
        """Yield a path of the pod as a tar.

        Raises:
            NotFound: The path is not there.
        """
        real, seen = self._follow(path)
        if seen is None:
            raise self._missing(path)
        return self._engine.read_archive(self._id, real)

    def upload(self, source: str, path: str, skip: Skip, *, keeps_modes: bool = True) -> None:
        """Copy a local file or folder to a path of the pod; see download.

        The files belong to the container's user.

        Raises:
            InputError: The source is not there or cannot be read, or the path cannot be written.
        """
        local = Path(source)
        if not local.exists():
            raise InputError(f"{source} doesn't exist in local filesystem")
        real, seen = self._follow(path)
        wants_contents = source.endswith(_CONTENTS)
        if seen is not None and seen.is_directory:
            folder = real
            name = "" if local.is_dir() and wants_contents else local.resolve().name
        elif seen is not None and local.is_dir():
            raise InputError(f"{path} is a file in pod {self._pod}, and {source} is a folder")
        elif seen is None and path.endswith("/") and not local.is_dir():
            raise self._no_folder(path)
        else:
            folder, name = str(PurePosixPath(real).parent), _base(real)
        self._write(folder, pack(local, name, self._owner(keeps_modes), skip))

    def upload_tar(self, tar: Iterable[bytes], path: str) -> None:
        """Unpack a tar in a folder of the pod.

        Raises:
            InputError: The folder is not there.
        """
        real, _ = self._follow(path)
        self._write(real, tar)

    def _write(self, folder: str, tar: Iterable[bytes]) -> None:
        seen = self._engine.stat_path(self._id, folder)
        if seen is None or not (seen.is_directory or seen.is_link):
            raise self._no_folder(folder)
        self._engine.write_archive(self._id, folder, tar)

    def _follow(self, path: str) -> tuple[str, PathSeen | None]:
        """Return the absolute path that a path leads to, and what stands there."""
        absolute = str(PurePosixPath(self._working_dir) / path)
        seen = self._engine.stat_path(self._id, absolute)
        if seen is not None and seen.is_link:
            absolute = seen.link_target or absolute
            seen = self._engine.stat_path(self._id, absolute)
        return absolute, seen

    def _owner(self, keeps_modes: bool) -> Ownership:
        uid, _, gid = self._user.partition(":")
        if not uid:
            return Ownership(keeps_modes=keeps_modes)
        if uid.isdecimal():
            number = int(gid) if gid.isdecimal() else 0
            return Ownership(uid=int(uid), gid=number, keeps_modes=keeps_modes)
        found = self._entry_of_user(uid)
        if found is None:
            return Ownership(keeps_modes=keeps_modes)
        return Ownership(uid=found[0], gid=found[1], keeps_modes=keeps_modes)

    def _entry_of_user(self, name: str) -> tuple[int, int] | None:
        """Look a user up in the image's /etc/passwd, as the Engine does."""
        try:
            content = b"".join(self._engine.read_archive(self._id, "/etc/passwd"))
        except EngineError:
            return None
        for line in content.decode(errors="replace").replace("\0", "").splitlines():
            fields = line.split(":")
            if fields[0] == name and len(fields) > 3 and fields[2].isdecimal():
                return int(fields[2]), int(fields[3]) if fields[3].isdecimal() else 0
        return None

    def _missing(self, path: str) -> NotFound:
        return NotFound(
            f"{path}: no such file or folder in pod {self._pod}",
            hint=f"{self._exec} ls {PurePosixPath(path).parent!s}",
        )

    def _no_folder(self, folder: str) -> InputError:
        return InputError(
            f"the folder {folder} does not exist in pod {self._pod}",
            hint=f"{self._exec} mkdir -p {folder}",
        )


def _base(path: str) -> str:
    return PurePosixPath(path).name
