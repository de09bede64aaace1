"""Arguments of callers from Python, which no type checker may have seen: checked before use."""

from __future__ import annotations

from math import isnan
from numbers import Real

from minisets.errors import InputError


def check_text(name: str, value: object) -> None:
    """Check that an argument is a text that is not empty.

    Raises:
        InputError: It is not.
    """
    if not isinstance(value, str) or not value:
        raise InputError(f"{name} is {value!r}, not a text", hint=f'for example {name}="web"')


def check_count(name: str, value: object) -> None:
    """Check that an argument is a whole number, 0 or more.

    Raises:
        InputError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(
            f"{name} is {value!r}, not a whole number of 0 or more", hint=f"for example {name}=3"
        )


def check_seconds(name: str, value: object) -> None:
    """Check that an argument is a number of seconds, 0 or more; without end is one, too.

    Raises:
        InputError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or isnan(value) or value < 0:
        raise InputError(
            f"{name} is {value!r}, not a number of 0 or more", hint=f"for example {name}=60"
        )


def check_switch(name: str, value: object) -> None:
    """Check that an argument is True or False: of ``"no"`` Python says that it is true.

    Raises:
        InputError: It is not.
    """
    if not isinstance(value, bool):
        raise InputError(
            f"{name} is {value!r}, not True or False", hint=f"for example {name}=True"
        )
