from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import (
    PersistentVolume,
    PersistentVolumeClaim,
    StatefulSet,
    StorageClass,
)
from minisets.core.pod.host_powers import host_powers
from tests.unit.manifests import SET, a_set

NAMES = ("one", "two")


def _set(**changes: Any) -> StatefulSet:
    return decode_as(a_set(**changes), StatefulSet)


def _claim(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "www"}, "spec": {"accessModes": ["ReadWriteOnce"], **spec}}


def _class(name: str = "fast", annotations: dict[str, str] | None = None, **fields: Any) -> Any:
    return decode_as(
        {
            "metadata": {"name": name, "annotations": annotations or {}},
            "provisioner": "minisets.io/local",
            **fields,
        },
        StorageClass,
    )


def _volume(name: str = "pv1", **spec: Any) -> PersistentVolume:
    return decode_as({"metadata": {"name": name}, "spec": spec}, PersistentVolume)


def test_a_plain_set_has_no_power():
    assert host_powers(decode_as(SET, StatefulSet), [_class()], [_volume()]) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"container__securityContext": {"privileged": True}},
            "container nginx is privileged: it can do what root can on the machine",
        ),
        (
            {"container__securityContext": {"capabilities": {"add": ["CHOWN", "CAP_NET_ADMIN"]}}},
            "container nginx has the added capability NET_ADMIN",
        ),
        (
            {"container__securityContext": {"capabilities": {"add": ["ALL"]}}},
            "container nginx has the added capabilities ALL",
        ),
        (
            {"container__securityContext": {"procMount": "Unmasked"}},
            "container nginx has an unmasked /proc",
        ),
        (
            {"template__hostNetwork": True},
            "hostNetwork: the machine's own network, with what listens on its loopback",
        ),
        ({"template__hostPID": True}, "hostPID: every process of the machine"),
        ({"template__hostIPC": True}, "hostIPC: the machine's shared memory and semaphores"),
    ],
)
def test_each_power_of_the_pod_is_one_phrase(changes, expected):
    assert host_powers(_set(**changes)) == (expected,)


def test_init_containers_count():
    init = {"name": "tune", "image": "a", "securityContext": {"privileged": True}}
    (found,) = host_powers(_set(template__initContainers=[init]))
    assert found.startswith("container tune is privileged")


@pytest.mark.parametrize(
    ("path", "read_only", "expected"),
    [
        ("/srv", False, "volume host is /srv of the machine"),
        ("/srv", True, "volume host is /srv of the machine, read-only"),
        (
            "/var/run/docker.sock",
            True,
            "volume host is /var/run/docker.sock: whoever reaches it is root on the machine",
        ),
    ],
)
def test_a_path_of_the_host_is_named(path, read_only, expected):
    manifest = _set(
        template__volumes=[{"name": "host", "hostPath": {"path": path}}],
        container__volumeMounts=[{"name": "host", "mountPath": "/m", "readOnly": read_only}],
    )
    assert host_powers(manifest) == (expected,)


def test_a_path_that_nothing_mounts_is_no_power():
    volumes = [
        {"name": "host", "hostPath": {"path": "/srv"}},
        {"name": "www", "hostPath": {"path": "/etc"}},
    ]
    # The claim template www wins over the volume of its name.
    assert host_powers(_set(template__volumes=volumes)) == ()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"type": "none", "o": "bind", "device": "/etc"}, "/etc"),
        ({"type": "nfs", "o": "rw,bind", "device": "/etc"}, "/etc"),
        ({"type": "ext4", "device": "/dev/sda1"}, "/dev/sda1"),
        ({"type": "overlay", "device": "overlay", "o": "lowerdir=/etc"}, "overlay"),
        ({"mountpoint": "/data/x"}, "/data/x"),
        ({"type": "nfs", "o": "addr=10.0.0.9,rw", "device": ":/export"}, ""),
        ({"type": "tmpfs", "device": "tmpfs", "o": "size=100m"}, ""),
        ({"fsType": "ext4"}, ""),
        ({"type": "none", "o": " rw , rbind", "device": "/etc"}, "/etc"),
    ],
)
def test_a_storage_class_is_no_back_door(parameters, expected):
    manifest = _set(spec__volumeClaimTemplates=[_claim(storageClassName="fast")])
    found = host_powers(manifest, [_class(parameters=parameters), _class("other")])
    phrase = f"claim www is {expected} of the machine, by StorageClass fast"
    assert found == ((phrase,) if expected else ())


@pytest.mark.parametrize("provisioner", ["rancher.io/local-path", "kubernetes.io/no-provisioner"])
def test_a_class_of_a_cluster_makes_nothing_here(provisioner):
    parameters = {"type": "none", "o": "bind", "device": "/etc"}
    manifest = _set(spec__volumeClaimTemplates=[_claim(storageClassName="fast")])
    assert host_powers(manifest, [_class(provisioner=provisioner, parameters=parameters)]) == ()


