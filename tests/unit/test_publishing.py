from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode
from minisets.core.input.defaults import apply_defaults
from minisets.core.input.validate import validate
from minisets.core.manifest import Service, StatefulSet
from minisets.core.network.host_ports import render_ports
from minisets.core.network.publishing import (
    PUBLISH,
    PUBLISH_ADDRESS,
    PublishFlags,
    bindings,
    flag_annotations,
    node_port,
    probed_ports,
    scheme_of,
    url,
    wishes,
)
from minisets.core.observed import PublishedPort
from minisets.errors import InputError
from tests.unit import manifests


def a_set(annotations: dict[str, str] | None = None, **changes: Any) -> StatefulSet:
    obj = manifests.a_set(**changes)
    obj["metadata"]["annotations"] = annotations or {}
    found = decode(apply_defaults(obj))
    assert isinstance(found, StatefulSet)
    return found


def a_service(name: str = "nginx", **spec: Any) -> Service:
    obj = manifests.a_service(**{"clusterIP": "", **spec})
    obj["metadata"]["name"] = name
    found = decode(apply_defaults(obj))
    assert isinstance(found, Service)
    return found


def asked(manifest: StatefulSet, *services: Service, ordinal: int = 0) -> list[str]:
    template = manifest.spec.template
    found = wishes(manifest, template, ordinal, namespace="default", services=services)
    return [wish.key for wish in found]


def test_a_plain_service_publishes_nothing():
    assert asked(a_set(), a_service(), a_service(clusterIP="None")) == []


def test_a_node_port_that_is_written_is_published_on_this_machine_only():
    service = a_service(type="NodePort", ports=[{"port": 80, "nodePort": 30080}])
    assert asked(a_set(), service) == ["127.0.0.1:30080:80/tcp"]


def test_a_node_port_that_is_not_written_is_always_the_same_one():
    service = a_service(type="NodePort", ports=[{"port": 80}])
    (key,) = asked(a_set(), service)
    number = node_port("default", "nginx", service.spec.ports[0])
    assert key == f"127.0.0.1:{number}:80/tcp"
    # By hand: 30000 + the first four bytes of sha256("default/nginx:80/TCP") modulo 2768.
    assert number == 32183
    assert 30000 <= number <= 32767
    assert number != node_port("other", "nginx", service.spec.ports[0])


def test_a_load_balancer_publishes_its_port_and_a_node_port_that_is_written():
    ports = [{"port": 8080, "targetPort": "web", "nodePort": 30080}]
    service = a_service(type="LoadBalancer", ports=ports)
    assert asked(a_set(), service) == ["127.0.0.1:8080:80/tcp", "127.0.0.1:30080:80/tcp"]
    plain = a_service(type="LoadBalancer", ports=[{"port": 8080, "targetPort": 80}])
    assert asked(a_set(), plain) == ["127.0.0.1:8080:80/tcp"]


def test_a_target_port_has_a_name_and_a_protocol():
    ports = [
        {"containerPort": 53, "name": "dns", "protocol": "UDP"},
        {"containerPort": 54, "name": "dns-tcp"},
    ]
    service = a_service(
        type="LoadBalancer",
        ports=[
            {"name": "a", "port": 53, "targetPort": "dns", "protocol": "UDP"},
            {"name": "b", "port": 53, "targetPort": "dns-tcp"},
            {"name": "c", "port": 99, "targetPort": "nothing"},
        ],
    )
    manifest = a_set(container__ports=ports)
    assert asked(manifest, service) == ["127.0.0.1:53:53/udp", "127.0.0.1:53:54/tcp"]


def test_a_host_port_is_strict_and_has_the_address_that_is_written():
    ports = [
        {"containerPort": 80, "hostPort": 8080},
        {"containerPort": 81, "hostPort": 8081, "hostIP": "0.0.0.0"},  # noqa: S104
    ]
    manifest = a_set(container__ports=ports)
    found = wishes(manifest, manifest.spec.template, 0, namespace="default", services=())
    assert [wish.key for wish in found] == ["127.0.0.1:8080:80/tcp", "0.0.0.0:8081:81/tcp"]
    assert all(wish.is_strict for wish in found)


