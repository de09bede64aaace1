"""Dry-run every manifest of a folder: `make sweep FOLDER=...`, or scripts/sweep.py FOLDER.

Each file is one run of `minisets apply --dry-run=client`, which needs no Engine and touches
nothing. A run may end 0, or 2 with a place and a reason for each problem; what else it ends with
is a fault, and so is an object that is neither in the result nor in a notice. Ends 1 if there is
a fault, or if more files are refused than --most allows.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from minisets.core.input.load import load
from minisets.core.input.notice_groups import group_notices
from minisets.core.query.kinds import of_kind
from minisets.engine.files import SUFFIXES, read_manifests
from minisets.errors import ManifestError

_NO_OBJECT = "nothing to do"
# notice: web.yaml:12: statefulset/a, statefulset/b and 3 more:
_HEAD = re.compile(r"^(?:notice: )?(?:\S+:\d+: )?(?:[a-z]+/\S+(?:,| and)? (?:\d+ more: )?)*")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run of one file ended.

    Attributes:
        notices: The lines of standard error of a run that ended 0.
        reasons: Of a refusal: a line for each problem, ``line:column: path: message``.
        fault: What should not have happened; empty if nothing did.
    """

    file: Path
    code: int
    notices: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    fault: str = ""


def sweep(file: Path) -> Outcome:
    """Dry-run one file, and look at what it says."""
    command = [sys.executable, "-m", "minisets", "apply", "--dry-run=client", "-f", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 0:
        return Outcome(
            file=file,
            code=0,
            notices=tuple(done.stderr.splitlines()),
            fault=_loss(file, done.stdout, done.stderr),
        )
    reasons = tuple(
        line.removeprefix("error: ").removeprefix(f"{file}:")
        for line in done.stderr.splitlines()
        if line.removeprefix("error: ").startswith(f"{file}:")
    )
    is_refusal = done.returncode == 2 and reasons and all(map(_has_place, reasons))
    fault = "" if is_refusal and "Traceback" not in done.stderr else done.stderr.strip()
    return Outcome(file=file, code=done.returncode, reasons=reasons, fault=fault)


def _has_place(reason: str) -> bool:
    return re.match(r"\d+(:\d+)?: ", reason) is not None


def _loss(file: Path, out: str, err: str) -> str:
    """Name what of a file is neither in the result nor in a notice."""
    try:
        documents = read_manifests([str(file)])
        loaded = load(documents)
    except ManifestError as error:
        return f"is refused as a value, and not by the command: {error}"
    lost = [line for line in group_notices(loaded.notices) if line not in err]
    kept = [f"{of_kind(one.kind).printed}/{one.name} created (dry run)" for one in loaded.objects]
    lost += sorted((Counter(kept) - Counter(out.splitlines())).elements())
    dropped = sum(
        1 for notice in loaded.notices if notice.is_whole or "stands in" in notice.message
    )
    if len(documents) != len(loaded.objects) + dropped:
        lost.append(f"{len(documents)} objects, {len(kept)} of them kept and {dropped} left out")
    if not loaded.objects and _NO_OBJECT not in err:
        lost.append("a word that there is nothing to do")
    return f"is silent about: {'; '.join(lost)}" if lost else ""


def report(folder: Path, outcomes: Sequence[Outcome], *, tell_notices: bool) -> None:
    """Print how many files ran and how many were refused, and why."""
    refused = [one for one in outcomes if one.code == 2 and not one.fault]
    faults = [one for one in outcomes if one.fault]
    share = 100 * len(refused) / len(outcomes)
    noticed = sum(1 for one in outcomes if one.notices)
    print(f"{len(outcomes):5} manifests in {folder}")
    print(f"{len(outcomes) - len(refused) - len(faults):5} run, {noticed} of them with notices")
    print(f"{len(refused):5} refused ({share:.1f} %)")
    print(f"{len(faults):5} faults")
    for one in refused:
        print(f"\nrefused: {one.file.relative_to(folder)}")
        for reason in one.reasons:
            print(f"  {reason}")
    for one in faults:
        print(f"\nFAULT: {one.file.relative_to(folder)} ended {one.code}: {one.fault}")
    if tell_notices:
        print("\nnotices, by how many files have them")
        told = Counter(line for one in outcomes for line in {*map(_cause, one.notices)})
        for line, number in told.most_common():
            print(f"{number:5} {line}")


def _cause(notice: str) -> str:
    """Return a notice without what differs between files: place, object, names and numbers."""
    text = re.sub(
        r"^(?:notice: )?(?:\S+:\d+: )?(?:[a-z]+/\S+(?:,| and)? (?:\d+ more: )?)*", "", notice
    )
    text = re.sub(r'"[^"]*"|\([^)]*\)', "X", text)
    return re.sub(r"\d+", "N", text)


def manifests(folder: Path) -> Iterable[Path]:
    """Return the manifests of a folder and of the folders in it."""
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def main() -> int:
    """Sweep the folder of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--notices", action="store_true", help="count the notices, too")
    parser.add_argument("--most", type=float, default=8.0, help="highest share of refusals, in %%")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    files = list(manifests(options.folder))
    if not files:
        parser.error(f"no manifests in {options.folder}")
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(sweep, files))
    report(options.folder, outcomes, tell_notices=options.notices)
    refused = sum(1 for one in outcomes if one.code == 2 and not one.fault)
    is_good = refused * 100 <= options.most * len(outcomes)
    return 0 if is_good and not any(one.fault for one in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
