"""The Tab key in a real shell on a real terminal, with names from the real Engine."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from time import monotonic

import pytest

from tests.e2e.program import PROGRAM
from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker

_LIMIT = 60.0
# A completion that is late on a busy machine is left out, by design: a person asks once more.
_PATIENCE = 3.0
_PROMPT = "ready> "


class Terminal:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def expect(self, pattern: str) -> str:
        """Read until a pattern is seen; forget what was read so far."""
        self._read(_LIMIT, pattern)
        found = re.search(pattern, self.seen)
        assert found, f"not seen: {pattern!r} in {self.seen!r}"
        self.seen = self.seen[found.end() :]
        return found[0]

    def complete(self, pattern: str) -> None:
        """Press the Tab key until a pattern is seen."""
        deadline = monotonic() + _LIMIT
        while not re.search(pattern, self.seen):
            assert monotonic() < deadline, f"not seen: {pattern!r} in {self.seen!r}"
            self.type("\t")
            self._read(_PATIENCE, pattern)

    def _read(self, seconds: float, pattern: str) -> None:
        """Read for so long, or until a pattern is seen."""
        end = monotonic() + seconds
        while monotonic() < end and not re.search(pattern, self.seen):
            if select([self._descriptor], [], [], 0.2)[0]:
                self.seen += os.read(self._descriptor, 4096).decode(errors="replace")


@contextmanager
def shell(space: Space, *command: str) -> Iterator[Terminal]:
    """Start a shell in which minisets is on the PATH and works in the namespace."""
    environment = {
        **os.environ,
        "MINISETS_NAMESPACE": space.name,
        "PATH": f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}",
        "PS1": _PROMPT,
        "TERM": "dumb",
        "INPUTRC": "/dev/null",
    }
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    try:
        yield Terminal(master)
    finally:
        process.kill()
        process.wait()
        with suppress(OSError):
            os.close(master)


def test_tab_completes_commands_and_the_names_of_pods_in_bash(space: Space):
    space.apply(MANIFESTS / "web.yaml", "--wait=false")
    with shell(space, "bash", "--norc", "--noprofile", "-i") as terminal:
        terminal.expect(_PROMPT)
        terminal.type("source <(minisets completion bash); echo loaded\n")
        terminal.expect(r"loaded\r\n" + _PROMPT)
        terminal.type("minisets rollo")
        terminal.complete(r"rollo\x07*ut ")
        terminal.type("\x15minisets logs w")
        terminal.complete(r"logs w\x07*eb-")
        assert "rror" not in terminal.seen


def test_fish_shows_descriptions_with_commas_whole(space: Space, tmp_path):
    if not shutil.which("fish"):
        pytest.skip("fish is not here")
    (tmp_path / "script").write_text(space.minisets("completion", "fish").out)
    line = f"source {tmp_path}/script; complete -C 'minisets rollo'"
    path = f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["fish", "-c", line], env={**os.environ, "PATH": path}, capture_output=True, text=True
    )

    assert "rollout\tFollow, repeat or take back" in done.stdout


@pytest.mark.parametrize(
    ("name", "check"), [("bash", ("bash", "-n")), ("zsh", ("zsh", "-n")), ("fish", ("fish", "-n"))]
)
def test_the_script_of_a_shell_is_one_that_it_can_read(space: Space, name, check, tmp_path):
    script = tmp_path / name
    script.write_text(space.minisets("completion", name).out)
    assert "_MINISETS_COMPLETE" in script.read_text()
    if shutil.which(name):
        subprocess.run([*check, str(script)], check=True)
