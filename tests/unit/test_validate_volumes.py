from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.defaults import apply_defaults
from minisets.core.input.validate import validate
from tests.unit.manifests import a_set

POD = "spec.template.spec"
MODE = "must be a number between 0 and 0777 (octal), both inclusive"


def _problems(**changes: Any) -> list[tuple[str, str]]:
    found = validate(apply_defaults(a_set(**changes)))
    return [(problem.path.removeprefix(f"{POD}."), problem.message) for problem in found]


def _of_volume(**source: Any) -> list[tuple[str, str]]:
    found = _problems(template__volumes=[{"name": "one", **source}])
    return [(path.removeprefix("volumes[0]."), message) for path, message in found]


def _of_mount(**mount: Any) -> list[tuple[str, str]]:
    found = _problems(container__volumeMounts=[{"name": "www", "mountPath": "/w", **mount}])
    return [(path.removeprefix("containers[0].volumeMounts[0]."), text) for path, text in found]


@pytest.mark.parametrize(
    "source",
    [
        {"configMap": {"name": "a", "items": [{"key": "k", "path": "a/b", "mode": 0o400}]}},
        {"secret": {"secretName": "a", "defaultMode": 0}},
        {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {
            "projected": {
                "sources": [
                    {"secret": {"name": "a", "items": [{"key": "k", "path": "a"}]}},
                    {"configMap": {"name": "a", "items": [{"key": "k", "path": "b"}]}},
                    {"serviceAccountToken": {"path": "token"}},
                ]
            }
        },
        {"emptyDir": {"sizeLimit": "1Gi", "mode": 0o700}},
        {"hostPath": {"path": "/dev", "type": "Directory"}},
        {"nfs": {"server": "h", "path": "/"}},
        {"persistentVolumeClaim": {"claimName": "a"}},
    ],
)
def test_a_volume_that_kubernetes_takes_is_taken(source):
    assert _of_volume(**source) == []


@pytest.mark.parametrize(
    ("source", "path", "message"),
    [
        ({"configMap": {}}, "configMap.name", "Required value"),
        ({"secret": {}}, "secret.secretName", "Required value"),
        (
            {"configMap": {"name": "a", "defaultMode": 0o1000}},
            "configMap.defaultMode",
            f"Invalid value: 512: {MODE}",
        ),
        (
            {"secret": {"secretName": "a", "items": [{"key": "k", "path": "p", "mode": -1}]}},
            "secret.items[0].mode",
            f"Invalid value: -1: {MODE}",
        ),
        (
            {"configMap": {"name": "a", "items": [{"key": "", "path": "p"}]}},
            "configMap.items[0].key",
            "Required value",
        ),
        (
            {"configMap": {"name": "a", "items": [{"key": "k", "path": ""}]}},
            "configMap.items[0].path",
            "Required value",
        ),
        (
            {"configMap": {"name": "a", "items": [{"key": "k", "path": "/p"}]}},
            "configMap.items[0].path",
            'Invalid value: "/p": must be a relative path',
        ),
        (
            {"configMap": {"name": "a", "items": [{"key": "k", "path": "a/../b"}]}},
            "configMap.items[0].path",
            "Invalid value: \"a/../b\": must not contain '..'",
        ),
        (
            {"configMap": {"name": "a", "items": [{"key": "k", "path": "..b"}]}},
            "configMap.items[0].path",
            "Invalid value: \"..b\": must not start with '..'",
        ),
        (
            {"downwardAPI": {"items": [{"path": "p"}]}},
            "downwardAPI.items[0]",
            "Required value: one of fieldRef and resourceFieldRef is required",
        ),
        (
            {"downwardAPI": {"items": [{"path": "p", "resourceFieldRef": {"resource": "x"}}]}},
            "downwardAPI.items[0].resourceFieldRef.containerName",
            "Required value",
        ),
        (
            {
                "projected": {
                    "sources": [
                        {
                            "downwardAPI": {
                                "items": [
                                    {
                                        "path": "p",
                                        "fieldRef": {"fieldPath": "metadata.name"},
                                        "resourceFieldRef": {
                                            "resource": "limits.cpu",
                                            "containerName": "nginx",
                                        },
                                    }
                                ]
                            }
                        }
                    ]
                }
            },
            "projected.sources[0].downwardAPI.items[0]",
            'Invalid value: "resource": fieldRef and resourceFieldRef can not be specified '
            "simultaneously",
        ),
        (
            {
                "projected": {
                    "sources": [
                        {"secret": {"name": "a", "items": [{"key": "k", "path": "p"}]}},
                        {"configMap": {"name": "a", "items": [{"key": "k", "path": "p"}]}},
                    ]
                }
            },
            "projected.sources[1].configMap",
            'Invalid value: "p": conflicting duplicate paths',
        ),
        (
            {"projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": "b"}}]}},
            "projected.sources[0].configMap",
            "Forbidden: may not specify more than 1 volume type per source",
        ),
        (
            {"emptyDir": {"sizeLimit": "-1"}},
            "emptyDir.sizeLimit",
            'Invalid value: "-1": must be greater than or equal to 0',
        ),
        (
            {"emptyDir": {"mode": 0o7777}},
            "emptyDir.mode",
            f"Invalid value: 4095: {MODE}",
        ),
        ({"hostPath": {"path": ""}}, "hostPath.path", "Required value"),
        (
            {"hostPath": {"path": "/a/../b"}},
            "hostPath.path",
            "Invalid value: \"/a/../b\": must not contain '..'",
        ),
        (
            {"hostPath": {"path": "data"}},
            "hostPath.path",
            'Invalid value: "data": must be an absolute path',
        ),
        (
            {"persistentVolumeClaim": {"claimName": ""}},
            "persistentVolumeClaim.claimName",
            "Required value",
        ),
        ({"nfs": {"server": "", "path": "/"}}, "nfs.server", "Required value"),
        ({"nfs": {"server": "h", "path": ""}}, "nfs.path", "Required value"),
        (
            {"nfs": {"server": "h", "path": "x"}},
            "nfs.path",
            'Invalid value: "x": must be an absolute path',
        ),
        ({"ephemeral": {}}, "ephemeral.volumeClaimTemplate", "Required value"),
        (
            {
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "spec": {"resources": {"requests": {"storage": "1Gi"}}}
                    }
                }
            },
            "ephemeral.volumeClaimTemplate.spec.accessModes",
            "Required value: at least 1 access mode is required",
        ),
        (
            {"emptyDir": {}, "hostPath": {"path": "/x"}},
            "hostPath",
            "Forbidden: may not specify more than 1 volume type",
        ),
    ],
)
def test_what_is_wrong_in_a_volume_is_said_as_kubernetes_does(source, path, message):
    assert (path, message) in _of_volume(**source)


