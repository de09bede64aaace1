from __future__ import annotations

import pytest

from minisets.cli.blocks import Block, render_block
from minisets.cli.describe_containers import show_probe, template_containers
from minisets.cli.describe_volumes import volumes


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
            {"name": "logs", "mountPath": "/var/log"},
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
        "                               /var/log from logs (rw)",
    ]


def test_volumes_say_what_they_are():
    found = volumes(
        [
            {"name": "a", "persistentVolumeClaim": {"claimName": "a-web-0"}},
            {"name": "b", "emptyDir": {}},
            {"name": "c", "secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}},
            {"name": "d", "configMap": {"name": "conf", "defaultMode": 420, "optional": True}},
            {"name": "e", "hostPath": {"path": "/srv", "type": "Directory"}},
            {
                "name": "f",
                "projected": {
                    "sources": [
                        {"configMap": {"name": "conf"}},
                        {"secret": {"name": "s"}},
                        {
                            "downwardAPI": {
                                "items": [
                                    {"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}},
                                    {"path": "c", "resourceFieldRef": {"resource": "limits.cpu"}},
                                ]
                            }
                        },
                    ]
                },
            },
            {"name": "g", "nfs": {"server": "nas", "path": "/x", "readOnly": True}},
        ]
    )
    assert isinstance(found, Block)
    assert [" ".join(line.split("  (")[0].split()) for line in lines(found)] == [
        "a:",
        "Type: PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same "
        "namespace)",
        "ClaimName: a-web-0",
        "ReadOnly: false",
        "b:",
        "Type: EmptyDir (a temporary directory that shares a pod's lifetime)",
        "Medium:",
        "SizeLimit: <unset>",
        "c:",
        "Type: Secret (a volume populated by a Secret)",
        "SecretName: s",
        "Items: k -> p",
        "Optional: false",
        "d:",
        "Type: ConfigMap (a volume populated by a ConfigMap)",
        "Name: conf",
        "Optional: true",
        "e:",
        "Type: HostPath (bare host directory volume)",
        "Path: /srv",
        "HostPathType: Directory",
        "f:",
        "Type: Projected (a volume that contains injected data from multiple sources)",
        "ConfigMapName: conf",
        "Optional: false",
        "SecretName: s",
        "Optional: false",
        "DownwardAPI: true",
        "Items: metadata.labels -> l",
        "limits.cpu -> c",
        "g:",
        "Type: NFS (an NFS mount that lasts the lifetime of a pod)",
        "Server: nas",
        "Path: /x",
        "ReadOnly: true",
    ]
    assert volumes([]) == "<none>"
