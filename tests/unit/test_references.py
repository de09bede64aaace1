from __future__ import annotations

from minisets.core.input.decode import decode
from minisets.core.input.defaults import apply_defaults
from minisets.core.manifest import PodTemplateSpec, StatefulSet
from minisets.core.pod.references import missing_notices, references, uses_of
from tests.unit.manifests import a_set

EVERYWHERE = {
    "container__envFrom": [{"configMapRef": {"name": "all"}}],
    "container__env": [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "pass", "key": "word"}}},
        {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {
            "name": "C",
            "value": "wins",
            "valueFrom": {"configMapKeyRef": {"name": "never", "key": "k"}},
        },
    ],
    "container__volumeMounts": [
        {"name": "files", "mountPath": "/files"},
        {"name": "one", "mountPath": "/one", "subPath": "k"},
    ],
    "template__volumes": [
        {"name": "files", "configMap": {"name": "conf"}},
        {
            "name": "one",
            "secret": {"secretName": "tls", "items": [{"key": "k", "path": "k"}]},
        },
        {
            "name": "both",
            "projected": {
                "sources": [
                    {"configMap": {"name": "conf"}},
                    {"secret": {"name": "more", "optional": True}},
                ]
            },
        },
    ],
    "template__imagePullSecrets": [{"name": "registry"}],
}


def template(**changes: object) -> PodTemplateSpec:
    found = decode(apply_defaults(a_set(**changes)))
    assert isinstance(found, StatefulSet)
    return found.spec.template


def test_every_place_is_found_with_its_path_and_use():
    found = [
        (one.kind, one.name, one.key, one.use, one.path.removeprefix("spec.template.spec."))
        for one in references(template(**EVERYWHERE))
    ]
    assert found == [
        ("ConfigMap", "all", "", "env", "containers[0].envFrom[0]"),
        ("Secret", "pass", "word", "env", "containers[0].env[0]"),
        ("ConfigMap", "conf", "", "files", "volumes[0]"),
        ("Secret", "tls", "k", "single file", "volumes[1]"),
        ("ConfigMap", "conf", "", "files", "volumes[2]"),
        ("Secret", "more", "", "files", "volumes[2]"),
        ("Secret", "registry", "", "pull", "imagePullSecrets[0]"),
    ]


def test_what_is_missing_is_told_once_with_the_command():
    there = {("ConfigMap", "all"): frozenset({"a"}), ("Secret", "tls"): frozenset({"other"})}
    notices = missing_notices(
        "statefulset/web",
        template(**EVERYWHERE),
        lambda kind, name: there.get((kind, name)),
        " -n x",
    )
    texts = [notice.message for notice in notices]
    assert len(texts) == 4
    assert texts[0] == 'there is no secret "registry": images are pulled without it'
    assert texts[1].endswith("minisets create secret generic pass --from-literal=word=VALUE -n x")
    assert texts[2].endswith("minisets create configmap conf --from-literal=KEY=VALUE -n x")
    assert texts[3] == 'the secret "tls" has no key "k": its pods cannot start'


def test_all_missing_keys_of_an_object_are_one_notice():
    keys = ("a", "b", "a")
    env = [
        {"name": f"V{index}", "valueFrom": {"secretKeyRef": {"name": "pass", "key": key}}}
        for index, key in enumerate(keys)
    ]
    (absent,) = missing_notices("s", template(container__env=env), lambda *_: None, "")
    assert absent.message.endswith("pass --from-literal=a=VALUE --from-literal=b=VALUE")
    assert absent.path == "spec.template.spec.containers[0].env[0]"
    (empty,) = missing_notices("s", template(container__env=env), lambda *_: frozenset(), "")
    assert empty.message == 'the secret "pass" has no keys "a", "b": its pods cannot start'


def test_how_keys_are_used_tells_who_sees_them_change():
    found = template(**EVERYWHERE)
    assert uses_of(found, "ConfigMap", "conf", {"x"}) == ("files",)
    assert uses_of(found, "ConfigMap", "conf", set()) == ()
    assert uses_of(found, "ConfigMap", "all", {"x"}) == ("env",)
    assert uses_of(found, "Secret", "pass", {"word", "other"}) == ("env",)
    assert uses_of(found, "Secret", "pass", {"other"}) == ()
    assert uses_of(found, "Secret", "tls", {"k"}) == ("single file",)
    assert uses_of(found, "Secret", "registry", {".dockerconfigjson"}) == ()
    assert uses_of(found, "ConfigMap", "tls", {"k"}) == ()


def test_a_volume_may_be_mounted_whole_and_as_a_single_file():
    mounts = [
        {"name": "files", "mountPath": "/one", "subPath": "k"},
        {"name": "files", "mountPath": "/files"},
    ]
    found = template(**{**EVERYWHERE, "container__volumeMounts": mounts})
    assert uses_of(found, "ConfigMap", "conf", {"x"}) == ("single file", "files")
