"""Says which changes of the deciding modules no trace and no test would notice.

``make mutation [TRACES=FILE]``: every mutant is first held against the recorded traces, those
that survive against unit and property tests. Ends with 1 if one is left that is not in
``known.EQUIVALENT``, or if that table names one that is not left.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.mutation.judge import Check, is_noticed, tests_pass, traces_agree
from scripts.mutation.known import EQUIVALENT, SECTIONS, Section
from scripts.mutation.mutants import Mutant, mutants

CORE = Path("minisets/core")
TRACES = ("tests/conformance/named", "tests/conformance/random_sample.jsonl")
SOME = 50
"""So many mutants, and a sign of life."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge the mutants and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mutation", description=__doc__)
    parser.add_argument("traces", nargs="*", help="replay these, too")
    parser.add_argument("--only", nargs="+", metavar="MODULE", help="mutate only these modules")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side (2)")
    options = parser.parse_args(arguments)
    traces = (*TRACES, *options.traces)
    left: list[Mutant] = []
    judged: set[str] = set()
    with ThreadPoolExecutor(options.workers) as pool:
        for section in SECTIONS:
            chosen = [one for one in section.modules if one in (options.only or section.modules)]
            if not chosen:
                continue
            made = [one for module in chosen for one in mutants(module, _file(module).read_text())]
            judged |= set(chosen)
            left += _judge(pool, section, made, traces)
    return 1 if _unexpected(left, judged) else 0


def _file(module: str) -> Path:
    return CORE / f"{module.replace('.', '/')}.py"


def _judge(
    pool: ThreadPoolExecutor, section: Section, made: list[Mutant], traces: tuple[str, ...]
) -> list[Mutant]:
    """Print the counts of a section, and the mutants that are left; return these."""
    unseen = made
    if section.has_traces:
        unseen = _survivors(pool, made, traces_agree, traces)
    left = _survivors(pool, unseen, tests_pass, section.tests)
    by_traces = len(made) - len(unseen)
    by_tests = len(unseen) - len(left)
    print(
        f"{section.title}: {len(made)} mutants, {by_traces} killed by traces, "
        f"{by_tests} by tests, {len(left)} left",
        flush=True,
    )
    for one in left:
        print(f"  {_file(one.module)}:{one.line} {one.place}: {one.before} -> {one.after}")
        print(f"    {EQUIVALENT.get(one.name, 'nobody notices')}", flush=True)
    return left


def _survivors(
    pool: ThreadPoolExecutor, made: list[Mutant], check: Check, files: tuple[str, ...]
) -> list[Mutant]:
    if is_noticed(None, check, files):
        raise SystemExit(f"without any mutant, {check.__name__} fails on: {' '.join(files)}")
    verdicts = pool.map(lambda one: is_noticed(one, check, files), made)
    left = []
    for number, (one, noticed) in enumerate(zip(made, verdicts, strict=True), 1):
        if not noticed:
            left.append(one)
        if number % SOME == 0:
            print(f"  {check.__name__}: {number} of {len(made)}", file=sys.stderr)
    return left


def _unexpected(left: Iterable[Mutant], judged: set[str]) -> bool:
    names = {one.name for one in left}
    stale = [
        name
        for name in EQUIVALENT
        if any(name.startswith(f"{module}.") for module in judged) and name not in names
    ]
    for name in stale:
        print(f"listed as equivalent, but not left: {name}")
    return bool(stale or names - EQUIVALENT.keys())


if __name__ == "__main__":
    raise SystemExit(main())
