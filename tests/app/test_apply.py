from __future__ import annotations

import pytest

from minisets.app.changes import place
from minisets.app.dry_run import dry_run
from minisets.app.park import scale
from minisets.core import labels
from minisets.errors import ManifestError
from tests.app.bench import (
    NO,
    OK,
    Bench,
    Gate,
    a_service,
    a_set,
    container_of,
    events,
    probed,
    with_claim,
    with_env,
)
from tests.fakes import DEMO


def test_apply_starts_every_pod_and_says_created(bench: Bench):
    verbs = bench.apply(a_service(), a_set())
    assert verbs == {"Service/web": "created", "StatefulSet/web": "created"}
    assert bench.running == ["web-0", "web-1", "web-2"]


def test_a_pod_is_created_only_when_the_one_before_it_is_ready(bench: Bench):
    bench.prober.answer = Gate(attempts=3)
    bench.apply(probed(a_set()))
    steps = bench.positions(
        "start web-0",
        "probe web-0 failed",
        "probe web-0 ok",
        "create_container web-1",
        "probe web-1 failed",
        "probe web-1 ok",
        "create_container web-2",
        "probe web-2 ok",
    )
    assert steps == sorted(steps)


def test_parallel_pods_do_not_wait_for_each_other(bench: Bench):
    bench.prober.answer = Gate(attempts=3)
    bench.apply(probed(a_set(podManagementPolicy="Parallel")))
    last_create = max(bench.positions(*(f"create_container web-{n}" for n in range(3))))
    assert last_create < min(bench.positions(*(f"probe web-{n} ok" for n in range(3))))


def test_the_next_pod_comes_within_a_fraction_of_a_second(bench: Bench):
    began = bench.clock.now()
    bench.prober.answer = lambda found: OK if bench.clock.now() - found.started_at >= 1.0 else NO
    bench.apply(probed(a_set(), periodSeconds=10))
    assert bench.clock.now() - began < 3.5


def test_a_second_apply_is_unchanged_and_touches_nothing(bench: Bench):
    objects = (a_service(), with_claim(probed(a_set())))
    bench.apply(*objects)
    before = bench.ids()
    verbs = bench.apply(*objects)
    assert set(verbs.values()) == {"unchanged"}
    assert bench.ids() == before
    assert {line.split(" ")[0] for line in bench.engine.log} <= {
        "containers",
        "volumes",
        "networks",
        "image",
        "probe",
    }


@pytest.mark.parametrize("replicas", [1, 3, 12])
def test_an_apply_with_nothing_to_do_costs_a_constant_number_of_calls(bench: Bench, replicas: int):
    objects = (a_service(), with_claim(a_set(replicas=replicas, minReadySeconds=5)))
    bench.apply(*objects)
    bench.apply(*objects)
    assert len(bench.engine.log) == 5


def _calls(bench: Bench, replicas: int, *, policy: str, claims: int = 0) -> int:
    manifest = a_set(replicas=replicas, podManagementPolicy=policy)
    for number in range(claims):
        manifest = with_claim(manifest, f"c{number}")
    bench.apply(manifest)
    return len(bench.engine.log)


def test_a_new_pod_costs_two_calls_and_two_more_per_claim():
    def calls(replicas: int, claims: int) -> int:
        return _calls(Bench(), replicas, policy="Parallel", claims=claims)

    assert calls(4, 0) - calls(3, 0) == 2
    assert calls(4, 1) - calls(3, 1) <= 4
    assert calls(4, 2) - calls(3, 2) <= 6


def test_a_new_ordered_pod_costs_four_calls_beside_its_probes():
    def calls(replicas: int) -> int:
        bench = Bench()
        bench.apply(probed(a_set(replicas=replicas)))
        return sum(1 for line in bench.engine.log if not line.startswith("probe"))

    assert calls(4) - calls(3) <= 4


def test_a_minimum_time_ready_is_waited_for_between_pods(bench: Bench):
    began = bench.clock.now()
    bench.apply(a_set(minReadySeconds=10))
    assert 30 <= bench.clock.now() - began < 31