def test_the_annotation_publishes_numbers_and_names_on_an_address():
    text = "8080:web, 127.0.0.2:53:53/udp\n[::1]:9:9"
    manifest = a_set({PUBLISH: text, PUBLISH_ADDRESS: "192.0.2.1"})
    assert asked(manifest) == [
        "192.0.2.1:8080:80/tcp",
        "127.0.0.2:53:53/udp",
        "[::1]:9:9/tcp",
    ]


def test_what_two_ask_for_is_published_once():
    service = a_service(type="LoadBalancer", ports=[{"port": 8080, "targetPort": 80}])
    assert asked(a_set({PUBLISH: "8080:80"}), service) == ["127.0.0.1:8080:80/tcp"]


def test_a_service_for_one_pod_publishes_that_pod_alone_at_the_port_as_written():
    service = a_service(
        type="NodePort",
        selector={"statefulset.kubernetes.io/pod-name": "web-2"},
        ports=[{"port": 80, "nodePort": 30082}],
    )
    manifest = a_set()
    assert asked(manifest, service, ordinal=0) == []
    (wish,) = wishes(manifest, manifest.spec.template, 2, namespace="default", services=[service])
    assert wish.natural(2) == 30082


def test_on_the_hosts_own_network_nothing_is_published():
    assert asked(a_set({PUBLISH: "8080:80"}, template__hostNetwork=True)) == []


def test_a_sidecar_has_ports_and_an_init_container_has_none():
    def container(name: str, port: int, **more: Any) -> dict[str, Any]:
        ports = [{"containerPort": port, "hostPort": port}]
        return {"name": name, "image": "a", "ports": ports, **more}

    manifest = a_set(
        template__initContainers=[
            container("setup", 1),
            container("proxy", 2, restartPolicy="Always"),
        ]
    )
    assert asked(manifest) == ["127.0.0.1:2:2/tcp"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("8080", "is not [ADDRESS:]HOST_PORT:CONTAINER_PORT"),
        ("0:80", "the host port 0"),
        ("70000:80", "the host port 70000"),
        ("80:70000", "the container port 70000"),
        ("300.0.0.1:80:80", "is no IP address"),
        ("80:80/icmp", "is not"),
        ("80:nothing", 'no container has a port named "nothing"'),
    ],
)
def test_an_annotation_that_is_wrong_is_a_problem_of_the_manifest(text, words):
    obj = manifests.a_set()
    obj["metadata"]["annotations"] = {PUBLISH: text}
    (problem,) = validate(apply_defaults(obj))
    assert problem.path == "metadata.annotations[minisets.io/publish]"
    assert words in problem.message


def test_an_address_that_is_wrong_is_a_problem_of_the_manifest():
    obj = manifests.a_set()
    obj["metadata"]["annotations"] = {PUBLISH: "8080:80", PUBLISH_ADDRESS: "here"}
    (problem,) = validate(apply_defaults(obj))
    assert '"here" is no IP address' in problem.message


def test_flags_are_annotations_of_the_only_set():
    flags = PublishFlags(ports=("8080:80", "53:53/udp"), address="0.0.0.0")  # noqa: S104
    assert flag_annotations(flags, ["web"]) == {
        "web": {PUBLISH: "8080:80 53:53/udp", PUBLISH_ADDRESS: "0.0.0.0"}  # noqa: S104
    }
    assert flag_annotations(PublishFlags(ports=("none",)), ["web"]) == {"web": {PUBLISH: ""}}
    assert flag_annotations(PublishFlags(), ["web"]) == {"web": {}}


