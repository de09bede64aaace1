"""A pod as get shows it."""

from __future__ import annotations

from collections.abc import Mapping

from minisets.app.loop.pod_parts import own_template, read_parts
from minisets.app.loop.publishing import places_of_pod
from minisets.app.loop.view import address_of_pod
from minisets.app.reading.look import Look
from minisets.app.reading.pod_object import pod_object
from minisets.app.reading.views import PodView
from minisets.core import labels
from minisets.core.observed import ContainerDetail, ContainerStatus
from minisets.core.pod.layout import Role
from minisets.core.pod.pod_status import summarize
from minisets.core.pod.seen import PodSeen, role_of


def pod_views(look: Look) -> list[PodView]:
    """Show all pods; one inspection of each container: the list does not tell its restarts."""
    details = look.inspect(
        one for pod in look.pods for one in pod.containers if role_of(one) is not Role.SANDBOX
    )
    # One that is gone meanwhile is not shown.
    return [
        _pod_view(look, pod, details)
        for pod in look.pods
        if pod.sandbox is not None or any(one.id in details for one in pod.containers)
    ]


def _pod_view(look: Look, pod: PodSeen, details: Mapping[str, ContainerDetail]) -> PodView:
    target = look.target_of(pod)
    namespace = pod.labels[labels.NAMESPACE]
    revision = pod.labels.get(labels.REVISION, "")
    template = target.template_data(revision) if target else own_template(pod)
    parts = tuple(read_parts(look, template["spec"], pod, details))
    is_terminating = (
        pod.first.status is ContainerStatus.REMOVING
        or (target is not None and target.facts.deletion not in {"", "orphan"})
        or look.memory.is_leaving(pod, look.context.clock.now())
    )
    summary = summarize([part.sight for part in parts], is_terminating=is_terminating)
    address = address_of_pod(pod, namespace) or ""
    return PodView(
        namespace=namespace,
        name=pod.name,
        ready=summary.ready,
        containers=summary.total,
        status=summary.status,
        restarts=summary.restarts,
        last_restart=summary.last_restart,
        created=pod.created,
        ip=address,
        node=look.node,
        revision=revision,
        parts=parts,
        is_cut_off=not is_terminating and _is_cut_off(pod),
        places=places_of_pod(look.context, target, pod) if target is not None else (),
        object=pod_object(pod, target, template, parts, summary, address=address, node=look.node),
    )


def _is_cut_off(pod: PodSeen) -> bool:
    ended = {ContainerStatus.EXITED, ContainerStatus.DEAD}
    return pod.sandbox is not None and pod.sandbox.status in ended
