from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minisets.app.compare import compare
from minisets.app.create import create
from minisets.app.delete import delete_set
from minisets.app.dry_run import dry_run
from minisets.app.objects import Reference, change_metadata
from minisets.app.park import stop
from minisets.app.prune import prune
from minisets.app.query import get_claims, get_pods, get_services, get_sets, read_kind
from minisets.app.reading.look import Look
from minisets.app.reading.views_claim import claim_views
from minisets.app.reading.views_pod import pod_views
from minisets.app.rollout import history, restart, set_images, undo
from minisets.core.observed import EventSeen
from minisets.core.query.selectors import parse_labels
from minisets.core.timestamps import seconds_of
from minisets.errors import EngineError, InputError, ManifestError, NotFound
from tests.app.bench import (
    NO,
    OK,
    Bench,
    a_service,
    a_set,
    container_of,
    events,
    probed,
    with_claim,
    with_env,
)
from tests.fakes import DEMO

WEB = Reference(kind="StatefulSet", namespace="default", name="web", printed="statefulsets.apps")
READS = {"containers", "volumes", "networks", "image", "inspect", "probe", "events"}


def test_sets_are_shown_with_what_is_ready_now(bench: Bench):
    bench.apply(a_service(), probed(a_set()))
    bench.prober.answer = lambda found: NO if found.name == "web-2" else OK
    (view,) = get_sets(bench.command(), "default")
    assert (view.namespace, view.name, view.ready, view.replicas) == ("default", "web", 2, 3)
    assert (view.containers, view.images) == (("app",), (DEMO,))
    assert view.object["status"]["readyReplicas"] == 2
    assert view.object["metadata"]["generation"] == 1


def test_pods_with_probes_are_asked_also_beside_pods_without(bench: Bench):
    started = probed(a_set("started", replicas=1))
    container_of(started)["startupProbe"] = container_of(started)["readinessProbe"]
    bench.apply(a_set("plain", replicas=1), probed(a_set(replicas=1)), started)
    assert [view.ready for view in get_sets(bench.command(), "default")] == [1, 1, 1]


def test_a_stopped_set_still_says_how_many_it_wants(bench: Bench):
    bench.apply(a_set())
    stop(bench.command(), "default")
    (view,) = get_sets(bench.command(), "default")
    assert (view.ready, view.replicas) == (0, 3)


def test_pods_are_shown_by_ordinal_with_state_and_restarts(bench: Bench):
    bench.apply(a_set(replicas=12, podManagementPolicy="Parallel"))
    bench.engine.crash("web-1", restarting=True)
    views = get_pods(bench.command(), "default")
    assert [view.name for view in views] == [f"web-{n}" for n in range(12)]
    assert (views[1].status, views[1].restarts, views[1].ready) == ("CrashLoopBackOff", 1, 0)
    assert (views[0].status, views[0].restarts, views[0].ready) == ("Running", 0, 1)
    assert views[0].ip == bench.address("web-0")
    assert views[0].object["status"]["podIP"] == views[0].ip
    assert not any(key.startswith("minisets") for key in views[0].object["metadata"]["labels"])


def test_a_pod_as_kubernetes_has_it_says_what_its_container_does_and_did(bench: Bench):
    bench.apply(with_claim(probed(a_set(replicas=1))))
    bench.clock.sleep(30)
    bench.engine.crash("web-0", exit_code=3, restarting=True)
    (view,) = get_pods(bench.command(), "default")
    assert view.last_restart == bench.clock.now()
    shown = view.object
    assert shown["metadata"]["ownerReferences"][0]["name"] == "web"
    assert shown["metadata"]["labels"]["app"] == "web"
    assert shown["spec"]["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}
    ]
    (status,) = shown["status"]["containerStatuses"]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert (status["ready"], status["restartCount"]) == (False, 1)
    conditions = {one["type"]: one["status"] for one in shown["status"]["conditions"]}
    assert conditions == {
        "PodScheduled": "True",
        "Initialized": "True",
        "Ready": "False",
        "ContainersReady": "False",
    }


