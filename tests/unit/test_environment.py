from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import Container, PodSpec, Service
from minisets.core.pod.environment import PodFields, Surroundings, expanded, variables
from minisets.core.pod.resource_fields import Capacity
from minisets.core.records.configuration import Configuration
from minisets.errors import NotConverged, ReferenceMissing

FIELDS = PodFields(
    name="web-1",
    namespace="prod",
    uid="u-1",
    pod_ip="10.0.0.3",
    host_ip="192.168.1.1",
    node_name="box",
    service_account="runner",
    labels={"app": "web", "apps.kubernetes.io/pod-index": "1"},
    annotations={"team": "storage"},
)


def _around(**changes: Any) -> Surroundings:
    pod = decode_as({"containers": [{"name": "c", "image": "i"}]}, PodSpec)
    return replace(Surroundings(pod=pod, fields=FIELDS), **changes)


def _variables(
    *env: dict[str, Any], env_from: Sequence[dict[str, Any]] = (), **around: Any
) -> dict[str, str]:
    obj = {"name": "c", "image": "i", "env": list(env), "envFrom": list(env_from)}
    return variables(decode_as(obj, Container), _around(**around))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web-1"),
        ("metadata.namespace", "prod"),
        ("metadata.uid", "u-1"),
        ("metadata.labels['app']", "web"),
        ("metadata.labels['apps.kubernetes.io/pod-index']", "1"),
        ("metadata.labels['nope']", ""),
        ("metadata.annotations['team']", "storage"),
        ("metadata.annotations['app']", ""),
        ("status.podIP", "10.0.0.3"),
        ("status.podIPs", "10.0.0.3"),
        ("status.hostIP", "192.168.1.1"),
        ("status.hostIPs", "192.168.1.1"),
        ("spec.nodeName", "box"),
        ("spec.serviceAccountName", "runner"),
        ("spec.unknown", ""),
    ],
)
def test_a_field_reference_gives_the_pods_own_value(path, value):
    env = {"name": "X", "valueFrom": {"fieldRef": {"fieldPath": path}}}
    assert _variables(env) == {"X": value}


def test_an_address_that_is_not_known_is_empty():
    assert replace(FIELDS, pod_ip="").get("status.podIP") == ""


def test_a_reference_sees_only_variables_defined_before_it():
    found = _variables(
        {"name": "EARLY", "value": "$(LATE)"},
        {"name": "LATE", "value": "x"},
        {"name": "AFTER", "value": "$(LATE)"},
    )
    assert found == {"EARLY": "$(LATE)", "LATE": "x", "AFTER": "x"}


def test_the_later_of_two_variables_of_one_name_counts_and_sees_the_first():
    found = _variables({"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"})
    assert found == {"A": "12"}


def test_a_field_is_not_expanded_itself():
    fields = replace(FIELDS, annotations={"team": "$(A)"})
    env: list[dict[str, Any]] = [
        {"name": "A", "value": "1"},
        {
            "name": "B",
            "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['team']"}},
        },
        {"name": "C", "value": "$(B)"},
    ]
    assert _variables(*env, fields=fields) == {"A": "1", "B": "$(A)", "C": "$(A)"}


def test_each_word_of_a_command_is_expanded():
    assert expanded(("run", "--id=$(A)", "$$(A)"), {"A": "7"}) == ["run", "--id=7", "$(A)"]


KNOWN = Configuration(
    config_maps={
        "base": {"A": b"base", "B": b"base", "log.level": b"info"},
        "more": {"B": "größer".encode(), "picture": b"\xff"},
    },
    secrets={"login": {"user": b"me", "key": b"\xff\x00", "null": b"a\x00b"}},
    binary_keys={"more": frozenset({"picture"})},
)


def _key(kind: str, name: str, key: str, **more: Any) -> dict[str, Any]:
    return {"name": "X", "valueFrom": {kind: {"name": name, "key": key, **more}}}


def test_whole_objects_come_first_later_ones_win_and_env_wins_over_all():
    env_from: list[dict[str, Any]] = [
        {"configMapRef": {"name": "base"}},
        {"configMapRef": {"name": "more"}},
        {"prefix": "my.", "configMapRef": {"name": "base"}},
    ]
    found = _variables({"name": "A", "value": "$(A) $(B)"}, env_from=env_from, configuration=KNOWN)
    assert found == {
        "A": "base größer",
        "B": "größer",
        "log.level": "info",
        "my.A": "base",
        "my.B": "base",
        "my.log.level": "info",
    }


def test_a_whole_secret_brings_its_keys():
    secrets = Configuration(secrets={"login": {"user": b"me", "password": b"$(user)"}})
    found = _variables(env_from=[{"secretRef": {"name": "login"}}], configuration=secrets)
    assert found == {"user": "me", "password": "$(user)"}


def test_a_key_of_an_object_is_a_value():
    assert _variables(_key("configMapKeyRef", "base", "log.level"), configuration=KNOWN) == {
        "X": "info"
    }
    assert _variables(_key("secretKeyRef", "login", "user"), configuration=KNOWN) == {"X": "me"}


