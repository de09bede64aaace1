from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import PodSpec, StatefulSet
from minisets.core.pod.identity import PodIdentity
from minisets.core.pod.settings import (
    host_network_remarks,
    name_settings,
    namespace_settings,
    network_settings,
)
from tests.unit.manifests import a_set

IDENTITY = PodIdentity(
    pod="web-1",
    ordinal=1,
    namespace="shop",
    domain="nginx.shop.svc.cluster.local",
    address="10.128.0.3",
    aliases=(),
    hosts=(("web-0.nginx", "10.128.0.2"), ("web-2.nginx", "10.128.0.4")),
)
CLUSTER = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]


def _pod(**spec: Any) -> PodSpec:
    return decode_as({"containers": [{"name": "app", "image": "a"}], **spec}, PodSpec)


def _network(**spec: Any) -> dict[str, Any]:
    return network_settings(_pod(**spec), IDENTITY)


def _dns(policy: str = "ClusterFirst", **config: Any) -> dict[str, Any]:
    found = _network(dnsPolicy=policy, dnsConfig=config)
    return {key: value for key, value in found.items() if key.startswith("Dns")}


def test_a_plain_pod_has_its_short_name_its_domain_and_its_peers():
    assert name_settings(_pod(), IDENTITY) == {
        "Hostname": "web-1",
        "Domainname": "nginx.shop.svc.cluster.local",
    }
    assert _network() == {
        "ExtraHosts": ["web-0.nginx:10.128.0.2", "web-2.nginx:10.128.0.4"],
    }
    assert namespace_settings(_pod()) == {}


def test_a_host_name_can_be_the_full_one():
    assert name_settings(_pod(setHostnameAsFQDN=True), IDENTITY) == {
        "Hostname": "web-1.nginx.shop.svc.cluster.local",
        "Domainname": "",
    }


def test_an_overriding_host_name_is_taken_as_it_is():
    found = name_settings(_pod(hostnameOverride="db.example"), IDENTITY)
    assert found == {"Hostname": "db.example", "Domainname": ""}


def test_a_pod_on_the_hosts_network_has_the_hosts_name():
    pod = _pod(hostNetwork=True)
    assert name_settings(pod, IDENTITY) == {}
    assert network_settings(pod, IDENTITY)["NetworkMode"] == "host"


def test_namespaces_of_the_host_are_asked_for_by_name():
    found = namespace_settings(_pod(hostPID=True, hostIPC=True))
    assert found == {"PidMode": "host", "IpcMode": "host"}


def test_aliases_of_the_manifest_stand_first_and_win_over_peers():
    aliases = [
        {"ip": "1.2.3.4", "hostnames": ["a.example", "web-0.nginx"]},
        {"ip": "fe80::1", "hostnames": ["b.example"]},
    ]
    assert _network(hostAliases=aliases)["ExtraHosts"] == [
        "a.example:1.2.3.4",
        "web-0.nginx:1.2.3.4",
        "b.example:fe80::1",
        "web-2.nginx:10.128.0.4",
    ]


def test_kernel_parameters_belong_to_the_holder_of_the_network():
    context = {"sysctls": [{"name": "net.core.somaxconn", "value": "9"}]}
    assert _network(securityContext=context)["Sysctls"] == {"net.core.somaxconn": "9"}


@pytest.mark.parametrize("policy", ["ClusterFirst", "Default", "ClusterFirstWithHostNet"])
def test_a_policy_alone_leaves_the_names_that_dockers_dns_knows(policy):
    assert _dns(policy) == {}


def test_name_servers_are_where_dockers_dns_asks_on():
    assert _dns(nameservers=["1.1.1.1", "8.8.8.8", "1.1.1.1"]) == {"Dns": ["1.1.1.1", "8.8.8.8"]}


def test_a_search_list_starts_with_the_clusters_domains():
    assert _dns(searches=["example.org"]) == {
        "DnsSearch": [*CLUSTER, "example.org"],
        "DnsOptions": ["ndots:1"],
    }


def test_a_number_of_dots_needs_the_clusters_domains_too():
    assert _dns(options=[{"name": "ndots", "value": "5"}]) == {
        "DnsSearch": CLUSTER,
        "DnsOptions": ["ndots:5"],
    }


def test_other_options_change_no_search_list_and_the_last_of_one_name_counts():
    options = [
        {"name": "timeout", "value": "1"},
        {"name": "edns0"},
        {"name": "timeout", "value": "2"},
    ]
    assert _dns(options=options) == {"DnsOptions": ["timeout:2", "edns0"]}


def test_the_policy_default_has_no_domains_of_a_cluster():
    assert _dns("Default", searches=["example.org"])["DnsSearch"] == ["example.org"]


def test_the_policy_none_takes_nothing_from_the_machine():
    assert _dns("None", nameservers=["9.9.9.9"]) == {"Dns": ["9.9.9.9"], "DnsSearch": ["."]}
    assert _dns("None", nameservers=["9.9.9.9"], searches=["a.example"]) == {
        "Dns": ["9.9.9.9"],
        "DnsSearch": ["a.example"],
        "DnsOptions": ["ndots:1"],
    }


def test_on_the_hosts_network_there_are_no_domains_of_a_cluster():
    found = _network(hostNetwork=True, dnsConfig={"searches": ["a.example"]})
    assert found["DnsSearch"] == ["a.example"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"template__hostNetwork": True}, ["nobody finds these pods by name"]),
        (
            {"template__hostNetwork": True, "template__dnsPolicy": "ClusterFirstWithHostNet"},
            ["the pods of the set find each other by name"],
        ),
        (
            {"template__hostNetwork": True, "spec__replicas": 2},
            ["nobody finds these pods by name", "its 2 pods share the ports of one machine"],
        ),
    ],
)
def test_what_the_hosts_network_means_is_told(changes, expected):
    said = host_network_remarks(decode_as(a_set(**changes), StatefulSet))
    assert len(said) == len(expected)
    assert all(words in text for words, text in zip(expected, said, strict=True))
