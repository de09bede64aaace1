"""Which objects a command is about: label and field selectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minisets.cli import kinds

if TYPE_CHECKING:
    from minisets.app.reading.views import View

_FIELDS = ("metadata.name", "metadata.namespace")
# As the API server allows them.
_MORE_FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "reason",
        "type",
    ),
    "Namespace": ("status.phase",),
    "Secret": ("type",),
}


def parse_selectors(
    wanted: kinds.Wanted, labels: str | None, fields: str | None
) -> Callable[[View], bool]:
    """Return what says of an object whether the selectors keep it.

    Args:
        wanted: Resources that are asked for.
        labels: A label selector, if there is one.
        fields: A field selector, if there is one.

    Raises:
        InputError: A selector is wrong, or names a field that no object is selected by.
    """
    if not labels and not fields:
        return lambda _: True
    from minisets.core.query.selectors import matches, parse_fields, parse_labels

    by_labels = parse_labels(labels or "")
    supported = {
        field for resource in wanted for field in (*_FIELDS, *_MORE_FIELDS.get(resource.kind, ()))
    }
    by_fields = parse_fields(fields or "", supported=supported)

    def keeps(view: View) -> bool:
        found = view.object["metadata"].get("labels") or {}
        return matches(by_labels, found) and matches(by_fields, view.object)

    return keeps
