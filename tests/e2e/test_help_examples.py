"""Every example of every command's help runs as written, on the real Engine.

The tables say what is put in the place of a reader's own files, names and ports, what an example
finds when it starts, and how it ends.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import click
import pytest
import yaml

from minisets.cli import main
from minisets.cli.command import Family
from minisets.engine.endpoint import find_endpoint
from scripts import docs
from tests.e2e import program
from tests.e2e.program import PROGRAM
from tests.e2e.space import Space, clear

pytestmark = pytest.mark.docker

WEB = docs.ROOT / "examples" / "web" / "web.yaml"
IMAGES = ("registry.k8s.io/nginx-slim:0.24", "my-image:2")
_LIMIT = 120
_TYPED = "exit\n"
_SHELL = set("|&;<>$*")

APPLY = "minisets apply -f web.yaml"

# fmt: off
GROUPS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "empty": (
        (),
        (
            "api-resources", "completion", "create", "doctor", "explain", "help", "options",
            "version",
        ),
    ),
    "reading": (
        (APPLY,),
        (
            "annotate", "describe", "diff", "edit", "get", "label", "logs", "events",
            "port-forward", "top",
        ),
    ),
    "inside": (("minisets apply -f many.yaml",), ("attach", "cp", "exec")),
    "changing": ((APPLY,), ("wait", "rollout", "set", "scale")),
    "parking": ((), ("apply", "watch", "stop", "start", "delete")),
}
# fmt: on
"""Name → what runs first, and the verbs whose examples then run, one after the other.

Each group has a namespace of its own. One that has just been made is cheaper than a set.
"""

BEFORE: Mapping[str, tuple[str, ...]] = {
    # It has the name of the one that the example before it made.
    **dict.fromkeys(
        (
            "minisets create configmap web-config --from-literal=level=debug "
            "--from-literal=port=80",
            "minisets create configmap web-config --from-env-file=web.env",
        ),
        ("minisets delete configmap web-config",),
    ),
    "minisets create secret docker-registry ours --from-file=$HOME/.docker/config.json": (
        "minisets delete secret ours",
    ),
    # The later ones need what an earlier one took.
    "minisets delete -f web.yaml": (APPLY,),
    **dict.fromkeys(
        (
            "minisets delete pod web-1",
            "minisets delete pods -l app=web --wait=false",
            "minisets delete all -l app=web --dry-run",
            "minisets delete pod web-0 --force --grace-period=0",
        ),
        (APPLY,),
    ),
    "minisets delete pvc www-web-0 www-web-1": ("minisets scale sts/web --replicas=0",),
    "minisets get all -n team-1": ("minisets create namespace team-1",),
    "minisets stop": ("minisets start",),
    "minisets start": ("minisets stop",),
    # A run of the container that has ended.
    "minisets logs web-0 --previous": (
        "minisets exec web-0 -- kill 1 || :",
        "minisets wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/web-0",
    ),
    # A second revision.
    "minisets rollout history sts/web": ("minisets set image sts/web nginx=my-image:2",),
    # As many pods as the example names, or one less.
    "minisets scale sts/web --current-replicas=3 --replicas=5": (
        "minisets scale sts/web --replicas=3",
    ),
    "minisets wait --for=delete pod/web-2 --timeout=60s": ("minisets scale sts/web --replicas=2",),
    "minisets wait --for=jsonpath='{.status.readyReplicas}'=3 sts/web": (
        "minisets scale sts/web --replicas=3",
    ),
}
"""Example → what runs before it, beside the examples of its group that stand before it."""

UNTIL: Mapping[str, str] = {
    "minisets attach web-0": "Defaulted container",
    "minisets events --types=Warning -w": "LAST SEEN",
    "minisets get pods -w": "web-2",
    "minisets logs sts/web -f": "serving",
    "minisets logs web-0 -f": "serving",
    "minisets logs web-0 -f --tail=20": "serving",
    "minisets port-forward web-0 8080:80": "Forwarding",
    "minisets port-forward sts/web :http": "Forwarding",
    "minisets port-forward svc/nginx 8080:80": "Forwarding",
    "minisets port-forward web-0 web-1 web-2 8080:80": "(?s)(Forwarding.*){3}",
    "minisets watch": "watching",
    "minisets watch sts/web -n team-1": "watching",
    "minisets watch -A": "watching",
}
"""Examples that run until Ctrl-C → what is waited for before it is pressed."""

CODES: Mapping[str, tuple[int, ...]] = {
    # The Engine is not this test's alone: what others left there may be a problem.
    "minisets doctor": (0, 1),
    "minisets doctor -o json": (0, 1),
}
"""Examples that may end with another code than 0."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the examples of one group run."""

    space: Space
    folder: Path

    @property
    def team(self) -> Space:
        """The namespace that stands for team-1."""
        return Space(name=f"{self.space.name}-b", api=self.space.api)

    def translated(self, line: str) -> str:
        """Put in what stands for names and ports of others; everything else stays as written."""
        # Sets of other tests are none of ours.
        line = re.sub(r"watch -A$", "watch", line)
        line = line.replace("team-1", self.team.name)
        # May be taken on this machine.
        return line.replace("8080:80", f"{free_ports(3)}:80")

    @property
    def environ(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith("MINISETS_")}
        programs = (self.folder / "bin", Path(PROGRAM).parent, os.environ["PATH"])
        return {
            **own,
            "MINISETS_NAMESPACE": self.space.name,
            "PATH": os.pathsep.join(map(str, programs)),
            # The Engine under test, whatever the settings in the home of the reader say.
            "DOCKER_HOST": os.environ.get("DOCKER_HOST") or find_endpoint().url,
            "HOME": str(self.folder),
            "KUBE_EDITOR": "sed -i s/tier/edited/",
        }

    def run(self, line: str, *, codes: Sequence[int] = (0,)) -> None:
        translated = self.translated(line)
        words = shlex.split(translated)
        if words[0] == "minisets" and not _SHELL & set(translated):
            done = program.run(words[1:], stdin=_TYPED, environ=self.environ, timeout=_LIMIT)
        else:
            done = subprocess.run(
                ["sh", "-c", translated],
                env=self.environ,
                input=_TYPED,
                capture_output=True,
                text=True,
                timeout=_LIMIT,
            )
        printed = done.stdout + done.stderr
        assert done.returncode in codes, f"$ {line}\nexit code {done.returncode}\n{printed}"
        assert "Traceback" not in printed, f"$ {line}\n{printed}"
        assert "No resources found" not in printed or "team-1" in line, f"$ {line} shows none"

    def run_until(self, line: str, pattern: str) -> None:
        """Run a line, wait for something to be printed, and press Ctrl-C."""
        process = subprocess.Popen(
            ["sh", "-c", f"exec {self.translated(line)}"],
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A shell without job control makes its background jobs deaf for Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        assert process.stdout is not None
        seen = ""
        deadline = monotonic() + _LIMIT
        try:
            while not re.search(pattern, seen):
                chunk = os.read(process.stdout.fileno(), 4096)
                assert chunk, f"$ {line}\nended before {pattern!r} was seen:\n{seen}"
                assert monotonic() < deadline, f"$ {line}\n{pattern!r} was not seen in:\n{seen}"
                seen += chunk.decode()
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=_LIMIT)
        finally:
            process.kill()
            process.wait()
        assert process.returncode in {0, 130}, f"$ {line}\n{seen}{rest.decode()}"
        assert b"Traceback" not in rest, f"$ {line}\n{rest.decode()}"


