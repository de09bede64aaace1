"""What get, describe and events print of one little world; ``make golden`` writes it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from minisets.app.describe import describe_views, find_views
from minisets.app.query import read_kind
from minisets.app.reading.look import Look
from minisets.cli.output import parse_output
from minisets.cli.render import TableOptions, render_found
from minisets.cli.render_describe import render_facts
from minisets.core.query import kinds
from minisets.core.query.kinds import Resource
from tests.app.bench import Bench, a_service, a_set, container_of, probed, with_claim
from tests.fakes import DEMO

FOLDER = Path(__file__).parent / "reading"
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "conf", "labels": {"app": "web"}},
    "data": {"motd": "hello\nworld\n", "level": "3"},
    "binaryData": {"logo": "aGVsbG8="},
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "keys"},
    "stringData": {"password": "changeme"},
}


def world(bench: Bench) -> None:
    """Bring up a set of two pods: an init container and two others each, one of which crashes."""
    bench.apply(CONFIG, SECRET, a_service(), _a_large_set())
    bench.clock.sleep(100)
    bench.engine.container("web-1.side").output.append(("stderr", b"no such table\n"))
    bench.engine.crash("web-1.side", exit_code=3, restarting=True)
    bench.engine.volume_bytes["data-web-0"] = 70_000
    bench.clock.sleep(30)


def _a_large_set() -> dict[str, Any]:
    manifest = probed(with_claim(a_set(replicas=2)), exec={"command": ["ready"]})
    manifest["metadata"]["annotations"] = {"note": "for people"}
    app = container_of(manifest)
    app["env"] = [
        {"name": "COLOR", "value": "blue"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "password"}}},
    ]
    app["resources"] = {"limits": {"memory": "64Mi"}}
    app["volumeMounts"].append({"name": "conf", "mountPath": "/conf", "readOnly": True})
    pod = manifest["spec"]["template"]["spec"]
    pod["containers"].append({"name": "side", "image": DEMO, "command": ["follow", "-f"]})
    pod["initContainers"] = [{"name": "prepare", "image": DEMO, "args": ["now"]}]
    pod["volumes"] = [{"name": "conf", "configMap": {"name": "conf"}}]
    pod["nodeSelector"] = {"disk": "ssd"}
    return manifest


def got(output: str | None, *resources: Resource, **more: Any) -> Callable[[Bench], str]:
    """Return what prints the objects of some kinds as get does."""

    def show(bench: Bench) -> str:
        options = TableOptions(output=parse_output(output), **more)
        look = Look(bench.command(), "default", is_whole=options.is_whole, has_sizes=True)
        found = [(resource, read_kind(look, resource.kind)) for resource in resources]
        return render_found(found, bench.clock.now(), options)

    return show


def described(resource: Resource, name: str) -> Callable[[Bench], str]:
    """Return what prints an object as describe does."""

    def show(bench: Bench) -> str:
        look = Look(bench.command(), "default", is_whole=True, has_sizes=True)
        (facts,) = describe_views(look, find_views(look, resource.kind, [name], resource.plural))
        return render_facts(facts, bench.clock.now())

    return show


PRINTED: Mapping[str, Callable[[Bench], str]] = {
    "get-all": got(None, kinds.POD, kinds.SERVICE, kinds.SET),
    "get-pods-wide": got("wide", kinds.POD),
    "get-pods-labels": got(None, kinds.POD, has_labels=True, labels=["app"], has_namespace=True),
    "get-pods-yaml": got("yaml", kinds.POD),
    "get-sts-json": got("json", kinds.SET, is_single=True),
    "get-pvc-wide": got("wide", kinds.CLAIM),
    "get-pv": got(None, kinds.VOLUME),
    "get-cm-secret": got(None, kinds.CONFIG_MAP, kinds.SECRET),
    "get-controllerrevisions": got(None, kinds.REVISION),
    "get-name": got("name", kinds.POD, kinds.SET),
    "get-jsonpath": got("jsonpath={.items[*].status.podIP}", kinds.POD),
    "get-custom-columns": got(
        "custom-columns=POD:.metadata.name,IMAGES:.spec.containers[*].image,NO:.none", kinds.POD
    ),
    "get-events-wide": got("wide", kinds.EVENT),
    "events": got(None, kinds.EVENT, is_history=True),
    "describe-pod": described(kinds.POD, "web-1"),
    "describe-sts": described(kinds.SET, "web"),
    "describe-pvc": described(kinds.CLAIM, "data-web-0"),
    "describe-svc": described(kinds.SERVICE, "web"),
    "describe-cm": described(kinds.CONFIG_MAP, "conf"),
    "describe-secret": described(kinds.SECRET, "keys"),
}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    # Subnets do not depend on the machine that runs the tests.
    monkeypatch.setattr("minisets.app.loop.network.routed_networks", lambda: ())
    return Bench()


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_is_as_written_down(name: str, bench: Bench, rewrite: bool):
    world(bench)
    output = PRINTED[name](bench).rstrip("\n") + "\n"
    file = FOLDER / f"{name}.txt"
    if rewrite:
        file.write_text(output)
    else:
        assert output == file.read_text()


def test_no_value_of_a_secret_is_printed_but_in_the_secret_itself():
    written = "".join(file.read_text() for file in sorted(FOLDER.glob("*.txt")))
    assert "changeme" not in written
