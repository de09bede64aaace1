"""Build the image that the demo and the tests run, and stand-ins for images that cannot be pulled.

No registry is needed: the image is Debian's static busybox, packed as a tar in memory and
imported. Where Debian's package is not to be had, ``busybox`` from a registry is the base.

An image that is here already, and is no stand-in of ours, is never replaced.
"""

import argparse
import contextlib
import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import docker
from docker.context import ContextAPI
from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils import kwargs_from_env
from requests.exceptions import RequestException

DEMO = "minisets/demo:1"
BASE = "busybox:1.37"
RECIPE_LABEL = "minisets.io/recipe"
# A registry that answers sends progress all the time; one that is silent this long does not.
PULL_SILENCE_SECONDS = 15

SERVE = """\
#!/bin/sh
# A web server as PID 1 that leaves at once on TERM. Settings: DELAY (seconds before it
# listens), PORT, ROOT. An index.html that is there already is left alone.
server=
trap 'kill $server 2>/dev/null; exit 0' TERM INT
port=${PORT:-80}
root=${ROOT:-/usr/share/nginx/html}
if [ "${DELAY:-0}" != 0 ]; then
    sleep "$DELAY" &
    server=$!
    wait $server
fi
mkdir -p "$root"
[ -e "$root/index.html" ] || hostname 2>/dev/null >"$root/index.html"
echo "$(hostname): serving $root on port $port"
httpd -f -p "$port" -h "$root" &
server=$!
wait $server
"""

FILES = {
    "etc/passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnobody:x:65534:\n",
    # The static binary's own default asks DNS first, and /etc/hosts only when DNS is away.
    "etc/nsswitch.conf": "hosts: files dns\n",
}
FOLDERS = {
    "bin": 0o755,
    "etc": 0o755,
    "tmp": 0o1777,
    "usr": 0o755,
    "usr/share": 0o755,
    "usr/share/nginx": 0o755,
    # A pod may run as any user.
    "usr/share/nginx/html": 0o1777,
}
DOCKERFILE = f'FROM {BASE}\nCOPY rootfs/ /\nCMD ["/bin/serve"]\n'

# What the image is made of, except for the version of busybox.
RECIPE = hashlib.sha256(repr((1, SERVE, FILES, FOLDERS, DOCKERFILE)).encode()).hexdigest()[:16]

State = Literal["present", "pulled", "stand-in"]


class ImageUnavailableError(Exception):
    """The demo image could not be built; the text says why and what to do."""


def client(timeout: int = 60) -> docker.APIClient:
    """Return a client of the Engine that DOCKER_HOST, or else the current context, names."""
    if os.environ.get("DOCKER_HOST"):
        return docker.APIClient(version="auto", timeout=timeout, **kwargs_from_env())
    context: Any = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT"))
    if context is None:
        name = os.environ.get("DOCKER_CONTEXT")
        message = f"the Docker context {name!r} does not exist"
        raise DockerException(message)
    return docker.APIClient(
        base_url=context.Host, tls=context.TLSConfig or False, version="auto", timeout=timeout
    )


def build(engine: docker.APIClient) -> str:
    """Build the demo image unless the present one is of this recipe; return its ID."""
    with _one_at_a_time():
        found = _inspect(engine, DEMO)
        if found is None or _recipe(found) != RECIPE:
            if busybox := _busybox(str(engine.version()["Arch"])):
                _import(engine, busybox)
            else:
                _build_on_registry(engine)
            print(f"images: built {DEMO}")
            found = _inspect(engine, DEMO)
        if found is None:
            message = f"the Engine does not show {DEMO}, which was built a moment ago"
            raise ImageUnavailableError(message)
        return str(found["Id"])


def ensure(
    reference: str,
    *,
    pull: bool = True,
    fallback: Callable[[docker.APIClient], None] | None = None,
) -> State:
    """Make sure that an image of this name is here: present, else pulled, else a stand-in.

    A stand-in is what ``fallback`` makes, which labels it as such, or the demo image under another
    name. It gives way to the real image as soon as a registry answers. Any other image is left as
    it is.
    """
    engine = client(timeout=600)
    if reference == DEMO:
        build(engine)
        return "present"
    found = _inspect(engine, reference)
    if found is not None and _recipe(found) is None:
        return "present"
    reason = "pulling was not wanted"
    if pull:
        reason = _pull(engine, reference)
        if not reason:
            return "pulled"
    if fallback is not None:
        if found is None:
            fallback(engine)
        return "stand-in"
    name, tag = _split(reference)
    engine.tag(build(engine), name, tag)
    print(f"images: {DEMO} stands in for {reference}: {reason}")
    return "stand-in"


def _inspect(engine: docker.APIClient, reference: str) -> dict[str, Any] | None:
    try:
        # types-docker forgets this one method.
        return dict(engine.inspect_image(reference))  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return None


