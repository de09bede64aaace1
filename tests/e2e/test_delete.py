"""The command delete: by file, by name; ordered and graceful."""

from __future__ import annotations

import pytest

from minisets.core import labels
from tests.e2e.conftest import Edit
from tests.e2e.space import MANIFESTS, Space, time_of

pytestmark = pytest.mark.docker

WEB = MANIFESTS / "web.yaml"
DB = MANIFESTS / "db.yaml"


def now(space: Space) -> int:
    """Return the Engine's time, rounded down."""
    return int(time_of(space.api.info()["SystemTime"]))


def ends(space: Space, since: int) -> list[tuple[str, str]]:
    """Return pod and exit code of each container that ended since then, in this order."""
    events = space.api.events(
        since=since, until=now(space) + 1, filters={"event": "die", **space.label}, decode=True
    )
    found = [event["Actor"]["Attributes"] for event in events]
    return [(one[labels.POD_NAME], one["exitCode"]) for one in found]


def test_pods_go_from_the_highest_ordinal_down_each_with_its_grace(space: Space):
    space.apply(WEB)
    since = now(space)
    space.run("delete", "-f", str(WEB))
    assert space.pods() == {}
    # The server leaves on TERM with 0; one that was killed would not.
    assert ends(space, since) == [("web-2", "0"), ("web-1", "0"), ("web-0", "0")]


def test_sets_and_services_are_deleted_by_name(space: Space):
    space.apply(WEB, "-f", str(DB))
    done = space.run("delete", "sts", "web", "db")
    assert space.pods() == {}
    assert space.records() == ["Service/nginx"]
    assert done.out.splitlines() == [
        f'statefulset.apps "web" deleted from {space.name} namespace',
        f'statefulset.apps "db" deleted from {space.name} namespace',
    ]
    space.run("delete", "svc/nginx")
    assert space.records() == []


def test_a_deleted_pod_is_back_and_ready_when_the_command_returns(space: Space, edit: Edit):
    space.apply(edit("web.yaml", {"container.env": [{"name": "DELAY", "value": "1"}]}))
    pages, before = space.write_pages(), space.ids()
    done = space.run("delete", "pod", "web-1")
    after = space.ids()
    assert {pod for pod in before if before[pod] != after[pod]} == {"web-1"}
    assert space.run("get", "sts").out.split()[4] == "3/3"
    assert space.read_pages() == pages
    assert done.out.strip() == f'pod "web-1" deleted from {space.name} namespace'


def test_a_namespace_goes_with_its_pods_and_its_network_but_not_with_its_data(space: Space):
    space.apply(WEB, "-f", str(DB))
    claims = space.claims()
    space.run("delete", "namespace", space.name)
    assert space.pods() == {}
    assert space.networks() == []
    assert space.records() == []
    assert space.claims() == claims
    space.apply(DB)
    space.run("delete", "ns", space.name, "--volumes")
    assert space.is_empty()
    again = space.run("delete", "ns", space.name, code=1)
    assert f'namespaces "{space.name}" not found' in again.err


def test_a_namespace_that_is_deleted_leaves_others_alone(
    space: Space, other_space: Space, edit: Edit
):
    file = edit("web.yaml", {"spec.replicas": 1})
    space.apply(file)
    other_space.apply(file)
    before = other_space.ids()
    space.run("delete", "ns", space.name, "--volumes")
    assert other_space.ids() == before
    assert other_space.running() == ["web-0"]
    assert len(other_space.claims()) == 1


def test_orphaned_pods_run_on_and_the_next_apply_takes_them_up(space: Space):
    space.apply(WEB)
    before = space.ids()
    space.run("delete", "sts", "web", "--cascade=orphan")
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert space.records() == ["OrphanedSet/web", "Service/nginx"]
    space.apply(WEB)
    assert space.ids() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sts", "none"), 'statefulsets.apps "none" not found'),
        (("pod", "none-0"), 'pods "none-0" not found'),
        (("pvc", "none"), 'persistentvolumeclaims "none" not found'),
        (("svc", "none"), 'services "none" not found'),
    ],
)
def test_what_is_not_there_ends_with_1(space: Space, words: tuple[str, ...], message: str):
    assert message in space.run("delete", *words, code=1).err
    space.run("delete", *words, "--ignore-not-found")
