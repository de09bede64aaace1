"""What a probe has said, short and whole."""

from __future__ import annotations

import pytest

from minisets.core.pod.probe_words import as_block, in_one_line


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("", ""),
        ("refused", "refused"),
        ("\n  \n not  yet\there \nmore\n", "not yet here"),
        (
            "HTTP probe failed with statuscode: 503\n<HTML>",
            "HTTP probe failed with statuscode: 503",
        ),
        ("a" * 120, "a" * 120),
        ("a" * 116 + " bcdef", "a" * 116 + "..."),
    ],
)
def test_progress_and_events_show_the_first_line_that_says_something(output: str, line: str):
    assert in_one_line(output) == line


@pytest.mark.parametrize(
    ("output", "block"),
    [
        ("", []),
        ("refused\n", ["  last probe: refused"]),
        ("a\n\n b\n", ["  last probe:", "    a", "", "     b"]),
    ],
)
def test_errors_show_all_lines_below_each_other(output: str, block: list[str]):
    assert as_block("last probe", output) == block
