from __future__ import annotations

from typing import Any

import pytest

from minisets.app.loop.world import as_set, observe
from minisets.core import labels
from minisets.core.input.defaults import apply_defaults
from minisets.core.records.record import Record, to_labels
from minisets.core.records.set_record import ObjectRecord, to_data
from minisets.errors import EngineError
from tests.fakes import DEMO, FakeClock, FakeEngine
from tests.unit.manifests import a_service, a_set


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(FakeClock())


def _pod(engine: FakeEngine, ordinal: int, set_name: str = "web", namespace: str = "default"):
    name = f"{set_name}-{ordinal}"
    got = labels.base(labels.KIND_POD, namespace) | {
        labels.SET: set_name,
        labels.POD_NAME: name,
    }
    engine.create_container(f"{namespace}_{name}", {"Image": DEMO, "Labels": got})


def _claim(engine: FakeEngine, name: str, set_name: str = "web") -> None:
    got = labels.base(labels.KIND_CLAIM, "default") | {labels.SET: set_name}
    engine.create_volume(name, labels=got)


def _record(engine: FakeEngine, generation: int, obj: dict[str, Any], namespace: str = "default"):
    record = Record(
        kind=obj["kind"],
        namespace=namespace,
        name=obj["metadata"]["name"],
        generation=generation,
        nonce="n",
        data=to_data(ObjectRecord(object=apply_defaults(obj), uid="u")),
    )
    engine.create_volume(record.volume, labels=to_labels(record))


def test_one_look_costs_two_calls(engine: FakeEngine):
    observe(engine)
    observe(engine, "default")
    assert engine.log == ["containers", "volumes"] * 2


def test_a_namespace_hides_the_others(engine: FakeEngine):
    _pod(engine, 0)
    _pod(engine, 0, namespace="prod")
    assert len(observe(engine, "prod").containers) == 1
    assert len(observe(engine).containers) == 2
    assert observe(engine).namespaces() == {"default", "prod"}


def test_what_is_not_ours_is_not_seen(engine: FakeEngine):
    engine.create_container("other", {"Image": DEMO})
    engine.create_volume("other", labels={})
    world = observe(engine)
    assert (world.containers, world.volumes) == ((), ())


@pytest.mark.parametrize("namespace", [None, "default"])
@pytest.mark.parametrize("sort", ["container", "volume"])
def test_what_a_newer_version_made_is_refused(engine: FakeEngine, namespace, sort):
    got = labels.base(labels.KIND_CLAIM, "default") | {labels.SCHEMA: "2"}
    if sort == "volume":
        engine.create_volume("v", labels=got)
    else:
        engine.create_container("c", {"Image": DEMO, "Labels": got})
    with pytest.raises(EngineError, match="newer minisets"):
        observe(engine, namespace)


def test_pods_stand_by_set_and_ordinal(engine: FakeEngine):
    for ordinal in (10, 2, 0):
        _pod(engine, ordinal)
    _pod(engine, 0, "api")
    world = observe(engine)
    assert [pod.name for pod in world.pods("default")] == ["api-0", "web-0", "web-2", "web-10"]
    assert [pod.name for pod in world.pods("default", "web")] == ["web-0", "web-2", "web-10"]
    assert world.pods("prod") == []


def test_claims_are_those_of_the_set_by_name(engine: FakeEngine):
    _claim(engine, "www-web-1")
    _claim(engine, "www-web-0")
    _claim(engine, "www-api-0", "api")
    world = observe(engine)
    assert [claim.name for claim in world.claims("default", "web")] == ["www-web-0", "www-web-1"]
    assert len(world.claims("default")) == 3
    assert world.claims("prod") == []


def test_the_highest_generation_of_a_record_counts(engine: FakeEngine):
    _record(engine, 2, a_service(type="NodePort"))
    _record(engine, 1, a_service(type="ClusterIP"))
    (service,) = observe(engine).services("default")
    assert service.spec.type == "NodePort"


def test_records_stand_by_namespace_and_name(engine: FakeEngine):
    for namespace, name in [("b", "x"), ("a", "z"), ("a", "y")]:
        _record(engine, 1, {**a_service(), "metadata": {"name": name}}, namespace)
    _record(engine, 1, a_set(), "a")
    world = observe(engine)
    assert [one.key[1:] for one in world.of_kind("Service")] == [
        ("a", "y"),
        ("a", "z"),
        ("b", "x"),
    ]
    assert [one.name for one in world.of_kind("Service", "b")] == ["x"]
    assert [service.metadata.name for service in world.services("a")] == ["y", "z"]


def test_a_set_in_a_record_is_decoded_and_nothing_else_is():
    assert as_set(apply_defaults(a_set())).metadata.name == "web"
    with pytest.raises(TypeError, match="a Service in the record of a StatefulSet"):
        as_set(apply_defaults(a_service()))
