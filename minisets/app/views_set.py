"""A StatefulSet as get shows it."""

from __future__ import annotations

from dataclasses import dataclass

from minisets.app.look import Look
from minisets.app.shapes import Object, timestamp
from minisets.app.targets import Target
from minisets.core.actions import Plan
from minisets.core.planner import plan
from minisets.core.set_record import status_to_data
from minisets.core.snapshot import take_snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class SetView:
    """A StatefulSet; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it."""

    namespace: str
    name: str
    ready: int
    replicas: int
    created: float
    containers: tuple[str, ...]
    images: tuple[str, ...]
    object: Object


def set_views(look: Look) -> list[SetView]:
    """Show all sets, also those whose record is lost while their pods are there."""
    return [_set_view(look, target) for target in look.sets]


def plan_of(look: Look, target: Target) -> Plan:
    """Return what a command that drives the set would do next."""
    snapshot = take_snapshot(
        target.facts,
        target.manifest,
        namespace=target.namespace,
        pods=look.world.pods(target.namespace, target.name),
        volumes=look.world.claims(target.namespace, target.name),
        ready_for=look.ready,
    )
    return plan(snapshot)


def _set_view(look: Look, target: Target) -> SetView:
    facts, manifest = target.facts, target.manifest
    status = plan_of(look, target).status
    live = facts.object
    containers = manifest.spec.template.spec.containers
    metadata = {
        **live["metadata"],
        "namespace": target.namespace,
        "uid": facts.uid,
        "generation": facts.generation,
        "creationTimestamp": timestamp(facts.created),
    }
    return SetView(
        namespace=target.namespace,
        name=target.name,
        ready=status.ready_replicas,
        replicas=manifest.spec.replicas,
        created=facts.created,
        containers=tuple(container.name for container in containers),
        images=tuple(container.image for container in containers),
        object={**live, "metadata": metadata, "status": status_to_data(status)},
    )