def test_a_minimum_time_ready_is_not_waited_for_again(bench: Bench):
    manifest = probed(a_set(minReadySeconds=10))
    bench.apply(manifest)
    began = bench.clock.now()
    assert bench.apply(manifest) == {"StatefulSet/web": "unchanged"}
    assert bench.clock.now() - began < 0.1


def test_a_changed_template_rolls_from_the_highest_ordinal_down(bench: Bench):
    bench.prober.answer = Gate(attempts=2)
    bench.apply(probed(a_set()))
    verbs = bench.apply(with_env(probed(a_set()), COLOR="blue"))
    assert verbs == {"StatefulSet/web": "configured"}
    assert events(bench, "stop", "create_container") == [
        "stop web-2",
        "create_container web-2",
        "stop web-1",
        "create_container web-1",
        "stop web-0",
        "create_container web-0",
    ]
    ready = bench.engine.log.index("probe web-2 ok")
    assert ready < bench.engine.log.index("stop web-1")


def test_a_replaced_pod_keeps_its_address_and_its_volume(bench: Bench):
    bench.apply(with_claim(a_set()))
    before = [bench.address(f"web-{n}") for n in range(3)]
    bench.apply(with_env(with_claim(a_set()), COLOR="blue"))
    assert [bench.address(f"web-{n}") for n in range(3)] == before
    assert bench.claims == ["data-web-0", "data-web-1", "data-web-2"]
    assert bench.engine.container("web-1").volumes() == {"data-web-1"}


def test_what_the_file_no_longer_speaks_of_gets_its_default_back(bench: Bench):
    manifest = a_set()
    bench.apply(manifest)
    del manifest["spec"]["replicas"]
    bench.apply(manifest)
    assert bench.pods == ["web-0"]


def test_what_the_file_never_spoke_of_survives(bench: Bench):
    manifest = a_set()
    del manifest["spec"]["replicas"]
    bench.apply(manifest)
    scale(bench.command(), "default", "web", 2)
    assert bench.apply(manifest) == {"StatefulSet/web": "unchanged"}
    assert bench.pods == ["web-0", "web-1"]


def test_no_wait_does_what_can_be_done_now_and_says_what_is_to_come(bench: Bench):
    bench.prober.answer = lambda _found: NO
    bench.apply(probed(a_set()), wait=False)
    assert bench.pods == ["web-0"]
    assert [text for text in bench.reporter.notices if text.startswith("still to come: web-0")]


def test_an_immutable_field_is_refused_and_nothing_is_touched(bench: Bench):
    bench.apply(a_set())
    before = (bench.ids(), bench.facts())
    with pytest.raises(ManifestError, match="Forbidden"):
        bench.apply(a_set(podManagementPolicy="Parallel"))
    assert (bench.ids(), bench.facts()) == before


def test_an_object_of_another_namespace_than_the_given_one_is_refused(bench: Bench):
    manifest = a_set()
    manifest["metadata"]["namespace"] = "prod"
    objects = bench.load(manifest)
    with pytest.raises(ManifestError, match='"prod", and "test" was given'):
        place(objects, "test", is_explicit=True)


def test_a_namespace_has_its_own_network_and_names(bench: Bench):
    bench.apply(with_claim(a_set(replicas=1)), namespace="prod")
    bench.apply(with_claim(a_set(replicas=1)))
    assert bench.pods == ["prod_web-0", "web-0"]
    assert bench.claims == ["data-web-0", "prod_data-web-0"]
    assert {network.name for network in bench.engine.networks()} == {
        "minisets_default",
        "minisets_prod",
    }


def test_a_missing_service_is_a_notice(bench: Bench):
    bench.apply(a_set(replicas=1))
    assert bench.reporter.notices == [
        'statefulset/web: spec.serviceName: there is no Service "web" here; its names exist anyway'
    ]
    assert "web.default.svc.cluster.local" in bench.aliases("web-0")


