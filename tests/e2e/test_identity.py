"""Each pod has a name, an address and labels of its own, and keeps them."""

from __future__ import annotations

import pytest

from minisets.core import labels, naming
from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space, eventually

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"


def resolve(space: Space, pod: str, name: str) -> set[str]:
    """Return the addresses that a name stands for inside a pod."""
    lines = space.sh(pod, f"nslookup {name} 127.0.0.11").splitlines()
    # The answer of busybox begins with the name server's own address.
    answer = [line for line in lines if line.startswith("Address") and ":53" not in line]
    return {line.split()[-1] for line in answer}


def test_names_resolve_inside_a_pod_in_all_their_forms(space: Space):
    space.apply(WEB)
    own = space.addresses()
    tails = ("nginx", f"nginx.{space.name}", f"nginx.{space.name}.svc")
    full = f"nginx.{space.name}.svc.cluster.local"
    for tail in (*tails, full):
        for pod, address in own.items():
            assert resolve(space, "web-0", f"{pod}.{tail}") == {address}
        assert resolve(space, "web-2", tail) == set(own.values())
    assert space.sh("web-0", "wget -q -O - http://web-2.nginx/") == "web-2"


def test_a_pod_knows_its_own_name_and_address(space: Space):
    space.apply(WEB)
    for pod, address in space.addresses().items():
        assert space.sh(pod, "hostname") == pod
        assert space.sh(pod, "hostname -f") == f"{pod}.nginx.{space.name}.svc.cluster.local"
        assert space.sh(pod, "hostname -i") == address


def test_a_pod_has_the_labels_of_kubernetes(space: Space):
    space.apply(WEB)
    pods = space.pods()
    got = {pod: one["Config"]["Labels"] for pod, one in pods.items()}
    for ordinal, pod in enumerate(pods):
        assert got[pod]["statefulset.kubernetes.io/pod-name"] == pod
        assert got[pod]["apps.kubernetes.io/pod-index"] == str(ordinal)
        assert got[pod]["controller-revision-hash"].startswith("web-")
        assert got[pod]["app"] == "web"
    status = space.run("get", "sts", "web", "-o", "json").json()["status"]
    revisions = {found[labels.REVISION] for found in got.values()}
    assert revisions == {status["currentRevision"]} == {status["updateRevision"]}


def test_a_pod_keeps_its_address_when_it_is_replaced(space: Space):
    space.apply(WEB)
    before, ids = space.addresses(), space.ids()
    space.lose("web-1")
    space.apply(WEB)
    space.run("delete", "pod", "web-0")
    after = space.ids()
    assert {pod for pod in ids if ids[pod] != after[pod]} == {"web-0", "web-1"}
    assert space.addresses() == before


def test_a_pod_keeps_its_address_over_scaling_and_parking(space: Space):
    space.apply(WEB)
    before = space.addresses()
    space.run("scale", "sts", "web", "--replicas=1")
    assert space.addresses() == {"web-0": before["web-0"]}
    space.run("scale", "sts", "web", "--replicas=3")
    assert space.addresses() == before
    space.run("stop", "web")
    assert space.addresses() == {}
    space.run("start", "web")
    assert space.addresses() == before


def test_two_sets_of_a_namespace_have_addresses_apart_and_see_each_other(space: Space):
    space.apply(WEB, "-f", str(MANIFESTS / "db.yaml"))
    own = space.addresses()
    assert len(set(own.values())) == 5
    assert resolve(space, "db-0", "web-1.nginx") == {own["web-1"]}
    assert resolve(space, "web-0", "db-1.db") == {own["db-1"]}
    space.run("scale", "sts", "web", "--replicas=5")
    assert len(set(space.addresses().values())) == 7


def test_pods_that_are_not_ready_are_found_by_the_name_of_their_service(space: Space, edit: Edit):
    changes = {
        "spec.replicas": 2,
        "spec.podManagementPolicy": "Parallel",
        "container.readinessProbe": {"exec": {"command": ["test", "-e", "/ready"]}},
    }
    space.apply(edit("web.yaml", changes), "--wait=false")
    eventually(lambda: len(space.running()) == 2, what="two pods that run")
    own = space.addresses()
    assert resolve(space, "web-1", "nginx") == set(own.values())
    assert space.run("get", "sts", "web", "--no-headers").out.split()[1] == "0/2"


def test_names_of_one_namespace_are_unknown_in_another(
    space: Space, other_space: Space, edit: Edit
):
    one = edit("web.yaml", {"spec.replicas": 1})
    space.apply(one)
    other_space.apply(one)
    assert space.addresses() != other_space.addresses()
    for mine in (space, other_space):
        own = mine.addresses()["web-0"]
        assert resolve(mine, "web-0", "web-0.nginx") == {own}
    assert [one["Name"] for one in space.networks()] == [naming.network_name(space.name)]
