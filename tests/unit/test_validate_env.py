from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.validate_env import check_environment

NAMES = frozenset({"app", "setup"})


def _problems(container: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in check_environment(("c",), container, NAMES)]


def _from(**source: Any) -> list[str]:
    return _problems({"env": [{"name": "A", "valueFrom": source}]})


@pytest.mark.parametrize("name", ["A", "log.level", "1st", "a-b", " ", "My:Section__Key", "~{}*#"])
def test_nearly_all_of_printable_ascii_is_a_name(name):
    assert _problems({"env": [{"name": name}]}) == []
    source = {"prefix": name, "secretRef": {"name": "s"}}
    assert _problems({"envFrom": [source]}) == []


@pytest.mark.parametrize("name", ["A=B", "é", "a\tb", "a\n", "\x7f"])
def test_anything_else_is_none(name):
    (found,) = _problems({"env": [{"name": name}]})
    assert found.startswith("c.env[0].name: Invalid value: ")
    assert "must consist only of printable ASCII characters other than '='" in found
    (found,) = _problems({"envFrom": [{"prefix": name, "secretRef": {"name": "s"}}]})
    assert found.startswith("c.envFrom[0].prefix: Invalid value: ")


def test_a_name_is_required():
    assert _problems({"env": [{"name": ""}]}) == ["c.env[0].name: Required value"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            {},
            'c.envFrom[0]: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
        ),
        (
            {"configMapRef": {"name": "a"}, "secretRef": {"name": "a"}},
            'c.envFrom[0]: Invalid value: "": '
            "may not have more than one field specified at a time",
        ),
        ({"configMapRef": {}}, "c.envFrom[0].configMapRef.name: Required value"),
        ({"secretRef": {"name": ""}}, "c.envFrom[0].secretRef.name: Required value"),
    ],
)
def test_a_whole_object_is_named_by_one_source(source, expected):
    assert _problems({"envFrom": [source]}) == [expected]


def test_the_name_of_an_object_is_one():
    (found,) = _problems({"envFrom": [{"configMapRef": {"name": "My_Map"}}]})
    assert found.startswith('c.envFrom[0].configMapRef.name: Invalid value: "My_Map": ')


@pytest.mark.parametrize("kind", ["configMapKeyRef", "secretKeyRef"])
def test_a_key_has_an_object_and_a_valid_name(kind):
    assert _from(**{kind: {"name": "a.b", "key": "log.level"}}) == []
    place = f"c.env[0].valueFrom.{kind}"
    assert _from(**{kind: {"key": ""}}) == [
        f"{place}.name: Required value",
        f"{place}.key: Required value",
    ]
    (found,) = _from(**{kind: {"name": "a", "key": "a/b"}})
    assert found.startswith(f'{place}.key: Invalid value: "a/b": a valid config key must')


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, "must specify one of: "),
        (
            {
                "fieldRef": {"fieldPath": "metadata.name"},
                "secretKeyRef": {"name": "a", "key": "b"},
            },
            "may not have more than one field specified at a time",
        ),
    ],
)
def test_a_value_has_exactly_one_source(source, expected):
    (found,) = _from(**source)
    assert found.startswith('c.env[0].valueFrom: Invalid value: "": ')
    assert expected in found


def test_a_value_and_a_source_exclude_each_other_unless_the_value_is_empty():
    source = {"fieldRef": {"fieldPath": "metadata.name"}}
    (found,) = _problems({"env": [{"name": "A", "value": "x", "valueFrom": source}]})
    assert "may not be specified when `value` is not empty" in found
    assert _problems({"env": [{"name": "A", "value": "", "valueFrom": source}]}) == []


@pytest.mark.parametrize(
    "path",
    [
        "metadata.name",
        "spec.serviceAccountName",
        "status.hostIPs",
        "metadata.labels['app.kubernetes.io/name']",
        "metadata.annotations['Example.com/My.Key']",
    ],
)
def test_these_fields_of_the_pod_can_be_variables(path):
    assert _from(fieldRef={"fieldPath": path}) == []


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"fieldPath": ""}, "Required value"),
        ({"fieldPath": "status.phase"}, 'Unsupported value: "status.phase": supported values: '),
        ({"fieldPath": "metadata.labels"}, 'Unsupported value: "metadata.labels": '),
        ({"fieldPath": "metadata.labels[app]"}, "Unsupported value: "),
        ({"fieldPath": "metadata.name['a']"}, "does not support subscript"),
        ({"fieldPath": "metadata.labels['a b']"}, 'Invalid value: "a b": name part must'),
        ({"fieldPath": "metadata.labels['']"}, 'Invalid value: "": name part must'),
        (
            {"fieldPath": "metadata.name", "apiVersion": "v2"},
            "error converting fieldPath: unsupported pod version: v2",
        ),
    ],
)
def test_other_fields_of_the_pod_cannot(field, expected):
    (found,) = _from(fieldRef=field)
    assert found.startswith("c.env[0].valueFrom.fieldRef.fieldPath: ")
    assert expected in found


@pytest.mark.parametrize(
    ("resource", "divisor"),
    [
        ("limits.cpu", "1m"),
        ("requests.cpu", "1000m"),
        ("requests.cpu", "0.001"),
        ("limits.memory", "1Mi"),
        ("limits.memory", "1024Ki"),
        ("limits.memory", "1000"),
        ("requests.ephemeral-storage", "1G"),
        ("limits.hugepages-2Mi", "1Mi"),
        ("limits.memory", "0"),
        ("limits.cpu", 1),
    ],
)
def test_a_divisor_is_a_unit_however_it_is_written(resource, divisor):
    field = {"resource": resource, "divisor": divisor, "containerName": "setup"}
    assert _from(resourceFieldRef=field) == []


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"resource": ""}, "resource: Required value"),
        ({"resource": "limits.nvidia.com/gpu"}, "resource: Unsupported value: "),
        (
            {"resource": "limits.cpu", "containerName": "nope"},
            'containerName: Not found: no container of this pod is named "nope"',
        ),
        (
            {"resource": "limits.cpu", "divisor": "10m"},
            'divisor: Invalid value: "10m": '
            "only divisor's values 1m and 1 are supported with the cpu resource",
        ),
        (
            {"resource": "requests.memory", "divisor": "1m"},
            'divisor: Invalid value: "1m": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, '
            "1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource",
        ),
        (
            {"resource": "limits.ephemeral-storage", "divisor": "2Mi"},
            "are supported with the local ephemeral storage resource",
        ),
        (
            {"resource": "limits.hugepages-2Mi", "divisor": "1m"},
            "are supported with the hugepages resource",
        ),
        ({"resource": "limits.cpu", "divisor": "much"}, "quantities must match"),
    ],
)
def test_a_resource_that_cannot_be_a_variable_is_refused(field, expected):
    (found,) = _from(resourceFieldRef=field)
    assert found.startswith("c.env[0].valueFrom.resourceFieldRef.")
    assert expected in found
