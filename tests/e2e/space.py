"""A namespace as a user and as an auditor see it: the command line, and the Engine behind it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import docker
import pytest
import yaml
from docker.errors import NotFound

from minisets.core import labels, naming
from minisets.engine.docker_socket import HijackedSocket, collect
from tests.e2e import program
from tests.e2e.program import PROGRAM

MANIFESTS = Path(__file__).parent / "manifests"
PAGE = "/usr/share/nginx/html/index.html"
# No command here is meant to take so long: a hang fails the test instead of the whole run.
_LIMIT = 180
_END = "exit code "

T = TypeVar("T")
Json = Any


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command left."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    def json(self) -> Json:
        return json.loads(self.out)


def eventually(look: Callable[[], T | None], *, what: str, seconds: float = 90) -> T:
    """Look until there is something to see, and return it."""
    deadline = monotonic() + seconds
    pause = threading.Event()
    while True:
        seen = look()
        if seen:
            return seen
        assert monotonic() < deadline, f"not seen within {seconds}s: {what}"
        pause.wait(0.05)


def edited(name: str, folder: Path, changes: Mapping[str, Json], *, to: str = "") -> Path:
    """Write a manifest of this folder anew with changes of its set; return the new file.

    A key is a path such as ``spec.replicas``; one that starts with ``pod.`` or ``container.`` is
    of the template. The value None takes the field away.
    """
    objects = list(yaml.safe_load_all((MANIFESTS / name).read_text(encoding="utf-8")))
    for obj in objects:
        if obj["kind"] == "StatefulSet":
            for path, value in changes.items():
                _change(obj, path.split("."), value)
    file = folder / (to or name)
    file.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return file


def _change(obj: Json, path: list[str], value: Json) -> None:
    pod = obj["spec"]["template"]["spec"]
    roots = {"pod": pod, "container": pod["containers"][0]}
    target: Json = roots.get(path[0], obj)
    *parents, last = path[1:] if path[0] in roots else path
    for key in parents:
        target = target.setdefault(key, {})
    if value is None:
        target.pop(last, None)
    else:
        target[last] = value


def time_of(text: str) -> float:
    """Return seconds since the epoch of the Engine's time stamps, which have nanoseconds."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    start = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return start + float(f"0.{fraction or 0}")


def created(container: Json) -> float:
    return time_of(container["Created"])


def started(container: Json) -> float:
    return time_of(container["State"]["StartedAt"])


