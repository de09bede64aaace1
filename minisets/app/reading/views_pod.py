"""A pod as get shows it."""

from __future__ import annotations

from collections.abc import Mapping

from minisets.app.loop.publishing import places_of_pod
from minisets.app.loop.unmade import UnmadePod, own_setback, unmade_pods
from minisets.app.loop.view import address_of_pod
from minisets.app.reading.look import Look
from minisets.app.reading.pod_object import PodHead, pod_object
from minisets.app.reading.pod_parts import own_template, read_parts
from minisets.app.reading.views import PodView
from minisets.core import labels
from minisets.core.naming import split_pod_name
from minisets.core.observed import ContainerDetail, ContainerStatus
from minisets.core.pod.layout import Role
from minisets.core.pod.pod_status import summarize
from minisets.core.pod.seen import PodSeen, role_of
from minisets.core.pod.setback import SCHEDULING


def pod_views(look: Look) -> list[PodView]:
    """Show all pods; one inspection of each container: the list does not tell its restarts."""
    details = look.inspect(
        one for pod in look.pods for one in pod.containers if role_of(one) is not Role.SANDBOX
    )
    # One that is gone meanwhile is not shown.
    found = [
        _pod_view(look, pod, details)
        for pod in look.pods
        if pod.sandbox is not None or any(one.id in details for one in pod.containers)
    ]
    unmade = [_unmade_view(look, one) for one in unmade_pods(look.world, look.sets)]
    if not unmade:
        return found
    return sorted([*found, *unmade], key=lambda pod: (pod.namespace, *split_pod_name(pod.name)))


def _pod_view(look: Look, pod: PodSeen, details: Mapping[str, ContainerDetail]) -> PodView:
    target = look.target_of(pod)
    namespace = pod.labels[labels.NAMESPACE]
    revision = pod.labels.get(labels.REVISION, "")
    template = target.template_data(revision) if target else own_template(pod)
    setback = own_setback(look.world, target, pod) if target else None
    parts = tuple(read_parts(look, template["spec"], pod, details, setback))
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
        setback=setback,
        object=pod_object(
            PodHead(name=pod.name, uid=pod.id, labels=pod.labels, created=pod.created),
            target,
            template,
            parts,
            summary,
            address=address,
            node=look.node,
        ),
    )


def _unmade_view(look: Look, pod: UnmadePod) -> PodView:
    """Show a pod that has no container: as Kubernetes has one that waits for its first."""
    target, setback = pod.target, pod.setback
    template = target.template_data(setback.revision)
    parts = tuple(read_parts(look, template["spec"], None, {}, setback))
    summary = summarize([part.sight for part in parts])
    is_placed = setback.reason != SCHEDULING
    node = look.node if is_placed else ""
    head = PodHead(
        name=pod.name,
        # It stays the same while the pod is tried again.
        uid=f"{target.facts.uid}-{split_pod_name(pod.name)[1]}-{setback.first:.0f}",
        labels={
            labels.NAMESPACE: target.namespace,
            labels.SET_UID: target.facts.uid,
            labels.REVISION: setback.revision,
            labels.POD_NAME: pod.name,
            labels.POD_INDEX: str(split_pod_name(pod.name)[1]),
        },
        created=setback.first,
    )
    return PodView(
        namespace=target.namespace,
        name=pod.name,
        ready=summary.ready,
        containers=summary.total,
        status=summary.status if is_placed else summary.phase,
        restarts=0,
        created=setback.first,
        ip="",
        node=node,
        revision=setback.revision,
        parts=parts,
        setback=setback,
        is_unmade=True,
        object=pod_object(
            head,
            target,
            template,
            parts,
            summary,
            address="",
            node=node,
            unplaced="" if is_placed else setback.message,
        ),
    )


def _is_cut_off(pod: PodSeen) -> bool:
    ended = {ContainerStatus.EXITED, ContainerStatus.DEAD}
    return pod.sandbox is not None and pod.sandbox.status in ended
