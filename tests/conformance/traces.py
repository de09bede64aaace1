"""Finds and reads trace files: full form, packed form, one scenario or many in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conformance.fields import TraceError
from tests.conformance.packed import unpack
from tests.conformance.scenario import Scenario, parse_scenario

HERE = Path(__file__).parent
NAMED = HERE / "named"
RANDOM_SAMPLE = HERE / "random_sample.jsonl"


def load_traces(path: Path) -> Iterator[Scenario]:
    """Yield the scenarios of a file, or of all .json and .jsonl files in a folder.

    Raises:
        TraceError: A file cannot be read, or is not in a form that traces have.
    """
    for file in _files(path):
        try:
            for record in _records(file):
                yield _scenario(record)
        except (TraceError, OSError, ValueError, RecursionError) as error:
            raise TraceError(f"{file}: {error}") from error


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in {".json", ".jsonl"})
    if not files:
        raise TraceError(f"{path}: no .json or .jsonl file in this folder")
    return files


def _records(file: Path) -> list[object]:
    text = file.read_text(encoding="utf-8")
    if not text.strip():
        raise TraceError("the file is empty")
    # One JSON value, or one in each line: a packed file of one line is both.
    try:
        whole = json.loads(text)
    except ValueError:
        if "\n" not in text.strip() or file.suffix == ".json":
            raise
        return [_line(number, line) for number, line in enumerate(text.splitlines(), 1) if line]
    return whole if isinstance(whole, list) else [whole]


def _line(number: int, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise TraceError(f"line {number}: {error}") from error


def _scenario(record: object) -> Scenario:
    if isinstance(record, Mapping) and "revisionNames" in record:
        return parse_scenario(unpack(record))
    return parse_scenario(record)
