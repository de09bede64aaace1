from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import Container
from minisets.core.pod.resources import changed_limits, resource_settings


def _container(**resources: Any) -> Container:
    return decode_as({"name": "app", "image": "a", "resources": resources}, Container)


@pytest.mark.parametrize(
    ("resources", "cpus", "expected"),
    [
        ({}, 4, {}),
        ({"limits": {"cpu": "500m"}}, 4, {"NanoCpus": 500_000_000, "CpuShares": 512}),
        ({"limits": {"cpu": "8"}}, 4, {"NanoCpus": 4_000_000_000, "CpuShares": 8192}),
        ({"limits": {"cpu": "8"}}, 0, {"NanoCpus": 8_000_000_000, "CpuShares": 8192}),
        ({"limits": {"cpu": "1m"}}, 4, {"NanoCpus": 10_000_000, "CpuShares": 2}),
        ({"limits": {"cpu": 2}}, 4, {"NanoCpus": 2_000_000_000, "CpuShares": 2048}),
        ({"requests": {"cpu": "2"}}, 4, {"CpuShares": 2048}),
        ({"requests": {"cpu": "0"}}, 4, {"CpuShares": 2}),
        ({"requests": {"cpu": "300"}}, 4, {"CpuShares": 262_144}),
        (
            {"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}},
            4,
            {"NanoCpus": 1_000_000_000, "CpuShares": 102},
        ),
        ({"limits": {"memory": "1Gi"}}, 4, {"Memory": 2**30, "MemorySwap": 2**30}),
        ({"limits": {"memory": "7e6"}}, 4, {"Memory": 7_000_000, "MemorySwap": 7_000_000}),
        ({"limits": {"memory": "1Mi"}}, 4, {"Memory": 6 * 2**20, "MemorySwap": 6 * 2**20}),
        ({"limits": {"ephemeral-storage": "1Gi"}}, 4, {}),
        ({"requests": {"memory": "1Gi"}}, 4, {}),
        (
            {"limits": {"nvidia.com/gpu": "2"}},
            4,
            {"DeviceRequests": [{"Count": 2, "Capabilities": [["gpu"]]}]},
        ),
        ({"limits": {"nvidia.com/gpu": 0}}, 4, {}),
    ],
)
def test_resources_become_what_the_engine_accepts(resources, cpus, expected):
    assert resource_settings(_container(**resources), cpus) == expected


def test_a_limit_of_zero_is_none():
    found = resource_settings(_container(limits={"cpu": "0", "memory": 0}), 4)
    assert found == {"CpuShares": 2}


@pytest.mark.parametrize(
    ("limits", "cpus", "expected"),
    [
        ({"cpu": "2", "memory": "6Mi"}, 2, ()),
        ({"cpu": "64"}, 0, ()),
        ({"cpu": "0", "memory": "0"}, 2, ()),
        (
            {"cpu": "2500m"},
            2,
            ("container app: the CPU limit of 2500m becomes 2: the machine has 2",),
        ),
        (
            {"cpu": "1m"},
            2,
            ("container app: the CPU limit of 1m becomes 0.01: the least there is",),
        ),
        (
            {"memory": "1Mi"},
            2,
            ("container app: the memory limit of 1Mi becomes 6Mi: the Engine takes no less",),
        ),
        (
            {"nvidia.com/gpu": 1},
            2,
            (
                "container app: the Engine does not keep GPUs apart: other containers may be "
                "given the same one",
            ),
        ),
        ({"nvidia.com/gpu": "0"}, 2, ()),
    ],
)
def test_a_limit_that_cannot_be_kept_is_told(limits, cpus, expected):
    assert changed_limits(_container(limits=limits), cpus) == expected
