"""Rollouts in words and as changes of the template: status, undo, restart and new images.

Pure: a live object in, a changed object out. The words are kubectl's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minisets.core.controller.controller_state import SetSpec, Status
from minisets.core.controller.revision import parse_template, template_text
from minisets.core.records.set_record import RevisionEntry
from minisets.errors import InputError, NotFound

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""Annotation of the template that a restart writes, as kubectl does."""

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView:
    """How far a rollout is: one line, and whether there is more to come."""

    text: str
    is_done: bool


def view_rollout(spec: SetSpec, status: Status, generation: int) -> RolloutView:
    """Say how far a rollout is, in kubectl's words and in its order of questions.

    Raises:
        InputError: The update strategy is OnDelete: nothing rolls by itself.
    """
    if spec.strategy == "OnDelete":
        raise InputError("rollout status is only available for RollingUpdate strategy type")
    if status.observed_generation < generation:
        return _more("Waiting for statefulset spec update to be observed...")
    if status.ready_replicas < spec.replicas:
        missing = spec.replicas - status.ready_replicas
        return _more(f"Waiting for {missing} pods to be ready...")
    if not spec.rolling_update_is_nil:
        wanted = spec.replicas - (spec.partition or 0)
        if status.updated_replicas < wanted:
            return _more(
                f"Waiting for partitioned roll out to finish: {status.updated_replicas} out of "
                f"{wanted} new pods have been updated..."
            )
        return _done(
            f"partitioned roll out complete: {status.updated_replicas} new pods "
            "have been updated..."
        )
    if status.update_revision != status.current_revision:
        return _more(
            f"waiting for statefulset rolling update to complete {status.updated_replicas} pods "
            f"at revision {status.update_revision}..."
        )
    return _done(
        f"statefulset rolling update complete {status.current_replicas} pods "
        f"at revision {status.current_revision}..."
    )


def choose_revision(entries: tuple[RevisionEntry, ...], number: int) -> RevisionEntry:
    """Return the revision to go back to: that number, or for 0 the one before the newest.

    Raises:
        NotFound: There is none.
    """
    ordered = sorted(entries, key=lambda entry: entry.number)
    if number:
        for entry in ordered:
            if entry.number == number:
                return entry
        known = ", ".join(str(entry.number) for entry in ordered)
        raise NotFound(
            f"unable to find specified revision {number} in history",
            hint=f"the revisions are {known}" if known else None,
        )
    if len(ordered) < 2:
        raise NotFound("no last revision to roll back to")
    return ordered[-2]


def with_template(live: Object, entry: RevisionEntry) -> Object | None:
    """Return the object with a revision's template; None if it has that template already."""
    if template_text(live["spec"]["template"]) == entry.template:
        return None
    return {**live, "spec": {**live["spec"], "template": parse_template(entry.template)}}


def restarted(live: Object, at: str) -> Object:
    """Return the object with a template that differs in the time of its restart only.

    Args:
        live: The live object.
        at: RFC 3339 text.

    Raises:
        InputError: It was restarted within the same second.
    """
    changed = copy.deepcopy(live)
    metadata = changed["spec"]["template"].setdefault("metadata", {})
    annotations = metadata.setdefault("annotations", {})
    if annotations.get(RESTARTED_AT) == at:
        name = live["metadata"]["name"]
        raise InputError(
            f"failed to create patch for {name}: if restart has already been triggered within "
            "the past second, please wait before attempting to trigger another"
        )
    annotations[RESTARTED_AT] = at
    return changed


def with_images(live: Object, images: Mapping[str, str]) -> Object:
    """Return the object with other images.

    Args:
        live: The live object.
        images: Container name → image; ``*`` is every container.

    Raises:
        NotFound: There is no container of that name.
    """
    changed = copy.deepcopy(live)
    pod = changed["spec"]["template"]["spec"]
    containers = [*pod.get("initContainers", ()), *pod["containers"]]
    names = {container["name"] for container in containers}
    for name in images:
        if name != "*" and name not in names:
            raise NotFound(
                f'unable to find container named "{name}"',
                hint=f"its containers are {', '.join(sorted(names))}",
            )
    for container in containers:
        image = images.get(container["name"], images.get("*"))
        if image is not None:
            container["image"] = image
    return changed


def _more(text: str) -> RolloutView:
    return RolloutView(text=text, is_done=False)


def _done(text: str) -> RolloutView:
    return RolloutView(text=text, is_done=True)
