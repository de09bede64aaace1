from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from minisets.core.decode import decode_as
from minisets.core.environment import PodFields, expanded, variables
from minisets.core.manifest import Container

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


def _variables(*env: dict[str, Any]) -> dict[str, str]:
    container = decode_as({"name": "c", "image": "i", "env": list(env)}, Container)
    return variables(container, FIELDS)


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
    env = [
        {"name": "A", "value": "1"},
        {
            "name": "B",
            "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['team']"}},
        },
        {"name": "C", "value": "$(B)"},
    ]
    container = decode_as({"name": "c", "image": "i", "env": env}, Container)
    assert variables(container, fields) == {"A": "1", "B": "$(A)", "C": "$(A)"}


def test_each_word_of_a_command_is_expanded():
    assert expanded(("run", "--id=$(A)", "$$(A)"), {"A": "7"}) == ["run", "--id=7", "$(A)"]