def test_a_service_is_judged_as_it_will_be(bench: Bench):
    def notices(**spec):
        service = a_service()
        service["spec"] |= spec
        bench.apply(service, a_set(replicas=1))
        return [text.partition(": ")[2] for text in bench.reporter.notices]

    assert notices() == []
    assert notices(clusterIP="") == [
        "spec.serviceName: its Service is not headless (clusterIP: None); "
        "the name stands for all pods anyway"
    ]
    assert notices() == []
    outer = {"type": "ExternalName", "externalName": "db.example", "clusterIP": ""}
    assert notices(**outer) == [
        'spec.serviceName: the Service "web" stands for an outer name and has no pods; '
        "the names of the pods exist anyway"
    ]


def test_one_input_may_speak_of_several_namespaces_and_sets(bench: Bench):
    for name in ("one", "two"):
        bench.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
            *(
                {**obj, "metadata": {**obj["metadata"], "namespace": name}}
                for obj in (a_service(), a_set(replicas=1), a_set("db", replicas=1))
            ),
            a_set("here", replicas=1),
        )
    assert bench.pods == ["here-0", "one_db-0", "one_web-0", "two_db-0", "two_web-0"]
    assert {"web", "web.one"} <= set(bench.aliases("one_web-0"))
    assert ("Namespace", "", "one") in bench.records


def test_another_path_than_last_time_is_a_notice(bench: Bench):
    bench.apply(a_service(), a_set(), applied_from="a.yaml")
    bench.apply(a_service(), a_set(), applied_from="b.yaml")
    assert bench.reporter.notices == ["statefulset/web: was applied from a.yaml before"]


def test_an_apply_from_another_path_can_repair_too(bench: Bench):
    bench.apply(a_set(), applied_from="a.yaml")
    bench.remove_by_hand("web-1")
    bench.apply(a_set(), applied_from="b.yaml")
    assert bench.running == ["web-0", "web-1", "web-2"]


def test_pods_carry_what_docker_ps_is_asked_for(bench: Bench):
    bench.apply(a_set(replicas=2))
    got = bench.engine.container("web-1").config["Labels"]
    assert got[labels.POD_NAME] == "web-1"
    assert got[labels.POD_INDEX] == "1"
    assert got[labels.REVISION].startswith("web-")


def test_a_set_may_gain_a_claim_and_its_pods_roll_with_that_cause(bench: Bench):
    bench.apply(a_set(replicas=2))
    bench.apply(with_claim(a_set(replicas=2)))
    assert bench.claims == ["data-web-0", "data-web-1"]
    assert bench.engine.container("web-0").volumes() == {"data-web-0"}


def test_an_image_that_cannot_be_had_touches_nothing(bench: Bench):
    manifest = a_set()
    container_of(manifest)["image"] = "nowhere:1"
    with pytest.raises(Exception, match="nowhere:1"):
        bench.apply(manifest)
    assert (bench.pods, bench.records) == ([], [])


def test_a_missing_image_is_pulled_before_anything_is_written(bench: Bench):
    bench.engine.registry["app:2"] = bench.engine.images[DEMO]
    manifest = a_set(replicas=1)
    container_of(manifest)["image"] = "app:2"
    bench.apply(manifest)
    assert bench.engine.log.index("pull app:2") < min(
        index for index, line in enumerate(bench.engine.log) if line.startswith("create_")
    )


def test_apply_and_its_dry_run_say_what_becomes_of_each_volume(bench: Bench):
    bench.apply(with_claim(a_set(replicas=2)))
    changed = with_claim(with_claim(a_set(replicas=2), "logs"))
    outlook = dry_run(bench.command(), bench.load(changed))
    said = [notice.message for one in outlook for notice in one.notices]
    assert "volume logs-web-1 is created, empty" in said
    bench.apply(changed)
    assert any("volume logs-web-1 is created, empty" in text for text in bench.reporter.notices)
    bench.apply(a_set(replicas=2))
    assert any("volume data-web-0 stays with its data" in text for text in bench.reporter.notices)
    assert bench.claims == ["data-web-0", "data-web-1", "logs-web-0", "logs-web-1"]
