"""What the Kubernetes-shaped objects of all kinds share: time stamps and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minisets.core import labels
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_object
from minisets.core.timestamps import timestamp

Object = dict[str, Any]
"""An object as Kubernetes has it, as JSON."""


def shown_labels(found: Mapping[str, str]) -> dict[str, str]:
    """Return an object's labels without those that minisets keeps its books in."""
    return {key: value for key, value in found.items() if not key.startswith(labels.PREFIX)}


def object_of_record(record: Record) -> Object:
    """Return the object that a record holds, with what Kubernetes adds to its metadata."""
    facts = parse_object(record.data)
    metadata = {
        **facts.object["metadata"],
        "uid": facts.uid,
        "creationTimestamp": timestamp(facts.created),
    }
    if record.namespace:
        metadata["namespace"] = record.namespace
    return {**facts.object, "metadata": metadata}