def test_the_pods_of_a_set_that_is_being_deleted_are_terminating(bench: Bench):
    bench.apply(a_set(replicas=1))
    bench.engine.fail("stop", error=EngineError("not now"))
    with pytest.raises(EngineError):
        delete_set(bench.command(), "default", "web")
    (view,) = get_pods(bench.command(), "default")
    assert view.status == "Terminating"


def test_a_pod_that_is_being_stopped_is_terminating_before_any_state_tells(bench: Bench):
    bench.apply(a_set(replicas=2))
    told = bench.engine.container("web-1")
    bench.engine.happened.note(
        EventSeen(
            time=bench.clock.now(),
            type="container",
            action="kill",
            id=told.id,
            attributes={**told.config["Labels"], "signal": "15"},
        )
    )
    views = get_pods(bench.command(), "default")
    assert [view.status for view in views] == ["Running", "Terminating"]


def test_the_machine_is_named_where_the_whole_object_is_shown(bench: Bench):
    bench.apply(a_set(replicas=1))
    (view,) = pod_views(Look(bench.command(), "default", is_whole=True))
    assert (view.node, view.object["spec"]["nodeName"]) == ("fake", "fake")


def test_claims_show_what_their_files_take_where_that_is_asked_for(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    bench.engine.volume_bytes["data-web-0"] = 5000
    (view,) = claim_views(Look(bench.command(), "default", has_sizes=True))
    assert view.used == 5000
    (plain,) = get_claims(bench.command(), "default")
    assert plain.used is None
    assert bench.engine.count("volume_sizes") == 1


def test_an_engine_that_is_measuring_already_is_asked_again(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    busy = EngineError("a disk usage operation is already running")
    bench.engine.fail("volume_sizes", error=busy)
    (view,) = claim_views(Look(bench.command(), "default", has_sizes=True))
    assert view.used == 0


def test_other_kinds_are_read_from_records_claims_and_revisions(bench: Bench):
    bench.apply(a_service(), with_claim(a_set(replicas=1), storageClassName="fast"))
    bench.apply(with_env(with_claim(a_set(replicas=1), storageClassName="fast"), COLOR="x"))
    look = Look(bench.command(), None)

    def objects(kind: str):
        return [view.object for view in read_kind(look, kind)]

    revisions = objects("ControllerRevision")
    assert [one["revision"] for one in revisions] == [1, 2]
    assert revisions[1]["data"]["spec"]["template"]["$patch"] == "replace"
    (volume,) = objects("PersistentVolume")
    assert volume["spec"]["claimRef"]["name"] == "data-web-0"
    assert volume["spec"]["storageClassName"] == "fast"
    assert volume["status"] == {"phase": "Bound"}
    (space,) = read_kind(look, "Namespace")
    assert (space.name, space.object["status"]) == ("default", {"phase": "Active"})
    assert space.created > 0
    assert objects("ConfigMap") == []


def test_claims_are_shown_as_kubernetes_names_them(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1), storageClassName="fast"), namespace="prod")
    (view,) = get_claims(bench.command(), "prod")
    assert (view.name, view.volume) == ("data-web-0", "prod_data-web-0")
    assert (view.capacity, view.access_modes, view.storage_class) == ("1Gi", "RWO", "fast")
    assert bench.clock.now() - 1 < view.created <= bench.clock.now()


def test_services_are_shown_with_ports_and_selector(bench: Bench):
    bench.apply(a_service())
    (view,) = get_services(bench.command(), "default")
    assert (view.cluster_ip, view.ports, view.selector) == ("None", "80/TCP", "app=web")


def test_names_choose_and_order_what_is_shown(bench: Bench):
    bench.apply(a_set())
    views = get_pods(bench.command(), None, ["web-2", "web-0"])
    assert [view.name for view in views] == ["web-2", "web-0"]
    with pytest.raises(NotFound, match='pods "web-9" not found'):
        get_pods(bench.command(), "default", ["web-0", "web-9"])


