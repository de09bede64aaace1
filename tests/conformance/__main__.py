"""Command line: replays traces, prints every mismatch, and ends with 1 if there is one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.check import revision_differences, sync_differences
from tests.conformance.fields import TraceError
from tests.conformance.replay import replay_differences
from tests.conformance.scenario import Scenario
from tests.conformance.traces import NAMED, load_traces


@dataclass
class Tally:
    """What was counted so far."""

    syncs: int = 0
    mismatches: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        """Render as the last line of a run."""
        return f"{self.syncs} syncs, {self.mismatches} mismatches, {self.skipped} skipped"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the conformance check and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("traces", nargs="*", type=Path, default=[NAMED])
    parser.add_argument("--replay", action="store_true", help="replay whole scenarios as well")
    options = parser.parse_args(arguments)
    tally = Tally()
    try:
        for path in options.traces:
            for scenario in load_traces(path):
                _check(scenario, tally, replay=options.replay)
    except TraceError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # a command talks by print
        return 2
    print(tally)  # noqa: T201  # a command talks by print
    return 1 if tally.mismatches else 0


def _check(scenario: Scenario, tally: Tally, *, replay: bool) -> None:
    # The gate is on in Kubernetes 1.37; with it off the controller follows other rules.
    if not scenario.gate:
        tally.skipped += len(scenario.syncs)
        return
    _report(scenario, "revisions", revision_differences(scenario), tally)
    for sync in scenario.syncs:
        tally.syncs += 1
        _report(scenario, f"step {sync.step}", sync_differences(sync), tally)
    if replay:
        _report(scenario, "replay", replay_differences(scenario), tally)


def _report(scenario: Scenario, place: str, found: list[str], tally: Tally) -> None:
    if not found:
        return
    tally.mismatches += 1
    lines = [f"{scenario.name}, {place}:", *(f"    {one}" for one in found)]
    print("\n".join(lines))  # noqa: T201  # a command talks by print


if __name__ == "__main__":
    raise SystemExit(main())
