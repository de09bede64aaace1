from __future__ import annotations

from typing import Any

import pytest

from minisets.core import labels
from minisets.core.controller.controller_state import Claim, Phase, Pod, Retention, Snapshot
from minisets.core.controller.snapshot import (
    claim_volumes,
    orphaned_claims,
    remembered_owner,
    set_spec,
    take_snapshot,
)
from minisets.core.input.decode import decode
from minisets.core.input.defaults import apply_defaults
from minisets.core.manifest import StatefulSet
from minisets.core.observed import ContainerSeen, ContainerStatus, VolumeSeen
from minisets.core.pod.container_spec import fixed_hash
from minisets.core.pod.seen import PodSeen
from minisets.core.records.set_record import RevisionEntry, SetRecord
from tests.unit.manifests import a_set


def _record(record: dict[str, Any] | None = None, **changes: Any) -> SetRecord:
    return SetRecord(object=apply_defaults(a_set(**changes)), uid="u1", **(record or {}))


def _manifest(record: SetRecord) -> StatefulSet:
    found = decode(record.object)
    assert isinstance(found, StatefulSet)
    return found


def _pod(ordinal: int, status: ContainerStatus = ContainerStatus.RUNNING) -> PodSeen:
    record = _record()
    mounted = claim_volumes(_manifest(record), "default", ordinal)
    container = ContainerSeen(
        id=f"c{ordinal}",
        name=f"web-{ordinal}",
        status=status,
        labels={
            labels.POD_NAME: f"web-{ordinal}",
            labels.REVISION: "web-a",
            labels.FIXED: fixed_hash(_manifest(record).spec.template, mounted),
        },
    )
    return PodSeen(name=f"web-{ordinal}", containers=(container,))


def _snapshot(record: SetRecord, **what: Any) -> Snapshot:
    arguments: dict[str, Any] = {
        "namespace": "default",
        "pods": (),
        "volumes": (),
        "ready_for": {},
        **what,
    }
    return take_snapshot(record, _manifest(record), **arguments)


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        (ContainerStatus.CREATED, Phase.PENDING),
        (ContainerStatus.RUNNING, Phase.RUNNING),
        (ContainerStatus.RESTARTING, Phase.RUNNING),
        (ContainerStatus.PAUSED, Phase.RUNNING),
        (ContainerStatus.EXITED, Phase.RUNNING),
        (ContainerStatus.DEAD, Phase.FAILED),
        (ContainerStatus.REMOVING, Phase.RUNNING),
    ],
)
def test_a_phase_is_derived_from_the_containers_state(status, phase):
    assert _snapshot(_record(), pods=[_pod(0, status)]).pods[0].phase is phase


def test_pods_stand_by_ordinal_with_what_is_known_of_them():
    found = _snapshot(
        _record(),
        pods=[_pod(10), _pod(2)],
        ready_for={"c2": 4.0},
        replaceable=frozenset({"c10"}),
    ).pods
    assert found == (
        Pod(name="web-2", ordinal=2, revision="web-a", phase=Phase.RUNNING, ready_for_seconds=4.0),
        Pod(
            name="web-10",
            ordinal=10,
            revision="web-a",
            phase=Phase.RUNNING,
            may_be_replaced=True,
        ),
    )


def test_a_pod_with_other_mounted_claims_has_to_roll():
    record = _record(spec__volumeClaimTemplates=[])
    assert _snapshot(record, pods=[_pod(0)]).pods[0].roll_cause == (
        "its mounted claims have changed"
    )


def test_claims_lose_the_namespace_of_their_volumes_name():
    volumes = [VolumeSeen(name="prod_www-web-0")]
    found = _snapshot(_record(), namespace="prod", volumes=volumes).claims
    assert found == (Claim(name="www-web-0"),)


def test_a_volume_of_somebody_else_counts_as_a_claim():
    record = _record({"foreign_claims": ("www-web-1",)})
    found = _snapshot(record, volumes=[VolumeSeen(name="www-web-0")]).claims
    assert [claim.name for claim in found] == ["www-web-0", "www-web-1"]


def test_an_owner_is_the_pod_only_while_its_container_is_the_same():
    owners = {"www-web-0": ("Pod/web-0@c0",), "www-web-1": ("Pod/web-1@old",), "x": ()}
    record = _record({"claim_owners": owners})
    volumes = [VolumeSeen(name=name) for name in owners]
    found = _snapshot(record, pods=[_pod(0), _pod(1)], volumes=volumes).claims
    assert found == (
        Claim(name="www-web-0", owners=("Pod/web-0",)),
        Claim(name="www-web-1", owners=("Pod/web-1!stale",)),
        Claim(name="x"),
    )


def test_an_owner_is_remembered_with_its_container():
    pods = {"web-0": _pod(0)}
    assert remembered_owner("Pod/web-0", pods) == "Pod/web-0@c0"
    assert remembered_owner("Pod/web-9", pods) == "Pod/web-9"
    assert remembered_owner("StatefulSet/web", pods) == "StatefulSet/web"


def test_claims_whose_pods_are_all_gone_are_orphans():
    record = _record(
        {
            "claim_owners": {
                "gone": ("Pod/web-7@c7",),
                "here": ("Pod/web-0@c0",),
                "made-anew": ("Pod/web-0@old",),
                "of-the-set": ("StatefulSet/web", "Pod/web-7@c7"),
                "nobodys": (),
            }
        }
    )
    assert orphaned_claims(record, {"web-0": _pod(0)}) == ("gone", "made-anew")


def test_the_planner_gets_what_the_manifest_says():
    found = _snapshot(
        _record(
            {"generation": 4, "deletion": "foreground"},
            spec__replicas=5,
            spec__podManagementPolicy="Parallel",
            spec__minReadySeconds=7,
            spec__ordinals={"start": 3},
            spec__persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"},
            spec__updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}},
        )
    )
    spec = found.set
    assert (spec.name, spec.replicas, spec.ordered, spec.min_ready_seconds) == ("web", 5, False, 7)
    assert (spec.ordinals_start, spec.partition, spec.claim_templates) == (3, 2, ("www",))
    assert spec.retention == Retention(when_scaled="Delete")
    assert (found.generation, found.deleting) == (4, True)


def test_a_parked_set_wants_no_pods_and_keeps_every_claim():
    record = _record(
        {"is_stopped": True},
        spec__replicas=5,
        spec__persistentVolumeClaimRetentionPolicy={
            "whenScaled": "Delete",
            "whenDeleted": "Delete",
        },
    )
    spec = set_spec(record, _manifest(record))
    assert (spec.replicas, spec.retention) == (0, Retention())


def test_on_delete_leaves_updates_to_the_user():
    record = _record(spec__updateStrategy={"type": "OnDelete"})
    assert set_spec(record, _manifest(record)).strategy == "OnDelete"


def test_revisions_stand_oldest_first():
    entries = tuple(RevisionEntry(name=f"web-{n}", number=n, template="{}") for n in (3, 1, 2))
    found = _snapshot(_record({"revisions": entries})).revisions
    assert [revision.number for revision in found] == [1, 2, 3]


def test_a_claim_is_the_volume_of_template_set_and_ordinal():
    manifest = _manifest(_record())
    assert claim_volumes(manifest, "default", 3) == {"www": "www-web-3"}
    assert claim_volumes(manifest, "prod", 3) == {"www": "prod_www-web-3"}
