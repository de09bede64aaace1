from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import Container, PodSpec
from minisets.core.observed import ImageSeen
from minisets.core.pod.security import (
    capabilities,
    groups,
    needs_image,
    root_reason,
    security_remarks,
    security_settings,
    sysctl_name,
    sysctls,
    user,
)


def _pod(own: dict[str, Any] | None = None, **context: Any) -> tuple[PodSpec, Container]:
    """Return a pod whose context is ``context``, and its container, whose own is ``own``."""
    container = {"name": "app", "image": "a", **({"securityContext": own} if own else {})}
    pod = decode_as({"containers": [container], "securityContext": context}, PodSpec)
    return pod, pod.containers[0]


def _image(name: str) -> ImageSeen:
    return ImageSeen(id="sha256:1", user=name)


def _settings(own: dict[str, Any] | None = None, **context: Any) -> dict[str, Any]:
    return security_settings(*_pod(own, **context))


def test_what_is_not_set_is_left_to_docker_and_to_the_image():
    pod, container = _pod()
    assert security_settings(pod, container) == {}
    assert user(pod, container, None) == ""
    assert not needs_image(pod, container)


@pytest.mark.parametrize(
    ("own", "context", "expected"),
    [
        ({}, {"runAsUser": 1000}, "1000"),
        ({}, {"runAsUser": 0}, "0"),
        ({"runAsUser": 0}, {"runAsUser": 1000}, "0"),
        ({"runAsUser": 5}, {"runAsGroup": 6}, "5:6"),
        ({"runAsGroup": 0}, {"runAsUser": 5, "runAsGroup": 6}, "5:0"),
    ],
)
def test_the_container_wins_over_the_pod_field_by_field(own, context, expected):
    pod, container = _pod(own, **context)
    assert user(pod, container, _image("nginx")) == expected
    assert not needs_image(pod, container)


@pytest.mark.parametrize(
    ("image", "expected"),
    [("", "0:7"), ("1001", "1001:7"), ("nginx:www", "nginx:7"), (":8", "0:7")],
)
def test_a_group_alone_goes_with_the_user_of_the_image(image, expected):
    pod, container = _pod(runAsGroup=7)
    assert needs_image(pod, container)
    assert user(pod, container, _image(image)) == expected


def test_groups_are_those_of_the_pod_and_of_its_volumes_each_once():
    assert groups(_pod(supplementalGroups=[10, 20], fsGroup=10)[0]) == ["10", "20"]
    assert _settings(fsGroup=0)["GroupAdd"] == ["0"]


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        (["NET_ADMIN", "CAP_SYS_PTRACE"], [], (("NET_ADMIN", "SYS_PTRACE"), ())),
        (["chown"], ["all"], (("CHOWN",), ("ALL",))),
        (["ALL"], ["NET_RAW"], (("ALL",), ("NET_RAW",))),
        (["ALL", "KILL"], ["ALL"], (("KILL",), ("ALL",))),
        (["KILL"], ["CAP_KILL"], ((), ("KILL",))),
        (["KILL", "CAP_KILL"], [], (("KILL",), ())),
    ],
)
def test_capabilities_have_one_spelling_and_what_is_dropped_is_gone(add, drop, expected):
    _, container = _pod({"capabilities": {"add": add, "drop": drop}})
    assert capabilities(container) == expected


def test_capabilities_and_switches_become_fields_of_the_engine():
    own = {
        "privileged": True,
        "readOnlyRootFilesystem": True,
        "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
    }
    assert _settings(own) == {
        "Privileged": True,
        "ReadonlyRootfs": True,
        "CapAdd": ["NET_ADMIN"],
        "CapDrop": ["ALL"],
    }


def test_switches_that_are_off_say_nothing():
    own = {"privileged": False, "readOnlyRootFilesystem": False, "procMount": "Default"}
    assert _settings({**own, "allowPrivilegeEscalation": True}) == {}


def test_an_unmasked_proc_hides_nothing():
    assert _settings({"procMount": "Unmasked"}) == {"MaskedPaths": [], "ReadonlyPaths": []}


