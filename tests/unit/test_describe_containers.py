from __future__ import annotations

import pytest

from minisets.cli.blocks import Block, render_block
from minisets.cli.describe_containers import show_probe, template_containers, volumes


def lines(block: Block) -> list[str]:
    return list(render_block(block))


@pytest.mark.parametrize(
    ("probe", "what"),
    [
        ({"exec": {"command": ["cat", "/ok"]}}, "exec [cat /ok]"),
        (
            {"httpGet": {"port": "http", "path": "/x", "scheme": "HTTPS"}},
            "http-get https://:http/x",
        ),
        ({"tcpSocket": {"port": 5432}}, "tcp-socket :5432"),
        ({"grpc": {"port": 9, "service": "s"}}, "grpc <pod>:9 s"),
    ],
)
def test_a_probe_is_one_line(probe, what):
    timing = {"initialDelaySeconds": 5, "failureThreshold": 2}
    shown = f"{what} delay=5s timeout=1s period=10s #success=1 #failure=2"
    assert show_probe({**probe, **timing}) == shown


def test_a_container_shows_all_that_its_template_says():
    container = {
        "name": "app",
        "image": "x:1",
        "command": ["sh", "-c"],
        "args": ["one\ntwo"],
        "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}],
        "resources": {"limits": {"memory": "1Gi", "cpu": 1}, "requests": {"cpu": "500m"}},
        "livenessProbe": {"exec": {"command": ["true"]}},
        "envFrom": [
            {"configMapRef": {"name": "c"}, "prefix": "P_"},
            {"secretRef": {"name": "s", "optional": True}},
        ],
        "env": [
            {"name": "PLAIN", "value": "v"},
            {"name": "EMPTY"},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "PW", "valueFrom": {"secretKeyRef": {"name": "s", "key": "pw"}}},
        ],
        "volumeMounts": [
            {"name": "data", "mountPath": "/data", "readOnly": True, "subPath": "a"},
        ],
    }
    assert lines(template_containers([container])) == [
        "app:",
        "  Image:                       x:1",
        "  Ports:                       80/TCP, 53/UDP",
        "  Host Ports:                  0/TCP, 0/UDP",
        "  Command:                     sh",
        "                               -c",
        "  Args:                        one",
        "                               two",
        "  Limits:",
        "    cpu:     1",
        "    memory:  1Gi",
        "  Requests:",
        "    cpu:  500m",
        "  Liveness:                    exec [true] delay=0s timeout=1s period=10s "
        "#success=1 #failure=3",
        "  Environment Variables from:  c  ConfigMap with prefix 'P_'  Optional: false",
        "                               s  Secret  Optional: true",
        "  Environment:",
        "    PLAIN:  v",
        "    EMPTY:",
        "    IP:     (v1:status.podIP)",
        "    CPU:    (limits.cpu)",
        "    PW:     <set to the key 'pw' of secret 's'>  Optional: false",
        '  Mounts:                      /data from data (ro,path="a")',
    ]


def test_volumes_say_what_they_are():
    found = volumes(
        [
            {"name": "a", "persistentVolumeClaim": {"claimName": "a-web-0", "readOnly": False}},
            {"name": "b", "emptyDir": {}},
            {"name": "c", "secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}},
        ]
    )
    assert isinstance(found, Block)
    assert [line.split("  (")[0] for line in lines(found)] == [
        "a:",
        "  Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same "
        "namespace)",
        "  ClaimName:  a-web-0",
        "  ReadOnly:   false",
        "b:",
        "  Type:  EmptyDir (a temporary directory that shares a pod's lifetime)",
        "c:",
        "  Type:        Secret (a volume populated by a Secret)",
        "  SecretName:  s",
    ]
    assert volumes([]) == "<none>"
