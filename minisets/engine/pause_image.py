"""The image of sandboxes and of the porter's containers: made in memory, or the registry's own."""

from __future__ import annotations

from minisets.core.pod.programs import files_program, pause_program
from minisets.core.volumes.file_entry import FileEntry
from minisets.engine.archives import pack
from minisets.engine.ports import Engine
from minisets.errors import ImageError

PAUSE_IMAGE = "minisets/pause:1"
PAUSE_STOP_SIGNAL = "SIGKILL"
"""The program does nothing, so there is nothing that a gentler signal would let it end."""
FILES_PROGRAM = "/files"
"""The path of the program that swaps files (minisets.core.pod.programs)."""

# For machines that our programs are not written for: enough for sandboxes, and for files that no
# running container sees change.
_REGISTRY_IMAGE = "registry.k8s.io/pause:3.10"
_CHANGES = ('ENTRYPOINT ["/pause"]',)


def ensure_pause_image(engine: Engine) -> str:
    """Return the name of the sandbox image, made first if it is not there.

    One Engine call where the image is present; commands keep the name (Context.pause_image).

    Raises:
        ImageError: The Engine's machine is of an architecture that we have no program for, and
            the registry's image cannot be had.
    """
    if engine.image(PAUSE_IMAGE) is not None:
        return PAUSE_IMAGE
    architecture = engine.info().architecture
    programs = {"/pause": pause_program(architecture), FILES_PROGRAM: files_program(architecture)}
    files = [
        FileEntry(path=path, content=program, mode=0o755)
        for path, program in programs.items()
        if program is not None
    ]
    if files:
        engine.import_image(pack(files), tag=PAUSE_IMAGE, changes=_CHANGES)
        return PAUSE_IMAGE
    if engine.image(_REGISTRY_IMAGE) is None:
        try:
            for _ in engine.pull(_REGISTRY_IMAGE):
                pass
        except ImageError as error:
            raise ImageError(
                f"minisets needs the image {_REGISTRY_IMAGE} on {architecture}: {error.message}",
                hint=f"docker pull {_REGISTRY_IMAGE}",
            ) from error
    return _REGISTRY_IMAGE
