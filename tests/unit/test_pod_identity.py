from __future__ import annotations

from typing import Any

from minisets.core.input.decode import decode
from minisets.core.input.defaults import apply_defaults
from minisets.core.manifest import Service, StatefulSet
from minisets.core.network.addresses import Block
from minisets.core.pod.identity import NetworkPlace, PodIdentity, identify, pod_labels, selects
from tests.unit.manifests import a_service, a_set

NETWORK = NetworkPlace(id="n1", name="minisets_default", subnet="10.128.0.0/20")
BLOCKS = (Block(first_ordinal=0, count=64, offset=2),)


def _set(**changes: Any) -> StatefulSet:
    found = decode(apply_defaults(a_set(**changes)))
    assert isinstance(found, StatefulSet)
    return found


def _service(name: str = "nginx", **spec: Any) -> Service:
    found = decode(apply_defaults({**a_service(**spec), "metadata": {"name": name}}))
    assert isinstance(found, Service)
    return found


def _identify(ordinal: int, *services: Service, **changes: Any) -> PodIdentity:
    return identify(
        _set(**changes),
        ordinal,
        namespace="default",
        services=services,
        network=NETWORK,
        blocks=BLOCKS,
    )


def test_a_pod_has_name_domain_and_address_by_its_ordinal():
    found = _identify(3)
    assert (found.pod, found.domain, found.address) == (
        "web-3",
        "nginx.default.svc.cluster.local",
        "10.128.0.5",
    )


def test_its_own_names_come_first_then_those_of_its_services_by_name():
    services = [_service("zoo"), _service("nginx"), _service("alt")]
    found = _identify(0, *services)
    assert found.aliases[:2] == ("web-0", "web-0.nginx.default.svc.cluster.local")
    assert [name for name in found.aliases[5:] if "." not in name] == ["alt", "nginx", "zoo"]


def test_a_governing_service_that_is_not_there_gives_its_names_anyway():
    assert "nginx.default.svc" in _identify(0).aliases


def test_a_governing_service_that_selects_other_pods_gives_them_its_names_only():
    other = _service("nginx", selector={"app": "other"})
    assert "nginx" not in _identify(0, other).aliases
    assert "web-0.nginx" in _identify(0, other).aliases


def test_without_a_governing_service_a_pod_has_its_own_name_only():
    found = _identify(0, spec__serviceName="")
    assert (found.domain, found.aliases, found.hosts) == ("", ("web-0",), ())


def test_a_service_selects_by_all_labels_also_by_those_of_one_pod():
    labels = pod_labels(_set(), "web-1", 1)
    assert selects(_service(selector={"app": "nginx"}), labels)
    assert selects(_service(selector={"statefulset.kubernetes.io/pod-name": "web-1"}), labels)
    assert selects(_service(selector={"apps.kubernetes.io/pod-index": "1"}), labels)
    assert not selects(_service(selector={"app": "nginx", "tier": "x"}), labels)
    assert not selects(_service(selector={}), labels)


def test_peers_are_all_pods_but_itself_full_name_first():
    found = _identify(1, spec__replicas=3)
    assert found.hosts[0] == ("web-0.nginx.default.svc.cluster.local", "10.128.0.2")
    assert {address for _, address in found.hosts} == {"10.128.0.2", "10.128.0.4"}
    assert len(found.hosts) == 8


def test_at_most_the_first_32_pods_stand_as_peers():
    assert {address for _, address in _identify(0, spec__replicas=60).hosts} == {
        f"10.128.0.{number + 2}" for number in range(1, 32)
    }


def test_peers_begin_at_the_first_ordinal():
    found = _identify(6, spec__replicas=2, spec__ordinals={"start": 5})
    assert {name.split(".")[0] for name, _ in found.hosts} == {"web-5"}


def test_peers_without_an_address_are_left_to_the_engines_dns():
    found = identify(
        _set(spec__replicas=2),
        0,
        namespace="default",
        services=(),
        network=NETWORK,
        blocks=(Block(first_ordinal=0, count=1, offset=2),),
    )
    assert (found.address, found.hosts) == ("10.128.0.2", ())


def test_without_a_network_there_are_names_and_no_addresses():
    found = identify(
        _set(spec__replicas=2), 0, namespace="prod", services=(), network=None, blocks=BLOCKS
    )
    assert (found.address, found.hosts) == (None, ())
    assert "web-0.nginx.prod" in found.aliases


def test_the_names_hash_changes_with_the_names_and_with_nothing_else():
    assert _identify(0).names_hash == _identify(0, spec__replicas=9).names_hash
    assert _identify(0).names_hash != _identify(0, _service("front")).names_hash


def test_on_the_hosts_network_a_pod_has_no_address_and_no_names():
    found = _identify(0, _service(), template__hostNetwork=True)
    assert (found.address, found.aliases, found.hosts) == (None, (), ())
    assert found.domain == "nginx.default.svc.cluster.local"


def test_on_the_hosts_network_the_pods_of_a_set_find_each_other_where_it_asks_for_it():
    found = _identify(
        1,
        spec__replicas=2,
        template__hostNetwork=True,
        template__dnsPolicy="ClusterFirstWithHostNet",
    )
    assert dict(found.hosts) == {
        f"web-{number}.{name}": "127.0.0.1"
        for number in (0, 1)
        for name in (
            "nginx.default.svc.cluster.local",
            "nginx.default.svc",
            "nginx.default",
            "nginx",
        )
    }
