"""The cells of each kind's table, by kubectl's headers, and ages as kubectl writes them."""

from __future__ import annotations

from collections.abc import Sequence

from minisets.app.views_claim import ClaimView
from minisets.app.views_pod import PodView
from minisets.app.views_service import ServiceView
from minisets.app.views_set import SetView

View = SetView | PodView | ClaimView | ServiceView

_NONE = "<none>"
_MOST_PLACES = 3

PUBLISHED = "PUBLISHED"
"""Column of where pods are to be found from outside; only in tables in which one is."""


def cells_of(view: View, now: float, *, is_wide: bool) -> dict[str, str]:
    """Return a row of the table of the view's kind.

    Args:
        now: Seconds since the epoch.
        is_wide: With the columns of ``-o wide``.
    """
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
        } | _published(view.places)
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
        cells |= {"SELECTOR": view.selector or _NONE} | _published(view.places)
    return cells


def _published(places: Sequence[str]) -> dict[str, str]:
    """Return the column that kubectl does not have, where there is something to show."""
    if not places:
        return {}
    rest = len(places) - _MOST_PLACES
    more = f" + {rest} more..." if rest > 0 else ""
    return {PUBLISHED: ", ".join(places[:_MOST_PLACES]) + more}


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
