"""Of which containers a pod consists."""

from __future__ import annotations

from typing import Any

from minisets.core.input.decode import decode_as
from minisets.core.manifest import PodSpec
from minisets.core.pod.layout import SANDBOX, Role, has_sandbox, layout


def _spec(*containers: str, inits: tuple[dict[str, Any], ...] = (), **more: Any) -> PodSpec:
    return decode_as(
        {
            "containers": [{"name": name, "image": "i"} for name in containers],
            "initContainers": [{"image": "i", **one} for one in inits],
            **more,
        },
        PodSpec,
    )


def test_a_pod_of_one_container_is_that_container():
    (part,) = layout(_spec("app"))
    assert (part.role, part.name, part.is_named_as_pod) == (Role.MAIN, "app", True)


def test_init_containers_come_first_and_need_no_sandbox():
    spec = _spec("app", inits=({"name": "a"}, {"name": "b"}))
    assert not has_sandbox(spec)
    assert [(part.role, part.name) for part in layout(spec)] == [
        (Role.INIT, "a"),
        (Role.INIT, "b"),
        (Role.MAIN, "app"),
    ]


def test_several_containers_share_a_sandbox_and_the_first_has_the_name_of_the_pod():
    parts = layout(_spec("app", "log"))
    assert [part.name for part in parts] == [SANDBOX, "app", "log"]
    assert [part.place for part in parts] == [0, 1, 2]
    assert [part.is_named_as_pod for part in parts] == [False, True, False]


def test_a_sidecar_keeps_its_place_among_the_init_containers():
    inits = ({"name": "a"}, {"name": "side", "restartPolicy": "Always"}, {"name": "b"})
    parts = layout(_spec("app", inits=inits))
    assert [(part.role, part.name) for part in parts] == [
        (Role.SANDBOX, SANDBOX),
        (Role.INIT, "a"),
        (Role.SIDECAR, "side"),
        (Role.INIT, "b"),
        (Role.MAIN, "app"),
    ]


def test_a_shared_process_namespace_needs_a_sandbox_for_one_container_too():
    assert has_sandbox(_spec("app", shareProcessNamespace=True))
