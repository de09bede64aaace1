"""Which pods and containers a command like logs or exec means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from minisets.app.loop.sets import SET_KIND, read_sets
from minisets.app.loop.targets import Target
from minisets.app.loop.unmade import find_unmade, own_setback, unmade_pods
from minisets.app.loop.world import World
from minisets.core import labels, naming
from minisets.core.controller.controller_state import wanted_ordinals
from minisets.core.controller.snapshot import set_spec
from minisets.core.manifest import PodTemplateSpec
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.layout import Role
from minisets.core.pod.seen import PodSeen, container_of, role_of
from minisets.core.pod.setback import PULL, PULL_BACK_OFF, Setback
from minisets.core.query.absence import not_found
from minisets.core.query.selectors import LabelSelector, matches
from minisets.core.suggest import did_you_mean
from minisets.errors import EngineConflict, NotFound

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
"""Kubernetes' own annotation: which container of a pod commands mean if none is named."""

_RESOURCES = {"Pod": "pods", SET_KIND: "statefulsets.apps", "Service": "services"}


Defaulted = Callable[[str, tuple[str, ...]], None]
"""Told the container that was taken out of several because none was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRef:
    """Pods as they are named: one by its name, those of a set or a Service, or by their labels.

    Attributes:
        kind: Of the object that ``name`` names.
        name: Empty for a selector.
    """

    kind: Literal["Pod", "StatefulSet", "Service"] = "Pod"
    name: str = ""
    selector: LabelSelector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodContainers:
    """A pod with its containers.

    Attributes:
        namespace: Of the pod.
        containers: In the order of their starts, init containers among them.
    """

    namespace: str
    name: str
    containers: tuple[ContainerSeen, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the containers in the pod's template."""
        return tuple(container_of(one) for one in self.containers)

    @property
    def mains(self) -> tuple[ContainerSeen, ...]:
        """The containers that run as long as the pod; all of them if none is there yet."""
        found = [one for one in self.containers if role_of(one) is not Role.INIT]
        return tuple(found) or self.containers


def all_pods(world: World, namespace: str | None) -> list[PodContainers]:
    """Return the pods of a namespace (None: of all), by namespace, set and ordinal."""
    spaces = sorted(world.namespaces()) if namespace is None else [namespace]
    pods = [
        PodContainers(
            namespace=space,
            name=pod.name,
            # The sandbox is ours, and has nothing to say.
            containers=tuple(one for one in pod.containers if one is not pod.sandbox),
        )
        for space in spaces
        for pod in world.pods(space)
    ]
    return [pod for pod in pods if pod.containers]


def find_pods(world: World, namespace: str, ref: PodRef) -> list[PodContainers]:
    """Return the pods that are meant and there; of a selector or an idle set there may be none.

    Raises:
        NotFound: The pod, the set or the Service does not exist.
        EngineConflict: The pod could not be made.
    """
    pods = all_pods(world, namespace)
    if ref.kind == "Pod" and ref.selector is None:
        found = [pod for pod in pods if pod.name == ref.name]
        if not found and (unmade := find_unmade(world, namespace, ref.name)) is not None:
            raise waiting(unmade.name, unmade.setback, namespace)
        if not found:
            raise _not_found(ref, [pod.name for pod in pods], namespace)
        return found
    if ref.kind == SET_KIND:
        of_set = {pod.name: pod.containers[0].labels.get(labels.SET) for pod in pods}
        known = {record.name for record in world.of_kind(SET_KIND, namespace)}
        if ref.name not in {*known, *of_set.values()}:
            raise _not_found(ref, known, namespace)
        found = [pod for pod in pods if of_set[pod.name] == ref.name]
        if not found:
            _refuse_waiting(world, namespace, ref.name)
        return found
    wanted = _condition(world, namespace, ref)
    return [pod for pod in pods if wanted(pod.containers[0].labels)]


def _condition(world: World, namespace: str, ref: PodRef) -> Callable[[Mapping[str, str]], bool]:
    selector = ref.selector
    if selector is not None:
        return lambda found: matches(selector, found)
    services = {one.metadata.name: one.spec.selector for one in world.services(namespace)}
    if ref.name not in services:
        raise _not_found(ref, services, namespace)
    wanted = services[ref.name]
    return lambda found: bool(wanted) and all(found.get(k) == v for k, v in wanted.items())


def expects_pods(world: World, namespace: str, ref: PodRef) -> bool:
    """Say whether a pod that is meant may come, or come back: some set wants it."""
    wanted = {
        target.name: wanted_ordinals(set_spec(target.facts, target.manifest))
        for target in read_sets(world)
        if target.namespace == namespace and not target.facts.deletion
    }
    if ref.kind == "Pod" and ref.selector is None:
        name, ordinal = naming.split_pod_name(ref.name)
        return ordinal in wanted.get(name, ())
    if ref.kind == SET_KIND:
        return bool(wanted.get(ref.name))
    return any(wanted.values())


def find_pod(world: World, namespace: str, pod: str) -> PodSeen:
    """Return a pod by its name.

    Raises:
        NotFound: There is no such pod.
    """
    for seen in world.pods(namespace):
        if seen.name == pod:
            return seen
    known = [seen.name for seen in world.pods(namespace)]
    raise not_found("pods", pod, known, namespace=namespace)