@dataclass(frozen=True, kw_only=True)
class Space:
    """One namespace of one Engine.

    Attributes:
        api: The Engine, by the SDK alone.
        environ: Set for the command line beside this process's own environment.
        prefix: Command that the command line runs under.
    """

    name: str
    api: docker.APIClient
    environ: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()

    # The user's view.

    def minisets(
        self, *args: str, code: int | None = 0, stdin: str = "", environ: Mapping[str, str] = {}
    ) -> Result:
        """Run a command line as it is; ``code`` is the expected exit code, None if any will do."""
        environment = self._environment(environ)
        if self.prefix:
            done = subprocess.run(
                [*self.prefix, str(PROGRAM), *args],
                input=stdin,
                capture_output=True,
                text=True,
                env=environment,
                timeout=_LIMIT,
            )
        else:
            done = program.run(args, stdin=stdin, environ=environment, timeout=_LIMIT)
        result = Result(args=args, code=done.returncode, out=done.stdout, err=done.stderr)
        assert "Traceback" not in result.err, result
        assert code is None or result.code == code, result
        return result

    def run(self, *args: str, code: int | None = 0, stdin: str = "") -> Result:
        """Run a command in this namespace."""
        return self.minisets("-n", self.name, *args, code=code, stdin=stdin)

    def apply(self, file: Path | str, *more: str, code: int | None = 0) -> Result:
        return self.run("apply", "-f", str(file), *more, code=code)

    def begin(self, *args: str) -> subprocess.Popen[str]:
        """Start a command in this namespace and return at once."""
        return subprocess.Popen(
            [*self.prefix, str(PROGRAM), "-n", self.name, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment({}),
            # A shell without job control makes its background jobs deaf for Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def end(self, process: subprocess.Popen[str]) -> Result:
        """Wait for a command that was begun."""
        try:
            out, err = process.communicate(timeout=_LIMIT)
        except subprocess.TimeoutExpired:
            # Left alone, its open pipes would fail whatever test runs next.
            process.kill()
            out, err = process.communicate()
            pytest.fail(f"no end after {_LIMIT} s; so far: {out!r} {err!r}")
        result = Result(args=(), code=process.returncode, out=out, err=err)
        assert "Traceback" not in err, result
        return result

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith("MINISETS_")}
        return {**own, **self.environ, **more}

    # The Engine's view.

    @property
    def label(self) -> dict[str, list[str]]:
        """The filter that finds all that is of this namespace, and nothing else."""
        return {"label": [f"{labels.NAMESPACE}={self.name}"]}

    def pods(self) -> dict[str, Json]:
        """Return each pod's own container, inspected; those under way to be removed are left out.

        Its sandbox, init containers and further containers have longer names.
        """
        found = {}
        for row in self.api.containers(all=True, filters=self.label):
            pod = row["Labels"][labels.POD_NAME]
            if f"/{self.container(pod)}" in row["Names"]:
                with contextlib.suppress(NotFound):
                    found[pod] = self.api.inspect_container(row["Id"])
        return dict(sorted(found.items()))

    def running(self) -> list[str]:
        return [name for name, found in self.pods().items() if found["State"]["Running"]]

    def ids(self) -> dict[str, str]:
        return {name: found["Id"] for name, found in self.pods().items()}

    def container(self, pod: str) -> str:
        """Return the name of the container that is the pod."""
        return naming.container_name(self.name, pod)

    def volume(self, claim: str) -> str:
        """Return the name of the volume that is the claim."""
        return naming.volume_name(self.name, claim)

    def volumes(self, kind: str) -> dict[str, Json]:
        found = self.api.volumes(filters=self.label)["Volumes"] or []
        return {one["Name"]: one for one in found if one["Labels"][labels.KIND] == kind}

    def claims(self) -> list[str]:
        """Return the names of the volumes that are claims."""
        return sorted(self.volumes(labels.KIND_CLAIM))

    def records(self) -> list[str]:
        """Return ``Kind/name`` of each record."""
        return sorted(
            f"{one['Labels'][labels.RECORD_KIND]}/{one['Labels'][labels.RECORD_NAME]}"
            for one in self.volumes(labels.KIND_RECORD).values()
        )

    def networks(self) -> list[Json]:
        name = naming.network_name(self.name)
        found = self.api.networks(names=[name])
        return [self.api.inspect_network(one["Id"]) for one in found if one["Name"] == name]

    def is_empty(self) -> bool:
        """Say whether nothing in the Engine is of this namespace."""
        return not (
            self.api.containers(all=True, filters=self.label)
            or self.api.volumes(filters=self.label)["Volumes"]
            or self.networks()
        )

    def addresses(self) -> dict[str, str]:
        """Return each pod's address; its sandbox has it, where there is one."""
        network = naming.network_name(self.name)
        found = {}
        for row in self.api.containers(all=True, filters=self.label):
            if place := row["NetworkSettings"]["Networks"].get(network):
                found[row["Labels"][labels.POD_NAME]] = place["IPAddress"]
        return dict(sorted(found.items()))

    def sh(self, pod: str, command: str) -> str:
        """Run a shell line in a pod, by the SDK alone, and return what it prints."""
        # One stream: of two, the Engine may deliver the end of one before the rest of the other.
        line = f"exec 2>&1\n{command}\necho {_END}$?"
        made = self.api.exec_create(self.container(pod), ["sh", "-c", line])
        # Without this, the SDK loses what comes together with the headers of the answer.
        stream = HijackedSocket(self.api.exec_start(made["Id"], socket=True))
        try:
            output, _ = collect(stream, timeout_seconds=_LIMIT, monotonic=monotonic)
        finally:
            stream.close()
        printed = output.decode()
        out, end, code = printed.rpartition(_END)
        assert end, f"{pod}: {command}: the output is not whole: {printed!r}"
        assert code == "0\n", f"{pod}: {command}: exit code {code}: {out!r}"
        return str(out).strip()

    def lose(self, pod: str) -> None:
        """Remove a pod's container as `docker rm -f` does."""
        self.api.remove_container(self.container(pod), force=True)

    def write_pages(self) -> dict[str, str]:
        """Write into each pod's volume what is like no other; return it by pod."""
        pages = {pod: f"kept by {pod} of {self.name}" for pod in self.running()}
        for pod, page in pages.items():
            self.sh(pod, f"echo '{page}' > {PAGE}")
        return pages

    def read_pages(self) -> dict[str, str]:
        return {pod: self.sh(pod, f"cat {PAGE}") for pod in self.running()}


def clear(space: Space) -> None:
    """Remove everything of a namespace."""
    for row in space.api.containers(all=True, filters=space.label):
        with contextlib.suppress(NotFound):
            space.api.remove_container(row["Id"], force=True)
    itself = [f"{labels.RECORD_KIND}=Namespace", f"{labels.RECORD_NAME}={space.name}"]
    for volume in [
        *(space.api.volumes(filters=space.label)["Volumes"] or []),
        *(space.api.volumes(filters={"label": itself})["Volumes"] or []),
    ]:
        with contextlib.suppress(NotFound):
            space.api.remove_volume(volume["Name"])
    for network in space.networks():
        space.api.remove_network(network["Id"])


@contextlib.contextmanager
def image_of(
    api: docker.APIClient, name: str, files: Mapping[str, bytes], *, changes: Sequence[str] = ()
) -> Iterator[str]:
    """Import an image that holds these files alone, each executable; it goes in the end."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    repository, _, tag = name.rpartition(":")
    api.import_image_from_data(
        stream.getvalue(), repository=repository, tag=tag, changes=list(changes)
    )
    image = api.inspect_image(name)["Id"]
    try:
        yield image
    finally:
        api.remove_image(image, force=True)


def busybox(api: docker.APIClient, image: str) -> bytes:
    """Return the static busybox of an image."""
    made = api.create_container(image)["Id"]
    try:
        chunks, _ = api.get_archive(made, "/bin/busybox")
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
            content = tar.extractfile("busybox")
            assert content is not None
            return content.read()
    finally:
        api.remove_container(made)
