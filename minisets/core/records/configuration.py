"""What the pods of a namespace may refer to: ConfigMaps and Secrets, as keys and bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minisets.core.naming import flag
from minisets.errors import NotConverged, ReferenceMissing

Values = Mapping[str, bytes]
"""Key → content, of one ConfigMap or Secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The ConfigMaps and Secrets of one namespace, by name.

    Attributes:
        binary_keys: ConfigMap → those of its keys that stand in binaryData. Files have them;
            variables do not, which is a rule of Kubernetes.
    """

    config_maps: Mapping[str, Values] = field(default_factory=dict)
    secrets: Mapping[str, Values] = field(default_factory=dict)
    binary_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def config_map(self, name: str, *, optional: bool = False) -> Values:
        """Return a ConfigMap; an optional one that is not there is empty.

        Raises:
            ReferenceMissing: It is not there, and not optional.
        """
        return _find(self.config_maps, "configmap", name, optional=optional)

    def secret(self, name: str, *, optional: bool = False) -> Values:
        """Return a Secret; see config_map."""
        return _find(self.secrets, "secret", name, optional=optional)


def config_map_values(obj: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the keys and contents of a ConfigMap."""
    texts = {key: text.encode() for key, text in obj.get("data", {}).items()}
    binary = {key: base64.b64decode(text) for key, text in obj.get("binaryData", {}).items()}
    return texts | binary


def config_map_binary_keys(obj: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys of a ConfigMap that variables do not see."""
    return frozenset(obj.get("binaryData", {}))


def value_of(values: Values, kind: str, name: str, key: str, *, optional: bool) -> bytes | None:
    """Return one key's content; None if it is not there and optional.

    Raises:
        ReferenceMissing: It is not there, and not optional.
    """
    if key not in values and not optional:
        raise ReferenceMissing(
            f'the {kind} "{name}" has no key "{key}"', hint=f"minisets get {kind} {name} -o yaml"
        )
    return values.get(key)


def of_pod(error: NotConverged, pod: str, namespace: str) -> NotConverged:
    """Return the error of what a pod lacks with its name, and a hint that can be typed."""
    hint = error.hint or ""
    if hint.startswith("minisets "):
        hint += flag(namespace)
    return type(error)(f"pod/{pod} cannot start: {error.message}", hint=hint)


def _find(known: Mapping[str, Values], kind: str, name: str, *, optional: bool) -> Values:
    if name not in known and not optional:
        generic = " generic" if kind == "secret" else ""
        raise ReferenceMissing(
            f'{kind} "{name}" not found',
            hint=f"minisets create {kind}{generic} {name} --from-literal=KEY=VALUE",
        )
    return known.get(name, {})
