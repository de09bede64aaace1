"""What a pod is told by its variables, as a process in it sees them."""

from __future__ import annotations

import pytest

from tests.e2e.space import MANIFESTS, Space

pytestmark = pytest.mark.docker


def environment(space: Space, pod: str) -> dict[str, str]:
    """Return the variables of a pod's first process."""
    lines = space.sh(pod, "tr '\\0' '\\n' </proc/1/environ").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_pod_knows_what_it_is_what_it_has_and_who_is_around(space: Space):
    space.apply(MANIFESTS / "environment.yaml")
    engine, (network,) = space.api.info(), space.networks()
    door = f"front-door.{space.name}.svc.cluster.local"
    for ordinal, (pod, address) in enumerate(space.addresses().items()):
        got = environment(space, pod)
        expected = {
            "POD": f"env-{ordinal}",
            "ORDINAL": str(ordinal),
            "TEAM": "storage",
            "ADDRESS": address,
            "MACHINE": network["IPAM"]["Config"][0]["Gateway"],
            "NODE": engine["Name"],
            "MEMORY": "96",
            "CPUS": str(engine["NCPU"]),
            "SHARE": "10",
            "peer.url": f"http://env-{ordinal}.env:80/?late=$(LATE)",
            "LATE": "yes",
            "FRONT_DOOR_SERVICE_HOST": door,
            "FRONT_DOOR_PORT": f"tcp://{door}:80",
        }
        assert {name: got.get(name) for name in expected} == expected
        assert not [name for name in got if name.startswith("ENV_")]
        arguments = space.sh(pod, "tr '\\0' '\\n' </proc/1/cmdline").splitlines()
        assert arguments[-3:] == [f"env-{ordinal}.80", "$(POD)", "$(NOBODY)"]
    # The name in the place of a cluster IP leads to the Service's pods.
    fetch = 'wget -q -O - "http://$FRONT_DOOR_SERVICE_HOST:$FRONT_DOOR_SERVICE_PORT/"'
    assert space.sh("env-0", fetch) in space.running()


def test_service_links_can_be_declined(space: Space, edit):
    changes = {"spec.replicas": 1, "pod.enableServiceLinks": False}
    space.apply(edit("environment.yaml", changes))
    got = environment(space, "env-0")
    assert not [name for name in got if name.startswith("FRONT_DOOR")]
    assert got["peer.url"] == "http://env-0.env:$(FRONT_DOOR_SERVICE_PORT)/?late=$(LATE)"


def test_a_pod_has_variables_from_config_maps_and_secrets_as_of_its_start(space: Space, edit):
    file = MANIFESTS / "configured.yaml"
    space.apply(file)
    expected = {
        "LEVEL": "info",
        "db.host": "db-0.db",
        "login-user": "root",
        "login-password": "pässword $(LEVEL)",
        "PASSWORD": "pässword $(LEVEL)",
        "GREETING": "root at db-0.db",
    }
    got = environment(space, "web-0")
    assert {name: got.get(name) for name in expected} == expected

    changed = edit("configured.yaml", {})
    changed.write_text(changed.read_text(encoding="utf-8").replace("info", "debug"))
    result = space.apply(changed)
    restart = f"minisets rollout restart sts/web -n {space.name}"
    assert restart in result.err
    assert environment(space, "web-0")["LEVEL"] == "info"
    space.run("rollout", "restart", "sts/web")
    assert environment(space, "web-0")["LEVEL"] == "debug"


def test_a_pod_whose_reference_is_missing_is_named_and_starts_once_it_is_there(space: Space, edit):
    source = {"secretKeyRef": {"name": "late", "key": "word"}}
    changes = {"spec.replicas": 1, "container.env": [{"name": "WORD", "valueFrom": source}]}
    file = edit("web.yaml", changes)
    result = space.apply(file, code=4)
    assert 'pod/web-0 cannot start: secret "late" not found' in result.err
    hint = f"minisets create secret generic late --from-literal=KEY=VALUE -n {space.name}"
    assert hint in result.err
    assert space.running() == []
    written = (
        '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "late"}, '
        '"stringData": {"word": "abc"}}'
    )
    space.run("apply", "-f", "-", stdin=written)
    space.apply(file)
    assert environment(space, "web-0")["WORD"] == "abc"
