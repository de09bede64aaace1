from __future__ import annotations

import pytest

from minisets.core.pod.expansion import expand

KNOWN = {"A": "1", "B_2": "two", "EMPTY": "", "REF": "$(A)"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("x$(A)y$(B_2)z", "x1ytwoz"),
        ("$(EMPTY)", ""),
        ("$(NOPE)", "$(NOPE)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$(A)", "$$(A)"),
        ("$A ${A}", "$A ${A}"),
        ("$(A", "$(A"),
        ("$", "$"),
        ("$()", "$()"),
        ("$(REF)", "$(A)"),
        ("100$", "100$"),
        ("", ""),
    ],
)
def test_references_expand_as_in_kubernetes(text, expanded):
    assert expand(text, KNOWN) == expanded
