from __future__ import annotations

from typing import Any

import pytest

from minisets.core.network.name_remarks import name_remarks, port_remarks
from tests.unit import manifests
from tests.unit.test_publishing import a_service, a_set

ELSEWHERE = [("cache", "redis"), ("default", "nginx")]


def remarks(**container: Any) -> list[str]:
    changes = {f"container__{key}": value for key, value in container.items()}
    return [str(one) for one in name_remarks(manifests.a_set(**changes), "default", ELSEWHERE)]


@pytest.mark.parametrize(
    "text",
    [
        "http://web-0.nginx.default.svc.cluster.local:80",
        "nginx.default.svc",
        "$(POD_NAME).nginx.$(POD_NAMESPACE).svc.cluster.local",
        "nginx",
        "/etc/app.service.svcs",
        "_tcp is a word",
        "redis.cache.example.com",
        "my-redis.cache",
        "docker.io/kubernetes.default-backend",
    ],
)
def test_names_that_are_found_are_no_remark(text):
    assert remarks(args=[text]) == []


def test_an_srv_name_is_told_with_its_place():
    name = "_client._tcp.etcd.default.svc.cluster.local"
    (remark,) = remarks(command=["etcd", f"--discovery-srv={name}"])
    assert remark == (
        f"statefulset/web: spec.template.spec.containers[0].command[1]: {name} asks for an SRV "
        "record, and Docker's DNS has none: name the pods and the port instead"
    )


def test_a_service_of_another_namespace_is_told_once():
    words = ["redis-0.redis.cache.svc.cluster.local", "redis.cache.svc", "redis.cache:6379"]
    (remark,) = remarks(args=words)
    assert remark.endswith(
        "args[0]: names of the namespace cache are not known in default: "
        "namespaces are separate networks"
    )


def test_a_known_service_of_another_namespace_is_told_in_its_short_form():
    (remark,) = remarks(env=[{"name": "CACHE", "value": "redis://redis.cache:6379"}])
    assert "env[0].value: names of the namespace cache are not known" in remark


def test_init_containers_are_looked_at():
    init = [{"name": "wait", "image": "a", "command": ["nslookup", "redis.cache.svc"]}]
    obj = manifests.a_set(template__initContainers=init)
    (remark,) = name_remarks(obj, "default")
    assert remark.path == "spec.template.spec.initContainers[0].command[1]"


def test_a_named_port_that_would_be_remapped_is_told():
    service = a_service(ports=[{"port": 8000, "targetPort": "web"}])
    (remark,) = port_remarks(a_set(), [service])
    assert str(remark) == (
        "service/nginx: spec.ports[0].targetPort: web is 80, and Docker cannot remap ports: "
        "reach the pods of statefulset/web at 80, not 8000"
    )


def test_a_port_that_would_be_remapped_is_told():
    service = a_service(ports=[{"port": 8000, "targetPort": 80}])
    (remark,) = port_remarks(a_set(), [service])
    assert remark.message == (
        "Docker cannot remap ports: reach the pods of statefulset/web at 80, not 8000"
    )


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
def test_a_port_that_the_host_remaps_is_another_inside_only(kind):
    service = a_service(type=kind, ports=[{"port": 8000, "targetPort": 80}])
    (remark,) = port_remarks(a_set(), [service])
    assert remark.message.endswith("at 80, not 8000 inside the namespace")


def test_a_name_that_no_container_has_is_told():
    service = a_service(ports=[{"port": 80, "targetPort": "nope"}])
    (remark,) = port_remarks(a_set(), [service])
    assert 'no container of statefulset/web has a port "nope"' in str(remark)


@pytest.mark.parametrize(
    "spec",
    [
        {"ports": [{"port": 80, "targetPort": "web"}]},
        {"ports": [{"port": 8000, "targetPort": "web"}], "clusterIP": "None"},
        {"ports": [{"port": 8000, "targetPort": "web"}], "selector": {"app": "other"}},
        {"ports": [{"port": 8000, "targetPort": 80}], "clusterIP": "None"},
        {"ports": [{"port": 8000, "targetPort": 80}], "selector": {"app": "other"}},
        {"ports": [{"port": 80, "targetPort": 80}]},
    ],
)
def test_ports_that_need_no_word(spec):
    assert port_remarks(a_set(), [a_service(**spec)]) == []


def test_the_annotation_on_the_template_is_told():
    manifest = a_set(spec__template__metadata__annotations={"minisets.io/publish": "80:80"})
    (remark,) = port_remarks(manifest, [])
    assert "in the metadata of the set only" in remark.message
