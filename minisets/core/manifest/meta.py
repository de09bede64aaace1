"""The typed model, part 1: what all kinds share, and the base of all types."""

from __future__ import annotations

import msgspec

IntOrString = int | str
"""A number, or a name or percentage."""

Quantity = str | int | float
"""An amount such as ``500m`` or ``1Gi``; see minisets.core.quantity."""


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of all types: immutable, keyword-only, camelCase outside, defaults left out."""


class ObjectMeta(Model, frozen=True, kw_only=True):
    """Name, namespace, labels and annotations of an object."""

    annotations: dict[str, str] = msgspec.field(default_factory=dict)
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    name: str = ""
    namespace: str | None = None


class LabelSelectorRequirement(Model, frozen=True, kw_only=True):
    """One expression of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Model, frozen=True, kw_only=True):
    """Labels that objects must have."""

    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
    match_labels: dict[str, str] = msgspec.field(default_factory=dict)


class LocalObjectReference(Model, frozen=True, kw_only=True):
    """The name of an object in the same namespace."""

    name: str = ""


class ObjectFieldSelector(Model, frozen=True, kw_only=True):
    """A field of the pod itself."""

    field_path: str
    api_version: str = "v1"


class ResourceFieldSelector(Model, frozen=True, kw_only=True):
    """A limit or request of a container of the pod."""

    resource: str
    container_name: str = ""
    divisor: Quantity = "0"
