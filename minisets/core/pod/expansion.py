"""Expansion of ``$(NAME)`` in env values, command and args, as Kubernetes does it."""

from __future__ import annotations

import re
from collections.abc import Mapping

# "$$" is an escaped dollar; "$(" up to the next ")" names a variable; any other "$" is itself.
_REFERENCE = re.compile(r"\$(?:(?P<escape>\$)|\((?P<name>[^)]*)\))")


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` by the variable's value; unknown names stay, ``$$`` is one dollar."""

    def replacement(match: re.Match[str]) -> str:
        if match["escape"]:
            return "$"
        return variables.get(match["name"], match[0])

    return _REFERENCE.sub(replacement, text)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the variables that a text refers to."""
    return tuple(match["name"] for match in _REFERENCE.finditer(text) if not match["escape"])