def test_without_a_namespace_everything_is_shown(bench: Bench):
    bench.apply(a_set(), namespace="a")
    bench.apply(a_set(), namespace="b")
    assert [view.namespace for view in get_sets(bench.command(), None)] == ["a", "b"]
    assert [view.namespace for view in get_sets(bench.command(), "b")] == ["b"]


@pytest.mark.parametrize("replicas", [1, 12])
def test_reading_costs_a_constant_number_of_calls_and_one_more_per_shown_pod(
    bench: Bench, replicas: int
):
    bench.apply(a_set(replicas=replicas, podManagementPolicy="Parallel"))
    bench.engine.log.clear()
    get_sets(bench.command(), "default")
    assert len(bench.engine.log) == 2
    bench.engine.log.clear()
    get_pods(bench.command(), "default")
    assert len(bench.engine.log) == 3 + replicas


def test_reading_writes_nothing_even_if_records_are_lost(bench: Bench):
    bench.apply(a_set())
    bench.prune_volumes()
    bench.engine.log.clear()
    assert len(get_pods(bench.command(), "default")) == 3
    get_sets(bench.command(), "default")
    dry_run(bench.command(), bench.load(a_set()))
    assert {line.split(" ")[0] for line in bench.engine.log} <= READS


def test_a_dry_run_without_an_engine_shows_the_whole_road(bench: Bench):
    found = dry_run(None, bench.load(a_service(), with_claim(a_set(replicas=2))))
    assert [(one.kind, one.name, one.verb) for one in found] == [
        ("Service", "web", "created"),
        ("StatefulSet", "web", "created"),
    ]
    assert found[0].steps == ()
    assert [step.split(" - ")[0].split(" at ")[0] for step in found[1].steps[1:]] == [
        "create claim data-web-0 of web-0",
        "create pod web-0",
        "create claim data-web-1 of web-1",
        "create pod web-1",
    ]


def test_a_dry_run_of_a_change_says_which_pods_go_and_touches_nothing(bench: Bench):
    bench.apply(probed(a_set(replicas=2)))
    bench.engine.log.clear()
    objects = bench.load(with_env(probed(a_set(replicas=2)), COLOR="x"))
    (found,) = dry_run(bench.command(), objects)
    assert found.verb == "configured"
    deletions = [step.split(" - ")[0] for step in found.steps if "delete pod" in step]
    assert deletions == ["delete pod web-1", "delete pod web-0"]
    assert {line.split(" ")[0] for line in bench.engine.log} <= READS


def test_a_dry_run_of_what_lives_already_has_nothing_to_do(bench: Bench):
    bench.apply(with_claim(probed(a_set())))
    (found,) = dry_run(bench.command(), bench.load(with_claim(probed(a_set()))))
    assert (found.verb, found.steps) == ("unchanged", ("nothing to do",))


def test_a_dry_run_refuses_what_apply_would_refuse(bench: Bench):
    bench.apply(a_set())
    with pytest.raises(ManifestError, match="Forbidden"):
        dry_run(bench.command(), bench.load(a_set(podManagementPolicy="Parallel")))


def test_undo_puts_the_template_before_back(bench: Bench):
    bench.apply(a_set())
    bench.apply(with_env(a_set(), COLOR="blue"))
    assert [entry.number for entry in history(bench.command(), "default", "web")] == [1, 2]
    assert undo(bench.command(), "default", "web") == (1, True)
    bench.apply(a_set())
    assert bench.engine.container("web-0").config["Env"] == []
    assert [entry.number for entry in history(bench.command(), "default", "web")] == [2, 3]


def test_restart_makes_every_pod_anew_and_survives_an_apply(bench: Bench):
    bench.apply(a_set())
    before = bench.ids()
    restart(bench.command(), "default", "web")
    with pytest.raises(InputError, match="within the past second"):
        restart(bench.command(), "default", "web")
    assert bench.apply(a_set()) == {"StatefulSet/web": "unchanged"}
    assert set(bench.ids().values()).isdisjoint(before.values())
    assert events(bench, "stop") == ["stop web-2", "stop web-1", "stop web-0"]


