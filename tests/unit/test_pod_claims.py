from __future__ import annotations

from typing import Any

import pytest

from minisets.core import labels
from minisets.core.input.decode import decode_as
from minisets.core.manifest import PersistentVolumeClaim, PodSpec, StatefulSet, StorageClass
from minisets.core.observed import VolumeSeen
from minisets.core.volumes.pod_claims import check_users, missing_claims, shortfalls, to_hand_over
from minisets.core.volumes.pod_volumes import PodVolume, VolumeKind
from minisets.core.volumes.storage import Storage
from minisets.errors import NotConverged

CLAIM = {
    "metadata": {"name": "shared"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "1Gi"}},
    },
}
POD: dict[str, Any] = {"containers": []}
BIND = {"type": "none", "o": "bind", "device": "/srv"}


def test_what_docker_does_not_give_is_said_once():
    manifest = decode_as(
        {
            "metadata": {"name": "web"},
            "spec": {
                "selector": {},
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "name": "app",
                                "image": "i",
                                "volumeMounts": [
                                    {"name": "tmp", "mountPath": "/x", "subPath": "x"},
                                    {"name": "mem", "mountPath": "/y"},
                                ],
                            }
                        ],
                        "volumes": [
                            {"name": "tmp", "emptyDir": {"medium": "Memory"}},
                            {"name": "mem", "emptyDir": {"medium": "Memory"}},
                            {"name": "a", "persistentVolumeClaim": {"claimName": "shared"}},
                            {"name": "b", "persistentVolumeClaim": {"claimName": "none"}},
                            {
                                "name": "c",
                                "ephemeral": {"volumeClaimTemplate": {"spec": CLAIM["spec"]}},
                            },
                            {"name": "shared", "emptyDir": {}},
                        ],
                    }
                },
                "volumeClaimTemplates": [CLAIM],
            },
        },
        StatefulSet,
    )
    assert shortfalls(
        manifest, "default", Storage(claims={"shared": decode_as(CLAIM, PersistentVolumeClaim)})
    ) == (
        "the emptyDir tmp is on disk: Docker cannot mount a subPath of memory",
        'there is no StorageClass "fast": its claims get plain volumes',
    )


def test_the_old_annotation_names_a_class_too():
    annotations = {"volume.beta.kubernetes.io/storage-class": "fast"}
    claim = {"metadata": {"name": "data", "annotations": annotations}, "spec": {}}
    spec = {"selector": {}, "template": {"spec": POD}, "volumeClaimTemplates": [claim]}
    manifest = decode_as({"metadata": {"name": "web"}, "spec": spec}, StatefulSet)
    fast = {"metadata": {"name": "fast"}, "provisioner": "k8s.io/minikube-hostpath"}
    classes = (decode_as(fast, StorageClass),)
    (found,) = shortfalls(manifest, "default", Storage(classes=classes))
    assert "the provisioner k8s.io/minikube-hostpath of the class fast needs a cluster" in found


def test_claims_that_are_not_there_are_found_with_their_place():
    volumes = [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "persistentVolumeClaim": {"claimName": "none"}},
        {"name": "shared", "persistentVolumeClaim": {"claimName": "hidden by the template"}},
        {"name": "c", "persistentVolumeClaim": {"claimName": "there"}},
    ]
    template = {"spec": {"containers": [], "volumes": volumes}}
    spec = {"selector": {}, "template": template, "volumeClaimTemplates": [CLAIM]}
    manifest = decode_as({"metadata": {"name": "web"}, "spec": spec}, StatefulSet)
    there = decode_as(CLAIM, PersistentVolumeClaim)
    assert missing_claims(manifest, Storage(claims={"there": there})) == ((1, "none"),)


@pytest.mark.parametrize(
    ("mode", "users", "is_refused"),
    [
        ("ReadWriteOncePod", {"shared": ["web-1"]}, True),
        ("ReadWriteOncePod", {"shared": ["web-0"]}, False),
        ("ReadWriteOncePod", {}, False),
        ("ReadWriteOnce", {"shared": ["web-1"]}, False),
    ],
)
def test_a_claim_for_one_pod_is_refused_to_a_second(mode, users, is_refused):
    volume = PodVolume(
        name="data",
        kind=VolumeKind.SHARED_CLAIM,
        source="shared",
        labels={labels.CLAIM: "shared"},
        access_modes=(mode,),
    )
    if is_refused:
        with pytest.raises(NotConverged, match=r"pod/web-0 cannot use the claim shared.*web-1"):
            check_users([volume], "web-0", users)
    else:
        check_users([volume], "web-0", users)


@pytest.mark.parametrize(
    ("context", "seen", "more", "is_asked"),
    [
        ({}, {}, {}, False),
        ({"fsGroup": 5}, {}, {}, True),
        ({"fsGroup": 5}, {}, {"kind": VolumeKind.SHARED_CLAIM}, True),
        ({"fsGroup": 5}, {}, {"kind": VolumeKind.SCRATCH}, False),
        ({"fsGroup": 5}, {}, {"read_only": True}, False),
        ({"fsGroup": 5}, {"labels": {labels.FS_GROUP: "5"}}, {}, False),
        ({"fsGroup": 5}, {"labels": {labels.FS_GROUP: "6"}}, {}, True),
        (
            {"fsGroup": 5, "fsGroupChangePolicy": "Always"},
            {"labels": {labels.FS_GROUP: "5"}},
            {},
            True,
        ),
        ({"fsGroup": 5}, {"options": BIND}, {}, False),
        ({"fsGroup": 5}, {"options": BIND, "driver": "fancy"}, {}, True),
        ({"fsGroup": 5}, {"name": "another"}, {}, False),
    ],
)
def test_which_claims_may_have_to_be_handed_to_the_group(
    context: dict[str, Any], seen: dict[str, Any], more: dict[str, Any], is_asked: bool
):
    volume = PodVolume(**{"name": "data", "kind": VolumeKind.CLAIM, "source": "data-web-0"} | more)
    there = VolumeSeen(**{"name": "data-web-0"} | seen)
    spec = decode_as({"containers": [], "securityContext": context}, PodSpec)
    assert bool(to_hand_over([volume], {there.name: there}, spec)) is is_asked
