"""What the pods of a set need whatever the set wants, by the kubelet's rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from minisets.app.loop.deeds import Workshop
from minisets.core import labels, naming
from minisets.core.controller.controller_state import in_range
from minisets.core.controller.snapshot import set_spec
from minisets.core.pod.kubelet import Care, care


def needs(
    workshop: Workshop,
    *,
    started: Collection[str] = (),
    unwell: Mapping[str, str] = MappingProxyType({}),
) -> list[Care]:
    """Return the next thing that each pod needs, for those that need anything.

    Args:
        workshop: The set as of one look.
        started: Ids of the containers whose startup probes have succeeded.
        unwell: Ids of containers to restart → the verdict of a probe.
    """
    target = workshop.target
    if target.facts.is_stopped or target.facts.deletion:
        return []
    spec = set_spec(target.facts, target.manifest)
    found = []
    for name, pod in workshop.pods().items():
        _, ordinal = naming.split_pod_name(name)
        if not in_range(spec, ordinal):
            continue
        needed = care(
            pod,
            parts=workshop.parts(pod.labels.get(labels.REVISION, "")),
            identity=workshop.identity(ordinal),
            network=workshop.network,
            given_names=target.facts.aliases,
            started=started,
            unwell=unwell,
        )
        if needed is not None:
            found.append(needed)
    return found
