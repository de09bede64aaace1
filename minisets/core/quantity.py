"""Amounts as Kubernetes writes them: ``500m``, ``1Gi``, ``1e3``."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal, localcontext

_PATTERN = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?P<suffix>[KMGTPE]i|[numkMGTPE]?|[eE][+-]?[0-9]{1,9})\Z"
)
_DECIMAL_EXPONENTS = {
    "n": -9,
    "u": -6,
    "m": -3,
    "": 0,
    "k": 3,
    "M": 6,
    "G": 9,
    "T": 12,
    "P": 15,
    "E": 18,
}
_DECIMAL_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL_EXPONENTS.items()}
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_NANO = Decimal("1e-9")
# The API holds 64 bits and takes anything above as the largest of them.
_LARGEST = Decimal(2**63 - 1)
_MESSAGE = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


def parse_quantity(value: str | float) -> Decimal:
    """Read an amount; what is finer than a billionth is rounded up, as the API does.

    Raises:
        ValueError: The text is no quantity; the message is the API server's.
    """
    match = _PATTERN.match(str(value))
    if match is None or isinstance(value, bool):
        raise ValueError(_MESSAGE)
    number, suffix = Decimal(match["number"]), match["suffix"]
    with localcontext() as context:
        context.prec = 100
        if suffix.endswith("i"):
            exact = number * 1024 ** _BINARY_SUFFIXES.index(suffix)
        else:
            exact = number.scaleb(_exponent(suffix)) if number else number
        return _fit(exact)


def _exponent(suffix: str) -> int:
    known = _DECIMAL_EXPONENTS.get(suffix)
    # Beyond 64 bits and a billionth all exponents mean the same.
    return max(-200, min(200, int(suffix[1:]))) if known is None else known


def _fit(exact: Decimal) -> Decimal:
    if exact == 0:
        return Decimal(0)
    if abs(exact) > _LARGEST:
        return _LARGEST.copy_sign(exact)
    magnitude = abs(exact).quantize(_NANO, rounding=ROUND_CEILING)
    return magnitude.copy_sign(exact)


def to_bytes(value: str | float) -> int:
    """Read an amount of memory or storage in bytes, rounded up."""
    return int(parse_quantity(value).to_integral_value(rounding=ROUND_CEILING))


def to_nano_cpus(value: str | float) -> int:
    """Read an amount of CPU in billionths of a CPU, as the Engine wants it."""
    return int((parse_quantity(value) * 10**9).to_integral_value(rounding=ROUND_CEILING))


def format_quantity(value: str | float) -> str:
    """Write an amount in the API's canonical form: ``1024Mi`` is ``1Gi``, ``0.5`` is ``500m``.

    Raises:
        ValueError: The text is no quantity.
    """
    amount = parse_quantity(value)
    suffix = str(value).lstrip("+-.0123456789")
    if suffix.endswith("i") and abs(amount) >= 1024 and amount == amount.to_integral_value():
        return _format_binary(int(amount))
    text, exponent = _shortest(amount)
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return f"{text}e{exponent}" if exponent else text
    return f"{text}{_DECIMAL_SUFFIXES[exponent]}"


def round_bytes(count: int) -> str:
    """Write bytes for people, in the unit in which they are read best: ``1.5Mi``."""
    amount, power = float(count), 0
    while amount >= 1024 and power < len(_BINARY_SUFFIXES) - 1:
        amount /= 1024
        power += 1
    digits = 1 if power and amount < 10 else 0
    return f"{amount:.{digits}f}".removesuffix(".0") + _BINARY_SUFFIXES[power]


def _format_binary(amount: int) -> str:
    power = 0
    while amount % 1024 == 0 and power < len(_BINARY_SUFFIXES) - 1:
        amount //= 1024
        power += 1
    return f"{amount}{_BINARY_SUFFIXES[power]}"


def _shortest(amount: Decimal) -> tuple[str, int]:
    """Find the largest thousands exponent that leaves a whole number."""
    nanos = int(amount * 10**9)
    exponent = -9
    while nanos and nanos % 1000 == 0 and exponent < 18:
        nanos //= 1000
        exponent += 3
    return (str(nanos), exponent) if nanos else ("0", 0)
