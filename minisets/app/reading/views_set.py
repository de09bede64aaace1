"""A StatefulSet as get shows it."""

from __future__ import annotations

from dataclasses import replace

from minisets.app.loop.targets import Target
from minisets.app.loop.unmade import unmade_pods
from minisets.app.reading.look import Look
from minisets.app.reading.shapes import Object
from minisets.app.reading.views import SetView
from minisets.core.timestamps import timestamp


def set_views(look: Look) -> list[SetView]:
    """Show all sets, also those whose record is lost while their pods are there."""
    return [_set_view(look, target) for target in look.sets]


def _set_view(look: Look, target: Target) -> SetView:
    facts, manifest = target.facts, target.manifest
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
        ready=sum(pod.id in look.ready for pod in look.world.pods(*target.key)),
        replicas=manifest.spec.replicas,
        created=facts.created,
        containers=tuple(container.name for container in containers),
        images=tuple(container.image for container in containers),
        object={**live, "metadata": metadata, "status": _status(look, target)},
    )


def _status(look: Look, target: Target) -> Object:
    """Return the status, empty where nobody is to see it: tables count the pods themselves."""
    if not look.is_whole:
        return {}
    # The planner is much to import for a row of a table.
    from minisets.app.reading.outlook import plan_of
    from minisets.core.controller.set_status import status_to_data

    status = plan_of(look, target).status
    # For Kubernetes a pod that waits for an image is there.
    unmade = [one.setback.revision for one in unmade_pods(look.world, [target])]
    return status_to_data(
        replace(
            status,
            replicas=status.replicas + len(unmade),
            current_replicas=status.current_replicas + unmade.count(status.current_revision),
            updated_replicas=status.updated_replicas + unmade.count(status.update_revision),
        )
    )
