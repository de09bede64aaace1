"""The commands in all console blocks of the READMEs run as written, in order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts import docs
from tests.e2e.program import PROGRAM
from tests.e2e.space import Space

pytestmark = pytest.mark.docker

IMAGE = "registry.k8s.io/nginx-slim:0.24"
BAD = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replica: 3
  serviceName: nginx
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: nginx}]}
"""

NOT_RUN: Mapping[str, str] = {
    "git clone URL": "the address of the repository is the reader's",
    "pipx install": "`make dist` installs the wheel and runs it",
    "make demo": "CI runs it on a machine that has nothing yet",
    "make test": "CI runs it on a machine that has nothing yet",
    "docker volume prune": "it would take what others have on this Engine",
}
"""How a line begins → why it is not run here."""

FAILS: Mapping[str, int] = {"minisets apply -f bad.yaml": 2}
"""Line → its exit code; what it prints is what the page shows."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LIMIT = 180


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a reader has: a checkout, and a manifest with a mistake."""
    (tmp_path / "examples").symlink_to(docs.ROOT / "examples")
    (tmp_path / "bad.yaml").write_text(BAD)
    return tmp_path


def run(space: Space, folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "MINISETS_NAMESPACE": space.name,
        "PATH": f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=_LIMIT,
    )


def shown_below(block: str, line: str) -> str:
    """Return what a block shows as the output of one of its lines."""
    _, _, after = block.partition(f"$ {line}\n")
    return after.partition("\n$ ")[0]


def is_run(line: str) -> bool:
    return not line.startswith(tuple(NOT_RUN))


@pytest.mark.parametrize("page", ["README.md", "examples/web/README.md"])
def test_the_console_blocks_of_a_page_run_as_written(space, stand_in, folder, page):
    stand_in(IMAGE)
    blocks = _BLOCK.findall((docs.ROOT / page).read_text(encoding="utf-8"))
    lines = [(line, block) for block in blocks for line in docs.commands_of(block)]
    assert lines

    for line, block in ((line, block) for line, block in lines if is_run(line)):
        words = shlex.split(line)
        if words[:3] == ["docker", "rm", "-f"]:
            # Outside the namespace default, containers have a prefix; and docker may be absent.
            for pod in words[3:]:
                space.lose(pod)
            continue
        done = run(space, folder, line)
        code = FAILS.get(line, 0)
        assert done.returncode == code, f"$ {line}\n{done.stdout}{done.stderr}"
        if code:
            assert done.stderr == shown_below(block, line)
        if line.startswith("minisets exec web-1 -- cat"):
            assert done.stdout == "page of web-1\n"

    # The README starts once more than it ends.
    space.run("delete", "-f", str(docs.ROOT / docs.FILE), "--volumes", "--ignore-not-found")
    assert space.is_empty()


def test_no_line_is_left_out_without_need():
    text = (docs.ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line for block in _BLOCK.findall(text) for line in docs.commands_of(block)]

    assert all(any(line.startswith(begin) for line in lines) for begin in NOT_RUN)
