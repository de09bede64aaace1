"""What get prints, as text: tables and ages as kubectl has them, YAML, JSON and names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from minisets.app.query import ClaimView, PodView, ServiceView, SetView
from minisets.cli.kinds import Resource

View = SetView | PodView | ClaimView | ServiceView
Found = Sequence[tuple[Resource, Sequence[View]]]
"""What was found, by resource, in the order in which it is printed."""

_NONE = "<none>"
_PADDING = 3
_MIN_WIDTH = 6
_TEXT = "tag:yaml.org,2002:str"


def render_found(found: Found, output: str | None, now: float, *, options: TableOptions) -> str:
    """Return what get prints for an output format; None and ``wide`` are tables."""
    if output == "name":
        lines = [f"{kind.printed}/{view.name}" for kind, views in found for view in views]
        return "\n".join(lines)
    if output in {"yaml", "json"}:
        items = [view.object for _, views in found for view in views]
        whole = items[0] if options.is_single and len(items) == 1 else as_list(items)
        return to_yaml(whole) if output == "yaml" else to_json(whole)
    return render_tables(found, now, options=options)


class TableOptions:
    """How get shows things.

    Args:
        is_wide: With the columns of ``-o wide``.
        has_namespace: With a first column for the namespace.
        has_headers: With a line of headers.
        is_single: One object was asked for by its name: not a list.
    """

    def __init__(
        self,
        *,
        is_wide: bool = False,
        has_namespace: bool = False,
        has_headers: bool = True,
        is_single: bool = False,
    ) -> None:
        self.is_wide = is_wide
        self.has_namespace = has_namespace
        self.has_headers = has_headers
        self.is_single = is_single


def render_tables(found: Found, now: float, *, options: TableOptions) -> str:
    """Return a table per resource that has something, an empty line between them."""
    full = [(resource, views) for resource, views in found if views]
    # Beside others, names say what they are the names of.
    has_kind = len(found) > 1
    tables = []
    for resource, views in full:
        rows = []
        for view in views:
            cells = _cells(view, now, is_wide=options.is_wide)
            if has_kind:
                cells["NAME"] = f"{resource.printed}/{view.name}"
            if options.has_namespace:
                cells = {"NAMESPACE": view.namespace, **cells}
            rows.append(cells)
        tables.append(render_table(rows, has_headers=options.has_headers))
    return "\n\n".join(tables)


def render_table(rows: Sequence[dict[str, str]], *, has_headers: bool = True) -> str:
    """Return rows of the same columns as kubectl lays them out: three spaces between columns."""
    lines = [list(rows[0])] if has_headers else []
    lines += [list(row.values()) for row in rows]
    widths = [
        max(_MIN_WIDTH, _PADDING + max(len(line[index]) for line in lines))
        for index in range(len(rows[0]) - 1)
    ]
    return "\n".join(
        "".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) + line[-1]
        for line in lines
    )


def _cells(view: View, now: float, *, is_wide: bool) -> dict[str, str]:
    match view:
        case SetView():
            return _set_cells(view, now, is_wide=is_wide)
        case PodView():
            return _pod_cells(view, now, is_wide=is_wide)
        case ClaimView():
            return _claim_cells(view, now, is_wide=is_wide)
        case ServiceView():
            return _service_cells(view, now, is_wide=is_wide)


def _set_cells(view: SetView, now: float, *, is_wide: bool) -> dict[str, str]:
    cells = {
        "NAME": view.name,
        "READY": f"{view.ready}/{view.replicas}",
        "AGE": _age_since(view.created, now),
    }
    if is_wide:
        cells |= {"CONTAINERS": ",".join(view.containers), "IMAGES": ",".join(view.images)}
    return cells


def _pod_cells(view: PodView, now: float, *, is_wide: bool) -> dict[str, str]:
    cells = {
        "NAME": view.name,
        "READY": f"{view.ready}/{view.containers}",
        "STATUS": view.status,
        "RESTARTS": str(view.restarts),
        "AGE": _age_since(view.created, now),
    }
    if is_wide:
        cells |= {
            "IP": view.ip or _NONE,
            "NODE": view.node or _NONE,
            "NOMINATED NODE": _NONE,
            "READINESS GATES": _NONE,
        }
    return cells


def _claim_cells(view: ClaimView, now: float, *, is_wide: bool) -> dict[str, str]:
    cells = {
        "NAME": view.name,
        "STATUS": view.status,
        "VOLUME": view.volume,
        "CAPACITY": view.capacity,
        "ACCESS MODES": view.access_modes,
        "STORAGECLASS": view.storage_class,
        "VOLUMEATTRIBUTESCLASS": "<unset>",
        "AGE": _age_since(view.created, now),
    }
    if is_wide:
        cells["VOLUMEMODE"] = str(view.object.get("spec", {}).get("volumeMode", "Filesystem"))
    return cells


def _service_cells(view: ServiceView, now: float, *, is_wide: bool) -> dict[str, str]:
    cells = {
        "NAME": view.name,
        "TYPE": view.type,
        "CLUSTER-IP": view.cluster_ip or _NONE,
        "EXTERNAL-IP": view.external_ip or _NONE,
        "PORT(S)": view.ports or _NONE,
        "AGE": _age_since(view.created, now),
    }
    if is_wide:
        cells["SELECTOR"] = view.selector or _NONE
    return cells


def _age_since(created: float, now: float) -> str:
    return render_age(now - created) if created > 0 else "<unknown>"


def render_age(seconds: float) -> str:
    """Return an age as kubectl's AGE column has it: two units at most, the more the shorter."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 120:
        return f"{max(0, whole)}s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    steps = (
        (minutes < 10, minutes, "m", whole % 60, "s"),
        (minutes < 180, minutes, "m", 0, ""),
        (hours < 8, hours, "h", minutes % 60, "m"),
        (hours < 48, hours, "h", 0, ""),
        (days < 8, days, "d", hours % 24, "h"),
        (days < 2 * 365, days, "d", 0, ""),
        (days < 8 * 365, days // 365, "y", days % 365, "d"),
        (True, days // 365, "y", 0, ""),
    )
    _, large, unit, small, small_unit = next(step for step in steps if step[0])
    return f"{large}{unit}{small}{small_unit}" if small else f"{large}{unit}"


def as_list(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return several objects as the List that kubectl prints."""
    return {
        "apiVersion": "v1",
        "items": list(items),
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }


def to_json(value: dict[str, Any]) -> str:
    """Return JSON as kubectl writes it: four spaces, keys in order."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)


def to_yaml(value: dict[str, Any]) -> str:
    """Return YAML as kubectl writes it: keys in order, text of several lines as a block."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes no anchors: kubectl's readers would accept them, people would not."""

        def ignore_aliases(self, data: object) -> bool:
            """Write a value again where it stands again."""
            del data
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        # As kubectl: double quotes around what would be no text without quotes.
        tag = dumper.resolve(yaml.ScalarNode, data, (True, False))  # type: ignore[no-untyped-call]
        is_text = tag == _TEXT
        style = "|" if "\n" in data else None if is_text else '"'
        return dumper.represent_scalar(_TEXT, data, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(
        value, Dumper=Dumper, allow_unicode=True, default_flow_style=False, width=10**6
    )
    return written.rstrip("\n")
