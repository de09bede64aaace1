"""What is wrong with the objects that an Engine holds, each thing with its remedy; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from minisets.core import labels, naming
from minisets.core.observed import ContainerSeen, ContainerStatus, VolumeSeen
from minisets.core.query.holdings import Holdings
from minisets.core.records.record import parse_record

_SET = "StatefulSet"
_ORPHANED = "OrphanedSet"
# A container without a set may be the tool of a command that is at work.
_HELPER_SECONDS = 600.0
_DOWN = frozenset({ContainerStatus.CREATED, ContainerStatus.EXITED, ContainerStatus.DEAD})


class Level(StrEnum):
    """How a finding is meant: only a problem asks for something to be done."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What it belongs to, one word.
        message: One sentence, without a full stop.
        remedy: What to type or do; empty where nothing is to be done.
    """

    level: Level
    check: str
    message: str
    remedy: str = ""


def diagnose(held: Holdings) -> list[Finding]:
    """Return every finding about the objects: clashes, losses, what is down, what is left over.

    Raises:
        EngineError: Something was made by a newer minisets.
    """
    return [
        *_clashes(held),
        *_broken_networks(held),
        *_lost_records(held),
        *_unreadable(held),
        *_lost_data(held),
        *_interrupted(held),
        *_unmade(held),
        *_down(held),
        *_left_containers(held),
        *_left_claims(held),
        *_left_records(held),
        *_left_networks(held),
    ]


def _problem(check: str, message: str, remedy: str) -> Finding:
    return Finding(level=Level.PROBLEM, check=check, message=message, remedy=remedy)


def _note(check: str, message: str, remedy: str = "") -> Finding:
    return Finding(level=Level.NOTE, check=check, message=message, remedy=remedy)


def _clashes(held: Holdings) -> Iterator[Finding]:
    """Names that a set needs and that somebody else has."""
    for live in held.sets:
        for pod in live.pods:
            name = naming.container_name(live.namespace, pod)
            found = held.by_name.get(name)
            if found is not None and not labels.is_ours(found.labels):
                yield _problem(
                    "names",
                    f"the container {name} (image {found.image}) has the name of a pod of "
                    f"{live.subject} and is not of minisets",
                    f"docker rename {name} NEW-NAME, then minisets start "
                    f"sts/{live.name}{naming.flag(live.namespace)}",
                )
        for claim in live.facts.foreign_claims:
            yield _note(
                "names",
                f"the volume of the claim {claim} of {live.subject} was not made by minisets: "
                "it is used, and never removed",
            )
    taken = {naming.network_name(live.namespace) for live in held.sets}
    for network in held.networks:
        if network.name in taken and not labels.is_ours(network.labels):
            yield _problem(
                "names",
                f"the network {network.name} was not made by minisets",
                f"docker network rm {network.name}",
            )


def _broken_networks(held: Holdings) -> Iterator[Finding]:
    """Networks that pods name and that are gone, and several of one name."""
    known = {network.id for network in held.networks}
    broken: dict[str, list[str]] = {}
    for container in held.ours:
        space = container.labels.get(labels.NAMESPACE, "")
        network = container.network_ids.get(naming.network_name(space))
        # Podman's list has the name of the network in the place of its id.
        if network and network not in known and network != naming.network_name(space):
            broken.setdefault(space, []).append(container.name)
    for space, names in sorted(broken.items()):
        yield _problem(
            "networks",
            f"the network of {', '.join(sorted(names))} was removed (docker network prune?)",
            f"minisets start{naming.flag(space)}",
        )
    counts: dict[str, list[str]] = {}
    for found in held.networks:
        if labels.is_ours(found.labels):
            counts.setdefault(found.name, []).append(found.id)
    for name, ids in sorted(counts.items()):
        if len(ids) > 1:
            yield _problem(
                "networks",
                f"there are {len(ids)} networks of the name {name}",
                f"docker network rm {ids[-1][:12]} (one without containers)",
            )


def _lost_records(held: Holdings) -> Iterator[Finding]:
    """Sets whose record a prune took; their pods carry what is needed to write it anew."""
    lost: dict[tuple[str, str], int] = {}
    for container in held.ours:
        key = (container.labels.get(labels.NAMESPACE, ""), container.labels.get(labels.SET, ""))
        if labels.SPEC in container.labels and not _has_record(held, *key):
            lost[key] = lost.get(key, 0) + 1
    for (space, name), count in sorted(lost.items()):
        yield _problem(
            "prune",
            f"the record of statefulset/{name} is gone (docker volume prune?); its {count} pods "
            "carry what it said",
            f"minisets start sts/{name}{naming.flag(space)}",
        )


def _unreadable(held: Holdings) -> Iterator[Finding]:
    """Records that no command can read."""
    for one in held.unreadable:
        yield _problem("records", one.message, one.remedy)


def _has_record(held: Holdings, namespace: str, name: str) -> bool:
    return any((kind, namespace, name) in held.records for kind in (_SET, _ORPHANED))


def _lost_data(held: Holdings) -> Iterator[Finding]:
    """Volumes that were in use once, belong to pods that are wanted, and are gone."""
    present = {volume.name for volume in held.volumes}
    for live in held.sets:
        wanted = {
            naming.volume_name(live.namespace, f"{template.metadata.name}-{pod}")
            for template in live.manifest.spec.volume_claim_templates
            for pod in live.pods
        }
        # What is remembered as used are names of volumes.
        for volume in sorted(wanted & set(live.facts.used_claims)):
            if volume not in present:
                yield _problem(
                    "prune",
                    f"the volume {volume} of {live.subject} is gone "
                    "(docker volume prune?), and its data with it",
                    f"restore it from a backup, or make an empty one: "
                    f"minisets start sts/{live.name}{naming.flag(live.namespace)}",
                )


def _interrupted(held: Holdings) -> Iterator[Finding]:
    for live in held.sets:
        if live.facts.deletion:
            yield _problem(
                "pods",
                f"the deletion of {live.subject} was interrupted",
                f"minisets delete sts {live.name}{naming.flag(live.namespace)}",
            )


def _down(held: Holdings) -> Iterator[Finding]:
    """Pods that should run and do not."""
    for live in held.sets:
        if live.facts.deletion or live.facts.is_stopped:
            continue
        flag = naming.flag(live.namespace)
        setbacks, missing, crashing = held.setbacks(live), [], []
        for pod in live.pods:
            found = held.by_name.get(naming.container_name(live.namespace, pod))
            if found is None and pod in setbacks:
                # See _unmade.
                continue
            if found is None or (labels.is_ours(found.labels) and found.status in _DOWN):
                missing.append(pod)
            elif found.status is ContainerStatus.RESTARTING:
                crashing.append(pod)
            elif found.status is ContainerStatus.PAUSED:
                missing.append(pod)
        if missing:
            yield _problem(
                "pods",
                f"{', '.join(missing)} of {live.subject} should run and "
                f"{'do' if len(missing) > 1 else 'does'} not",
                f"minisets start sts/{live.name}{flag}",
            )
        for pod in crashing:
            yield _problem(
                "pods",
                f"{pod} of {live.subject} crashes again and again",
                f"minisets logs {pod}{flag}",
            )


def _unmade(held: Holdings) -> Iterator[Finding]:
    """Pods that the last command that tried could not make."""
    for live in held.sets:
        for pod, one in held.setbacks(live).items():
            if naming.container_name(live.namespace, pod) in held.by_name:
                continue
            again = f"minisets start sts/{live.name}{naming.flag(live.namespace)}"
            yield _problem(
                "pods",
                f"{pod} of {live.subject} cannot be made: {one.reason}: {one.message}",
                f"{one.hint}, then: {again}" if one.hint else again,
            )


def _left_containers(held: Holdings) -> Iterator[Finding]:
    """Containers of ours that belong to no set."""
    orphaned: dict[tuple[str, str], list[str]] = {}
    for container in held.ours:
        space = container.labels.get(labels.NAMESPACE, "")
        name = container.labels.get(labels.SET, "")
        if name and (_ORPHANED, space, name) in held.records:
            orphaned.setdefault((space, name), []).append(container.name)
        elif labels.SPEC in container.labels or (name and _has_record(held, space, name)):
            continue
        elif held.now - container.created > _HELPER_SECONDS:
            yield _problem(
                "leftovers",
                f"the container {container.name} was made by minisets and belongs to no set",
                f"docker rm -f {container.name}",
            )
    for (space, name), pods in sorted(orphaned.items()):
        if (_SET, space, name) not in held.records:
            yield _note(
                "leftovers",
                f"{', '.join(sorted(pods))} stayed when statefulset/{name} was deleted with "
                "--cascade=orphan",
                f"apply the set again, which adopts them, or: docker rm -f {' '.join(pods)}",
            )


def _left_claims(held: Holdings) -> Iterator[Finding]:
    """Claims that were kept when their set went."""
    kept: dict[tuple[str, str], list[str]] = {}
    for volume in held.volumes:
        if (
            not labels.is_ours(volume.labels)
            or volume.labels.get(labels.KIND) != labels.KIND_CLAIM
        ):
            continue
        space = volume.labels.get(labels.NAMESPACE, "")
        name = volume.labels.get(labels.SET, "")
        if name and (_SET, space, name) not in held.records and not _carried(held, space, name):
            kept.setdefault((space, name), []).append(
                volume.name.removeprefix(naming.prefix(space))
            )
    for (space, name), claims in sorted(kept.items()):
        yield _note(
            "leftovers",
            f"{len(claims)} claims of statefulset/{name}, which is gone, were kept",
            f"use them again by applying the set, or: minisets delete pvc "
            f"{' '.join(sorted(claims))}{naming.flag(space)}",
        )


def _carried(held: Holdings, namespace: str, name: str) -> bool:
    """Say whether pods of a set without a record are there, from which it comes back."""
    return any(
        container.labels.get(labels.NAMESPACE) == namespace
        and container.labels.get(labels.SET) == name
        for container in held.ours
    )


def _left_records(held: Holdings) -> Iterator[Finding]:
    """Older generations of records, and marks of orphaned pods that are gone."""
    count = sum(1 for volume in held.volumes if parse_record(volume)) - len(held.records)
    if count:
        yield _note(
            "leftovers",
            f"{count} older generations of records were left by an interrupted command; the next "
            "one that writes removes them",
        )
    for kind, space, name in sorted(held.records):
        if kind == _ORPHANED and not _carried(held, space, name):
            yield _note(
                "leftovers",
                f"the pods that statefulset/{name} left behind are gone; their mark is not",
                f"docker volume rm {held.records[kind, space, name].volume}",
            )


def _left_networks(held: Holdings) -> Iterator[Finding]:
    used = {
        item.labels.get(labels.NAMESPACE)
        for item in (*_ours(held.containers), *_ours(held.volumes))
    }
    for network in held.networks:
        if labels.is_ours(network.labels) and network.labels.get(labels.NAMESPACE) not in used:
            yield _note(
                "leftovers",
                f"the network {network.name} belongs to a namespace with nothing in it",
                f"docker network rm {network.name}",
            )


def _ours(
    items: Iterable[ContainerSeen] | Iterable[VolumeSeen],
) -> Iterator[ContainerSeen | VolumeSeen]:
    return (item for item in items if labels.SCHEMA in item.labels)
