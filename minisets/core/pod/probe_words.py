"""What a probe has said, as one short line, or as a block for who looks for the cause."""

from __future__ import annotations

_LONGEST_LINE = 120
_ELLIPSIS = "..."


def in_one_line(output: str) -> str:
    """Return the first line that says something, cut with ``...``; the rest is for describe."""
    first = next((line for line in output.splitlines() if line.strip()), "")
    words = " ".join(first.split())
    if len(words) <= _LONGEST_LINE:
        return words
    return words[: _LONGEST_LINE - len(_ELLIPSIS)].rstrip() + _ELLIPSIS


def as_block(title: str, output: str) -> list[str]:
    """Return the lines of an error's evidence: below its title, unless one line is all."""
    lines = output.strip().splitlines()
    if len(lines) == 1:
        return [f"  {title}: {lines[0]}"]
    return [f"  {title}:", *(f"    {line}".rstrip() for line in lines)] if lines else []
