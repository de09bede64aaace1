"""Standard streams that were closed before the program began: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.test_load import WEB

_NOTHING = {"PATH": "/usr/bin:/bin"}


def run(redirection: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "minisets", *words],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=_NOTHING,
    )


@pytest.mark.parametrize(
    ("redirection", "is_shown"), [("", True), ("2>&-", True), (">&-", False), (">&- 2>&-", False)]
)
def test_a_command_works_without_the_streams_that_were_closed(redirection: str, is_shown: bool):
    done = run(redirection, "apply", "-f", "-", "--dry-run=client", stdin=WEB)

    assert done.returncode == 0
    assert ("statefulset.apps/web created (dry run)" in done.stdout) == is_shown


def test_an_input_that_was_closed_is_an_empty_one():
    empty = run("</dev/null", "apply", "-f", "-", "--dry-run=client")
    closed = run("<&-", "apply", "-f", "-", "--dry-run=client")

    assert "internal" not in closed.stderr
    assert (closed.returncode, closed.stderr) == (empty.returncode, empty.stderr)
