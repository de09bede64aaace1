"""Build the images of the workloads from Debian's packages.

The base is ``debian:bookworm-slim``; where no registry answers, debootstrap makes a stand-in.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import docker

from scripts import images

BASE = "debian:bookworm-slim"
SUITE = "bookworm"
HERE = Path(__file__).parent
NAMES = sorted(path.parent.name for path in HERE.glob("*/Dockerfile"))


def image_of(name: str) -> str:
    """Return the image of a workload."""
    return f"minisets/{name}:1"


def build_all(names: list[str]) -> None:
    """Build the images of these workloads; what has not changed comes from the Engine's cache."""
    engine = images.client(timeout=1800)
    _provide_base(engine)
    for name in names:
        print(f"workloads: building {image_of(name)}", flush=True)
        lines = engine.build(path=str(HERE / name), tag=image_of(name), rm=True, decode=True)
        output = [str(line.get("stream") or line.get("error") or "") for line in lines]
        if not any("Successfully built" in text for text in output):
            raise SystemExit(f"workloads: {name} could not be built:\n{''.join(output[-20:])}")


def _provide_base(engine: docker.APIClient) -> None:
    try:
        state = images.ensure(BASE, fallback=_make_base)
    except images.ImageUnavailableError as error:
        raise SystemExit(f"workloads: {error}") from error
    print(f"workloads: {BASE}: {state}", flush=True)


def _make_base(engine: docker.APIClient) -> None:
    """Make a Debian root with debootstrap and import it."""
    if shutil.which("debootstrap") is None:
        if os.getuid() != 0 or shutil.which("apt-get") is None:
            message = f"no registry gives {BASE}; apt-get install debootstrap, and run as root"
            raise images.ImageUnavailableError(message)
        _run(["apt-get", "-q", "-y", "--no-install-recommends", "install", "debootstrap"])
    with tempfile.TemporaryDirectory(prefix="minisets-debian-") as folder:
        root = Path(folder) / "root"
        print(f"workloads: making {BASE} with debootstrap (a minute or two)", flush=True)
        _run(["debootstrap", "--variant=minbase", SUITE, str(root)])
        packed = Path(folder) / "root.tar"
        _run(["tar", "-C", str(root), "--exclude=./var/cache/apt/archives/*.deb", "-cf",
              str(packed), "."])  # fmt: skip
        name, tag = BASE.split(":")
        engine.import_image_from_file(
            str(packed),
            repository=name,
            tag=tag,
            changes=['CMD ["bash"]', f"LABEL {images.RECIPE_LABEL}=debootstrap-{SUITE}"],
        )


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise images.ImageUnavailableError(
            f"{' '.join(command[:2])} failed: {(done.stderr or done.stdout)[-500:]}"
        )


if __name__ == "__main__":
    build_all(sys.argv[1:] or NAMES)
