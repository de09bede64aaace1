"""Rules for maps of amounts, such as limits and requests; never raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minisets.core.input.source import Path
from minisets.core.input.validate_names import invalid, required
from minisets.core.quantity import parse_quantity
from minisets.errors import Problem


def check_quantities(path: Path, amounts: dict[str, Any]) -> Iterator[Problem]:
    """Check a map of resource names to amounts."""
    for name, amount in amounts.items():
        try:
            negative = parse_quantity(amount) < 0
        except ValueError as error:
            yield invalid((*path, name), amount, str(error))
        else:
            if negative:
                yield invalid((*path, name), amount, "must be greater than or equal to 0")


def check_size(path: Path, amounts: dict[str, Any]) -> Iterator[Problem]:
    """Check amounts of which the one of storage must be there, and be something."""
    if "storage" not in amounts:
        yield required((*path, "storage"))
    wrong = tuple(check_quantities(path, amounts))
    yield from wrong
    if not wrong and "storage" in amounts and not parse_quantity(amounts["storage"]):
        yield invalid((*path, "storage"), amounts["storage"], "must be greater than zero")