def test_another_image_is_looked_for_before_anything_changes(bench: Bench):
    bench.apply(a_set())
    with pytest.raises(Exception, match="nowhere:1"):
        set_images(bench.command(), "default", "web", {"app": "nowhere:1"})
    assert bench.facts().generation == 1
    assert not set_images(bench.command(), "default", "web", {"app": DEMO})


def test_nothing_of_a_deleted_set_is_shown(bench: Bench):
    bench.apply(a_set())
    delete_set(bench.command(), "default", "web")
    assert get_sets(bench.command(), None) == []
    assert get_pods(bench.command(), None) == []


def test_a_dry_run_repairs_first_as_apply_does(bench: Bench):
    bench.apply(a_set(replicas=2))
    bench.engine.crash("web-0")
    (found,) = dry_run(bench.command(), bench.load(a_set(replicas=2)))
    assert found.steps == ("repair pod web-0 - it was stopped by hand or by the Engine",)


def test_a_dry_run_of_a_service_shows_what_becomes_of_the_sets_that_it_selects(bench: Bench):
    bench.apply(a_set(replicas=1), a_set("db", replicas=1))
    service = a_service("front", selector="web")
    del service["spec"]["clusterIP"]
    service["spec"] |= {"type": "NodePort"}
    found = dry_run(bench.command(), bench.load(service))
    assert [(one.kind, one.name, one.verb) for one in found] == [
        ("Service", "front", "created"),
        ("StatefulSet", "web", "unchanged"),
    ]
    assert found[1].steps[0] == "repair pod web-0 - the Services that select it have changed"
    assert "delete pod web-0 - web-0: its published ports have changed" in found[1].steps


def test_a_dry_run_of_a_parked_set_brings_its_pods_back(bench: Bench):
    bench.apply(a_set(replicas=1))
    stop(bench.command(), "default")
    (found,) = dry_run(bench.command(), bench.load(a_set(replicas=1)))
    assert found.verb == "configured"
    assert any(step.startswith("create pod web-0") for step in found.steps)


def test_a_claim_carries_the_date_of_its_creation(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)))
    (view,) = get_claims(bench.command(), "default")
    (volume,) = [one for one in bench.engine.volumes({}) if one.name == "data-web-0"]
    assert volume.labels["minisets.io/created"] == volume.created
    assert view.created == seconds_of(volume.created)
    assert "minisets.io/created" not in str(view.object)


def _pruned(bench: Bench) -> None:
    bench.apply(a_service(), with_claim(a_set(replicas=2)))
    bench.prune_volumes()
    bench.engine.log.clear()


@pytest.mark.parametrize(
    "look",
    [
        lambda bench: dry_run(bench.command(), bench.load(with_claim(a_set(replicas=2)))),
        lambda bench: compare(bench.command(), bench.load(with_claim(a_set(replicas=2)))),
        lambda bench: history(bench.command(), "default", "web"),
        lambda bench: get_sets(bench.command(), "default"),
        lambda bench: create(
            bench.command(), bench.load(a_service("other"))[0], "services", is_dry=True
        ),
        lambda bench: prune(
            bench.command(),
            bench.load(a_service("other")),
            parse_labels(""),
            lambda _key: None,
            is_dry=True,
        ),
        lambda bench: change_metadata(
            bench.command(), WEB, "labels", {"a": "b"}, overwrite=False, is_dry=True
        ),
    ],
    ids=["dry run", "diff", "history", "get", "create", "prune", "label"],
)
def test_who_only_looks_writes_no_lost_record_down(bench: Bench, look: Callable[[Bench], Any]):
    _pruned(bench)
    look(bench)
    assert {line.split()[0] for line in bench.engine.log} <= READS
    assert bench.records == []


def test_a_dry_run_knows_of_a_set_whose_record_a_prune_took(bench: Bench):
    _pruned(bench)
    (found,) = dry_run(bench.command(), bench.load(with_claim(a_set(replicas=2))))
    assert found.verb == "unchanged"
    assert not any(step.startswith(("create pod", "delete pod")) for step in found.steps)
