"""Rules for names, labels and keys, with the API server's messages; never raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

from minisets.core.input.source import Path, render_path
from minisets.core.suggest import did_you_mean
from minisets.errors import Problem

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\Z")
_PORT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+\Z")

_LABEL_MESSAGE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
    "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_MESSAGE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_QUALIFIED_MESSAGE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_LABEL_VALUE_MESSAGE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value', "
    " or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_CONFIG_KEY_MESSAGE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
    "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_OPERATORS_WITH_VALUES = ("In", "NotIn")
_OPERATORS_WITHOUT_VALUES = ("Exists", "DoesNotExist")
_IP_MESSAGE = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
MAX_LABEL = 63
MAX_SUBDOMAIN = 253
MAX_PORT_NAME = 15
MAX_PORT = 65535


def problem_at(path: Path, message: str, hint: str = "") -> Problem:
    """Make a problem for a field."""
    return Problem(message=message, path=render_path(path), hint=hint)


def required(path: Path, detail: str = "") -> Problem:
    """Say that a field must be written."""
    return problem_at(path, f"Required value: {detail}" if detail else "Required value")


def invalid(path: Path, value: object, detail: str) -> Problem:
    """Say why a value is not accepted."""
    shown = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return problem_at(path, f"Invalid value: {shown}: {detail}")


def duplicate(path: Path, value: object) -> Problem:
    """Say that a value may stand only once."""
    return problem_at(path, f"Duplicate value: {json.dumps(value, ensure_ascii=False)}")


def unsupported(path: Path, value: object, supported: tuple[str, ...]) -> Problem:
    """Say which values there are."""
    listed = ", ".join(json.dumps(choice) for choice in supported)
    shown = json.dumps(value, ensure_ascii=False)
    message = f"Unsupported value: {shown}: supported values: {listed}"
    return problem_at(path, message, did_you_mean(str(value), supported) or "")


def unknown_name(path: Path, name: str, known: Iterable[str], message: str = "") -> Problem:
    """Say that nothing in the manifest has a name, and which one may have been meant."""
    shown = message or json.dumps(name, ensure_ascii=False)
    return problem_at(path, f"Not found: {shown}", did_you_mean(name, known) or "")


def is_address(text: str) -> bool:
    """Say whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def check_address(path: Path, text: str) -> Iterator[Problem]:
    """Check an IP address."""
    if not is_address(text):
        yield invalid(path, text, _IP_MESSAGE)


def check_label_name(path: Path, name: str) -> Iterator[Problem]:
    """Check an RFC 1123 label, such as the name of a set, a container or a volume."""
    if len(name) > MAX_LABEL:
        yield invalid(path, name, f"must be no more than {MAX_LABEL} characters")
    if not _LABEL.match(name):
        yield invalid(path, name, _LABEL_MESSAGE)


def check_subdomain_name(path: Path, name: str) -> Iterator[Problem]:
    """Check an RFC 1123 subdomain, such as the name of a ConfigMap."""
    if len(name) > MAX_SUBDOMAIN:
        yield invalid(path, name, f"must be no more than {MAX_SUBDOMAIN} characters")
    if not _SUBDOMAIN.match(name):
        yield invalid(path, name, _SUBDOMAIN_MESSAGE)


def check_labels(path: Path, labels: dict[str, str]) -> Iterator[Problem]:
    """Check the keys and values of a map of labels."""
    for key, value in labels.items():
        yield from check_qualified_name(path, key)
        yield from _check_label_value((*path, key), value)


def _check_label_value(path: Path, value: str) -> Iterator[Problem]:
    if len(value) > MAX_LABEL:
        yield invalid(path, value, f"must be no more than {MAX_LABEL} characters")
    if not _LABEL_VALUE.match(value):
        yield invalid(path, value, _LABEL_VALUE_MESSAGE)


def check_label_selector(path: Path, selector: dict[str, Any]) -> Iterator[Problem]:
    """Check the labels and expressions of a label selector."""
    yield from check_labels((*path, "matchLabels"), selector.get("matchLabels", {}))
    for index, expression in enumerate(selector.get("matchExpressions", ())):
        place = (*path, "matchExpressions", index)
        operator, values = expression["operator"], expression.get("values", ())
        if operator in _OPERATORS_WITH_VALUES and not values:
            detail = "must be specified when `operator` is 'In' or 'NotIn'"
            yield required((*place, "values"), detail)
        elif operator in _OPERATORS_WITHOUT_VALUES and values:
            detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            yield problem_at((*place, "values"), f"Forbidden: {detail}")
        elif operator not in (*_OPERATORS_WITH_VALUES, *_OPERATORS_WITHOUT_VALUES):
            problem = invalid((*place, "operator"), operator, "not a valid selector operator")
            known = (*_OPERATORS_WITH_VALUES, *_OPERATORS_WITHOUT_VALUES)
            hint = did_you_mean(operator, known) or f"the operators are: {', '.join(known)}"
            yield problem_at((*place, "operator"), problem.message, hint)
        yield from check_qualified_name((*place, "key"), expression["key"])
        for number, value in enumerate(values):
            yield from _check_label_value((*place, "values", number), value)


def check_qualified_name(path: Path, key: str) -> Iterator[Problem]:
    """Check the key of a label or annotation: an optional DNS prefix, a slash, a name."""
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.match(prefix):
        yield invalid(path, key, f"prefix part {_SUBDOMAIN_MESSAGE}")
    if len(name) > MAX_LABEL:
        yield invalid(path, key, f"name part must be no more than {MAX_LABEL} characters")
    if not _QUALIFIED.match(name):
        yield invalid(path, key, _QUALIFIED_MESSAGE)


def check_config_key(path: Path, key: str) -> Iterator[Problem]:
    """Check a key of a ConfigMap or Secret, where ``path`` leads to the map that has it."""
    yield from check_key((*path, key), key)


def check_key(path: Path, key: str) -> Iterator[Problem]:
    """Check a reference to a key of a ConfigMap or Secret."""
    if not _CONFIG_KEY.match(key) or len(key) > MAX_SUBDOMAIN:
        yield invalid(path, key, _CONFIG_KEY_MESSAGE)
    elif key in (".", "..") or key.startswith(".."):
        yield invalid(path, key, f"must not be or start with {'..'!r}")


def check_port_number(path: Path, number: int) -> Iterator[Problem]:
    """Check a port number."""
    if not 1 <= number <= MAX_PORT:
        yield invalid(path, number, f"must be between 1 and {MAX_PORT}, inclusive")


def check_port_name(path: Path, name: str) -> Iterator[Problem]:
    """Check the name of a container port or a named target port."""
    if len(name) > MAX_PORT_NAME:
        yield invalid(path, name, f"must be no more than {MAX_PORT_NAME} characters")
    if not _PORT_NAME.match(name):
        yield invalid(
            path,
            name,
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-), "
            "and start and end with one of the former",
        )
    if "--" in name:
        yield invalid(path, name, "must not contain consecutive hyphens")
    if not any(character.isalpha() for character in name):
        yield invalid(path, name, "must contain at least one letter (a-z)")


def check_not_negative(path: Path, number: object) -> Iterator[Problem]:
    """Check a count."""
    if isinstance(number, int) and number < 0:
        yield invalid(path, number, "must be greater than or equal to 0")