@pytest.mark.parametrize(
    ("kind", "name", "key", "message", "hint"),
    [
        (
            "configMapKeyRef",
            "nope",
            "A",
            'pod/web-1 cannot start: configmap "nope" not found',
            "minisets create configmap nope --from-literal=KEY=VALUE -n prod",
        ),
        (
            "secretKeyRef",
            "base",
            "A",
            'pod/web-1 cannot start: secret "base" not found',
            "minisets create secret generic base --from-literal=KEY=VALUE -n prod",
        ),
        (
            "configMapKeyRef",
            "base",
            "nope",
            "pod/web-1 cannot start: couldn't find key nope in ConfigMap prod/base",
            "minisets get configmap base -o yaml -n prod",
        ),
        (
            "secretKeyRef",
            "login",
            "nope",
            "pod/web-1 cannot start: couldn't find key nope in Secret prod/login",
            "minisets get secret login -o yaml -n prod",
        ),
        (
            "configMapKeyRef",
            "more",
            "picture",
            "pod/web-1 cannot start: couldn't find key picture in ConfigMap prod/more",
            "minisets get configmap more -o yaml -n prod",
        ),
    ],
)
def test_a_missing_reference_is_told_in_the_words_of_the_kubelet(kind, name, key, message, hint):
    with pytest.raises(ReferenceMissing) as caught:
        _variables(_key(kind, name, key), configuration=KNOWN)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.exit_code == 4
    assert _variables(_key(kind, name, key, optional=True), configuration=KNOWN) == {}


def test_the_hint_names_the_namespace_of_the_pod():
    with pytest.raises(ReferenceMissing) as caught:
        _variables(_key("secretKeyRef", "s", "k"), fields=replace(FIELDS, namespace="default"))
    assert str(caught.value.hint).endswith(" s --from-literal=KEY=VALUE -n default")


@pytest.mark.parametrize("kind", ["configMapRef", "secretRef"])
def test_a_missing_whole_object_is_an_error_unless_it_is_optional(kind):
    with pytest.raises(ReferenceMissing, match='"nope" not found'):
        _variables(env_from=[{kind: {"name": "nope"}}], configuration=KNOWN)
    optional = [{kind: {"name": "nope", "optional": True}}]
    assert _variables(env_from=optional, configuration=KNOWN) == {}


def test_an_optional_key_that_is_missing_leaves_what_was_there():
    found = _variables(
        {"name": "A", "value": "1"},
        {**_key("secretKeyRef", "login", "nope", optional=True), "name": "A"},
        configuration=KNOWN,
    )
    assert found == {"A": "1"}


@pytest.mark.parametrize("key", ["key", "null"])
def test_a_value_that_is_not_text_is_refused_because_the_engine_would_change_it(key):
    expected = f'the key "{key}" of the secret "login" is not text'
    with pytest.raises(NotConverged, match=expected) as caught:
        _variables(_key("secretKeyRef", "login", key), configuration=KNOWN)
    assert str(caught.value.hint).startswith("mount the secret as a volume")
    with pytest.raises(NotConverged, match="pod/web-1 cannot start: "):
        _variables(env_from=[{"secretRef": {"name": "login"}}], configuration=KNOWN)


def test_an_empty_value_gives_way_to_a_source():
    source = {"fieldRef": {"fieldPath": "metadata.name"}}
    assert _variables({"name": "A", "value": "", "valueFrom": source}) == {"A": "web-1"}


def test_a_resource_is_the_containers_own_unless_another_one_is_named():
    pod = decode_as(
        {
            "containers": [
                {"name": "c", "image": "i"},
                {"name": "d", "image": "i", "resources": {"limits": {"cpu": "500m"}}},
            ]
        },
        PodSpec,
    )
    own = {"name": "OWN", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}
    ref = {"resource": "limits.cpu", "containerName": "d", "divisor": "1m"}
    other = {"name": "OTHER", "valueFrom": {"resourceFieldRef": ref}}
    found = _variables(own, other, pod=pod, capacity=Capacity(cpus=4))
    assert found == {"OWN": "4", "OTHER": "500"}


SERVICE = decode_as(
    {"metadata": {"name": "api"}, "spec": {"ports": [{"port": 80, "targetPort": 80}]}}, Service
)


def test_service_links_are_seen_by_references_and_give_way_to_the_containers_own():
    found = _variables(
        {"name": "URL", "value": "http://$(API_SERVICE_HOST):$(API_SERVICE_PORT)"},
        {"name": "API_PORT", "value": "1"},
        {"name": "AGAIN", "value": "$(API_PORT)"},
        services=(SERVICE,),
    )
    assert found["AGAIN"] == "1"
    assert found["URL"] == "http://api.prod.svc.cluster.local:80"
    assert found["API_PORT"] == "1"
    assert list(found)[:3] == ["URL", "API_PORT", "AGAIN"]
    assert found["API_PORT_80_TCP_PROTO"] == "tcp"


def test_a_pod_may_do_without_service_links():
    pod = decode_as(
        {"containers": [{"name": "c", "image": "i"}], "enableServiceLinks": False}, PodSpec
    )
    found = _variables({"name": "A", "value": "$(API_PORT)"}, services=(SERVICE,), pod=pod)
    assert found == {"A": "$(API_PORT)"}


def test_a_source_that_names_nothing_brings_nothing():
    # Validation refuses such manifests; a record of an older version must not end in a traceback.
    assert _variables({"name": "A", "valueFrom": {}}, env_from=[{}]) == {"A": ""}
