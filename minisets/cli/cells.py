"""The cells of each kind's table, by kubectl's headers, and ages as kubectl writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from minisets.app.reading.views import (
    SHORT_MODES,
    ClaimView,
    ObjectView,
    PodView,
    ServiceView,
    SetView,
    View,
)
from minisets.core.timestamps import seconds_of

_NONE = "<none>"
_MOST_PLACES = 3
_UNSET = "<unset>"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"

PUBLISHED = "PUBLISHED"
"""Column of where pods are to be found from outside; only in tables in which one is."""

Cells = dict[str, str]
"""Header to what stands under it."""


def cells_of(view: View, now: float, *, is_wide: bool) -> Cells:
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
        case ObjectView():
            return _object_cells(view, now, is_wide=is_wide)


def _set_cells(view: SetView, now: float, *, is_wide: bool) -> Cells:
    cells = {
        "NAME": view.name,
        "READY": f"{view.ready}/{view.replicas}",
        "AGE": _age_since(view.created, now),
    }
    if is_wide:
        cells |= {"CONTAINERS": ",".join(view.containers), "IMAGES": ",".join(view.images)}
    return cells


def _pod_cells(view: PodView, now: float, *, is_wide: bool) -> Cells:
    cells = {
        "NAME": view.name,
        "READY": f"{view.ready}/{view.containers}",
        "STATUS": view.status,
        "RESTARTS": _restarts(view, now),
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


def _restarts(view: PodView, now: float) -> str:
    if not view.restarts or not view.last_restart:
        return str(view.restarts)
    return f"{view.restarts} ({render_age(now - view.last_restart)} ago)"


def _claim_cells(view: ClaimView, now: float, *, is_wide: bool) -> Cells:
    cells = {
        "NAME": view.name,
        "STATUS": view.status,
        "VOLUME": view.volume,
        "CAPACITY": view.capacity,
        "ACCESS MODES": view.access_modes,
        "STORAGECLASS": view.storage_class,
        "VOLUMEATTRIBUTESCLASS": _UNSET,
        "AGE": _age_since(view.created, now),
    }
    if is_wide:
        from minisets.core.quantity import round_bytes

        cells["VOLUMEMODE"] = str(view.object.get("spec", {}).get("volumeMode", "Filesystem"))
        cells["USED"] = "<unknown>" if view.used is None else round_bytes(view.used)
    return cells


def _service_cells(view: ServiceView, now: float, *, is_wide: bool) -> Cells:
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


def _published(places: Sequence[str]) -> Cells:
    """Return the column that kubectl does not have, where there is something to show."""
    if not places:
        return {}
    rest = len(places) - _MOST_PLACES
    more = f" + {rest} more..." if rest > 0 else ""
    return {PUBLISHED: ", ".join(places[:_MOST_PLACES]) + more}


def _event_cells(view: ObjectView, now: float, *, is_wide: bool) -> Cells:
    found = view.object
    involved = found["involvedObject"]
    last = seconds_of(found["lastTimestamp"])
    cells = {
        "LAST SEEN": render_age(max(0.0, now - last)),
        "TYPE": found["type"],
        "REASON": found["reason"],
        "OBJECT": f"{involved['kind'].lower()}/{involved['name']}",
    }
    if is_wide:
        cells |= {
            "SUBOBJECT": involved.get("fieldPath", ""),
            "SOURCE": found["source"]["component"],
        }
    # The message would break the table with its own lines.
    cells["MESSAGE"] = " ".join(found["message"].split())
    if is_wide:
        first = seconds_of(found["firstTimestamp"])
        cells |= {
            "FIRST SEEN": render_age(max(0.0, now - first)),
            "COUNT": str(found["count"]),
            "NAME": view.name,
        }
    return cells


def history_cells(view: ObjectView, now: float) -> Cells:
    """Return the cells of an event in which ``kubectl events`` differs from ``kubectl get``.

    Args:
        view: The event.
        now: Seconds since the epoch.
    """
    found = view.object
    involved = found["involvedObject"]
    first, last = seconds_of(found["firstTimestamp"]), seconds_of(found["lastTimestamp"])
    return {
        "LAST SEEN": render_interval(first, last, found["count"], now),
        "OBJECT": f"{involved['kind']}/{involved['name']}",
    }


def _object_cells(view: ObjectView, now: float, *, is_wide: bool) -> Cells:
    if view.kind == "Event":
        return _event_cells(view, now, is_wide=is_wide)
    cells = {
        "NAME": view.name,
        **_OWN_CELLS[view.kind](view),
        "AGE": _age_since(view.created, now),
    }
    if is_wide and view.kind == "PersistentVolume":
        cells["VOLUMEMODE"] = str(view.object["spec"].get("volumeMode", "Filesystem"))
    return cells


def _config_map_cells(view: ObjectView) -> Cells:
    keys = {**(view.object.get("data") or {}), **(view.object.get("binaryData") or {})}
    return {"DATA": str(len(keys))}


def _secret_cells(view: ObjectView) -> Cells:
    keys = {**(view.object.get("data") or {}), **(view.object.get("stringData") or {})}
    return {"TYPE": view.object.get("type") or "Opaque", "DATA": str(len(keys))}


def _class_cells(view: ObjectView) -> Cells:
    annotations = view.object["metadata"].get("annotations") or {}
    is_default = annotations.get(_DEFAULT_CLASS) == "true"
    return {
        "NAME": f"{view.name} (default)" if is_default else view.name,
        "PROVISIONER": view.object.get("provisioner") or _NONE,
        "RECLAIMPOLICY": view.object.get("reclaimPolicy") or "Delete",
        "VOLUMEBINDINGMODE": view.object.get("volumeBindingMode") or "Immediate",
        "ALLOWVOLUMEEXPANSION": str(bool(view.object.get("allowVolumeExpansion"))).lower(),
    }


def _volume_cells(view: ObjectView) -> Cells:
    spec = view.object["spec"]
    claim = spec.get("claimRef") or {}
    modes = [SHORT_MODES.get(mode, mode) for mode in spec.get("accessModes") or ()]
    return {
        "CAPACITY": (spec.get("capacity") or {}).get("storage", ""),
        "ACCESS MODES": ",".join(modes),
        "RECLAIM POLICY": spec.get("persistentVolumeReclaimPolicy") or "Retain",
        "STATUS": view.object["status"]["phase"],
        "CLAIM": f"{claim.get('namespace', '')}/{claim['name']}" if claim else "",
        "STORAGECLASS": spec.get("storageClassName") or "",
        "VOLUMEATTRIBUTESCLASS": _UNSET,
        "REASON": "",
    }


def _revision_cells(view: ObjectView) -> Cells:
    (owner,) = view.object["metadata"]["ownerReferences"]
    return {
        "CONTROLLER": f"statefulset.apps/{owner['name']}",
        "REVISION": str(view.object["revision"]),
    }


_OWN_CELLS: Mapping[str, Callable[[ObjectView], Cells]] = {
    "ConfigMap": _config_map_cells,
    "Secret": _secret_cells,
    "Namespace": lambda view: {"STATUS": view.object["status"]["phase"]},
    "StorageClass": _class_cells,
    "PersistentVolume": _volume_cells,
    "ControllerRevision": _revision_cells,
}


def _age_since(created: float, now: float) -> str:
    return render_age(now - created) if created > 0 else "<unknown>"


def render_interval(first: float, last: float, count: int, now: float) -> str:
    """Return when something was, and how often, as kubectl writes it of events.

    Args:
        first: When it was for the first time; all times are seconds since the epoch.
        last: When it was for the last time.
        count: How often it was.
        now: The present time.
    """
    age = render_age(max(0.0, now - last))
    return age if count == 1 else f"{age} (x{count} over {render_age(max(0.0, now - first))})"


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