def test_of_several_sets_a_flag_names_one():
    flags = PublishFlags(ports=("db=5432:5432",))
    assert flag_annotations(flags, ["web", "db"]) == {"web": {}, "db": {PUBLISH: "5432:5432"}}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (PublishFlags(ports=("80:80",)), "does not say for which set"),
        (PublishFlags(ports=("no=80:80",)), 'there is no set "no"'),
        (PublishFlags(ports=("web=80",)), '"80" is not'),
        (PublishFlags(ports=("web=",)), "it is empty"),
        (PublishFlags(address="here"), "is no IP address"),
    ],
)
def test_a_wrong_flag_is_refused(flags, words):
    with pytest.raises(InputError, match=words.replace("[", r"\[")):
        flag_annotations(flags, ["web", "db"])


def test_bindings_are_in_the_engines_words():
    ports = [
        PublishedPort(container_port=80, host_port=8080, host_address="127.0.0.1"),
        PublishedPort(container_port=80, host_port=30080, host_address="127.0.0.1"),
        PublishedPort(container_port=81, host_port=0, host_address="127.0.0.1"),
    ]
    assert bindings(ports) == (
        {"80/tcp": {}, "81/tcp": {}},
        {
            "80/tcp": [
                {"HostIp": "127.0.0.1", "HostPort": "8080"},
                {"HostIp": "127.0.0.1", "HostPort": "30080"},
            ],
            "81/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
        },
    )
    assert render_ports(ports) == "127.0.0.1:30080:80/tcp,127.0.0.1:8080:80/tcp"


def test_a_url_is_for_a_browser_and_a_place_for_the_rest():
    def port(address: str, protocol: str = "tcp") -> PublishedPort:
        return PublishedPort(
            container_port=80, host_port=8080, host_address=address, protocol=protocol
        )

    assert url(port("127.0.0.1"), "http") == "http://127.0.0.1:8080"
    assert url(port("::1"), "") == "[::1]:8080"
    assert url(port("0.0.0.0"), "", "engine") == "engine:8080"  # noqa: S104
    assert url(port("0.0.0.0"), "https") == "https://127.0.0.1:8080"  # noqa: S104
    assert url(port("127.0.0.1", "udp"), "") == "127.0.0.1:8080/udp"


def test_the_scheme_is_told_by_probe_name_or_number():
    def scheme(number: int = 9000, protocol: str = "TCP", **container: Any) -> str:
        manifest = a_set(**{f"container__{key}": value for key, value in container.items()})
        return scheme_of(manifest.spec.template, number, protocol)

    assert scheme(ports=[]) == ""
    assert scheme(8080, ports=[]) == "http"
    assert scheme(8080, "UDP", ports=[]) == ""
    assert scheme(ports=[{"containerPort": 9000, "name": "http-admin"}]) == "http"
    assert scheme(ports=[{"containerPort": 9000, "name": "https"}]) == "https"
    probe = {"httpGet": {"port": "ui", "scheme": "HTTPS"}}
    ports = [{"containerPort": 9000, "name": "ui"}]
    assert scheme(ports=ports, readinessProbe=probe) == "https"
    service = a_service(ports=[{"port": 1, "appProtocol": "https"}])
    assert scheme_of(a_set().spec.template, 9000, "TCP", service.spec.ports[0]) == "https"


def test_ports_of_probes_are_for_the_engine_to_choose_and_on_the_loopback():
    template = a_set(
        container__readinessProbe={"httpGet": {"port": "web"}},
        container__startupProbe={"tcpSocket": {"port": 8080}},
        container__livenessProbe={"grpc": {"port": 9090}},
    ).spec.template
    there = [PublishedPort(container_port=8080, host_port=1, host_address="127.0.0.1")]
    found = probed_ports(template, there)
    assert [(port.container_port, port.host_port) for port in found] == [(80, 0), (9090, 0)]
    assert {port.host_address for port in found} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"container__readinessProbe": {"exec": {"command": ["true"]}}},
        {"container__readinessProbe": {"httpGet": {"port": 80, "host": "elsewhere"}}},
        {"container__readinessProbe": {"tcpSocket": {"port": 80}}, "template__hostNetwork": True},
        {},
    ],
)
def test_other_probes_need_no_port(changes):
    assert probed_ports(a_set(**changes).spec.template, ()) == ()
