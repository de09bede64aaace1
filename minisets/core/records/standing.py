"""Which pods of a set could not be made, by its record; what has been overcome is left out."""

from __future__ import annotations

from collections.abc import Mapping

from minisets.core.manifest import StatefulSet
from minisets.core.naming import split_pod_name
from minisets.core.pod.seen import PodSeen
from minisets.core.pod.setback import Setback, is_over
from minisets.core.records.set_record import SetRecord


def standing_setbacks(
    facts: SetRecord, manifest: StatefulSet, pods: Mapping[str, PodSeen]
) -> dict[str, Setback]:
    """Return pod → why it, or the one that is to follow it, could not be made.

    Args:
        facts: What is remembered of the set.
        manifest: The object in it, decoded.
        pods: Those of the set that are there, by name.
    """
    return {
        name: one
        for name, one in sorted(facts.setbacks.items(), key=lambda item: split_pod_name(item[0]))
        if is_standing(one, name, facts, manifest, pods)
    }


def is_standing(
    setback: Setback,
    pod: str,
    facts: SetRecord,
    manifest: StatefulSet,
    pods: Mapping[str, PodSeen],
) -> bool:
    """Say whether a pod is still wanted, and still not to be had; see standing_setbacks."""
    if facts.is_stopped or facts.deletion:
        return False
    newest = max(facts.revisions, key=lambda one: one.number).name if facts.revisions else ""
    is_wanted = split_pod_name(pod)[1] in manifest.spec.pod_ordinals
    return is_wanted and not is_over(setback, pods.get(pod), newest)
