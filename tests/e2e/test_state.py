"""All state is in the Engine, and holds against races, prunes and other interruptions."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"
DB = MANIFESTS / "db.yaml"
RACERS = 8


def prune(space: Space) -> list[str]:
    """Remove unused volumes as `docker volume prune -f` did before Engine 23, of one namespace."""
    # Later Engines spare named volumes unless they are told not to; older ones ignore the word.
    found = space.api.prune_volumes(
        {**space.label, "all": ["true"]} if is_new(space) else space.label
    )
    return list(found["VolumesDeleted"] or ())


def is_new(space: Space) -> bool:
    major, minor = space.api.version()["ApiVersion"].split(".")
    return (int(major), int(minor)) >= (1, 42)


def wanted(space: Space, name: str) -> int:
    replicas: int = space.run("get", "sts", name, "-o", "json").json()["spec"]["replicas"]
    return replicas


def test_eight_scales_at_once_end_in_what_one_of_them_asked_for(space: Space, edit: Edit):
    file = edit("web.yaml", {"spec.replicas": 3})
    space.apply(file)
    pages = space.write_pages()
    counts = [1, 2, 3, 4, 1, 2, 3, 4]
    racers = [space.begin("scale", "sts", "web", f"--replicas={count}") for count in counts]
    results = [space.end(racer) for racer in racers]
    # Some are overtaken, and say so; the one that wrote last drives the set to the end.
    assert {result.code for result in results} <= {0, 3}
    assert 0 in {result.code for result in results}
    assert all("another command" in result.err for result in results if result.code)
    replicas = wanted(space, "web")
    assert replicas in counts
    assert space.running() == [f"web-{ordinal}" for ordinal in range(replicas)]
    assert set(space.claims()) >= {space.volume(f"www-web-{ordinal}") for ordinal in range(3)}
    space.run("scale", "sts", "web", "--replicas=3")
    assert space.read_pages() == pages
    assert space.records() == ["Service/nginx", "StatefulSet/web"]


def test_eight_applies_at_once_make_one_set(space: Space):
    racers = [space.begin("apply", "-f", str(WEB)) for _ in range(RACERS)]
    results = [space.end(racer) for racer in racers]
    assert {result.code for result in results} <= {0, 3}
    assert all("another command" in result.err for result in results if result.code)
    space.apply(WEB)
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert len(space.claims()) == 3
    assert len(space.networks()) == 1
    assert space.records() == ["Service/nginx", "StatefulSet/web"]
    assert space.sh("web-0", "wget -q -O - http://web-2.nginx/") == "web-2"


@pytest.mark.parametrize("verb", ["apply", "scale", "delete pod"])
def test_a_record_that_a_prune_took_is_rebuilt_from_the_pods(space: Space, verb: str):
    space.apply(WEB, "-f", str(DB))
    addresses, before, claims = space.addresses(), space.ids(), space.claims()
    assert len(prune(space)) == 3
    assert space.records() == []
    assert space.claims() == claims
    match verb:
        case "apply":
            done = space.apply(WEB, "-f", str(DB))
            assert space.ids() == before
        case "scale":
            done = space.run("scale", "sts", "db", "--replicas=3")
            del (after := space.ids())["db-2"]
            assert after == before
        case _:
            done = space.run("delete", "pod", "db-1")
    assert "StatefulSet/db" in space.records()
    now = space.addresses()
    assert {pod: now[pod] for pod in addresses} == addresses
    assert "was rebuilt from its pods" in done.err


def test_a_pruned_set_that_is_scaled_or_replaced_keeps_its_data_and_addresses(space: Space):
    space.apply(WEB, "-f", str(DB))
    addresses, pages = space.addresses(), {}
    for pod in ("db-0", "db-1"):
        pages[pod] = space.sh(pod, "echo $(hostname) > /data/name; cat /data/name")
    prune(space)
    for pod in ("web-1", "db-0", "db-1"):
        space.run("delete", "pod", pod)
    assert space.addresses() == addresses
    assert {pod: space.sh(pod, "cat /data/name") for pod in pages} == pages


def test_scale_survives_an_apply_of_a_file_that_does_not_speak_of_replicas(
    space: Space, edit: Edit
):
    silent = edit("web.yaml", {"spec.replicas": None})
    space.apply(silent)
    assert space.running() == ["web-0"]
    space.run("scale", "sts", "web", "--replicas=2")
    changed = edit(
        "web.yaml",
        {"spec.replicas": None, "container.env": [{"name": "COLOUR", "value": "blue"}]},
        to="changed.yaml",
    )
    done = space.apply(changed)
    assert space.running() == ["web-0", "web-1"]
    for pod in space.running():
        assert space.sh(pod, "echo $COLOUR") == "blue"
    assert "statefulset.apps/web configured" in done.out


def test_a_pod_that_was_stopped_or_paused_by_hand_is_repaired(space: Space):
    space.apply(WEB)
    before = space.ids()
    space.api.stop(space.container("web-0"))
    space.api.pause(space.container("web-1"))
    space.apply(WEB)
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert not any(one["State"]["Paused"] for one in space.pods().values())
    assert space.ids() == before


def test_a_network_that_was_removed_by_hand_is_made_again(space: Space):
    space.apply(WEB)
    pages, addresses = space.write_pages(), space.addresses()
    (network,) = space.networks()
    for pod in space.pods():
        space.api.stop(space.container(pod))
    space.api.remove_network(network["Id"])
    space.apply(WEB)
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert space.read_pages() == pages
    assert space.addresses().keys() == addresses.keys()
    assert space.sh("web-0", "wget -q -O /dev/null http://web-2.nginx/ && echo here") == "here"
