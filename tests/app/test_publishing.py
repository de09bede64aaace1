"""Ports of the host: chosen once, kept, moved when they are taken, and shown."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from minisets.app import query
from minisets.app.apply import ApplyOptions, apply
from minisets.app.dry_run import dry_run
from minisets.app.park import scale
from minisets.core import labels
from minisets.core.network.publishing import PUBLISH, PublishFlags
from minisets.core.pod.probe_state import ProbeResult
from minisets.engine.prober import ProbeTarget
from minisets.errors import InputError, NotConverged
from tests.app.bench import Bench, a_service, a_set, container_of
from tests.fakes import FakeContainer


def published(bench: Bench, pod: str) -> list[int]:
    """Return the host ports of a pod, as the Engine has them."""
    return [port.host_port for port in bench.engine.container(pod).ports()]


def all_published(bench: Bench) -> dict[str, list[int]]:
    return {pod: published(bench, pod) for pod in bench.pods}


def open_service(name: str = "web", node_port: int = 30080, **spec: Any) -> dict[str, Any]:
    service = a_service(name, selector=name)
    del service["spec"]["clusterIP"]
    service["spec"]["ports"][0]["nodePort"] = node_port
    service["spec"] |= {"type": "NodePort", **spec}
    return service


def with_host_port(manifest: dict[str, Any], port: int) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    container_of(changed)["ports"][0]["hostPort"] = port
    return changed


def notices_of(bench: Bench, words: str) -> list[str]:
    return [text for text in bench.reporter.notices if words in text]


def test_pod_i_of_a_node_port_has_port_plus_i_on_this_machine_only(bench: Bench):
    bench.apply(open_service(), a_set())
    assert all_published(bench) == {"web-0": [30080], "web-1": [30081], "web-2": [30082]}
    (port,) = bench.engine.container("web-0").ports()
    assert (port.host_address, port.container_port) == ("127.0.0.1", 80)
    assert notices_of(bench, "port") == []


def test_a_second_apply_makes_nothing_anew(bench: Bench):
    bench.apply(open_service(), a_set())
    before = bench.ids()
    bench.apply(open_service(), a_set())
    assert bench.ids() == before
    assert bench.engine.count("create_volume") == 0


def test_the_ports_of_two_sets_of_a_namespace_are_kept_apart_and_stay(bench: Bench):
    bench.apply(open_service(), a_set())
    bench.apply(open_service("db", 30081), a_set("db", replicas=2))
    assert published(bench, "web-1") == [30081]
    assert (published(bench, "db-0"), published(bench, "db-1")) == ([30083], [30084])
    (notice,) = notices_of(bench, "another owner")
    assert notice == (
        "statefulset/db: port 30081 of 127.0.0.1 has another owner: "
        "service/db is published at 30083..30084 for db-0..1"
    )
    before = bench.ids()
    bench.apply(open_service("db", 30081), a_set("db", replicas=2))
    assert bench.ids() == before
    assert notices_of(bench, "another owner") == []


def test_two_sets_that_come_at_once_are_kept_apart(bench: Bench):
    bench.apply(open_service(), a_set(), open_service("db", 30081), a_set("db", replicas=2))
    given = [port for ports in all_published(bench).values() for port in ports]
    assert len(set(given)) == 5


def test_a_port_that_a_program_of_the_host_has_is_passed_over_and_that_is_kept(bench: Bench):
    bench.engine.busy_ports = {("tcp", 30081), ("tcp", 30083)}
    bench.apply(open_service(), a_set())
    assert published(bench, "web-0") == [30080]
    assert published(bench, "web-2") == [30082]
    (given,) = published(bench, "web-1")
    assert given not in {30080, 30081, 30082, 30083}
    first, last = notices_of(bench, "is taken")
    assert first == (
        "pod/web-1: port 30081 of 127.0.0.1 is taken: service/web is published at 30083"
    )
    assert last.endswith(f"published at {given}")
    bench.engine.busy_ports = set()
    bench.remove_by_hand("web-1")
    bench.apply(open_service(), a_set())
    assert published(bench, "web-1") == [given]


def test_what_is_published_by_a_flag_is_called_a_port_of_its_pod(bench: Bench):
    wanted = a_set(replicas=2)
    wanted["metadata"]["annotations"] = {PUBLISH: "18300:80"}
    bench.engine.busy_ports = {("tcp", 18301)}
    bench.apply(wanted)
    assert notices_of(bench, "is taken") == [
        "pod/web-1: port 18301 of 127.0.0.1 is taken: its port 80 is published at 18302"
    ]


def test_pods_of_one_name_in_two_namespaces_are_moved_each_by_itself(bench: Bench):
    bench.engine.busy_ports = {("tcp", 30080), ("tcp", 30200)}
    objects = [
        {**one, "metadata": {"name": "web", "namespace": space}}
        for space, port in (("a", 30080), ("b", 30200))
        for one in (open_service(node_port=port), a_set(replicas=1))
    ]
    bench.apply(*objects)
    assert all_published(bench) == {"a_web-0": [30081], "b_web-0": [30201]}


def test_a_port_taken_while_the_pod_was_stopped_is_given_up(bench: Bench):
    bench.apply(open_service(), a_set(replicas=1))
    bench.engine.crash("web-0")
    bench.engine.busy_ports = {("tcp", 30080)}
    bench.apply(open_service(), a_set(replicas=1))
    assert bench.running == ["web-0"]
    assert published(bench, "web-0") == [30081]


def test_a_host_port_that_is_taken_is_an_error(bench: Bench):
    bench.engine.busy_ports = {("tcp", 8080)}
    with pytest.raises(NotConverged) as caught:
        bench.apply(with_host_port(a_set(replicas=1), 8080))
    assert str(caught.value).startswith("pod/web-0 cannot start: its hostPort 8080 is taken: ")
    assert "docker ps" in str(caught.value.hint)
    assert bench.pods == []
    setback = bench.facts().setbacks["web-0"]
    assert (setback.reason, setback.message) == (
        "FailedScheduling",
        str(caught.value).removeprefix("pod/web-0 cannot start: "),
    )


def test_a_host_port_is_published(bench: Bench):
    bench.apply(with_host_port(a_set(replicas=2), 8080))
    assert all_published(bench) == {"web-0": [8080], "web-1": [8081]}


def test_ports_survive_scaling_down_and_up(bench: Bench):
    bench.apply(open_service(), a_set(replicas=1))
    bench.apply(open_service("db", 30079), a_set("db", replicas=1))
    bench.apply(open_service("db", 30079), a_set("db", replicas=3))
    before = all_published(bench)
    assert before["db-0"] == [30079]
    scale(bench.command(), "default", "db", 0)
    scale(bench.command(), "default", "db", 3)
    assert all_published(bench) == before


def test_a_lost_record_keeps_the_ports_that_pods_have(bench: Bench):
    bench.engine.busy_ports = {("tcp", 30081)}
    bench.apply(open_service(), a_set())
    before, ids = all_published(bench), bench.ids()
    set_records = [
        volume.name
        for volume in bench.engine.volumes({})
        if volume.labels.get(labels.RECORD_KIND) == "StatefulSet"
    ]
    for name in set_records:
        bench.engine.remove_volume(name)
    bench.apply(open_service(), a_set())
    assert all_published(bench) == before
    assert bench.ids() == ids


def test_the_flag_publishes_and_stays_until_it_is_taken_back(bench: Bench):
    bench.apply(a_service(), a_set(), publish=PublishFlags(ports=("8080:80",)))
    assert all_published(bench) == {"web-0": [8080], "web-1": [8081], "web-2": [8082]}
    assert bench.apply(a_service(), a_set())["StatefulSet/web"] == "unchanged"
    assert published(bench, "web-0") == [8080]
    verbs = bench.apply(a_service(), a_set(), publish=PublishFlags(ports=("none",)))
    assert verbs["StatefulSet/web"] == "configured"
    assert all_published(bench) == {"web-0": [], "web-1": [], "web-2": []}


def test_the_address_of_the_flag_stays_too(bench: Bench):
    flags = PublishFlags(address="0.0.0.0")  # noqa: S104
    bench.apply(open_service(), a_set(replicas=1), publish=flags)
    bench.apply(open_service(), a_set(replicas=1))
    (port,) = bench.engine.container("web-0").ports()
    assert port.host_address == "0.0.0.0"  # noqa: S104


def test_a_wrong_flag_is_refused_before_anything_is_touched(bench: Bench):
    with pytest.raises(InputError):
        bench.apply(a_service(), a_set(), publish=PublishFlags(ports=("80",)))
    assert bench.records == []


def test_a_dry_run_says_that_pods_roll_for_their_ports(bench: Bench):
    bench.apply(a_service(), a_set(replicas=1))
    before = bench.ids()
    (_, outlook) = dry_run(bench.command(), bench.load(open_service(), a_set(replicas=1)))
    assert outlook.steps[0] == "delete pod web-0 - web-0: its published ports have changed"
    (_, outlook) = dry_run(
        bench.command(),
        bench.load(a_service(), a_set(replicas=1)),
        PublishFlags(ports=("8080:80",)),
    )
    assert outlook.steps[0] == "delete pod web-0 - web-0: its published ports have changed"
    assert bench.ids() == before


def places(bench: Bench, *manifests: dict[str, Any]) -> tuple[str, ...]:
    done = apply(bench.command(), bench.load(*manifests), ApplyOptions(), lambda *_words: None)
    assert done.is_done
    return done.places


def test_apply_says_where_each_pod_is_to_be_found(bench: Bench):
    manifest = a_set(replicas=2)
    container_of(manifest)["ports"][0]["name"] = "http"
    assert places(bench, open_service(), manifest) == (
        "http://127.0.0.1:30080 -> web-0",
        "http://127.0.0.1:30081 -> web-1",
    )


def test_what_has_moved_is_shown_where_it_is(bench: Bench):
    bench.engine.busy_ports = {("tcp", 30080)}
    service = open_service()
    assert places(bench, service, a_set(replicas=1)) == ("http://127.0.0.1:30081 -> web-0",)
    (pod,) = query.get_pods(bench.command(), "default")
    assert pod.places == ("http://127.0.0.1:30081",)
    (view,) = query.get_services(bench.command(), "default")
    assert view.places == ("http://127.0.0.1:30081 -> web-0",)
    assert (view.type, view.ports, view.external_ip) == ("NodePort", "80:30080/TCP", "<none>")


def test_a_load_balancer_shows_the_address_as_its_external_one(bench: Bench):
    service = a_service()
    del service["spec"]["clusterIP"]
    service["spec"] |= {"type": "LoadBalancer", "ports": [{"port": 8080, "targetPort": 80}]}
    bench.apply(service)
    (view,) = query.get_services(bench.command(), "default")
    assert (view.external_ip, view.ports) == ("<pending>", "8080/TCP")
    bench.apply(a_set(replicas=1))
    (view,) = query.get_services(bench.command(), "default")
    assert view.external_ip == "127.0.0.1"
    assert view.object["status"] == {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}
    assert view.places == ("http://127.0.0.1:8080 -> web-0",)


def test_a_node_port_that_was_chosen_is_in_the_object(bench: Bench):
    service = open_service()
    del service["spec"]["ports"][0]["nodePort"]
    bench.apply(service, a_set(replicas=1))
    (view,) = query.get_services(bench.command(), "default")
    number = view.object["spec"]["ports"][0]["nodePort"]
    assert published(bench, "web-0") == [number]
    assert view.ports == f"80:{number}/TCP"


def test_a_port_that_stays_taken_is_given_up_at_last(bench: Bench):
    everything = {("tcp", port) for port in range(1, 65536)}
    bench.engine.busy_ports = everything
    with pytest.raises(Exception, match="port is already allocated"):
        bench.apply(open_service(), a_set(replicas=1))
    assert bench.pods == []


def test_a_pod_that_is_not_published_needs_no_port_of_the_host(bench: Bench):
    started: list[FakeContainer] = []
    bench.engine.on_start = started.append
    bench.engine.busy_ports = {("tcp", 80)}
    bench.apply(a_service(), a_set(replicas=1))
    assert [found.ports() for found in started] == [()]
    assert bench.facts().ports == ()


def test_where_pods_are_not_reached_their_probes_have_ports_that_nobody_else_is_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    bench.needs_ports = True
    asked: list[tuple[int, ...]] = []
    answer = bench.prober.probe

    def probe(target: ProbeTarget, *words: Any, **more: Any) -> ProbeResult:
        asked.append(tuple(port.host_port for port in target.published))
        return answer(target, *words, **more)

    monkeypatch.setattr(bench.prober, "probe", probe)
    manifest = a_set(replicas=2)
    container_of(manifest)["readinessProbe"] = {"httpGet": {"port": 8080}}
    bench.apply(open_service(), manifest)
    ports = bench.engine.container("web-1").ports()
    assert [(port.container_port, port.host_address) for port in ports] == [
        (80, "127.0.0.1"),
        (8080, "127.0.0.1"),
    ]
    assert {*asked} == {tuple(published(bench, pod)) for pod in bench.pods}
    (first, _) = query.get_pods(bench.command(), "default")
    assert first.places == ("http://127.0.0.1:30080",)
    before = bench.ids()
    bench.needs_ports = False
    bench.apply(open_service(), manifest)
    assert bench.ids() == before


def test_a_host_port_that_moves_up_by_one_is_the_one_that_is_written(bench: Bench):
    bench.apply(with_host_port(a_set(), 8080))
    bench.apply(with_host_port(a_set(), 8081))
    assert all_published(bench) == {"web-0": [8081], "web-1": [8082], "web-2": [8083]}
    assert notices_of(bench, "another owner") == []


def test_a_host_port_stays_with_nobody_when_its_pods_go_to_the_network_of_the_host(bench: Bench):
    bench.apply(with_host_port(a_set(replicas=1), 8080))
    changed = with_host_port(a_set(replicas=1), 80)
    changed["spec"]["template"]["spec"]["hostNetwork"] = True
    bench.apply(changed)
    assert (published(bench, "web-0"), bench.facts().ports) == ([], ())
    (view,) = query.get_pods(bench.command(), "default")
    assert view.places == ()
    bench.apply(a_set(replicas=1))
    assert published(bench, "web-0") == []
    assert "hostPort" not in str(bench.facts().object)
