"""The use case port-forward: ports of this machine that lead to pods, found anew when replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from minisets.app.context import Context
from minisets.app.loop.sets import SET_KIND, read_sets
from minisets.app.loop.targets import Target
from minisets.app.loop.unmade import find_unmade
from minisets.app.loop.view import address_of_pod
from minisets.app.loop.world import World, observe
from minisets.app.reading.pod_choice import find_pod
from minisets.core import labels, naming
from minisets.core.manifest import PodTemplateSpec, Service
from minisets.core.network.port_forward import Forward, PortWord, to_pod_ports, to_service_ports
from minisets.core.observed import ContainerStatus
from minisets.core.pod.identity import selects
from minisets.core.pod.seen import PodSeen
from minisets.core.query.absence import not_found
from minisets.engine.forwarder import Forwarder
from minisets.engine.prober import ProbeTarget
from minisets.engine.tunnel import Dialer, NoWay, Tunnel
from minisets.errors import EngineError, InputError, NotConverged, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One object with its ports; ``kind`` is Pod, StatefulSet or Service."""

    kind: str
    name: str
    ports: tuple[PortWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    pod: PodSeen
    template: PodTemplateSpec
    service: Service | None = None


class _Road:
    """The way to one pod by the name that the user gave; a pod that took its place counts."""

    def __init__(self, context: Context, namespace: str, request: Request, dialer: Dialer) -> None:
        self._context = context
        self._namespace = namespace
        self._request = request
        self._dialer = dialer
        found = self._find()
        self.pod = found.pod.name
        self.forwards = _forwards(request, found)
        self._target = self._probe_target(found)

    def dial(self, port: int) -> Tunnel:
        """Open a tunnel to the pod; if it was replaced, to the new one.

        Raises:
            NoWay: The pod cannot be reached, or refuses.
            MinisetsError: It is gone.
        """
        try:
            return self._dialer.dial(self._target, port)
        except (NoWay, EngineError):
            target = self._probe_target(self._find())
            if target == self._target:
                raise
            self._target = target
            return self._dialer.dial(target, port)

    def _find(self) -> _Found:
        """Look the pod up.

        Raises:
            NotFound: There is no such object, or it has no pods.
            NotConverged: The pod does not run.
        """
        world = observe(self._context.engine, self._namespace)
        targets = {
            target.name: target
            for target in read_sets(world, with_orphans=True)
            if target.namespace == self._namespace
        }
        service = None
        name = self._request.name
        match self._request.kind:
            case "Pod":
                if (unmade := find_unmade(world, self._namespace, name)) is not None:
                    raise NotConverged(
                        "unable to forward port because pod is not running. "
                        f"Current status=Pending: {unmade.setback.message}",
                        hint=f"minisets describe pod {name} -n {self._namespace}",
                    )
                pod = find_pod(world, self._namespace, name)
            case "Service":
                service = self._service(world)
                pod = self._first(self._selected(world, targets, service))
            case _:
                if (SET_KIND, self._namespace, name) not in world.records and name not in targets:
                    raise not_found("statefulsets.apps", name, targets, namespace=self._namespace)
                pod = self._first(world.pods(self._namespace, name))
        if not pod.running or pod.status is ContainerStatus.CREATED:
            raise NotConverged(
                "unable to forward port because pod is not running. "
                f"Current status={pod.status.value}",
                hint=f"minisets get pod {pod.name} -n {self._namespace}",
            )
        target = targets.get(pod.labels.get(labels.SET, ""))
        if target is None:
            raise NotFound(f'the set of pod "{pod.name}" not found')
        template = target.template_of(pod.labels.get(labels.REVISION, ""))
        return _Found(pod=pod, template=template, service=service)

    def _service(self, world: World) -> Service:
        for service in world.services(self._namespace):
            if service.metadata.name == self._request.name:
                if not service.spec.selector:
                    raise InputError(
                        f"invalid service '{self._request.name}': "
                        "Service is defined without a selector"
                    )
                return service
        raise not_found(
            "services",
            self._request.name,
            [service.metadata.name for service in world.services(self._namespace)],
            namespace=self._namespace,
        )

    def _selected(
        self, world: World, targets: dict[str, Target], service: Service
    ) -> list[PodSeen]:
        return [
            pod
            for target in targets.values()
            for pod in world.pods(self._namespace, target.name)
            if selects(service, pod.labels)
        ]

    def _first(self, pods: Sequence[PodSeen]) -> PodSeen:
        """Return the pod to take: the first that runs, else the first."""
        if not pods:
            raise NotFound(
                f"{self._request.kind.lower()}/{self._request.name} has no pods",
                hint=f"minisets get pods -n {self._namespace}",
            )
        return next((pod for pod in pods if pod.status is ContainerStatus.RUNNING), pods[0])

    def _probe_target(self, found: _Found) -> ProbeTarget:
        pod = found.pod
        main = (pod.mains or pod.containers)[0]
        return ProbeTarget(
            container_id=main.id,
            address=address_of_pod(pod, self._namespace),
            network_id=pod.network_ids.get(naming.network_name(self._namespace), ""),
            published=pod.holder.ports,
            image_id=main.image_id,
            is_on_host=found.template.spec.host_network,
        )


def open_forwards(
    context: Context,
    namespace: str,
    requests: Sequence[Request],
    addresses: Sequence[tuple[str, bool]],
    tell: Callable[[str], None],
    warn: Callable[[str], None],
) -> Forwarder:
    """Listen on all local ports, and say so in kubectl's words.

    Args:
        context: Of the command.
        namespace: Of the objects.
        requests: What leads where.
        addresses: Of this machine, and whether each has to be had.
        tell: Takes what kubectl prints.
        warn: Takes what goes wrong with one connection or port and does not end the command.

    Raises:
        NotFound: There is no such object, or it has no pods.
        NotConverged: A pod does not run.
        InputError: There is no such port, or no local port can be had.
    """
    dialer = Dialer(context.engine, context.engine.place)
    roads = [_Road(context, namespace, request, dialer) for request in requests]
    led: dict[int, Forward] = {}

    def trouble(local: int, text: str) -> None:
        warn(f"error: an error occurred forwarding {local} -> {led[local].remote}: {text}")

    forwarder = Forwarder(lambda local: tell(f"Handling connection for {local}"), trouble)
    for road in roads:
        note = f" ({road.pod})" if len(roads) > 1 else ""
        for forward in road.forwards:
            for place in _listen(forwarder, road, forward, addresses, warn):
                led[int(place.rpartition(":")[2])] = forward
                tell(f"Forwarding from {place} -> {forward.remote}{note}")
    if not led:
        forwarder.close()
        asked = " ".join(
            f"{{{forward.local} {forward.remote}}}" for road in roads for forward in road.forwards
        )
        raise InputError(
            f"unable to listen on any of the requested ports: [{asked}]",
            hint="leave the choice to minisets: :REMOTE",
        )
    return forwarder


def _listen(
    forwarder: Forwarder,
    road: _Road,
    forward: Forward,
    addresses: Sequence[tuple[str, bool]],
    warn: Callable[[str], None],
) -> list[str]:
    """Listen for one forward on all addresses and return them with the port."""
    places, failures, port = [], [], forward.local
    for address, is_needed in addresses:
        try:
            chosen = forwarder.listen(address, port, lambda: road.dial(forward.remote))
        except OSError as error:
            failures.append((f"{address}:{port}: {error.strerror or error}", is_needed))
            continue
        # A port that was left to chance is the same one on all addresses.
        port = port or chosen
        places.append(f"[{address}]:{chosen}" if ":" in address else f"{address}:{chosen}")
    if failures and (not places or any(is_needed for _, is_needed in failures)):
        listed = ", ".join(text for text, _ in failures)
        warn(
            f"Unable to listen on port {forward.local}: Listeners failed to create with the "
            f"following errors: [{listed}]"
        )
    return places


def _forwards(request: Request, found: _Found) -> tuple[Forward, ...]:
    if found.service is not None:
        return to_service_ports(request.ports, found.service, found.template)
    return to_pod_ports(request.ports, found.template, found.pod.name)
