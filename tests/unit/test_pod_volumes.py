from __future__ import annotations

from typing import Any

import pytest

from minisets.core import labels
from minisets.core.input.decode import decode_as
from minisets.core.manifest import PersistentVolumeClaim, PodSpec, StorageClass
from minisets.core.pod.environment import PodFields, Surroundings
from minisets.core.records.configuration import Configuration
from minisets.core.volumes.pod_volumes import (
    HostPath,
    PodVolume,
    Root,
    VolumeKind,
    VolumeRequest,
    claim_volume,
    pod_volumes,
)
from minisets.core.volumes.storage import Backing, ClaimRequest, Storage
from minisets.errors import ReferenceMissing

CLAIM = {
    "metadata": {"name": "shared", "labels": {"team": "db"}},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "1Gi"}},
    },
}


def _claim(**spec: Any) -> PersistentVolumeClaim:
    return decode_as({**CLAIM, "spec": {**CLAIM["spec"], **spec}}, PersistentVolumeClaim)


def _volumes(
    *volumes: dict[str, Any],
    namespace: str = "default",
    claims: dict[str, str] | None = None,
    storage: Storage | None = None,
    mounts: tuple[dict[str, str], ...] = (),
    **pod: Any,
) -> dict[str, PodVolume]:
    spec = {
        "containers": [{"name": "app", "image": "i", "volumeMounts": list(mounts)}],
        "volumes": list(volumes),
        **pod,
    }
    fields = PodFields(
        name="web-0",
        namespace=namespace,
        uid="",
        pod_ip="",
        host_ip="",
        node_name="",
        service_account="",
        labels={},
        annotations={},
    )
    around = Surroundings(
        pod=decode_as(spec, PodSpec),
        fields=fields,
        configuration=Configuration(config_maps={"app": {"key": b"one"}}),
    )
    request = VolumeRequest(
        set_name="web", around=around, claims=claims or {}, storage=storage or Storage()
    )
    return {volume.name: volume for volume in pod_volumes(request)}


def test_a_claim_template_wins_over_a_volume_of_its_name():
    found = _volumes({"name": "data", "emptyDir": {}}, claims={"data": "data-web-0"})
    assert found["data"].kind is VolumeKind.CLAIM
    assert found["data"].source == "data-web-0"
    assert not found["data"].dies_with_pod


def test_scratch_space_lives_and_dies_with_the_pod():
    made = _volumes({"name": "tmp", "emptyDir": {}}, namespace="prod")["tmp"]
    assert made.source == "prod_web-0._tmp"
    assert made.root == Root(mode=0o777)
    assert made.dies_with_pod
    assert made.labels[labels.SET] == "web"
    assert made.labels[labels.POD_NAME] == "web-0"


def test_a_claim_cannot_have_the_name_of_scratch_space():
    # A claim called web-0.tmp is fine in Kubernetes.
    assert "_" in _volumes({"name": "tmp", "emptyDir": {}})["tmp"].source


def test_the_group_of_the_pod_gets_scratch_space_and_claims():
    found = _volumes(
        {"name": "tmp", "emptyDir": {}},
        {"name": "cfg", "configMap": {"name": "app"}},
        claims={"data": "data-web-0"},
        securityContext={"fsGroup": 3000},
    )
    assert found["tmp"].root == Root(mode=0o2777, gid=3000)
    assert found["data"].root == Root(mode=0o2775, gid=3000)
    assert found["cfg"].files[0].gid == 3000


def test_memory_is_a_tmpfs_that_is_mounted_as_it_should_be():
    source = {"medium": "Memory", "sizeLimit": "64Mi"}
    found = _volumes({"name": "tmp", "emptyDir": source}, securityContext={"fsGroup": 5})["tmp"]
    assert found.options == {
        "type": "tmpfs",
        "device": "tmpfs",
        "o": "size=67108864,mode=2777,gid=5",
    }
    assert found.is_memory
    assert found.root is None


def test_memory_without_a_limit_has_the_kernels():
    found = _volumes({"name": "tmp", "emptyDir": {"medium": "Memory"}})["tmp"]
    assert found.options["o"] == "mode=777,gid=0"


def test_memory_that_is_mounted_in_part_is_on_disk():
    mounts = ({"name": "tmp", "mountPath": "/x", "subPath": "x"},)
    found = _volumes({"name": "tmp", "emptyDir": {"medium": "Memory"}}, mounts=mounts)
    assert (found["tmp"].options, found["tmp"].root) == ({}, Root(mode=0o777))


