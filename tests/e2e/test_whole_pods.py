"""Pods of several containers on the real Engine: a shared network, an order, hooks, repair."""

from __future__ import annotations

import pytest

from tests.e2e.private_engine import PrivateEngine
from tests.e2e.space import MANIFESTS, Space, eventually

pytestmark = pytest.mark.docker

WHOLE = MANIFESTS / "whole.yaml"
FULL_NAME = "whole-0.whole.{}.svc.cluster.local"


def states(space: Space) -> dict[str, str]:
    """Return container name, without the namespace, → state."""
    found = space.api.containers(all=True, filters=space.label)
    return {row["Names"][0].removeprefix(f"/{space.name}_"): row["State"] for row in found}


def container_ids(space: Space) -> dict[str, str]:
    found = space.api.containers(all=True, filters=space.label)
    return {row["Names"][0].removeprefix(f"/{space.name}_"): row["Id"] for row in found}


def log(space: Space) -> list[str]:
    return space.sh("whole-0", "cat /data/log").split()


UP = {
    "whole-0._pod": "running",
    "whole-0.setup": "exited",
    "whole-0.side": "running",
    "whole-0": "running",
    "whole-0.peer": "running",
}


def test_containers_start_in_their_order_and_share_network_name_and_hooks(space: Space):
    space.apply(WHOLE)
    assert states(space) == UP
    assert log(space) == ["setup", "side", "hello"]
    full = FULL_NAME.format(space.name)
    # Over the loopback of the pod, from its other container; and by its name, as others would.
    assert space.run("exec", "whole-0", "-c", "peer", "--", "hostname", "-f").out.strip() == full
    answer = space.run("exec", "whole-0", "-c", "peer", "--", "wget", "-qO-", f"http://{full}/")
    assert answer.out.strip() == full
    assert space.run("get", "pods").out.splitlines()[1].split()[:3] == [
        "whole-0",
        "3/3",
        "Running",
    ]
    before = container_ids(space)
    assert "unchanged" in space.apply(WHOLE).out
    assert container_ids(space) == before
    space.run("scale", "sts", "whole", "--replicas=0")
    assert states(space) == {}
    space.run("scale", "sts", "whole", "--replicas=1")
    assert log(space) == ["setup", "side", "hello", "bye", "setup", "side", "hello"]


def test_one_container_that_ends_does_not_cut_off_the_others(space: Space):
    space.apply(WHOLE)
    before, address = container_ids(space), space.addresses()
    space.run("exec", "whole-0", "-c", "peer", "--", "kill", "-TERM", "1")
    space.run("wait", "--for=condition=Ready", "pod/whole-0")
    assert container_ids(space) == before
    space.api.kill(before["whole-0._pod"])
    done = space.apply(WHOLE)
    assert "was stopped" in done.err
    assert states(space) == UP
    assert container_ids(space) == before
    assert space.addresses() == address
    space.api.remove_container(before["whole-0._pod"], force=True)
    space.apply(WHOLE)
    assert states(space) == UP
    assert space.addresses() == address


def test_after_a_restart_of_the_engine_one_command_makes_the_pod_whole(
    private_engine: PrivateEngine,
):
    space = private_engine.space("team")
    space.apply(WHOLE)
    address = space.addresses()
    private_engine.kill()
    private_engine.start()
    space = private_engine.space("team")
    eventually(lambda: states(space)["whole-0._pod"] != "running", what="the sandbox down")
    assert "3/3" not in space.run("get", "pods").out
    space.run("start")
    assert states(space) == UP
    assert space.addresses() == address
    eventually(
        lambda: space.run("get", "pods").out.splitlines()[1].split()[1] == "3/3", what="3/3 ready"
    )
