"""What the deciders are given of a set: the same for driving it, showing it and dry runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from minisets.app.context import Context
from minisets.app.loop.blueprint import Blueprint
from minisets.app.loop.publishing import provide_ports, published_texts
from minisets.app.loop.readiness import Readiness
from minisets.app.loop.repairs import Repairs
from minisets.app.loop.targets import Target
from minisets.app.loop.world import Key, World
from minisets.core import labels, naming
from minisets.core.controller.actions import Plan
from minisets.core.controller.controller_state import Snapshot, in_range
from minisets.core.controller.planner import Options, plan
from minisets.core.controller.simulate import road
from minisets.core.controller.snapshot import set_spec, take_snapshot
from minisets.core.pod.identity import aliases_of
from minisets.core.pod.kubelet import Care, ReplacePod, care

_OPTIONS = Options(repair_broken=True)


class Planning:
    """Decides about sets by what a look shows, and by what their probes say.

    Args:
        context: Of the command.
        readiness: What the probes say.
        is_brief: Each probe is asked only once; see Repairs.
    """

    def __init__(self, context: Context, readiness: Readiness, *, is_brief: bool = False) -> None:
        self._readiness = readiness
        self._repairs = Repairs(context, readiness, is_brief=is_brief)

    def repairs(
        self, blueprint: Blueprint, unwell: Mapping[str, str] = MappingProxyType({})
    ) -> list[Care]:
        """Return the next thing that each pod needs, whatever its set wants: the kubelet's rules.

        Args:
            blueprint: The set as of one look.
            unwell: Ids of containers to restart → why, beside those that failed to start.
        """
        target = blueprint.target
        if target.facts.is_stopped or target.facts.deletion:
            return []
        spec = set_spec(target.facts, target.manifest)
        services = blueprint.world.services(target.namespace)
        started = self._readiness.started()
        verdicts = {**self._readiness.unwell(), **unwell}
        found = []
        for name, pod in blueprint.pods().items():
            _, ordinal = naming.split_pod_name(name)
            if not in_range(spec, ordinal):
                continue
            needed = care(
                pod,
                parts=blueprint.parts(pod.labels.get(labels.REVISION, "")),
                aliases=aliases_of(target.manifest, ordinal, target.namespace, services),
                network=blueprint.network,
                given_names=target.facts.aliases,
                started=started,
                unwell=verdicts,
            )
            if needed is not None:
                found.append(needed)
        return found

    def snapshot(
        self, target: Target, world: World, failed: Collection[tuple[Key, str]] = ()
    ) -> Snapshot:
        """Return what the controller sees of a set.

        Args:
            target: The set.
            world: The look.
            failed: Set and pod of those that could not be made or completed.
        """
        pods = world.pods(*target.key)
        return take_snapshot(
            target.facts,
            target.manifest,
            namespace=target.namespace,
            pods=pods,
            volumes=world.claims(*target.key),
            ready_for=self._readiness.ready_for(),
            replaceable=self._repairs.pods(target, world, failed),
            published=published_texts(target, pods, world.services(target.namespace)),
        )

    def plan(self, snapshot: Snapshot) -> Plan:
        """Return what the controller does next."""
        return plan(snapshot, _OPTIONS)

    def road(self, target: Target, world: World, repairs: Iterable[Care]) -> tuple[Plan, ...]:
        """Return all that the controller does from here on, if everything goes well.

        Args:
            target: The set.
            world: The look.
            repairs: What its pods need before: those that have to be made anew go.
        """
        gone = {deed.pod for deed in repairs if isinstance(deed, ReplacePod)}
        containers = [
            container
            for pod in world.pods(*target.key)
            if pod.name in gone
            for container in pod.containers
        ]
        return road(self.snapshot(target, world.without(containers)), _OPTIONS)


def road_from_nothing(target: Target) -> tuple[Plan, ...]:
    """Return all that the controller does for a set of which there is nothing yet."""
    seen = take_snapshot(
        target.facts,
        target.manifest,
        namespace=target.namespace,
        pods=(),
        volumes=(),
        ready_for={},
    )
    return road(seen, _OPTIONS)


def take_ports(target: Target, world: World, targets: Iterable[Target]) -> tuple[str, ...]:
    """Give a set the ports of the host that it asks for now; return what is to be said of them.

    Pods are held against these, so this comes before anything is decided.
    """
    if target.facts.is_stopped:
        return ()
    ports, notices = provide_ports(target, world, targets)
    target.change(ports=ports)
    return notices