def test_the_mode_of_an_empty_directory_is_as_written():
    assert _volumes({"name": "t", "emptyDir": {"mode": 0o700}})["t"].root == Root(mode=0o700)


def test_configuration_is_a_read_only_volume_of_files():
    found = _volumes({"name": "cfg", "configMap": {"name": "app"}})["cfg"]
    assert found.kind is VolumeKind.FILES
    assert found.read_only
    assert [entry.path for entry in found.files] == ["key"]


def test_a_host_path_is_no_volume_of_the_engine():
    found = _volumes({"name": "dev", "hostPath": {"path": "/dev", "type": "Directory"}})["dev"]
    assert found.kind is VolumeKind.HOST_PATH
    assert found.host_path == HostPath(path="/dev", type="Directory")
    assert not found.dies_with_pod


def test_an_export_is_a_volume_with_options():
    nfs = {"server": "10.0.0.1", "path": "/srv", "readOnly": True}
    found = _volumes({"name": "share", "nfs": nfs})["share"]
    assert found.options == {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/srv"}
    assert found.read_only
    assert found.dies_with_pod


def test_a_claim_by_name_is_the_volume_of_that_claim():
    source = {"claimName": "shared", "readOnly": True}
    found = _volumes(
        {"name": "data", "persistentVolumeClaim": source},
        namespace="prod",
        storage=Storage(claims={"shared": _claim()}),
    )["data"]
    assert found.kind is VolumeKind.SHARED_CLAIM
    assert found.source == "prod_shared"
    assert found.read_only
    assert not found.dies_with_pod
    assert found.labels[labels.STORAGE_CLASS] == "fast"
    assert found.labels["team"] == "db"
    assert labels.SET not in found.labels


def test_a_claim_that_is_not_there_is_an_error():
    with pytest.raises(ReferenceMissing, match='persistentvolumeclaim "none" not found'):
        _volumes({"name": "data", "persistentVolumeClaim": {"claimName": "none"}})


def test_what_a_volume_lacks_is_told_of_its_pod_with_a_command_that_can_be_typed():
    with pytest.raises(ReferenceMissing) as caught:
        _volumes({"name": "c", "configMap": {"name": "conf"}}, namespace="prod")
    assert caught.value.message == 'pod/web-0 cannot start: configmap "conf" not found'
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("minisets create configmap conf --from-literal=")
    assert caught.value.hint.endswith(" -n prod")


def test_a_claim_keeps_the_policy_of_its_class():
    fast = decode_as(
        {
            "metadata": {"name": "fast"},
            "provisioner": "minisets.io/local",
            "reclaimPolicy": "Retain",
        },
        StorageClass,
    )
    found = _volumes(
        {"name": "data", "persistentVolumeClaim": {"claimName": "shared"}},
        storage=Storage(claims={"shared": _claim()}, classes=(fast,)),
    )["data"]
    assert found.labels[labels.RECLAIM_POLICY] == "Retain"


def test_an_ephemeral_claim_goes_with_the_pod_unless_its_class_retains_it():
    fast = {"metadata": {"name": "fast"}, "provisioner": "minisets.io/local"}
    source = {"ephemeral": {"volumeClaimTemplate": {"spec": CLAIM["spec"]}}}
    goes = decode_as(fast, StorageClass)
    stays = decode_as({**fast, "reclaimPolicy": "Retain"}, StorageClass)
    for classes, dies in (((), True), ((goes,), True), ((stays,), False)):
        found = _volumes({"name": "s", **source}, storage=Storage(classes=classes))["s"]
        assert found.dies_with_pod is dies
        assert found.root == Root(mode=0o777)


def test_the_volume_of_a_claim_tells_what_it_is_made_of():
    request = ClaimRequest(namespace="default", name="data-web-0", spec=_claim().spec)
    found = claim_volume(
        _claim(),
        request,
        Backing(
            options={"type": "none", "o": "bind", "device": "/srv"},
            persistent_volume="pv-1",
            reclaim_policy="Retain",
            host_path="/srv",
        ),
    )
    assert found.source == "data-web-0"
    assert found.host_path == HostPath(path="/srv", type="DirectoryOrCreate")
    assert found.labels == {
        "team": "db",
        **labels.base(labels.KIND_CLAIM, "default"),
        labels.CLAIM: "shared",
        labels.STORAGE: "1Gi",
        labels.ACCESS_MODES: "ReadWriteOnce",
        labels.RECLAIM_POLICY: "Retain",
        labels.PERSISTENT_VOLUME: "pv-1",
    }
