"""The difference between two objects, as unified diff of their YAML."""

from __future__ import annotations

from difflib import unified_diff
from typing import Any

from minisets.cli.output import to_yaml


def render_difference(title: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return a unified diff; empty maps have no lines."""
    old, new = (to_yaml(item).splitlines() if item else [] for item in (before, after))
    lines = unified_diff(old, new, fromfile=f"live {title}", tofile=f"merged {title}", lineterm="")
    return "\n".join(lines)
