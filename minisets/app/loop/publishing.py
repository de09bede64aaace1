"""Which ports of the host a set's pods have: chosen, remembered, and moved when they are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from minisets.app.context import Context
from minisets.app.loop.targets import Target
from minisets.app.loop.world import Key, World
from minisets.core import labels, naming
from minisets.core.manifest import PodTemplateSpec, Service
from minisets.core.network.host_ports import (
    Moved,
    PortBlock,
    Wish,
    Wishes,
    allocate,
    move,
    parse_ports,
    published,
    published_ports,
    render_ports,
)
from minisets.core.network.publishing import HOST_PORT, PUBLISH, scheme_of, url, wishes
from minisets.core.observed import EnginePlace, PublishedPort
from minisets.core.pod.seen import PodSeen
from minisets.core.records.set_record import SetRecord, parse_set
from minisets.errors import NotConverged, PortTaken


def wishes_of(
    target: Target, services: Sequence[Service], pod: str, revision: str
) -> tuple[Wish, ...]:
    """Return what a pod of a revision asks the host to answer for."""
    return _wishes(target, services, naming.split_pod_name(pod)[1], target.template_of(revision))


def published_of(
    target: Target, services: Sequence[Service], ordinal: int, revision: str
) -> tuple[PublishedPort, ...]:
    """Return the ports that a pod of a revision publishes."""
    asked = _wishes(target, services, ordinal, target.template_of(revision))
    return published_ports(asked, ordinal, target.facts.ports)


def published_texts(
    target: Target, pods: Iterable[PodSeen], services: Sequence[Service]
) -> dict[str, str]:
    """Return pod → the ports of the host that it should have, as its label would have them."""
    found = {}
    for pod in pods:
        _, ordinal = naming.split_pod_name(pod.name)
        revision = pod.labels.get(labels.REVISION, "")
        ports = published_of(target, services, ordinal, revision)
        found[pod.name] = render_ports(ports)
    return found


def provide_ports(
    target: Target, world: World, targets: Iterable[Target]
) -> tuple[tuple[PortBlock, ...], tuple[str, ...]]:
    """Return the set's host ports, and a notice for each that is not the one that is written."""
    today, before = _wishes_by_ordinal(target, world)
    blocks, moved = allocate(
        {ordinal: (*asked, *before.get(ordinal, ())) for ordinal, asked in today.items()},
        own=target.facts.ports,
        others=_other_blocks(target, world, {other.key: other.facts for other in targets}),
        leaving=_keys(before) - _keys(today),
    )
    return blocks, tuple(_why_moved(target, one) for one in moved)


def another_port(
    target: Target, world: World, pod: str, asked: Sequence[Wish], error: PortTaken, step: int
) -> tuple[tuple[PortBlock, ...], str]:
    """Return the set's host ports with another one for a pod, and the notice of it.

    Args:
        target: The set.
        world: The last look.
        pod: Whose port is taken.
        asked: What the pod asks for.
        error: Tells which port.
        step: How far from it to look.

    Raises:
        NotConverged: It is a hostPort, which cannot be another one.
        PortTaken: It is none that the set has chosen.
    """
    _, ordinal = naming.split_pod_name(pod)
    given = published(asked, ordinal, target.facts.ports)
    taken = [
        (wish, port) for wish, port in zip(asked, given, strict=True) if error.port in {0, port}
    ]
    if not taken:
        raise error
    wish, port = taken[0]
    if wish.is_strict:
        raise NotConverged(
            f"pod/{pod} cannot start: its hostPort {port} is taken: {error.message}",
            hint=error.hint,
        ) from error
    blocks, moved = move(
        wish,
        ordinal,
        own=target.facts.ports,
        others=_other_blocks(target, world, {}),
        step=step,
    )
    notice = (
        f"pod/{pod}: port {port} of {wish.address} is taken: "
        f"{_subject(wish)} is published at {moved.host_port}"
    )
    return blocks, notice


def places(context: Context, target: Target, services: Sequence[Service]) -> Iterator[str]:
    """Yield where the pods of a set are to be found, as ``http://127.0.0.1:8080 -> web-0``.

    Args:
        context: Of the command.
        target: The set.
        services: Of its namespace.
    """
    template = target.manifest.spec.template
    for ordinal in target.manifest.spec.pod_ordinals:
        asked = _wishes(target, services, ordinal, template)
        if not asked:
            continue
        host = _host_of(context.engine.place)
        given = published_ports(asked, ordinal, target.facts.ports)
        for wish, port in zip(asked, given, strict=True):
            name = f" ({wish.name})" if wish.name and len(asked) > 1 else ""
            yield f"{url(port, wish.scheme, host)} -> {target.name}-{ordinal}{name}"


