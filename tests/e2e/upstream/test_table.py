"""The table of docs/conformance.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
TABLE = ROOT / "docs" / "conformance.md"


def rows() -> list[tuple[str, str]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    cells = [line.strip("| ").split(" | ", 1) for line in lines if line.startswith("| ")]
    return [(case, here) for case, here in cells if case not in {"case", "what", "---"}]


def names_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return {name for name in found if name.startswith("test_")}


def test_every_case_is_ported_or_has_a_reason():
    for case, here in rows():
        assert re.search(r"`test_\w+\.py::test_\w+`", here) or "not applicable: " in here, case


def test_every_test_that_the_table_names_exists():
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", TABLE.read_text(encoding="utf-8"))
    assert named
    for file, name in named:
        assert name in names_of(HERE / file), f"{file}::{name}"


def test_every_file_that_the_table_names_exists():
    for path in re.findall(r"`(tests/[^`]+)`", TABLE.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path