def free_ports(count: int) -> int:
    """Return the first of some ports in a row that nothing listens at."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            number = int(first.getsockname()[1])
            try:
                for offset in range(1, count):
                    socket.create_server(("127.0.0.1", number + offset)).close()
            except (OSError, OverflowError):
                continue
            return number


def many(text: str) -> str:
    """Return the manifest with two containers more, and with folders to copy into."""
    service, found = yaml.safe_load_all(text)
    pod = found["spec"]["template"]["spec"]
    pod["terminationGracePeriodSeconds"] = 1
    nginx = pod["containers"][0]
    folders = [{"name": name, "mountPath": f"/{name}"} for name in ("data", "etc/app", "var/log")]
    for one in folders:
        one["name"] = one["name"].replace("/", "-")
    nginx["volumeMounts"] += folders
    pod["volumes"] = [{"name": one["name"], "emptyDir": {}} for one in folders]
    image = {"image": nginx["image"], "command": ["sh"], "stdin": True, "tty": True}
    app = {**image, "name": "app", "volumeMounts": folders}
    pod["containers"] += [app, {**image, "name": "shell"}]
    found["spec"]["replicas"] = 1
    return yaml.safe_dump_all([service, found])


@pytest.fixture
def place(
    space: Space,
    stand_in: Callable[[str], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    """A namespace, and a folder with the files and programs that the examples name."""
    for image in IMAGES:
        stand_in(image)
    web = WEB.read_text()
    for name, text in {
        "web.yaml": web,
        "manifests/more/web.yaml": web,
        "many.yaml": many(web),
        "page.html": "a page\n",
        "conf/app.conf": "level=debug\n",
        "conf.d/web.conf": "level=debug\n",
        "web.conf": "level=debug\n",
        "web.env": "level=debug\n",
        "file": "a file\n",
        "id_rsa": "a key\n",
        ".docker/config.json": '{"auths": {}}',
        # Prints a chart, as the real one.
        "bin/helm": f"#!/bin/sh\ncat {WEB}\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bin/helm").chmod(0o755)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=web", "-keyout", "tls.key", "-out", "tls.crt"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found = Place(space=space, folder=tmp_path)
    yield found
    clear(found.team)


def examples() -> dict[str, list[str]]:
    """Return the examples of all commands, and what groups show beside, by their verb."""
    found: dict[str, list[str]] = {}
    for name, command in docs.commands().items():
        found.setdefault(name.split()[0], []).extend(docs.examples(command))
    some = [main.cli.get_command(click.Context(main.cli), verb) for verb in found]
    groups = [one.examples for one in some if isinstance(one, Family)]
    for line in (line for lines in (main._EXAMPLES, *groups) for line in lines):
        if line not in found[line.split()[1]]:
            found[line.split()[1]].append(line)
    return found


def test_the_tables_name_all_verbs_and_examples_that_are_there():
    found = examples()

    assert {*BEFORE, *UNTIL, *CODES} <= {line for lines in found.values() for line in lines}
    assert sorted(verb for _, verbs in GROUPS.values() for verb in verbs) == sorted(found)


@pytest.mark.parametrize("group", GROUPS)
def test_every_example_runs_as_written(place: Place, group: str):
    if group == "empty" and not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate of an example, is not here")
    first, verbs = GROUPS[group]
    for line in first:
        place.run(line)
    for line in (line for verb in verbs for line in examples()[verb]):
        for earlier in BEFORE.get(line, ()):
            place.run(earlier)
        if pattern := UNTIL.get(line):
            place.run_until(line, pattern)
        else:
            place.run(line, codes=CODES.get(line, (0,)))