def test_mount_options_of_a_class_count_too():
    manifest = _set(spec__volumeClaimTemplates=[_claim(storageClassName="fast")])
    parameters = {"type": "nfs", "device": "/etc"}
    assert len(host_powers(manifest, [_class(parameters=parameters, mountOptions=["bind"])])) == 1


def test_a_class_counts_by_default_by_annotation_and_not_where_another_is_named():
    parameters = {"type": "none", "o": "bind", "device": "/etc"}
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    annotated = _claim()
    annotated["metadata"]["annotations"] = {"volume.beta.kubernetes.io/storage-class": "fast"}

    def powers(claim: dict[str, Any], annotations: dict[str, str]) -> int:
        manifest = _set(spec__volumeClaimTemplates=[claim])
        return len(host_powers(manifest, [_class("fast", annotations, parameters=parameters)]))

    assert powers(_claim(), default) == 1
    assert powers(_claim(), {}) == 0
    assert powers(_claim(storageClassName=""), default) == 0
    assert powers(annotated, {}) == 1


@pytest.mark.parametrize(
    ("claim", "volume", "expected"),
    [
        ({}, {"hostPath": {"path": "/srv"}}, 1),
        ({"storageClassName": ""}, {"local": {"path": "/srv"}}, 1),
        ({"storageClassName": "a"}, {"hostPath": {"path": "/srv"}}, 0),
        (
            {"storageClassName": "a"},
            {"hostPath": {"path": "/srv"}, "storageClassName": "a"},
            1,
        ),
        ({"volumeName": "pv1"}, {"hostPath": {"path": "/"}, "storageClassName": "x"}, 1),
        ({"volumeName": "pv2"}, {"hostPath": {"path": "/"}}, 0),
        ({}, {"hostPath": {"path": "/"}, "claimRef": {"name": "www-web-0"}}, 1),
        ({}, {"hostPath": {"path": "/"}, "claimRef": {"name": "else"}}, 0),
        ({}, {"nfs": {"path": "/export", "server": "s"}}, 0),
    ],
)
def test_a_persistent_volume_is_no_back_door(claim, volume, expected):
    manifest = _set(spec__volumeClaimTemplates=[_claim(**claim)])
    found = host_powers(manifest, (), [_volume(**volume)])
    assert len(found) == expected
    assert all("by PersistentVolume pv1" in text for text in found)


def test_a_claim_that_is_mounted_by_name_counts_like_a_template():
    volumes = [
        {"name": "v", "persistentVolumeClaim": {"claimName": "shared"}},
        {"name": "w", "persistentVolumeClaim": {"claimName": "unknown"}},
    ]
    claim = decode_as(
        {"metadata": {"name": "shared"}, "spec": {"storageClassName": "fast"}},
        PersistentVolumeClaim,
    )
    parameters = {"type": "none", "o": "bind", "device": "/etc"}
    manifest = _set(template__volumes=volumes)
    assert host_powers(manifest, [_class(parameters=parameters)], (), [claim]) == (
        "claim shared is /etc of the machine, by StorageClass fast",
    )


def test_a_claim_of_the_pods_own_is_no_back_door():
    spec = {"storageClassName": "fast"}
    volumes = [{"name": "tmp", "ephemeral": {"volumeClaimTemplate": {"spec": spec}}}]
    parameters = {"type": "none", "o": "bind", "device": "/etc"}
    manifest = _set(template__volumes=volumes)
    found = host_powers(
        manifest,
        [_class(parameters=parameters)],
        [_volume(hostPath={"path": "/"}, storageClassName="fast")],
    )
    assert found == ("claim tmp is /etc of the machine, by StorageClass fast",)


def test_what_several_containers_and_volumes_have_is_one_phrase_each():
    privileged = {"image": "a", "securityContext": {"privileged": True}}
    mounts = [{"name": name, "mountPath": f"/{name}", "readOnly": name == "two"} for name in NAMES]
    manifest = _set(
        template__initContainers=[{"name": name, **privileged} for name in NAMES],
        template__volumes=[{"name": name, "hostPath": {"path": f"/{name}"}} for name in NAMES],
        container__volumeMounts=mounts,
    )
    assert host_powers(manifest) == (
        "containers one, two are privileged: they can do what root can on the machine",
        "volumes one (/one), two (/two, read-only) are paths of the machine",
    )


def test_the_volumes_that_a_claim_may_be_bound_to_are_one_phrase():
    spec = {"storageClassName": "fast"}
    manifest = _set(spec__volumeClaimTemplates=[_claim(**spec)])
    volumes = [_volume(name, hostPath={"path": f"/{name}"}, **spec) for name in NAMES]
    assert host_powers(manifest, (), volumes) == (
        "claim www may be /one, /two of the machine, by PersistentVolume one, two",
    )
