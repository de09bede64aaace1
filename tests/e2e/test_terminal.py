"""What a person sees at a real terminal, and what the keys there do."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Edit
from tests.e2e.space import Space
from tests.e2e.terminal import Terminal

pytestmark = pytest.mark.docker

DATA = "/usr/share/nginx/html"
COLOUR = re.compile(r"\x1b\[[0-9;]*3[1-7]")
TIME = re.compile(r" +\d+(\.\d)?s")


def container(name: str, command: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": "minisets/demo:1",
        "imagePullPolicy": "Never",
        "command": ["sh", "-c", command],
        "volumeMounts": [{"name": "www", "mountPath": DATA}],
    }


def until(file: str) -> str:
    return f"until [ -e {DATA}/{file} ]; do sleep 0.05; done"


@pytest.fixture
def gated(edit: Edit) -> Path:
    """A pod of two init containers and two others that go on when a file says so."""
    command = "ls -d " + DATA + "/ready"
    probe = {"exec": {"command": ["sh", "-c", command]}, "periodSeconds": 1}
    second = container("second", "exec sleep 1000") | {"readinessProbe": probe}
    inits = [container("copy", until("copied")), container("move", until("moved"))]
    changes = {"spec.replicas": 1, "pod.initContainers": inits}
    file = edit("web.yaml", {**changes, "pod.terminationGracePeriodSeconds": 0})
    service, web = yaml.safe_load_all(file.read_text(encoding="utf-8"))
    web["spec"]["template"]["spec"]["containers"].append(second)
    file.write_text(yaml.safe_dump_all([service, web]), encoding="utf-8")
    return file


def touch(space: Space, container: str, file: str) -> None:
    made = space.api.exec_create(container, ["touch", f"{DATA}/{file}"])
    space.api.exec_start(made["Id"])


def test_the_live_view_tells_what_a_pod_waits_for(space: Space, gated: Path):
    with Terminal(space, "apply", "-f", str(gated), columns=140) as at:
        at.wait_for("copy, 1 of 2")
        (row,) = [line for line in at.lines if "pod/web-0" in line]
        assert row.split()[1:3] == ["pod/web-0", "initializing"]
        assert TIME.search(row)
        assert "0/1 ready" in at.text
        touch(space, space.container("web-0.copy"), "copied")
        at.wait_for("move, 2 of 2")
        touch(space, space.container("web-0.move"), "moved")
        at.wait_for(f"second: ls: {DATA}/ready: No such file or directory (1 of 2 ready)")
        touch(space, space.container("web-0"), "ready")
        assert at.end() == 0
        # The rows go; what stays is what matters afterwards.
        results, next_command = at.lines[:2], at.lines[3:]
        assert results == ["service/nginx created", "statefulset.apps/web created"]
        assert at.lines[2].split()[:4] == ["✓", "sts/web", "1/1", "ready"]
        assert next_command == [f"next: minisets get all -n {space.name}"]
        assert COLOUR.search(at.raw)


def test_a_narrow_terminal_without_colours_and_letters_and_ctrl_c(space: Space, gated: Path):
    plain = {"NO_COLOR": "1", "LC_ALL": "C"}
    with Terminal(space, "apply", "-f", str(gated), columns=40, environ=plain) as at:
        at.wait_for("initializing")
        widest = max(len(line) for line in at.lines)
        at.type("\x03")
        assert at.end() == 130
        assert widest <= 40
        assert not COLOUR.search(at.raw)
        assert at.text.isascii()
        assert any(line.split()[:3] == ["-", "sts/web", "0/1"] for line in at.lines)
        said = " ".join(" ".join(at.lines).split())
        assert "nothing is lost" in said
        assert f"minisets -n {space.name} apply -f" in said
        assert at.is_as_before()


def test_a_shell_in_a_pod_has_the_terminal(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 1}))
    with Terminal(space, "exec", "-it", "web-0", "--", "sh", columns=91, rows=31) as at:
        at.type("PS1='> '; stty size\n")
        at.wait_for("\n31 91")
        at.resize(132, 43)
        # The size is told by a signal, which takes its way.
        at.type("until stty size | grep 132; do sleep 0.05; done\n")
        at.wait_for("\n43 132")
        # Only what it says itself shows that the signal will reach it.
        at.type("sh -c 'echo begun; exec sleep 100'\n")
        at.wait_for("\nbegun")
        at.type("\x03")
        at.type("echo is alive: $?\n")
        at.wait_for("is alive: 130")
        # What would leave the command, were it docker's; a shell takes it for its history.
        at.type("\x10\x11\n")
        at.type("echo still $((6 * 7))\n")
        at.wait_for("\nstill 42")
        assert not at.is_as_before()
        at.type("exit 7\n")
        assert at.end() == 7
        assert at.lines[-1] == "command terminated with exit code 7"
        assert at.is_as_before()
    with Terminal(space, "exec", "-it", "web-0", "--", "sh") as at:
        at.type("echo $((6 * 7))\n")
        at.wait_for("42")
        at.signal(signal.SIGTERM)
        assert at.end() == -signal.SIGTERM
        assert at.is_as_before()


def test_pods_are_told_apart_by_colours_in_their_logs(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"spec.replicas": 2}))
    with Terminal(space, "logs", "sts/web", "--tail=1") as at:
        assert at.end() == 0
        colours = dict(re.findall(r"\x1b\[(\d+)m\[pod/(web-\d)/server\]\x1b\[0m", at.raw))
        assert len(colours) == 2
        assert set(colours.values()) == {"web-0", "web-1"}
    with Terminal(space, "logs", "sts/web", environ={"NO_COLOR": "1"}) as at:
        assert at.end() == 0
        assert "\x1b[" not in at.raw
    with Terminal(space, "logs", "-f", "web-0") as at:
        at.wait_for("serving")
        at.type("\x03")
        assert at.end() == 130
        assert "interrupted" not in at.text
