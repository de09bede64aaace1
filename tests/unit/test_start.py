"""Every command starts in a process of its own, whatever has not been imported before it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from minisets.cli.main import COMMANDS


def _help(module: str) -> tuple[str, int, str]:
    command = [sys.executable, "-c", f"import {module}"]
    done = subprocess.run(command, capture_output=True, text=True)
    return module, done.returncode, done.stderr


def test_the_module_of_every_command_can_be_the_first_one():
    modules = sorted({path.partition(":")[0] for path, _ in COMMANDS.values()})
    with ThreadPoolExecutor(2) as pool:
        for module, code, said in pool.map(_help, modules):
            assert code == 0, f"{module}: {said}"
