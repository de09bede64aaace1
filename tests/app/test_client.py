"""The Python API on an Engine in memory: what it takes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minisets import client as api
from minisets.app.park import scale
from minisets.client import Client
from minisets.errors import InputError, NotFound
from tests.app.bench import Bench, a_service, a_set, with_claim


@pytest.fixture
def client(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(api, "find_endpoint", lambda _context: None)
    monkeypatch.setattr(api, "connect", lambda _endpoint: bench.engine)
    monkeypatch.setattr(api, "make_context", lambda *_: bench.command())
    return Client()


@pytest.mark.parametrize("replicas", ["3", -1, 2.0, True, None])
def test_what_is_no_number_of_pods_never_reaches_the_record(
    bench: Bench, client: Client, replicas: Any
):
    bench.apply(a_set(), a_service())
    before = bench.facts()

    with pytest.raises(InputError, match="replicas"):
        client.scale("web", replicas)
    with pytest.raises(InputError, match="replicas"):
        scale(bench.command(), "default", "web", replicas)

    assert bench.facts() == before
    client.scale("web", 2)
    assert bench.pods == ["web-0", "web-1"]


CALLS: dict[str, Callable[[Any], object]] = {
    "text for a time, scale": lambda client: client.scale("web", 1, timeout_seconds="60"),
    "no time at all": lambda client: client.wait("web", timeout_seconds=None),
    "not a number": lambda client: client.wait("web", timeout_seconds=float("nan")),
    "less than no time": lambda client: client.start("web", timeout_seconds=-1),
    "a list for a name": lambda client: client.stop(["web"]),
    "nothing for a name": lambda client: client.delete(""),
    "a word for a switch, delete": lambda client: client.delete("web", volumes="no"),
    "a word for a switch, delete_all": lambda client: client.delete_all(volumes="no"),
    "a number for a pod": lambda client: client.delete_pod(0),
    "a number for a pod, exec": lambda client: client.exec(0, ["ls"]),
    "a text for a time, exec": lambda client: client.exec("web-0", ["ls"], timeout_seconds="1"),
    "a text for lines": lambda client: client.logs("web-0", tail="5"),
    "a policy that there is not": lambda client: client.apply(a_set(), pull="sometimes"),
    "a word for a switch, apply": lambda client: client.apply(a_set("db"), wait="no"),
    "a number for a set": lambda client: client.pods(0),
    "a namespace that cannot be": lambda _client: Client(namespace="Team_1"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_arguments_of_the_wrong_type_are_refused_before_anything_is_touched(
    bench: Bench, client: Client, call: Callable[[Client], object]
):
    bench.apply(with_claim(a_set()), a_service())
    before = (bench.records, bench.facts(), bench.ids(), bench.claims)

    with pytest.raises(InputError) as caught:
        call(client)

    assert caught.value.hint
    assert (bench.records, bench.facts(), bench.ids(), bench.claims) == before


@pytest.mark.parametrize(
    ("words", "name", "kind"),
    [
        (("sts", "statefulset", "statefulsets", "statefulsets.apps", "StatefulSet"), "web", ""),
        (("po", "pods", "Pod"), "web-0", ""),
        (("pvc", "PersistentVolumeClaim"), "data-web-0", ""),
        (("svc", "Service"), "web", ""),
        (("cm", "configmap", "ConfigMap"), "settings", ""),
        (("ns", "Namespace"), "default", ""),
        (("controllerrevisions",), "", "ControllerRevision"),
    ],
)
def test_get_takes_kinds_by_every_name_that_kubectl_knows(
    bench: Bench, client: Client, words: tuple[str, ...], name: str, kind: str
):
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    bench.apply({**settings, "data": {"a": "b"}}, with_claim(a_set()), a_service())
    name = name or bench.facts().revisions[0].name

    for word in words:
        found = client.get(word, name)
        assert (found["kind"], found["metadata"]["name"]) == (kind or words[-1], name)


def test_get_of_a_kind_that_there_is_not_names_those_that_there_are(client: Client):
    with pytest.raises(InputError, match='no resource type "gadget" here') as caught:
        client.get("gadget", "web")
    assert "sts, po, pvc" in str(caught.value.hint)
    with pytest.raises(InputError, match="kind"):
        client.get(3, "web")  # type: ignore[arg-type]


def test_get_names_the_kind_and_the_object_that_is_not_there(client: Client):
    with pytest.raises(NotFound, match=r'statefulsets.apps "web" not found'):
        client.get("sts", "web")
