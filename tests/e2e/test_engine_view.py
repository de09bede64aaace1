"""What docker itself shows of a namespace: names as promised, labels that say whose it is."""

from __future__ import annotations

import ipaddress

import pytest

from minisets.core import labels
from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"


def test_docker_ps_shows_one_container_for_each_pod(space: Space):
    space.apply(WEB)
    rows = space.api.containers(all=True, filters={"name": f"^/{space.name}_"})
    assert sorted(name for row in rows for name in row["Names"]) == [
        f"/{space.name}_web-{ordinal}" for ordinal in range(3)
    ]
    for row in rows:
        assert row["Labels"][labels.NAMESPACE] == space.name
        assert row["Labels"][labels.SET] == "web"
    policies = {one["HostConfig"]["RestartPolicy"]["Name"] for one in space.pods().values()}
    assert policies == {"always"}


def test_docker_volume_ls_shows_one_volume_for_each_claim(space: Space):
    space.apply(WEB)
    claims = space.volumes(labels.KIND_CLAIM)
    assert sorted(claims) == [f"{space.name}_www-web-{ordinal}" for ordinal in range(3)]
    for name, volume in claims.items():
        got = volume["Labels"]
        assert volume["Driver"] == "local"
        assert (got[labels.SET], got[labels.CLAIM]) == ("web", "www")
        assert got[labels.ORDINAL] == name[-1]
        assert got[labels.STORAGE] == "1Mi"
    assert space.records() == ["Service/nginx", "StatefulSet/web"]


def test_docker_network_inspect_shows_a_subnet_whose_lower_half_belongs_to_the_pods(space: Space):
    space.apply(WEB)
    (network,) = space.networks()
    (config,) = network["IPAM"]["Config"]
    subnet = ipaddress.ip_network(config["Subnet"])
    lower, upper = subnet.subnets()
    assert network["Driver"] == "bridge"
    assert network["Labels"][labels.NAMESPACE] == space.name
    assert config["IPRange"] == str(upper)
    assert ipaddress.ip_address(config["Gateway"]) == lower[1]
    members = {one["Name"]: one["IPv4Address"] for one in network["Containers"].values()}
    assert sorted(members) == [f"{space.name}_web-{ordinal}" for ordinal in range(3)]
    for pod, address in space.addresses().items():
        assert ipaddress.ip_address(address) in lower
        assert members[space.container(pod)].startswith(f"{address}/")


def test_the_network_goes_with_the_last_set_of_its_namespace(space: Space):
    space.apply(WEB, "-f", str(MANIFESTS / "db.yaml"))
    space.run("delete", "sts", "web")
    assert len(space.networks()) == 1
    space.run("delete", "sts", "db")
    assert space.networks() == []


def test_a_container_of_somebody_else_with_a_pods_name_is_left_alone(
    space: Space, request: pytest.FixtureRequest
):
    mine = space.api.create_container("minisets/demo:1", name=space.container("web-1"))["Id"]
    request.addfinalizer(lambda: space.api.remove_container(mine, force=True))
    done = space.apply(WEB, "--timeout=60s", code=None)
    assert done.code in {3, 4}
    assert space.api.inspect_container(mine)["State"]["Status"] == "created"
    assert space.running() == ["web-0"]
    assert space.container("web-1") in done.err


def test_a_network_of_somebody_else_is_left_alone(space: Space, request: pytest.FixtureRequest):
    mine = space.api.create_network(f"minisets_{space.name}")["Id"]
    request.addfinalizer(lambda: space.api.remove_network(mine))
    done = space.apply(WEB, code=3)
    assert space.pods() == {}
    assert [one["Id"] for one in space.networks()] == [mine]
    assert "was not made by minisets" in done.err
