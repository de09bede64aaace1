"""The commands in the README's runnable blocks run as written, in order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from scripts import docs
from tests.e2e.program import PROGRAM
from tests.e2e.space import Space

pytestmark = pytest.mark.docker

README = docs.ROOT / "README.md"
IMAGE = "registry.k8s.io/nginx-slim:0.24"

_RUNNABLE = re.compile(r"^<!-- run -->\n```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LIMIT = 180


def run(space: Space, line: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "MINISETS_NAMESPACE": space.name,
        "PATH": f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        cwd=docs.ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=_LIMIT,
    )


def test_the_runnable_blocks_of_the_readme_run_as_written(space, stand_in):
    stand_in(IMAGE)
    blocks = _RUNNABLE.findall(README.read_text(encoding="utf-8"))
    lines = [line for block in blocks for line in docs.commands_of(block)]
    assert lines

    for line in lines:
        words = shlex.split(line)
        if words[:3] == ["docker", "rm", "-f"]:
            # Outside the namespace default, containers have a prefix; and docker may be absent.
            for pod in words[3:]:
                space.lose(pod)
            continue
        done = run(space, line)
        assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
        if line.startswith("minisets exec web-1 -- cat"):
            assert done.stdout == "page of web-1\n"

    assert space.is_empty()
