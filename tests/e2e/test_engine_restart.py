"""A restart of the Engine: pods come back by themselves, with their addresses and their data."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.private_engine import PrivateEngine
from tests.e2e.space import MANIFESTS, eventually

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    ("end", "name"),
    # Of this machine's own default namespace a test keeps its hands off.
    [(PrivateEngine.stop, "default"), (PrivateEngine.kill, "team")],
    ids=["stopped", "killed"],
)
def test_pods_addresses_and_data_are_there_again_without_minisets(
    private_engine: PrivateEngine, edit: Edit, end: Callable[[PrivateEngine], None], name: str
):
    space = private_engine.space(name)
    space.apply(MANIFESTS / "web.yaml")
    addresses, pages, ids = space.addresses(), space.write_pages(), space.ids()

    end(private_engine)
    private_engine.start()
    space = private_engine.space(name)
    names = ["web-0", "web-1", "web-2"]
    eventually(lambda: space.running() == names, what="all pods running", seconds=60)
    assert space.ids() == ids
    assert space.addresses() == addresses
    assert space.read_pages() == pages

    again = space.apply(MANIFESTS / "web.yaml")
    assert space.ids() == ids
    assert again.out.splitlines() == ["service/nginx unchanged", "statefulset.apps/web unchanged"]
    assert space.run("get", "sts").out.split()[4] == "3/3"


def test_in_the_default_namespace_everything_has_the_name_that_the_manifest_gives(
    private_engine: PrivateEngine, edit: Edit
):
    space = private_engine.space("default")
    space.minisets("apply", "-f", str(edit("web.yaml", {"spec.replicas": 2})))
    assert sorted(name for row in space.api.containers() for name in row["Names"]) == [
        "/web-0",
        "/web-1",
    ]
    assert space.claims() == ["www-web-0", "www-web-1"]
    assert [one["Name"] for one in space.networks()] == ["minisets_default"]


@pytest.mark.parametrize("comes_back", [True, False], ids=["restarted", "gone"])
def test_what_was_followed_when_the_engine_was_lost_says_so(
    private_engine: PrivateEngine, edit: Edit, comes_back: bool
):
    space = private_engine.space("team")
    line = "while :; do echo alive; sleep 0.2; done"
    bare = {"container.readinessProbe": None, "container.command": ["sh", "-c", line]}
    space.apply(edit("web.yaml", {"spec.replicas": 1, **bare}))
    followed = [
        space.begin(*words)
        for words in (
            ("exec", "web-0", "--", "sh", "-c", line),
            ("attach", "web-0"),
            ("logs", "-f", "web-0"),
        )
    ]
    for process in followed:
        assert process.stdout is not None
        assert process.stdout.readline() == "alive\n"
    private_engine.kill()
    if comes_back:
        private_engine.start()
    done = [space.end(process) for process in followed]
    assert [(one.code, one.err.split(":")[0]) for one in done] == [(3, "error")] * 3, done
