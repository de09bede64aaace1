"""Judges mutants: puts one in the place of its module, in a process of its own, and asks who sees.

Nothing of minisets may be imported here: each process imports it anew, with the mutant in it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

from scripts.mutation.mutants import Mutant

PACKAGE = "minisets.core"
CPU_SECONDS: Mapping[str, int] = {"traces_agree": 20, "tests_pass": 60}
"""What needs more than this does not end: the code as it is needs a few."""

Check = Callable[[tuple[str, ...]], bool]

# Forked for each mutant; what is imported here is imported once.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["pytest", "hypothesis", "msgspec", "yaml", "jsonschema_rs"])


@dataclass(frozen=True, slots=True)
class _InPlace(MetaPathFinder, InspectLoader):
    """Imports one module from a given text instead of its file."""

    module: str
    source: str

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.module else None

    def get_source(self, _fullname: str) -> str:
        return self.source


def is_noticed(mutant: Mutant | None, check: Check, arguments: tuple[str, ...]) -> bool:
    """Say whether a check fails, breaks or does not end with the mutant.

    Args:
        mutant: None for the code as it is.
        check: ``traces_agree`` or ``tests_pass``.
        arguments: Of the check.
    """
    process = _PROCESSES.Process(target=_run, args=(mutant, check, arguments))
    process.start()
    process.join()
    return process.exitcode != 0


def _run(mutant: Mutant | None, check: Check, arguments: tuple[str, ...]) -> None:
    seconds = CPU_SECONDS[check.__name__]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if mutant is not None:
        # What a mutant breaks is no news; what is wrong with the code as it is, is.
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        module = f"{PACKAGE}.{mutant.module}"
        sys.meta_path.insert(0, _InPlace(module, mutant.source))
        # At once, because pytest puts finders of its own before ours.
        importlib.import_module(module)
    raise SystemExit(0 if check(arguments) else 1)


def traces_agree(files: tuple[str, ...]) -> bool:
    """Replay recorded traces, and say whether every sync is decided as recorded."""
    from tests.conformance.check import sync_differences
    from tests.conformance.traces import load_traces

    return not any(
        sync_differences(sync)
        for file in files
        for scenario in load_traces(Path(file))
        if scenario.gate
        for sync in scenario.syncs
    )


def tests_pass(files: tuple[str, ...]) -> bool:
    """Run tests up to the first that fails, and say whether none does."""
    import pytest
    from hypothesis import settings

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # The same examples for each mutant, and none of them remembered.
    settings.register_profile("mutation", derandomize=True, database=None, deadline=None)
    settings.load_profile("mutation")
    # Fixtures of the Engine are in conftest.py; nobody needs them here.
    options = ["-q", "-x", "--noconftest", "-p", "no:cacheprovider"]
    return pytest.main([*options, *files]) == pytest.ExitCode.OK