def _recipe(image: dict[str, Any]) -> str | None:
    labels: dict[str, str] = image["Config"].get("Labels") or {}
    return labels.get(RECIPE_LABEL)


def _split(reference: str) -> tuple[str, str]:
    name, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag:  # the colon of a registry's port
        return reference, "latest"
    return name, tag


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    # Two builds at once would leave one image without a name behind.
    path = Path(tempfile.gettempdir()) / f"minisets-images-{os.getuid()}.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _busybox(arch: str) -> bytes | None:
    """Return Debian's static busybox for the Engine's architecture; None if it is not to be had.

    Nothing is installed: the package is unpacked in a temporary folder.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    done = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True)
    # Docker and Debian use the same names, except for 32-bit ARM.
    if done.stdout.strip() not in (arch, f"{arch}hf"):
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt-get downloads as a user of its own
        if not _download("busybox-static", folder):
            return None
        # Debian has it in /bin, and since the merge of /usr in /usr/bin.
        programs = [folder / "bin/busybox", folder / "usr/bin/busybox"]
        return next((path.read_bytes() for path in programs if path.is_file()), None)


def _download(package: str, folder: Path) -> bool:
    download = ["apt-get", "-q", "download", package]
    if not _run(download, folder):
        # A fresh machine has no package lists yet; only root may fetch them.
        if os.getuid() != 0 or not _run(["apt-get", "-q", "update"], folder):
            return False
        if not _run(download, folder):
            return False
    archive = next(folder.glob(f"{package}_*.deb"))
    return _run(["dpkg-deb", "-x", archive.name, "."], folder)


def _run(command: list[str], folder: Path) -> bool:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
    )
    return done.returncode == 0


def _applets(busybox: bytes) -> list[str]:
    with tempfile.TemporaryDirectory() as name:
        program = Path(name) / "busybox"
        program.write_bytes(busybox)
        program.chmod(0o755)
        done = subprocess.run([str(program), "--list"], capture_output=True, text=True, check=True)
    return sorted(set(done.stdout.split()) - {"busybox"})


def _import(engine: docker.APIClient, busybox: bytes) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, mode in FOLDERS.items():
            tar.addfile(_entry(path, mode, tarfile.DIRTYPE))
        _add(tar, "bin/busybox", busybox, 0o755)
        _add(tar, "bin/serve", SERVE.encode(), 0o755)
        for path, text in FILES.items():
            _add(tar, path, text.encode(), 0o644)
        for applet in _applets(busybox):
            link = _entry(f"bin/{applet}", 0o777, tarfile.SYMTYPE)
            link.linkname = "busybox"
            tar.addfile(link)
    name, tag = _split(DEMO)
    engine.import_image_from_data(
        stream.getvalue(),
        repository=name,
        tag=tag,
        changes=['CMD ["/bin/serve"]', f"LABEL {RECIPE_LABEL}={RECIPE}"],
    )


def _build_on_registry(engine: docker.APIClient) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        _add(tar, "Dockerfile", DOCKERFILE.encode(), 0o644)
        for path, mode in FOLDERS.items():
            tar.addfile(_entry(f"rootfs/{path}", mode, tarfile.DIRTYPE))
        _add(tar, "rootfs/bin/serve", SERVE.encode(), 0o755)
    stream.seek(0)
    lines = engine.build(
        fileobj=stream,
        custom_context=True,
        tag=DEMO,
        labels={RECIPE_LABEL: RECIPE},
        rm=True,
        decode=True,
    )
    for line in lines:
        if "error" in line:
            message = (
                f"cannot build {DEMO}: Debian's busybox-static is not to be had here,"
                f" and {BASE} could not be pulled: {line['error']}"
            )
            raise ImageUnavailableError(message)


def _entry(path: str, mode: int, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.mode = mode
    entry.type = kind
    return entry


def _add(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = _entry(path, mode, tarfile.REGTYPE)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _pull(engine: docker.APIClient, reference: str) -> str:
    """Pull the image; return why that was not possible, or nothing."""
    name, tag = _split(reference)
    patient = client(timeout=PULL_SILENCE_SECONDS)
    try:
        for line in patient.pull(name, tag=tag, stream=True, decode=True):
            if "error" in line:
                return f"the pull failed: {line['error']}"
    except APIError as error:
        text = str(error.explanation or error)
        # Docker Hub says "denied" for what does not exist, too.
        if any(word in text for word in ("not found", "denied", "manifest unknown")):
            return "its registry has no such image"
        return "no registry answers"
    except RequestException:
        return "no registry answers"
    return "" if _inspect(engine, reference) else "the pull brought no image"


def main() -> int:
    """Build the demo image, and the stand-ins asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--stand-in",
        action="append",
        default=[],
        metavar="REF",
        help="make sure that an image of this name is here, if need be the demo image",
    )
    options = parser.parse_args()
    try:
        build(client())
        for reference in options.stand_in:
            ensure(reference)
    except (DockerException, RequestException, ImageUnavailableError) as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
