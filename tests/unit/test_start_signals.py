"""Signals before, in and after a command line: each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Sends itself a signal when a module is imported: so early, or so late, as a person could.
_PROGRAM = """
import os, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Finder())
sys.argv = ["minisets", {words}]
from minisets.start import {entry}
{entry}()
"""


def run(
    module: str,
    number: int,
    *words: str,
    entry: str = "main",
    preexec: Callable[[], object] | None = None,
) -> subprocess.CompletedProcess[str]:
    listed = ", ".join(map(repr, words))
    text = _PROGRAM.format(module=module, number=int(number), words=listed, entry=entry)
    return subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
        preexec_fn=preexec or (lambda: signal.signal(signal.SIGINT, signal.default_int_handler)),
    )


@pytest.mark.parametrize("entry", ["main", "docker"])
@pytest.mark.parametrize("module", ["click", "minisets.cli.main"])
def test_ctrl_c_before_anything_is_at_work_ends_without_a_word(module: str, entry: str):
    done = run(module, signal.SIGINT, "version", "--client", entry=entry)

    assert done.returncode in {-signal.SIGINT, 130}
    assert done.stderr == ""


def test_ctrl_c_in_a_command_ends_it_with_its_code():
    done = run("minisets.cli.version", signal.SIGINT, "version", "--client")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")

    done = run("minisets.cli.scale", signal.SIGINT, "stop", "web")
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.splitlines() == [
        "interrupted; nothing is lost",
        "hint: to go on from here: minisets stop web",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_ends_a_command_from_outside_is_told_by_its_status(number: int):
    done = run("minisets.cli.scale", number, "stop", "web")

    assert done.returncode == -number
    assert done.stderr.startswith("interrupted; nothing is lost")


def test_a_signal_that_was_made_deaf_stays_so():
    def deaf() -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    for number in (signal.SIGINT, signal.SIGHUP):
        done = run("minisets.cli.version", number, "version", "--client", preexec=deaf)
        assert done.returncode == 0
        assert done.stderr == ""


def test_passwords_are_not_said_again():
    words = ("create", "secret", "generic", "db", "--from-literal=password=hidden")
    done = run("minisets.cli.create", signal.SIGINT, *words)

    assert done.returncode == 130
    assert "nothing is lost" in done.stderr
    assert "hidden" not in done.stderr


def test_an_output_that_is_full_is_no_fault_of_the_program():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "minisets", "version", "--client"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        2,
        "error: cannot write the output: No space left on device\n",
    )
