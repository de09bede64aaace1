"""The two manifests that this product exists for, to the letter."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.space import MANIFESTS, Space, created, started

pytestmark = pytest.mark.docker

NGINX = MANIFESTS / "concept-nginx.yaml"
MY_STATEFULSET = MANIFESTS / "concept-my-statefulset.yaml"


def test_the_nginx_manifest_runs_in_order_and_each_pod_waits_ten_seconds_for_the_one_before(
    space: Space, stand_in: Callable[[str], None]
):
    stand_in("registry.k8s.io/nginx-slim:0.8")
    first = space.apply(NGINX)
    pods = space.pods()
    assert list(pods) == ["web-0", "web-1", "web-2"]
    assert space.running() == list(pods)
    for before, after in (("web-0", "web-1"), ("web-1", "web-2")):
        assert created(pods[after]) - started(pods[before]) >= 10
    assert [one["Config"]["StopTimeout"] for one in pods.values()] == [10, 10, 10]
    assert [one["Config"]["Image"] for one in pods.values()] == [
        "registry.k8s.io/nginx-slim:0.8"
    ] * 3
    assert space.claims() == [space.volume(f"www-web-{ordinal}") for ordinal in range(3)]
    assert space.sh("web-2", "nslookup web-0.nginx").count(space.addresses()["web-0"]) == 1
    assert "service/nginx created" in first.out
    assert "statefulset.apps/web created" in first.out

    second = space.apply(NGINX)
    assert space.ids() == {name: one["Id"] for name, one in pods.items()}
    assert second.out.splitlines() == ["service/nginx unchanged", "statefulset.apps/web unchanged"]
    # Nothing was waited for: no pod was so much as mentioned.
    assert "pod/" not in second.err
    status = space.run("get", "sts", "web", "-o", "json").json()["status"]
    assert (status["readyReplicas"], status["availableReplicas"]) == (3, 3)


def test_the_my_statefulset_manifest_needs_no_service(
    space: Space, stand_in: Callable[[str], None]
):
    stand_in("my-image:latest")
    done = space.apply(MY_STATEFULSET)
    names = [f"my-statefulset-{ordinal}" for ordinal in range(3)]
    assert space.running() == names
    assert space.claims() == [space.volume(f"my-volume-{name}") for name in names]
    own = f"{names[1]}.my-service.{space.name}.svc.cluster.local"
    assert space.sh(names[0], f"nslookup {own}").count(space.addresses()[names[1]]) == 1
    assert "statefulset.apps/my-statefulset created" in done.out
    assert 'there is no Service "my-service"' in done.err
    again = space.apply(MY_STATEFULSET)
    assert again.out.splitlines() == ["statefulset.apps/my-statefulset unchanged"]