def test_fields_of_the_pod_are_those_that_files_can_show():
    item = {"path": "p", "fieldRef": {"fieldPath": "status.podIP"}}
    ((path, message),) = _of_volume(downwardAPI={"items": [item]})
    assert path == "downwardAPI.items[0].fieldRef.fieldPath"
    assert message.startswith('Unsupported value: "status.podIP": supported values: ')


def test_resources_are_those_of_a_container_of_the_pod():
    item = {
        "path": "p",
        "resourceFieldRef": {"resource": "limits.cpu", "containerName": "none"},
    }
    ((path, _),) = _of_volume(downwardAPI={"items": [item]})
    assert path == "downwardAPI.items[0].resourceFieldRef.containerName"


@pytest.mark.parametrize(
    ("mount", "path", "message"),
    [
        ({"mountPath": "/a:b"}, "mountPath", "Invalid value: \"/a:b\": must not contain ':'"),
        (
            {"mountPropagation": "Bidirectional"},
            "mountPropagation",
            "Forbidden: Bidirectional mount propagation is available only to privileged "
            "containers",
        ),
        (
            {"recursiveReadOnly": "Enabled"},
            "recursiveReadOnly",
            "Forbidden: may only be specified when readOnly is true",
        ),
        (
            {
                "recursiveReadOnly": "IfPossible",
                "readOnly": True,
                "mountPropagation": "HostToContainer",
            },
            "recursiveReadOnly",
            "Forbidden: may only be specified when mountPropagation is None",
        ),
        (
            {"recursiveReadOnly": "Yes"},
            "recursiveReadOnly",
            'Unsupported value: "Yes": supported values: "Disabled", "Enabled", "IfPossible"',
        ),
        ({"subPath": "/x"}, "subPath", 'Invalid value: "/x": must be a relative path'),
        ({"subPathExpr": "../x"}, "subPathExpr", "Invalid value: \"../x\": must not contain '..'"),
    ],
)
def test_what_is_wrong_in_a_mount_is_said_as_kubernetes_does(mount, path, message):
    assert _of_mount(**mount) == [(path, message)]


def test_a_privileged_container_may_share_what_it_mounts():
    mount = {"name": "www", "mountPath": "/w", "mountPropagation": "Bidirectional"}
    changes = {
        "container__volumeMounts": [mount],
        "container__securityContext": {"privileged": True},
    }
    assert _problems(**changes) == []


@pytest.mark.parametrize(
    ("devices", "place", "message"),
    [
        ([("a", "")], "volumeDevices[0].devicePath", "Required value"),
        (
            [("a", "/dev/../x")],
            "volumeDevices[0].devicePath",
            "Invalid value: \"/dev/../x\": can not contain backsteps ('..')",
        ),
        (
            [("a", "/dev/x"), ("b", "/dev/x")],
            "volumeDevices[1].devicePath",
            'Invalid value: "/dev/x": must be unique',
        ),
        (
            [("a", "/dev/x"), ("a", "/dev/y")],
            "volumeDevices[1].name",
            'Invalid value: "a": must be unique',
        ),
        (
            [("a", "/w")],
            "volumeDevices[0].devicePath",
            'Invalid value: "/w": must not already exist as a path in volumeMounts',
        ),
        (
            [("www", "/dev/x")],
            "volumeDevices[0].name",
            'Invalid value: "www": must not already exist in volumeMounts',
        ),
        ([("c", "/dev/x")], "volumeDevices[0].name", 'Not found: "c"'),
        ([("a", "/dev/x"), ("b", "/dev/y")], "", ""),
    ],
)
def test_devices_have_places_of_their_own(devices, place, message):
    claim = {"persistentVolumeClaim": {"claimName": "shared"}}
    found = _problems(
        template__volumes=[{"name": "a", **claim}, {"name": "b", **claim}],
        container__volumeMounts=[{"name": "www", "mountPath": "/w"}],
        container__volumeDevices=[{"name": name, "devicePath": path} for name, path in devices],
    )
    assert found == ([(f"containers[0].{place}", message)] if place else [])
