"""Pod templates as canonical text, and the names of their revisions.

The text and the names are the ones Kubernetes makes, so a set that moves there keeps its history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Kubernetes rule 7.2: no vowels and no digits that look like them, so no hash is a word.
_SAFE_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193
_32_BITS = 0xFFFFFFFF
_LONGEST_PREFIX = 223

# Go's JSON encoder escapes these even where JSON does not ask for it.
_GO_ESCAPES = str.maketrans(
    {
        "<": r"\u003c",
        ">": r"\u003e",
        "&": r"\u0026",
        "\u2028": r"\u2028",
        "\u2029": r"\u2029",
    }
)


def template_text(template: Mapping[str, Any]) -> str:
    """Return the canonical text of a pod template: the bytes Go's JSON encoder would write."""
    return _to_json(template)


def parse_template(text: str) -> dict[str, Any]:
    """Return the pod template that ``template_text`` made the text from."""
    template = json.loads(text)
    if not isinstance(template, dict):
        message = f"a pod template is a mapping, not {type(template).__name__}"
        raise TypeError(message)
    return template


def revision_data(template: str) -> str:
    """Return what Kubernetes stores in a ControllerRevision for a template text.

    Kubernetes rule 7.1: a patch that puts the whole template in place of the present one.
    """
    patched = {**parse_template(template), "$patch": "replace"}
    return _to_json({"spec": {"template": patched}})


def revision_name(set_name: str, template: str, collision_count: int = 0) -> str:
    """Return the name of the revision that holds a template text.

    Kubernetes rule 7.2: the set's name, cut, and a hash of the data followed by the number of
    collisions there were so far, which is always written.
    """
    digest = _fnv1(f"{revision_data(template)}{collision_count}".encode())
    return f"{set_name[:_LONGEST_PREFIX]}-{_encode(str(digest))}"


def _to_json(value: object) -> str:
    text = json.dumps(
        _as_go_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return text.translate(_GO_ESCAPES)


def _as_go_numbers(value: object) -> object:
    # Go writes 1.0 as 1.
    match value:
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {str(key): _as_go_numbers(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_as_go_numbers(inner) for inner in value]
        case _:
            return value


def _fnv1(data: bytes) -> int:
    digest = _FNV_OFFSET
    for byte in data:
        digest = (digest * _FNV_PRIME & _32_BITS) ^ byte
    return digest


def _encode(digits: str) -> str:
    return "".join(_SAFE_ALPHABET[ord(digit) % len(_SAFE_ALPHABET)] for digit in digits)
