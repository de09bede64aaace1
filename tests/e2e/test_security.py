"""What a pod may do, who it runs as, and what it is told of the world, seen from inside it."""

from __future__ import annotations

import socket

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import PAGE, Space

pytestmark = pytest.mark.docker

SEALED = {
    "spec.replicas": 1,
    "pod.securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 2000,
        "fsGroup": 3000,
        "supplementalGroups": [4000],
        "seccompProfile": {"type": "Unconfined"},
        "sysctls": [{"name": "net.core.somaxconn", "value": "99"}],
    },
    "container.securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
    },
    "container.resources": {
        "requests": {"cpu": "100m"},
        "limits": {"cpu": "4000", "memory": "64Mi"},
    },
}


def test_a_sealed_pod_can_do_what_it_is_given_and_nothing_else(space: Space, edit: Edit):
    applied = space.apply(edit("web.yaml", SEALED))
    assert space.sh("web-0", "id -u; id -g; id -G").splitlines() == [
        "1000",
        "2000",
        "2000 3000 4000",
    ]
    status = dict(
        line.split(":\t", 1)
        for line in space.sh("web-0", "cat /proc/1/status").splitlines()
        if ":\t" in line
    )
    # NET_BIND_SERVICE is the tenth bit, and no user but root has what it is only allowed to get.
    assert int(status["CapBnd"], 16) == 1 << 10
    assert int(status["CapEff"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "0")
    assert space.sh("web-0", "touch /x 2>/dev/null || echo refused") == "refused"
    assert space.sh("web-0", f"cat {PAGE}") == "web-0"
    assert space.sh("web-0", "cat /proc/sys/net/core/somaxconn") == "99"
    host = space.pods()["web-0"]["HostConfig"]
    assert host["NanoCpus"] == space.api.info()["NCPU"] * 10**9
    assert (host["Memory"], host["MemorySwap"], host["CpuShares"]) == (2**26, 2**26, 102)
    assert "container server: the CPU limit of 4000 becomes " in applied.err


def test_host_aliases_and_dns_settings_stand_beside_the_names_of_pods(space: Space, edit: Edit):
    changes = {
        "spec.replicas": 2,
        "pod.setHostnameAsFQDN": True,
        "pod.hostAliases": [{"ip": "192.0.2.7", "hostnames": ["db.example", "db"]}],
        "pod.dnsConfig": {
            "searches": ["example.org"],
            "options": [{"name": "timeout", "value": "1"}],
        },
    }
    space.apply(edit("web.yaml", changes))
    full = f"web-0.nginx.{space.name}.svc.cluster.local"
    assert space.sh("web-0", "hostname; hostname -f").splitlines() == [full, full]
    hosts = space.sh("web-0", "cat /etc/hosts").splitlines()
    assert {"192.0.2.7\tdb.example", "192.0.2.7\tdb"} <= {*hosts}
    resolver = space.sh("web-0", "cat /etc/resolv.conf").splitlines()
    clusters = f"{space.name}.svc.cluster.local svc.cluster.local cluster.local"
    assert f"search {clusters} example.org" in resolver
    assert "options timeout:1 ndots:1" in resolver
    # By Docker's DNS, from the pod that has no peer in its hosts file by that name.
    for name in ("web-1.nginx", f"nginx.{space.name}", "nginx", full):
        assert space.sh("web-0", f"wget -q -O - http://{name}/").startswith("web-")


def test_a_pod_on_the_hosts_network_answers_there_and_that_is_said(space: Space, edit: Edit):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    changes = {
        "spec.replicas": 1,
        "pod.hostNetwork": True,
        "pod.hostPID": True,
        "pod.dnsPolicy": "ClusterFirstWithHostNet",
        "container.env": [{"name": "PORT", "value": str(port)}],
        "container.ports": [{"name": "http", "containerPort": port}],
    }
    applied = space.apply(edit("web.yaml", changes))
    assert "its pods have power over the Engine's machine: hostNetwork: " in applied.err
    assert "hostPID: every process of the machine" in applied.err
    assert space.sh("web-0", "hostname") == space.api.info()["Name"]
    assert int(space.sh("web-0", "ls -d /proc/[0-9]* | wc -l")) > 5
    assert space.sh("web-0", f"wget -q -O - http://web-0.nginx:{port}/") == space.sh(
        "web-0", "hostname"
    )
    again = space.apply(edit("web.yaml", changes))
    assert "statefulset.apps/web unchanged" in again.out


def test_a_pod_that_must_not_be_root_is_refused_before_anything_is_there(space: Space, edit: Edit):
    file = edit("web.yaml", {"container.securityContext": {"runAsNonRoot": True}})
    refused = space.apply(file, code=2)
    assert (
        "spec.template.spec.containers[0].image: container has runAsNonRoot and image will "
        in (refused.err)
    )
    assert space.is_empty()
