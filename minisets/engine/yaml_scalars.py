"""What an unquoted YAML scalar means to Kubernetes: YAML 1.1 without base 60 and without dates."""

from __future__ import annotations

import math
import re

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {
    spelling: value
    for value, words in ((True, ("true", "yes", "on")), (False, ("false", "no", "off")))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_BASED = re.compile(r"([-+]?)0(x[0-9a-fA-F]+|b[01]+|o?[0-7]+)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_NUMBER_START = tuple("+-.0123456789")
_MAX_DIGITS = 65
_BASES = {"x": 16, "b": 2, "o": 8}


def resolve_scalar(text: str) -> str | int | float | bool | None:
    """Read an unquoted scalar as the Kubernetes tools do.

    Raises:
        ValueError: It is infinite or no number at all, which JSON cannot hold.
    """
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _NOT_FINITE.match(text):
        raise ValueError(f"{text} is no number that JSON can hold; quote it")
    bare = text.replace("_", "") if text[:1] in _NUMBER_START else text
    whole = _to_int(bare)
    if whole is not None:
        return whole
    number = _to_number(float(bare)) if _FLOAT.match(bare) else None
    return text if number is None else number


def _to_int(text: str) -> int | None:
    """Read a whole number; None if it is none, or has more than 64 bits."""
    base, digits = 10, text
    if based := _BASED.match(text):
        base = _BASES.get(based[2][0], 8)
        digits = based[1] + based[2].lstrip("xbo")
    elif not _DECIMAL.match(text):
        return None
    number = int(digits, base) if len(digits) <= _MAX_DIGITS else 2**64
    return number if -(2**63) <= number < 2**64 else None


def _to_number(number: float) -> float | int | None:
    if not math.isfinite(number):
        # Like a commit hash such as 12e8999: too large for a number, so it is text.
        return None
    # JSON knows one kind of number: 3.0 is the integer 3.
    return int(number) if number.is_integer() and abs(number) < 2**63 else number
