from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import PersistentVolume, StorageClass
from minisets.core.manifest.volume import PersistentVolumeClaimSpec
from minisets.core.volumes.storage import (
    Backing,
    ClaimRequest,
    Storage,
    backing,
    bind,
    class_name,
)
from minisets.errors import ReferenceMissing


def _request(name: str = "data-web-0", **spec: Any) -> ClaimRequest:
    whole = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
        **spec,
    }
    return ClaimRequest(
        namespace="default", name=name, spec=decode_as(whole, PersistentVolumeClaimSpec)
    )


def _volume(name: str = "pv-1", labels: dict[str, str] | None = None, **spec: Any) -> Any:
    whole = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}, **spec}
    obj = {"metadata": {"name": name, "labels": labels or {}}, "spec": whole}
    return decode_as(obj, PersistentVolume)


def _class(name: str = "fast", annotations: dict[str, str] | None = None, **fields: Any) -> Any:
    metadata = {"name": name, "annotations": annotations or {}}
    return decode_as(
        {"metadata": metadata, "provisioner": "minisets.io/local", **fields}, StorageClass
    )


def _bound(*requests: ClaimRequest, volumes: list[Any], **storage: Any) -> dict[str, str]:
    found = bind(requests, Storage(persistent_volumes=tuple(volumes), **storage))
    return {claim: volume.metadata.name for claim, volume in found.items()}


DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


@pytest.mark.parametrize(
    ("written", "expected"), [({}, "usual"), ({"storageClassName": "fast"}, "fast")]
)
def test_a_claim_that_names_no_class_gets_the_default_one(written, expected):
    classes = (_class("fast"), _class("usual", DEFAULT))
    assert class_name(_request(**written), classes) == expected


def test_an_empty_class_name_is_no_class_at_all():
    assert class_name(_request(storageClassName=""), (_class("usual", DEFAULT),)) == ""


def test_an_unknown_class_is_the_local_driver_and_that_is_said():
    made = backing(_request(storageClassName="gp3"), Storage())
    assert (made.driver, made.options, made.storage_class) == ("local", {}, "gp3")
    assert made.shortfall == 'there is no StorageClass "gp3": its claims get plain volumes'


def test_without_a_class_there_is_nothing_to_say():
    assert backing(_request(), Storage()) == Backing()


def test_the_parameters_of_a_class_become_options_of_its_driver():
    found = _class(
        parameters={
            "type": "nfs",
            "o": "addr=10.0.0.1",
            "device": ":/srv/${pvc.metadata.namespace}/${pvc.metadata.name}",
            "csi.storage.k8s.io/fstype": "xfs",
        },
        mountOptions=["hard", "nfsvers=4.1"],
        reclaimPolicy="Retain",
    )
    made = backing(_request(storageClassName="fast"), Storage(classes=(found,)))
    assert made == Backing(
        options={
            "type": "nfs",
            "o": "addr=10.0.0.1,hard,nfsvers=4.1",
            "device": ":/srv/default/data-web-0",
        },
        reclaim_policy="Retain",
        storage_class="fast",
    )


def test_a_class_can_name_any_volume_driver():
    found = _class(provisioner="minisets.io/rclone", parameters={"remote": "box:"})
    made = backing(_request(storageClassName="fast"), Storage(classes=(found,)))
    assert (made.driver, made.options, made.shortfall) == ("rclone", {"remote": "box:"}, "")


def test_a_bound_directory_must_be_there():
    parameters = {"type": "none", "o": "bind", "device": "/srv/${pvc.metadata.name}"}
    made = backing(
        _request(storageClassName="fast"), Storage(classes=(_class(parameters=parameters),))
    )
    assert made.host_path == "/srv/data-web-0"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3"}}, "needs a cluster"),
        ({"provisioner": "kubernetes.io/no-provisioner"}, "no persistentvolume is free"),
        ({"mountOptions": ["hard"]}, "mountOptions of the class fast are ignored"),
    ],
)
def test_what_docker_does_not_give_is_said(fields, words):
    made = backing(_request(storageClassName="fast"), Storage(classes=(_class(**fields),)))
    assert words in made.shortfall
    assert (made.driver, made.options) == ("local", {})


def test_the_smallest_fitting_volume_is_taken():
    sizes = {"pv-big": "20Gi", "pv-fit": "5Gi", "pv-small": "1Gi"}
    volumes = [_volume(name, capacity={"storage": size}) for name, size in sizes.items()]
    assert _bound(_request(), volumes=volumes) == {"data-web-0": "pv-fit"}


