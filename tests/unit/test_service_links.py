from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.decode import decode_as
from minisets.core.manifest import Service
from minisets.core.pod.service_links import link_variables


def _service(name: str = "api", **spec: Any) -> Service:
    ports = [{"targetPort": port["port"], **port} for port in spec.pop("ports", [{"port": 80}])]
    return decode_as({"metadata": {"name": name}, "spec": {**spec, "ports": ports}}, Service)


def test_a_service_has_the_variables_of_the_kubelet_with_its_name_as_host():
    host = "api.prod.svc.cluster.local"
    assert link_variables([_service()], "prod") == {
        "API_SERVICE_HOST": host,
        "API_SERVICE_PORT": "80",
        "API_PORT": f"tcp://{host}:80",
        "API_PORT_80_TCP": f"tcp://{host}:80",
        "API_PORT_80_TCP_PROTO": "tcp",
        "API_PORT_80_TCP_PORT": "80",
        "API_PORT_80_TCP_ADDR": host,
    }


def test_each_port_has_variables_and_the_first_one_those_without_a_name():
    ports = [
        {"name": "web-ui", "port": 80},
        {"name": "9p", "port": 564, "protocol": "UDP"},
    ]
    found = link_variables([_service("my-api", ports=ports)], "default")
    assert found["MY_API_SERVICE_PORT"] == "80"
    assert found["MY_API_SERVICE_PORT_WEB_UI"] == "80"
    assert found["MY_API_SERVICE_PORT__9P"] == "564"
    assert found["MY_API_PORT"] == "tcp://my-api.default.svc.cluster.local:80"
    assert found["MY_API_PORT_564_UDP"] == "udp://my-api.default.svc.cluster.local:564"
    assert found["MY_API_PORT_564_UDP_PROTO"] == "udp"
    assert len(found) == 13


def test_a_name_that_begins_with_a_digit_gets_an_underscore():
    assert "_2048_SERVICE_HOST" in link_variables([_service("2048")], "default")


def test_a_service_without_ports_has_a_host_only():
    assert list(link_variables([_service(ports=[])], "default")) == ["API_SERVICE_HOST"]


@pytest.mark.parametrize(
    "spec", [{"clusterIP": "None"}, {"clusterIPs": ["None"]}, {"type": "ExternalName"}]
)
def test_a_service_without_an_address_of_its_own_has_no_variables(spec):
    assert link_variables([_service(**spec)], "default") == {}


@pytest.mark.parametrize("spec", [{"type": "NodePort"}, {"clusterIP": "10.0.0.1"}])
def test_any_other_service_has_them(spec):
    assert "API_SERVICE_HOST" in link_variables([_service(**spec)], "default")
