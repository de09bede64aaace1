"""What is fixed when a container is created: each line of the table, and that it has a test."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from minisets.core.pod.fixed import TABLE, Fixed
from tests.app.bench import Bench, a_service, a_set, container_of, with_env

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.what)
def test_each_line_has_a_test(line: Fixed):
    file, _, name = line.proof.partition("::")
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    assert name in {node.name for node in body if isinstance(node, ast.FunctionDef)}


def _open_service(node_port: int):
    service = a_service()
    del service["spec"]["clusterIP"]
    service["spec"] |= {"type": "NodePort"}
    service["spec"]["ports"] = [{"port": 80, "nodePort": node_port}]
    return service


def test_a_changed_selector_renames_the_pods(bench: Bench):
    bench.apply(a_service("web"), a_service("second", selector="nobody"), a_set())
    before = bench.ids()
    assert "second" not in bench.aliases("web-0")
    bench.apply(a_service("second"))
    assert bench.ids() == before
    assert all("second" in bench.aliases(pod) for pod in bench.pods)
    assert bench.engine.count("disconnect") == 3
    bench.apply(a_service("second", selector="nobody"))
    assert bench.ids() == before
    assert not any("second" in bench.aliases(pod) for pod in bench.pods)


def test_a_changed_node_port_rolls_the_pods(bench: Bench):
    bench.apply(_open_service(30080), a_set())
    before = bench.ids()
    bench.apply(_open_service(30090))
    after = bench.ids()
    assert not set(before.values()) & set(after.values())
    (port,) = bench.engine.container("web-2").ports()
    assert port.host_port == 30092
    causes = [step.detail for step in bench.reporter.steps if step.state == "stopping"]
    assert causes == [f"web-{n}: its published ports have changed" for n in (2, 1, 0)]
    bench.apply(a_service())
    assert bench.engine.container("web-2").ports() == ()


def test_a_changed_port_inside_the_namespace_touches_no_pod(bench: Bench):
    bench.apply(a_service(), a_set())
    before = bench.ids()
    service = a_service()
    service["spec"]["ports"] = [{"port": 81}]
    assert bench.apply(service) == {"Service/web": "configured"}
    assert bench.ids() == before
    assert bench.engine.count("disconnect") == 0


def test_a_changed_template_rolls_the_pods(bench: Bench):
    bench.apply(a_service(), a_set())
    before = bench.ids()
    changed = with_env(a_set(), COLOUR="blue")
    container_of(changed)["ports"][0]["hostPort"] = 8080
    bench.apply(a_service(), changed)
    assert not set(before.values()) & set(bench.ids().values())
    assert [port.host_port for port in bench.engine.container("web-1").ports()] == [8081]
    env = bench.engine.container("web-1").config["Env"]
    assert "COLOUR=blue" in env
