from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import PodSpec
from minisets.core.manifest.meta import ResourceFieldSelector
from minisets.core.pod.resource_fields import Capacity, resource_value

CAPACITY = Capacity(cpus=4, memory=8 * 2**30 + 1)


def _value(
    resource: str,
    divisor: Any = "0",
    *,
    name: str = "",
    capacity: Capacity = CAPACITY,
    **given: Any,
) -> str:
    pod = decode_as(
        {
            "containers": [
                {"name": "c", "image": "i", "resources": given},
                {"name": "d", "image": "i", "resources": {"limits": {"memory": "1Gi"}}},
            ],
            "initContainers": [
                {"name": "e", "image": "i", "resources": {"limits": {"memory": "2Gi"}}}
            ],
        },
        PodSpec,
    )
    selector = ResourceFieldSelector(resource=resource, divisor=divisor, container_name=name)
    return resource_value(selector, pod, capacity, container=pod.containers[0])


@pytest.mark.parametrize(
    ("amount", "divisor", "value"),
    [
        ("250m", "0", "1"),
        ("250m", "1", "1"),
        ("250m", "1m", "250"),
        ("1500m", "1", "2"),
        ("2", "1m", "2000"),
        ("0.0005", "1m", "1"),
        (2, "1", "2"),
        (1.1, "1000m", "2"),
        ("1e400", "1m", str(2**63 - 1)),
    ],
)
def test_an_amount_of_cpu_is_rounded_up_to_the_divisor(amount, divisor, value):
    assert _value("limits.cpu", divisor, limits={"cpu": amount}) == value
    assert _value("requests.cpu", divisor, requests={"cpu": amount}) == value


@pytest.mark.parametrize(
    ("amount", "divisor", "value"),
    [
        ("64Mi", "0", "67108864"),
        ("64Mi", "1Mi", "64"),
        ("64M", "1Mi", "62"),
        ("1", "1Gi", "1"),
        ("9007199254740993", "1", "9007199254740993"),
        ("1.5", "1", "2"),
        ("1E", "1E", "1"),
    ],
)
@pytest.mark.parametrize("resource", ["memory", "ephemeral-storage"])
def test_an_amount_of_bytes_is_rounded_up_to_the_divisor(resource, amount, divisor, value):
    assert _value(f"limits.{resource}", divisor, limits={resource: amount}) == value


@pytest.mark.parametrize("limits", [{}, {"cpu": 0, "memory": "0"}])
def test_a_limit_that_is_not_set_is_all_that_the_machine_has(limits):
    assert _value("limits.cpu", "1m", limits=limits) == "4000"
    assert _value("limits.memory", "1Gi", limits=limits) == "9"
    assert _value("limits.ephemeral-storage", limits=limits) == "0"
    assert _value("limits.cpu", capacity=Capacity(), limits=limits) == "0"


def test_a_request_that_is_not_set_is_the_limit_that_is():
    assert _value("requests.cpu", limits={"cpu": "3"}) == "3"
    assert _value("requests.cpu", limits={"cpu": "3"}, requests={"cpu": "1"}) == "1"
    assert _value("requests.cpu", limits={"cpu": "3"}, requests={"cpu": "0"}) == "0"
    assert _value("requests.memory") == "0"
    assert _value("requests.hugepages-2Mi") == "0"


@pytest.mark.parametrize(("name", "value"), [("c", "9"), ("d", "1"), ("e", "2")])
def test_a_container_of_the_pod_may_be_named(name, value):
    assert _value("limits.memory", "1Gi", name=name) == value


def test_a_container_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="container nope not found"):
        _value("limits.cpu", name="nope")