@pytest.mark.parametrize(
    ("own", "context", "expected"),
    [
        ({"allowPrivilegeEscalation": False}, {}, ["no-new-privileges:true"]),
        ({}, {"seccompProfile": {"type": "Unconfined"}}, ["seccomp=unconfined"]),
        ({}, {"seccompProfile": {"type": "RuntimeDefault"}}, None),
        (
            {"seccompProfile": {"type": "RuntimeDefault"}},
            {"seccompProfile": {"type": "Unconfined"}},
            None,
        ),
        ({}, {"appArmorProfile": {"type": "Unconfined"}}, ["apparmor=unconfined"]),
        ({}, {"appArmorProfile": {"type": "RuntimeDefault"}}, None),
        (
            {"appArmorProfile": {"type": "Localhost", "localhostProfile": "mine"}},
            {"appArmorProfile": {"type": "Unconfined"}},
            ["apparmor=mine"],
        ),
        (
            {"seLinuxOptions": {"level": "s0:c1", "type": "t"}},
            {"seLinuxOptions": {"user": "u"}},
            ["label=type:t", "label=level:s0:c1"],
        ),
        (
            {},
            {"seLinuxOptions": {"user": "u", "role": "r"}},
            ["label=user:u", "label=role:r"],
        ),
    ],
)
def test_profiles_become_security_options(own, context, expected):
    assert _settings(own, **context).get("SecurityOpt") == expected


@pytest.mark.parametrize(
    ("own", "context", "image", "expected"),
    [
        ({}, {}, "", ""),
        ({"runAsNonRoot": False}, {"runAsNonRoot": True}, "", ""),
        ({"runAsUser": 1}, {"runAsNonRoot": True}, "", ""),
        ({}, {"runAsNonRoot": True}, "1001:0", ""),
        (
            {"runAsUser": 0},
            {"runAsNonRoot": True},
            "1001",
            "container's runAsUser breaks non-root policy",
        ),
        (
            {"runAsNonRoot": True},
            {},
            "",
            "container has runAsNonRoot and image will run as root",
        ),
        (
            {"runAsNonRoot": True},
            {},
            "0:1000",
            "container has runAsNonRoot and image will run as root",
        ),
        (
            {"runAsNonRoot": True},
            {},
            "nginx:nginx",
            "container has runAsNonRoot and image has non-numeric user (nginx), "
            "cannot verify user is non-root",
        ),
    ],
)
def test_who_must_not_be_root_is_judged_as_the_kubelet_does(own, context, image, expected):
    pod, container = _pod(own, **context)
    assert root_reason(pod, container, _image(image)) == expected


def test_without_the_image_only_the_manifest_judges():
    pod, container = _pod(runAsNonRoot=True)
    assert needs_image(pod, container)
    assert root_reason(pod, container, None) == ""


def test_kernel_parameters_are_written_with_dots():
    given = [{"name": "net.core.somaxconn", "value": "1"}, {"name": "kernel/sem", "value": "2"}]
    expected = {"net.core.somaxconn": "1", "kernel.sem": "2"}
    assert sysctls(_pod(sysctls=given)[0]) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("net/ipv4/conf/eth0.1/rp_filter", "net.ipv4.conf.eth0/1.rp_filter"),
        ("net.ipv4.conf.eth0/1.rp_filter", "net.ipv4.conf.eth0/1.rp_filter"),
        ("plain", "plain"),
    ],
)
def test_the_first_separator_of_a_kernel_parameter_decides(written, expected):
    assert sysctl_name(written) == expected


def test_a_profile_that_the_machine_must_have_is_told_once():
    profile = {"type": "Localhost", "localhostProfile": "mine"}
    (said,) = security_remarks(_pod({"appArmorProfile": profile}, appArmorProfile=profile)[0])
    assert "AppArmor profile mine must be loaded" in said
    assert security_remarks(_pod(appArmorProfile={"type": "Unconfined"})[0]) == ()
