"""What the Kubernetes-shaped objects of all kinds share: time stamps and labels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from minisets.core import labels
from minisets.core.records.record import Record
from minisets.core.records.set_record import parse_object

Object = dict[str, Any]
"""An object as Kubernetes has it, as JSON."""


def timestamp(seconds: float) -> str:
    """Write seconds since the epoch as the API does."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float:
    """Read RFC 3339 text; 0.0 if there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0


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