def places_of_pod(context: Context, target: Target, pod: PodSeen) -> tuple[str, ...]:
    """Return where a pod is to be found from outside, by what it was created with."""
    ports = parse_ports(pod.labels.get(labels.PORTS, ""))
    if not ports:
        return ()
    host = _host_of(context.engine.place)
    template = target.template_of(pod.labels.get(labels.REVISION, ""))
    return tuple(
        url(port, scheme_of(template, port.container_port, port.protocol), host) for port in ports
    )


def places_of_service(
    context: Context,
    world: World,
    targets: Iterable[Target],
    namespace: str,
    service: Service,
) -> tuple[str, tuple[str, ...]]:
    """Return the address that a Service's pods are published on, and where each is to be found.

    Both empty if the Service asks for no ports of the host, or none of its pods is there.
    """
    address, found = "", []
    for target in targets:
        if target.namespace != namespace:
            continue
        for pod in world.pods(namespace, target.name):
            asked = wishes_of(target, [service], pod.name, pod.labels.get(labels.REVISION, ""))
            wanted = {(wish.container_port, wish.protocol): wish for wish in asked}
            _, ordinal = naming.split_pod_name(pod.name)
            has = parse_ports(pod.labels.get(labels.PORTS, ""))
            given = set(published_ports(asked, ordinal, target.facts.ports))
            for port in has:
                wish = wanted.get((port.container_port, port.protocol))
                if wish is not None and wish.origin != HOST_PORT and port in given:
                    address, host = port.host_address, _host_of(context.engine.place)
                    found.append(f"{url(port, wish.scheme, host)} -> {pod.name}")
    return address, tuple(found)


def _host_of(engine: EnginePlace) -> str:
    return "" if engine.is_local else urlsplit(engine.endpoint).hostname or ""


def _wishes(
    target: Target, services: Sequence[Service], ordinal: int, template: PodTemplateSpec
) -> tuple[Wish, ...]:
    return wishes(
        target.manifest, template, ordinal, namespace=target.namespace, services=services
    )


def _wishes_by_ordinal(target: Target, world: World) -> tuple[Wishes, Wishes]:
    """Return what each pod asks for by today's template, and by the one it was made from."""
    services = world.services(target.namespace)
    pods = {pod.name: pod for pod in world.pods(target.namespace, target.name)}
    template = target.manifest.spec.template
    today, before = {}, {}
    for ordinal in target.manifest.spec.pod_ordinals:
        today[ordinal] = _wishes(target, services, ordinal, template)
        pod = pods.get(f"{target.name}-{ordinal}")
        if pod is not None:
            revision = pod.labels.get(labels.REVISION, "")
            before[ordinal] = wishes_of(target, services, pod.name, revision)
    return today, before


def _keys(wishes: Wishes) -> frozenset[str]:
    return frozenset(wish.key for asked in wishes.values() for wish in asked)


def _other_blocks(
    target: Target, world: World, under_way: Mapping[Key, SetRecord]
) -> list[PortBlock]:
    """Return the host ports of other sets, as this command has them or as written."""
    return [
        block
        for record in world.of_kind("StatefulSet")
        if (record.namespace, record.name) != target.key
        for block in (
            under_way.get((record.namespace, record.name)) or parse_set(record.data)
        ).ports
    ]


def _why_moved(target: Target, moved: Moved) -> str:
    first, last = moved.ordinals[0], moved.ordinals[-1]
    pods = f"{target.name}-{first}" if first == last else f"{target.name}-{first}..{last}"
    end = moved.host_port + len(moved.ordinals) - 1
    ports = f"{moved.host_port}" if first == last else f"{moved.host_port}..{end}"
    return (
        f"statefulset/{target.name}: port {moved.wish.natural(first)} of {moved.wish.address} "
        f"has another owner: {_subject(moved.wish)} is published at {ports} for {pods}"
    )


def _subject(wish: Wish) -> str:
    """Return what a notice calls that which is published: a Service, else a port of the pod."""
    if wish.origin != PUBLISH:
        return wish.origin
    protocol = "" if wish.protocol == "tcp" else f"/{wish.protocol}"
    return f"its port {wish.container_port}{protocol}"
