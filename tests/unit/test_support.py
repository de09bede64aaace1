from typing import Any, get_args

import msgspec
import pytest

from minisets.core.input.schema import load_schema, type_of
from minisets.core.input.support import notice_of_other_kind, review, table
from minisets.core.input.support_table import TABLE, YES, Level
from minisets.core.manifest import KINDS
from tests.unit.manifests import SERVICE, SET, a_service, a_set


def refusals(obj):
    return [(problem.path, problem.message) for problem in review(obj)[1]]


def notices(obj):
    return [str(notice) for notice in review(obj)[0]]


def test_every_field_that_can_be_reached_has_exactly_one_status():
    definitions = load_schema()["$defs"]
    todo = ["StatefulSet", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim"]
    todo += ["PersistentVolume", "StorageClass", "Namespace"]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        declared = definitions[name].get("properties", {})
        assert set(TABLE.get(name, {})) == set(declared), name
        todo += [
            type_of(declared[field])
            for field, support in TABLE[name].items()
            if support.level is Level.HONOURED and type_of(declared[field])
        ]
    assert seen == set(TABLE), "types in the table that no manifest reaches"


def test_every_honoured_field_is_read_into_the_model():
    todo: list[tuple[str, Any]] = list(KINDS.items())
    seen: set[str] = set()
    while todo:
        name, model = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        kept = {one.encode_name: one.type for one in msgspec.structs.fields(model)}
        honoured = {
            field for field, support in TABLE[name].items() if support.level is Level.HONOURED
        }
        # The kind and the version are the type itself.
        assert honoured - {"apiVersion", "kind"} <= set(kept), name
        for field in honoured & set(kept):
            inner = type_of(load_schema()["$defs"][name]["properties"][field])
            todo += [(inner, part) for part in _models(kept[field]) if inner in TABLE]
    assert len(seen) > 60


def _models(hint: Any) -> list[Any]:
    """Return the models in a type such as ``tuple[Container, ...] | None``."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [hint]
    return [model for part in get_args(hint) for model in _models(part)]


def test_each_field_that_is_not_honoured_has_a_reason():
    assert all(row.support.reason for row in table() if row.support.level is not Level.HONOURED)


def test_a_plain_set_and_its_service_are_honoured_without_a_word():
    assert review(SET) == ((), ())
    assert review(SERVICE) == ((), ())


def test_what_would_change_the_pod_is_refused_with_its_path():
    obj = a_set(template__activeDeadlineSeconds=60)
    path = "spec.template.spec.activeDeadlineSeconds"
    assert [found for found, _ in refusals(obj)] == [path]


@pytest.mark.parametrize(
    "changes",
    [
        {"template__securityContext": {}},
        {"template__hostNetwork": False},
        {"template__initContainers": []},
        {"template__dnsPolicy": "ClusterFirst"},
        {"template__automountServiceAccountToken": False},
        {"container__terminationMessagePolicy": "File"},
    ],
)
def test_a_value_that_asks_for_nothing_is_accepted_without_a_word(changes):
    assert review(a_set(**changes)) == ((), ())


def test_zero_is_not_taken_for_false():
    assert refusals(a_set(template__activeDeadlineSeconds=0)) != []


def test_an_empty_volume_source_still_asks_for_a_volume():
    obj = a_set(template__volumes=[{"name": "tmp", "image": {}}])
    assert [path for path, _ in refusals(obj)] == ["spec.template.spec.volumes[0].image"]


def test_a_volume_without_a_source_is_an_empty_directory():
    assert review(a_set(template__volumes=[{"name": "tmp"}])) == ((), ())


def test_the_size_of_an_empty_directory_is_noticed_unless_it_is_in_memory():
    on_disk = [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}]
    assert notices(a_set(template__volumes=on_disk)) == [
        "statefulset/web: sizeLimit is ignored: the local driver enforces no size"
    ]
    in_memory = [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}]
    assert review(a_set(template__volumes=in_memory)) == ((), ())


def test_huge_pages_are_refused():
    obj = a_set(template__volumes=[{"name": "tmp", "emptyDir": {"medium": "HugePages-2Mi"}}])
    assert refusals(obj) == [
        (
            "spec.template.spec.volumes[0].emptyDir.medium",
            "the Engine hands out no huge pages",
        )
    ]


@pytest.mark.parametrize(
    ("source", "refused"), [({"hostPath": {"path": "/dev"}}, 0), ({"emptyDir": {}}, 1)]
)
def test_only_host_paths_share_what_is_mounted_in_them(source, refused):
    mounts = [{"name": "one", "mountPath": "/one", "mountPropagation": "Bidirectional"}]
    obj = a_set(template__volumes=[{"name": "one", **source}], container__volumeMounts=mounts)
    assert len(refusals(obj)) == refused


def test_a_volume_that_a_claim_template_replaces_is_not_looked_at():
    assert review(a_set(template__volumes=[{"name": "www", "emptyDir": {}}])) == ((), ())


def test_what_is_harmless_is_one_notice_for_each_reason():
    obj = a_set(template__affinity={"nodeAffinity": {}}, template__nodeSelector={"a": "b"})
    assert notices(obj) == [
        "statefulset/web: affinity, nodeSelector are ignored: there is one machine, so nothing "
        "is scheduled"
    ]


def test_a_limit_of_a_device_is_refused_and_of_disk_space_is_noticed():
    limits = {"cpu": 1, "nvidia.com/gpu": 1, "amd.com/gpu": 1, "ephemeral-storage": "1Gi"}
    obj = a_set(container__resources={"limits": limits})
    path = "spec.template.spec.containers[0].resources.limits"
    assert refusals(obj) == [(f"{path}[amd.com/gpu]", "the Engine knows no such resource")]
    assert len(notices(obj)) == 1


def test_a_device_that_is_not_wanted_is_accepted_without_a_word():
    for none in (0, "0"):
        obj = a_set(container__resources={"limits": {"amd.com/gpu": none}})
        assert review(obj) == ((), ())


def test_a_load_balancer_is_honoured_and_its_own_address_noticed():
    assert notices(a_service(type="LoadBalancer")) == []
    (notice,) = notices(a_service(type="LoadBalancer", loadBalancerIP="10.0.0.1"))
    assert "--publish-address" in notice


def test_huge_pages_are_refused_by_whatever_size():
    obj = a_set(container__resources={"limits": {"hugepages-2Mi": "4Mi"}})
    path = "spec.template.spec.containers[0].resources.limits.hugepages-2Mi"
    assert refusals(obj) == [(path, "the Engine hands out no huge pages")]


def test_a_seccomp_profile_of_a_node_is_refused():
    profile = {"type": "Localhost", "localhostProfile": "a.json"}
    found = refusals(a_set(template__securityContext={"seccompProfile": profile}))
    assert [path for path, _ in found] == [
        "spec.template.spec.securityContext.seccompProfile.localhostProfile"
    ]


def test_a_user_namespace_of_the_pods_own_is_noticed_and_the_default_is_not():
    (notice,) = notices(a_set(template__hostUsers=False))
    assert "user namespaces are a setting of the Docker daemon" in notice
    assert notices(a_set(template__hostUsers=True)) == []


def test_a_kind_without_meaning_is_one_notice():
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}
    assert review(role) == ((notice_of_other_kind(role),), ())
    assert str(notice_of_other_kind(role)).startswith("role is ignored: ")


def test_a_claim_that_is_an_object_of_its_own_is_honoured():
    obj = {"kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {}}
    assert review(obj) == ((), ())


def test_a_status_that_is_flipped_to_honoured_is_enough(monkeypatch):
    monkeypatch.setitem(TABLE["PodSpec"], "activeDeadlineSeconds", YES)
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {}}
    assert review(claim) == ((), ())
    assert review(a_set(template__activeDeadlineSeconds=1)) == ((), ())