@pytest.mark.parametrize(
    "spec",
    [
        {"storageClassName": "slow"},
        {"accessModes": ["ReadOnlyMany"]},
        {"volumeMode": "Block"},
        {"claimRef": {"namespace": "default", "name": "other"}},
        {"claimRef": {"namespace": "prod", "name": "data-web-0"}},
    ],
)
def test_a_volume_that_does_not_fit_is_left(spec):
    assert _bound(_request(), volumes=[_volume(**spec)]) == {}


def test_a_volume_that_names_the_claim_wins_over_a_smaller_one():
    mine = _volume("pv-z", claimRef={"namespace": "default", "name": "data-web-0"})
    small = _volume("pv-a", capacity={"storage": "5Gi"})
    assert _bound(_request(), volumes=[small, mine]) == {"data-web-0": "pv-z"}


def test_a_selector_chooses_by_labels():
    volumes = [_volume("pv-1", {"disk": "hdd"}), _volume("pv-2", {"disk": "ssd"})]
    by_label = _request(selector={"matchLabels": {"disk": "ssd"}})
    assert _bound(by_label, volumes=volumes) == {"data-web-0": "pv-2"}
    wanted = [
        {"key": "disk", "operator": "NotIn", "values": ["ssd"]},
        {"key": "disk", "operator": "Exists"},
        {"key": "x", "operator": "DoesNotExist"},
        {"key": "disk", "operator": "In", "values": ["hdd"]},
    ]
    by_words = _request(selector={"matchExpressions": wanted})
    assert _bound(by_words, volumes=volumes) == {"data-web-0": "pv-1"}


def test_claims_take_volumes_in_the_order_of_their_numbers():
    volumes = [_volume(f"pv-{number}") for number in (10, 2, 1)]
    requests = [_request(f"data-web-{ordinal}") for ordinal in range(3)]
    assert _bound(*requests, volumes=volumes) == {
        "data-web-0": "pv-1",
        "data-web-1": "pv-2",
        "data-web-2": "pv-10",
    }


def test_a_volume_of_another_claim_is_not_taken_and_one_of_this_claim_is_kept():
    volumes = [_volume("pv-1"), _volume("pv-2"), _volume("pv-3")]
    bound = {"pv-1": ("default", "other"), "pv-3": ("default", "data-web-0")}
    assert _bound(_request(), volumes=volumes, bound=bound) == {"data-web-0": "pv-3"}


def test_a_named_volume_is_taken_even_if_it_is_small_and_must_be_there():
    volumes = [_volume("pv-1", capacity={"storage": "1Gi"})]
    assert _bound(_request(volumeName="pv-1"), volumes=volumes) == {"data-web-0": "pv-1"}
    request = _request(volumeName="pv-9")
    assert _bound(request, volumes=volumes) == {}
    with pytest.raises(ReferenceMissing, match="pv-9"):
        backing(request, Storage())


@pytest.mark.parametrize(
    ("source", "options", "host_path"),
    [
        (
            {"hostPath": {"path": "/srv/a"}},
            {"type": "none", "o": "bind", "device": "/srv/a"},
            ("/srv/a", ""),
        ),
        (
            {"local": {"path": "/srv/b"}},
            {"type": "none", "o": "bind", "device": "/srv/b"},
            ("/srv/b", "Directory"),
        ),
        (
            {
                "nfs": {"server": "10.0.0.1", "path": "/x", "readOnly": True},
                "mountOptions": ["hard"],
            },
            {"type": "nfs", "o": "addr=10.0.0.1,ro,hard", "device": ":/x"},
            ("", "Directory"),
        ),
    ],
)
def test_a_persistent_volume_is_a_local_volume_with_options(source, options, host_path):
    volume = _volume(**source)
    made = backing(_request(), Storage(), volume)
    assert made.options == options
    assert (made.host_path, made.host_path_type) == host_path
    assert (made.persistent_volume, made.reclaim_policy) == ("pv-1", "Retain")


def test_a_persistent_volume_of_a_cluster_is_a_plain_volume_and_that_is_said():
    made = backing(_request(), Storage(), _volume(persistentVolumeReclaimPolicy="Delete"))
    assert (made.options, made.reclaim_policy) == ({}, "Delete")
    assert "needs a cluster" in made.shortfall
