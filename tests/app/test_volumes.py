"""Where claims get their storage, who may use it, and what outlives whom."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from minisets.app import query
from minisets.app.delete import delete_claim, delete_namespace, delete_object, delete_set
from minisets.app.reading.look import Look
from minisets.app.reading.views_volume import volume_views
from minisets.core import labels
from minisets.core.observed import VolumeSeen
from minisets.engine.pause_image import ensure_pause_image
from minisets.errors import (
    EngineConflict,
    InputError,
    ManifestError,
    NotConverged,
    ReferenceMissing,
)
from tests.app.bench import Bench, a_set, container_of, with_claim

BIND = {"type": "none", "o": "bind", "device": "/srv/${pvc.metadata.name}"}


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    ensure_pause_image(made.engine)
    return made


def a_claim(name: str = "shared", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }


def a_class(name: str = "disk", **fields: Any) -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "minisets.io/local",
        **fields,
    }


def a_volume(name: str = "pv-1", size: str = "5Gi", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": size},
            "hostPath": {"path": f"/srv/{name}"},
            **spec,
        },
    }


def mounting(manifest: dict[str, Any], volume: Mapping[str, Any], **mount: Any) -> dict[str, Any]:
    """Return a copy of a set whose container mounts one more volume."""
    changed = copy.deepcopy(manifest)
    changed["spec"]["template"]["spec"].setdefault("volumes", []).append(volume)
    mounts = container_of(changed).setdefault("volumeMounts", [])
    mounts.append({"name": volume["name"], "mountPath": f"/{volume['name']}", **mount})
    return changed


def by_name(manifest: dict[str, Any], claim: str = "shared", **source: Any) -> dict[str, Any]:
    volume = {"name": "files", "persistentVolumeClaim": {"claimName": claim, **source}}
    return mounting(manifest, volume)


def volume_of(bench: Bench, name: str) -> VolumeSeen:
    (found,) = [volume for volume in bench.engine.volumes({}) if volume.name == name]
    return found


def sources(bench: Bench, pod: str) -> dict[str, tuple[str, bool]]:
    """Return mount path → the volume there, and whether it is read-only."""
    return {
        mount["Target"]: (mount["Source"], mount["ReadOnly"])
        for mount in bench.engine.container(pod).host["Mounts"]
    }


def claims_shown(bench: Bench) -> dict[str, tuple[str, str]]:
    """Return what get pvc shows: name → status and volume."""
    views = query.get_claims(bench.command(), "default")
    return {view.name: (view.status, view.volume) for view in views}


def volumes_shown(bench: Bench) -> dict[str, tuple[str, str]]:
    """Return what get pv shows: name → status and claim."""
    return {
        view.name: (
            view.object["status"]["phase"],
            (view.object["spec"].get("claimRef") or {}).get("name", ""),
        )
        for view in volume_views(Look(bench.command(), None))
    }


def said(bench: Bench, word: str) -> list[str]:
    return [text for text in bench.reporter.notices if word in text]


def test_a_claim_of_its_own_waits_for_a_pod_and_outlives_it(bench: Bench):
    bench.apply(a_claim())
    assert (claims_shown(bench), bench.claims) == ({"shared": ("Pending", "")}, [])
    bench.apply(a_claim(), by_name(a_set(replicas=2)))
    assert {pod: sources(bench, pod)["/files"] for pod in bench.pods} == {
        "web-0": ("shared", False),
        "web-1": ("shared", False),
    }
    assert claims_shown(bench) == {"shared": ("Bound", "shared")}
    with pytest.raises(EngineConflict, match="claim shared is in use by a pod"):
        delete_claim(bench.command(), "default", "shared")
    delete_set(bench.command(), "default", "web", volumes=True)
    assert bench.claims == ["shared"]
    delete_claim(bench.command(), "default", "shared")
    assert (bench.claims, bench.records) == ([], [])


def test_a_claim_that_no_pod_has_needed_is_deleted_with_its_record(bench: Bench):
    bench.apply(a_claim())
    delete_claim(bench.command(), "default", "shared")
    assert bench.records == []


def test_a_new_claim_that_two_pods_share_is_prepared_for_them_once(bench: Bench):
    manifest = by_name(a_set(replicas=3, podManagementPolicy="Parallel"))
    bench.apply(a_claim(), secured(manifest, fsGroup=2000))
    assert bench.engine.count("put_archive") == 1
    assert root_of(bench, "shared") == (0o2775, 2000)


def test_a_claim_is_mounted_read_only_where_the_pod_says_so(bench: Bench):
    bench.apply(a_claim(), by_name(a_set(replicas=1), readOnly=True))
    assert sources(bench, "web-0")["/files"] == ("shared", True)


def test_the_claim_of_another_sets_pod_can_be_mounted_by_name(bench: Bench):
    bench.apply(with_claim(a_set("db", replicas=1)))
    bench.apply(by_name(a_set(replicas=1), "data-db-0"))
    assert said(bench, "persistentvolumeclaim") == []
    assert sources(bench, "web-0")["/files"] == ("data-db-0", False)
    assert volume_of(bench, "data-db-0").labels[labels.SET] == "db"


def test_a_claim_that_is_not_there_is_told_by_apply_and_ends_the_wait(bench: Bench):
    with pytest.raises(ReferenceMissing, match='persistentvolumeclaim "shared" not found'):
        bench.apply(by_name(a_set()))
    assert said(bench, "persistentvolumeclaim") == [
        "statefulset/web: spec.template.spec.volumes[0]: there is no persistentvolumeclaim "
        '"shared", so its pods cannot start: apply one of that name'
    ]
    assert bench.pods == []


def test_a_claim_template_wins_over_a_volume_of_its_name(bench: Bench):
    manifest = with_claim(a_set(replicas=1))
    manifest["spec"]["template"]["spec"]["volumes"] = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "nobody"}}
    ]
    bench.apply(manifest)
    assert sources(bench, "web-0") == {"/data": ("data-web-0", False)}
    assert said(bench, "persistentvolumeclaim") == []


def test_two_mounts_of_one_volume_are_two_mounts(bench: Bench):
    manifest = with_claim(a_set(replicas=1))
    container_of(manifest)["volumeMounts"].append(
        {"name": "data", "mountPath": "/copy", "readOnly": True}
    )
    bench.apply(manifest)
    assert sources(bench, "web-0") == {
        "/data": ("data-web-0", False),
        "/copy": ("data-web-0", True),
    }


def test_a_class_gives_its_claims_a_driver_with_options_and_its_policy(bench: Bench):
    bench.apply(
        a_class(parameters=BIND, reclaimPolicy="Retain"),
        a_class("fast", provisioner="minisets.io/fancy", parameters={"tier": "1"}),
        a_claim(storageClassName="fast"),
        by_name(with_claim(a_set(replicas=2), storageClassName="disk")),
    )
    first, second = volume_of(bench, "data-web-0"), volume_of(bench, "data-web-1")
    assert (first.driver, dict(first.options)) == ("local", {**BIND, "device": "/srv/data-web-0"})
    assert second.options["device"] == "/srv/data-web-1"
    assert first.labels[labels.RECLAIM_POLICY] == "Retain"
    assert first.labels[labels.STORAGE_CLASS] == "disk"
    shared = volume_of(bench, "shared")
    assert (shared.driver, dict(shared.options)) == ("fancy", {"tier": "1"})
    # What was there before keeps its owner and mode.
    assert "/data" not in bench.engine.container("web-0").files


def test_a_class_that_was_applied_before_is_known(bench: Bench):
    bench.apply(a_class(parameters=BIND))
    bench.apply(with_claim(a_set(replicas=1), storageClassName="disk"))
    assert volume_of(bench, "data-web-0").options["device"] == "/srv/data-web-0"
    assert said(bench, "StorageClass") == [
        "statefulset/web: its pods have power over the Engine's machine: claim data is "
        "/srv/data of the machine, by StorageClass disk"
    ]


def test_a_class_that_is_not_there_is_told_and_a_plain_volume_made(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1), storageClassName="gp3"))
    assert said(bench, "gp3") == [
        'statefulset/web: there is no StorageClass "gp3": its claims get plain volumes'
    ]
    assert dict(volume_of(bench, "data-web-0").options) == {}


def test_what_a_class_retains_is_never_removed(bench: Bench):
    policy = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    manifest = with_claim(
        a_set(replicas=2, persistentVolumeClaimRetentionPolicy=policy), storageClassName="keep"
    )
    keep = a_class("keep", reclaimPolicy="Retain")
    bench.apply(keep, manifest)
    manifest["spec"]["replicas"] = 1
    bench.apply(manifest)
    delete_set(bench.command(), "default", "web", volumes=True)
    bench.apply(keep, a_claim(storageClassName="keep"), by_name(a_set(replicas=1)))
    delete_namespace(bench.command(), "default", volumes=True)
    assert bench.claims == ["data-web-0", "data-web-1", "shared"]
    for claim in bench.claims:
        with pytest.raises(InputError, match="Retain"):
            delete_claim(bench.command(), "default", claim)


def test_persistent_volumes_are_bound_to_claims_in_the_order_of_pods(bench: Bench):
    made = [a_volume(f"pv-{number}") for number in (10, 2, 1)]
    bench.apply(*made, with_claim(a_set(replicas=2, podManagementPolicy="Parallel")))
    assert {
        name: volume_of(bench, name).options["device"] for name in ("data-web-0", "data-web-1")
    } == {"data-web-0": "/srv/pv-1", "data-web-1": "/srv/pv-2"}
    assert volumes_shown(bench) == {
        "pv-1": ("Bound", "data-web-0"),
        "pv-2": ("Bound", "data-web-1"),
        "pv-10": ("Available", ""),
    }
    assert claims_shown(bench)["data-web-0"] == ("Bound", "pv-1")
    # Kubernetes rule: what a person made is retained unless that person says otherwise.
    delete_set(bench.command(), "default", "web", volumes=True)
    assert bench.claims == ["data-web-0", "data-web-1"]


def test_a_volume_is_bound_to_one_claim_only_in_all_namespaces(bench: Bench):
    bench.apply(a_volume())
    bench.apply(with_claim(a_set(replicas=1)), namespace="one")
    bench.apply(with_claim(a_set(replicas=1)), namespace="two")
    assert volume_of(bench, "one_data-web-0").options["device"] == "/srv/pv-1"
    assert dict(volume_of(bench, "two_data-web-0").options) == {}


def test_a_claim_and_a_template_do_not_get_the_same_volume(bench: Bench):
    manifest = with_claim(by_name(a_set(replicas=1)))
    bench.apply(a_volume(), a_volume("pv-2"), a_claim(), manifest)
    devices = [volume_of(bench, name).options["device"] for name in ("shared", "data-web-0")]
    assert devices == ["/srv/pv-1", "/srv/pv-2"]


def test_a_claim_that_names_its_volume_waits_for_that_one(bench: Bench):
    manifest = with_claim(a_set(replicas=1), volumeName="pv-7")
    with pytest.raises(ReferenceMissing, match='persistentvolume "pv-7"'):
        bench.apply(a_volume(), manifest)
    bench.apply(a_volume("pv-7"), manifest)
    assert volume_of(bench, "data-web-0").options["device"] == "/srv/pv-7"


def test_a_claim_that_was_applied_is_the_one_of_the_pod_with_its_name(bench: Bench):
    volumes = a_volume(), a_volume("pv-7")
    claim = a_claim("data-web-1", volumeName="pv-7", storageClassName="")
    bench.apply(*volumes, claim, with_claim(a_set(replicas=2)))
    assert volume_of(bench, "data-web-0").options["device"] == "/srv/pv-1"
    assert volume_of(bench, "data-web-1").options["device"] == "/srv/pv-7"
    assert volume_of(bench, "data-web-1").labels[labels.SET] == "web"


def test_an_export_is_mounted_as_the_volume_says(bench: Bench):
    nfs = {"server": "10.0.0.9", "path": "/x"}
    volume = a_volume(hostPath=None, nfs=nfs, mountOptions=["nfsvers=4"])
    del volume["spec"]["hostPath"]
    bench.apply(volume, with_claim(a_set(replicas=1)))
    assert dict(volume_of(bench, "data-web-0").options) == {
        "type": "nfs",
        "o": "addr=10.0.0.9,nfsvers=4",
        "device": ":/x",
    }


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_a_claim_for_one_pod_is_refused_to_a_second_one(bench: Bench, policy: str):
    manifest = by_name(a_set(replicas=2, podManagementPolicy=policy))
    with pytest.raises(NotConverged, match=r"pod/web-1 cannot use the claim shared.*pod/web-0"):
        bench.apply(a_claim(accessModes=["ReadWriteOncePod"]), manifest)
    assert bench.running == ["web-0"]


def test_a_pod_that_has_its_claim_alone_can_be_made_anew(bench: Bench):
    manifest = by_name(a_set(replicas=1))
    claim = a_claim(accessModes=["ReadWriteOncePod"])
    bench.apply(claim, manifest)
    bench.remove_by_hand("web-0")
    bench.apply(claim, manifest)
    assert bench.running == ["web-0"]


def with_device(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    devices = container_of(changed).setdefault("volumeDevices", [])
    devices.append({"name": name, "devicePath": f"/dev/{name}"})
    return changed


def test_claims_of_devices_are_devices_of_the_container(bench: Bench):
    block = {"volumeMode": "Block"}
    volumes = [
        a_volume(f"pv-{number}", hostPath={"path": f"/dev/sd{number}"}, **block)
        for number in (1, 2)
    ]
    manifest = with_device(with_claim(a_set(replicas=1), "own", **block), "own")
    container_of(manifest)["volumeMounts"] = []
    source = {"claimName": "shared", "readOnly": True}
    named = {"name": "files", "persistentVolumeClaim": source}
    manifest["spec"]["template"]["spec"]["volumes"] = [named]
    manifest = with_device(manifest, "files")
    expected = [
        {"PathOnHost": "/dev/sd2", "PathInContainer": "/dev/own", "CgroupPermissions": "rwm"},
        {"PathOnHost": "/dev/sd1", "PathInContainer": "/dev/files", "CgroupPermissions": "r"},
    ]
    bench.apply(*volumes, a_claim(**block), manifest)
    assert bench.engine.container("web-0").host["Devices"] == expected
    assert bench.engine.container("web-0").host["Mounts"] == []
    assert len(said(bench, "claim own may be /dev/sd1, /dev/sd2 of the machine")) == 1
    bench.remove_by_hand("web-0")
    bench.apply(*volumes, a_claim(**block), manifest)
    assert bench.engine.container("web-0").host["Devices"] == expected
    assert bench.engine.count("put_archive") == 0


def test_a_device_that_nobody_has_is_not_made_up(bench: Bench):
    manifest = with_device(with_claim(a_set(replicas=1), "own", volumeMode="Block"), "own")
    container_of(manifest)["volumeMounts"] = []
    with pytest.raises(ReferenceMissing, match=r'"own-web-0" asks for a block device'):
        bench.apply(a_volume(), manifest)
    assert bench.pods == []


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("Filesystem", "volume own has volumeMode Filesystem, but is specified in volumeDevices"),
        ("Block", "volume own has volumeMode Block, but is specified in volumeMounts"),
    ],
)
def test_a_directory_is_no_device_and_a_device_no_directory(bench: Bench, mode: str, words: str):
    manifest = with_claim(a_set(replicas=1), "own", volumeMode=mode)
    if mode == "Filesystem":
        container_of(manifest)["volumeMounts"] = []
        manifest = with_device(manifest, "own")
    with pytest.raises(NotConverged, match=words):
        bench.apply(a_volume(volumeMode=mode, hostPath={"path": "/dev/sda"}), manifest)


def secured(manifest: dict[str, Any], **context: Any) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    changed["spec"]["template"]["spec"]["securityContext"] = context
    return changed


def root_of(bench: Bench, volume: str) -> tuple[int, int]:
    """Return mode and group of the root directory of a volume."""
    mount = {"Type": "volume", "Source": volume, "Target": "/v"}
    config = {"Image": "minisets/pause:1", "HostConfig": {"Mounts": [mount]}}
    made = bench.engine.create_container("look", config)
    root = bench.engine.archive_entry(made, "/v/.")
    bench.engine.remove_container(made, force=True)
    assert root is not None
    return root.mode, root.gid


def test_a_claim_is_handed_to_a_group_that_the_pod_got_later(bench: Bench):
    manifest = with_claim(a_set(replicas=1))
    bench.apply(manifest)
    assert root_of(bench, "data-web-0") == (0o777, 0)
    bench.apply(secured(manifest, fsGroup=2000))
    assert root_of(bench, "data-web-0") == (0o2777, 2000)
    bench.apply(secured(manifest, fsGroup=3000))
    assert (root_of(bench, "data-web-0"), bench.engine.count("exec")) == ((0o2777, 3000), 1)
    # Its root is the group's already.
    bench.remove_by_hand("web-0")
    bench.apply(secured(manifest, fsGroup=3000))
    assert bench.engine.count("exec") == 0


def test_a_claim_that_was_made_for_the_group_costs_nothing_more(bench: Bench):
    manifest = secured(with_claim(a_set(replicas=1)), fsGroup=2000)
    bench.apply(manifest)
    assert root_of(bench, "data-web-0") == (0o2775, 2000)
    bench.remove_by_hand("web-0")
    bench.apply(manifest)
    assert bench.engine.count("create_container") == 1


def test_the_policy_always_walks_through_the_files_at_each_start(bench: Bench):
    claims = with_claim(by_name(a_set(replicas=1), readOnly=True))
    manifest = secured(claims, fsGroup=2000, fsGroupChangePolicy="Always")
    bench.apply(a_claim(), manifest)
    assert bench.engine.count("exec") == 0
    bench.remove_by_hand("web-0")
    bench.apply(a_claim(), manifest)
    assert bench.engine.count("exec") == 1


def test_a_place_of_the_machine_keeps_its_owner(bench: Bench):
    manifest = with_claim(a_set(replicas=1))
    bench.apply(a_volume(), manifest)
    bench.apply(a_volume(), secured(manifest, fsGroup=2000, fsGroupChangePolicy="Always"))
    assert bench.engine.count("exec") == 0


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (a_claim(), a_claim(storageClassName="x"), "spec is immutable after creation except"),
        (a_volume(), a_volume(hostPath={"path": "/x"}), "persistentvolumesource is immutable"),
        (a_volume(), a_volume(volumeMode="Block"), "volumeMode: Invalid value"),
        (a_class(), a_class(parameters=BIND), "updates to parameters are forbidden"),
        (a_class(), a_class(reclaimPolicy="Retain"), "updates to reclaimPolicy are forbidden"),
    ],
)
def test_what_storage_is_made_of_cannot_be_changed(bench: Bench, before, after, words: str):
    bench.apply(before)
    with pytest.raises(ManifestError, match=words):
        bench.apply(after)


def test_a_claim_may_ask_for_another_size_and_its_volume_stays(bench: Bench):
    manifest = by_name(a_set(replicas=1))
    bench.apply(a_claim(), manifest)
    bigger = a_claim(resources={"requests": {"storage": "2Gi"}})
    bench.apply(bigger, manifest)
    assert said(bench, "stays as it was made") == [
        "persistentvolumeclaim/shared: the volume shared stays as it was made: no driver here "
        "changes the size of a volume"
    ]
    bench.apply(a_volume(), a_volume(size="9Gi"))


def test_an_ephemeral_claim_is_new_with_each_pod(bench: Bench):
    source = {"volumeClaimTemplate": {"spec": a_claim()["spec"]}}
    bench.apply(mounting(a_set(replicas=1), {"name": "tmp", "ephemeral": source}))
    (name,) = bench.claims
    first = volume_of(bench, name)
    assert first.labels[labels.KIND] == labels.KIND_POD_VOLUME
    delete_set(bench.command(), "default", "web")
    assert bench.claims == []


def test_a_class_that_is_deleted_leaves_what_it_made(bench: Bench):
    manifest = with_claim(a_set(replicas=1), storageClassName="disk")
    bench.apply(a_class(parameters=BIND), manifest)
    delete_object(bench.command(), "StorageClass", "", "disk")
    bench.remove_by_hand("web-0")
    bench.apply(manifest)
    assert volume_of(bench, "data-web-0").options["device"] == "/srv/data-web-0"
    assert bench.running == ["web-0"]