def first_pod(world: World, namespace: str, ref: PodRef) -> PodContainers:
    """Return the pod that is meant; of several the first that runs, by ordinal.

    Raises:
        NotFound: There is none.
    """
    found = find_pods(world, namespace, ref)
    if not found:
        raise NotFound(f"{_subject(ref)} has no pods", hint="minisets get pods")
    running = [
        pod for pod in found if all(one.status is ContainerStatus.RUNNING for one in pod.mains)
    ]
    return (running or found)[0]


def find_container(
    world: World, namespace: str, pod: str, container: str | None = None
) -> ContainerSeen:
    """Return one container of a pod: the only one, the named one, or the default one.

    Raises:
        NotFound: There is no such pod or container.
    """
    (found,) = find_pods(world, namespace, PodRef(name=pod))
    return choose_container(world, found, container)


def choose_container(world: World, pod: PodContainers, name: str | None = None) -> ContainerSeen:
    """Return one container of a pod: the named one, else that of the annotation, else the first.

    Raises:
        NotFound: There is none of that name.
        EngineConflict: It is not there yet.
    """
    if name is None:
        name = default_container(world, pod)
    found = next((one for one in pod.containers if container_of(one) == name), None)
    if found is not None:
        return found
    known = _names_in_template(world, pod)
    target = _set_of(world, pod)
    seen = PodSeen(name=pod.name, containers=pod.containers)
    setback = own_setback(world, target, seen) if target is not None else None
    if setback is not None and setback.container == name:
        raise waiting(pod.name, setback, pod.namespace)
    if name in known:
        raise EngineConflict(
            f"container {name} of pod {pod.name} waits for the containers before it",
            hint=f"minisets describe pod {pod.name}",
        )
    listed = f"its containers are: {', '.join(known)}"
    raise NotFound(
        f"container {name} not found in pod {pod.name}", hint=did_you_mean(name, known) or listed
    )


def waiting(pod: str, setback: Setback, namespace: str) -> EngineConflict:
    """Return the error for a container that could not be made, in kubectl's words."""
    said = {PULL: "image can't be pulled", PULL_BACK_OFF: "trying and failing to pull image"}
    reason = said.get(setback.reason, setback.reason)
    who = f'container "{setback.container}" in pod "{pod}"' if setback.container else f"pod {pod}"
    return EngineConflict(
        f"{who} is waiting to start: {reason}: {setback.message}",
        hint=f"minisets describe pod {pod}{naming.flag(namespace)}",
    )


def _refuse_waiting(world: World, namespace: str, set_name: str) -> None:
    """Say why none of the pods of a set is there.

    Raises:
        EngineConflict: One could not be made.
    """
    sets = [one for one in read_sets(world) if one.key == (namespace, set_name)]
    for pod in unmade_pods(world, sets):
        raise waiting(pod.name, pod.setback, namespace)


def default_container(world: World, pod: PodContainers) -> str:
    """Return the name of the container that is meant where none is named."""
    if len(pod.containers) > 1 and (template := _template(world, pod)) is not None:
        named = template.metadata.annotations.get(DEFAULT_CONTAINER)
        return named if named in pod.names else template.spec.containers[0].name
    return container_of(pod.mains[0])


def tell_default(world: World, pod: PodContainers, taken: str, tell: Defaulted) -> None:
    """Tell which of several containers was taken because none was named, as kubectl does.

    Nothing is told where the pod's own annotation names it.
    """
    template = _template(world, pod)
    if template is None:
        return
    mains = [one.name for one in template.spec.containers]
    inits = [f"{one.name} (init)" for one in template.spec.init_containers]
    chosen = template.metadata.annotations.get(DEFAULT_CONTAINER)
    if len(mains) + len(inits) > 1 and chosen not in pod.names:
        tell(taken, (*mains, *inits))


def running_container(
    world: World, namespace: str, ref: PodRef, name: str | None
) -> tuple[PodContainers, ContainerSeen]:
    """Return a pod and its container to run something in.

    Raises:
        NotFound: There is no such pod or container.
        EngineConflict: The container does not run.
    """
    pod = first_pod(world, namespace, ref)
    container = choose_container(world, pod, name)
    if container.status is not ContainerStatus.RUNNING:
        raise EngineConflict(
            f"container {container_of(container)} of pod {pod.name} does not run: "
            f"{container.status_text or container.status}",
            hint=f"minisets logs {pod.name}{naming.flag(namespace)}",
        )
    return pod, container


def _set_of(world: World, pod: PodContainers) -> Target | None:
    key = (pod.namespace, pod.containers[0].labels.get(labels.SET))
    sets = read_sets(world, with_orphans=True)
    return next((target for target in sets if target.key == key), None)


def _template(world: World, pod: PodContainers) -> PodTemplateSpec | None:
    target = _set_of(world, pod)
    revision = pod.containers[0].labels.get(labels.REVISION, "")
    return target.template_of(revision) if target is not None else None


def _names_in_template(world: World, pod: PodContainers) -> list[str]:
    template = _template(world, pod)
    if template is None:
        return list(pod.names)
    return [one.name for one in (*template.spec.init_containers, *template.spec.containers)]


def _subject(ref: PodRef) -> str:
    return f"{ref.kind.lower()}/{ref.name}" if ref.name else "the selector"


def _not_found(ref: PodRef, known: Iterable[str], namespace: str) -> NotFound:
    return not_found(_RESOURCES[ref.kind], ref.name, known, namespace=namespace)
