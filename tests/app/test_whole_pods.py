"""Pods of several containers: their order, their hooks, their repair, on a fake Engine."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from minisets.app.delete import delete_namespace, delete_set
from minisets.app.delete_pods import delete_pod
from minisets.app.park import scale, start, stop
from minisets.app.query import get_pods
from minisets.core.observed import ContainerStatus, ExecResult
from minisets.core.pod.probe_state import ProbeResult
from minisets.errors import NotConverged
from tests.app.bench import NO, OK, Bench, a_set, container_of, with_claim
from tests.fakes import DEMO, FakeContainer


def _with(manifest: dict[str, Any], inits: tuple[Any, ...] = (), others: tuple[Any, ...] = ()):
    changed = copy.deepcopy(manifest)
    spec = changed["spec"]["template"]["spec"]
    spec["initContainers"] = [{"image": DEMO, **one} for one in inits]
    spec["containers"] += [{"image": DEMO, **one} for one in others]
    return changed


PAIR = _with(a_set(replicas=2), others=({"name": "log"},))
INITS = _with(a_set(replicas=1), inits=({"name": "one"}, {"name": "two"}))


def _starts(bench: Bench) -> list[str]:
    return [
        entry.removeprefix("start ") for entry in bench.engine.log if entry.startswith("start")
    ]


def test_a_sandbox_starts_first_then_the_containers_and_pods_follow_each_other(bench: Bench):
    bench.apply(PAIR)
    assert _starts(bench) == [
        *("web-0._pod", "web-0", "web-0.log"),
        *("web-1._pod", "web-1", "web-1.log"),
    ]
    sandbox = bench.engine.container("web-0._pod")
    for name in ("web-0", "web-0.log"):
        assert bench.engine.container(name).host["NetworkMode"] == f"container:{sandbox.id}"


def test_init_containers_run_one_after_the_other_before_the_pods_own(bench: Bench):
    bench.apply(INITS)
    assert _starts(bench) == ["web-0.one", "web-0.two", "web-0"]
    assert bench.running == ["web-0"]
    # They stay, for their logs.
    assert bench.pods == ["web-0", "web-0.one", "web-0.two"]


def test_an_init_container_that_needs_time_is_waited_for(bench: Bench):
    looks: list[str] = []

    def ends(found: FakeContainer) -> int | None:
        return None if found.name in {"web-0.one", "web-0"} else 0

    def end_after_a_while() -> None:
        one = [c for c in bench.engine._containers.values() if c.name == "web-0.one"]
        looks.append("look")
        if one and len(looks) > 40:
            one[0].status, one[0].exit_code = ContainerStatus.EXITED, 0

    bench.engine.ends = ends
    bench.engine.before_call = end_after_a_while
    bench.apply(INITS)
    assert _starts(bench) == ["web-0.one", "web-0.two", "web-0"]
    told = [(step.state, step.detail) for step in bench.reporter.steps]
    assert ("initializing", "one, 1 of 2") in told
    assert "repairing" not in {state for state, _ in told}


def test_an_init_container_that_fails_ends_the_wait_with_its_name(bench: Bench):
    bench.engine.ends = lambda found: 3 if found.name == "web-0.one" else None

    def crash() -> None:
        for found in bench.engine._containers.values():
            if found.status is ContainerStatus.RESTARTING:
                found.restart_count += 1

    bench.engine.before_call = crash
    with pytest.raises(
        NotConverged, match=r"container one crashes: .* last exit code 3"
    ) as caught:
        bench.apply(INITS)
    assert "minisets logs web-0 -c one" in str(caught.value.hint)
    assert bench.running == []


def test_a_claim_is_made_writable_once_by_the_first_container_that_mounts_it(bench: Bench):
    manifest = with_claim(_with(a_set(replicas=1), inits=({"name": "one"},)))
    spec = manifest["spec"]["template"]["spec"]
    spec["initContainers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/seed"}]
    bench.apply(manifest)
    assert bench.engine.container("web-0.one").files == {"/seed": (0, 0o777)}
    assert bench.engine.container("web-0").files == {}


def test_a_pod_is_ready_when_all_its_containers_are(bench: Bench):
    manifest = copy.deepcopy(PAIR)
    manifest["spec"]["template"]["spec"]["containers"][1]["readinessProbe"] = {
        "exec": {"command": ["ready"]}
    }
    bench.prober.answer = lambda found: NO if found.name == "web-0.log" else OK
    with pytest.raises(NotConverged):
        bench.apply(manifest, timeout_seconds=5)
    assert "web-1._pod" not in bench.pods
    (view,) = get_pods(bench.command(), "default")
    assert (view.ready, view.containers) == (1, 2)


def test_a_pod_goes_with_all_its_containers_the_sandbox_last(bench: Bench):
    bench.apply(PAIR)
    bench.engine.log.clear()
    scale(bench.command(), "default", "web", 1)
    gone = [entry for entry in bench.engine.log if entry.startswith("remove_container")]
    assert gone == [
        "remove_container web-1.log",
        "remove_container web-1",
        "remove_container web-1._pod",
    ]
    delete_set(bench.command(), "default", "web")
    assert bench.pods == []


def test_a_container_that_was_removed_by_hand_comes_back_alone(bench: Bench):
    bench.apply(PAIR)
    before = bench.ids()
    bench.remove_by_hand("web-0.log")
    bench.apply(PAIR)
    after = bench.ids()
    assert after.pop("web-0.log") != before.pop("web-0.log")
    assert after == before


def test_a_sandbox_that_died_takes_its_containers_through_a_restart(bench: Bench):
    bench.apply(PAIR)
    before = bench.ids()
    bench.engine.container("web-0._pod").status = ContainerStatus.EXITED
    bench.apply(PAIR)
    assert bench.ids() == before
    calls = [entry for entry in bench.engine.log if entry.split()[0] in {"start", "stop"}]
    assert calls == [
        *("stop web-0", "stop web-0.log", "start web-0._pod"),
        *("start web-0", "start web-0.log"),
    ]


def _hooked(**lifecycle: Any) -> dict[str, Any]:
    manifest = a_set(replicas=1)
    container_of(manifest)["lifecycle"] = lifecycle
    return manifest


def test_hooks_run_after_the_start_and_before_the_stop(bench: Bench):
    seen: list[tuple[str, ...]] = []

    def execute(_found: FakeContainer, command: tuple[str, ...]) -> ExecResult:
        seen.append(command)
        return ExecResult(exit_code=0)

    bench.engine.on_exec = execute
    bench.apply(
        _hooked(postStart={"exec": {"command": ["hello"]}}, preStop={"exec": {"command": ["bye"]}})
    )
    probes = [entry for entry in bench.engine.log if entry.startswith("probe")]
    assert probes == ["probe web-0 ok"]
    bench.engine.log.clear()
    delete_pod(bench.command(), "default", "web-0")
    order = [e for e in bench.engine.log if e.split()[0] in {"probe", "stop", "remove_container"}]
    assert order[:3] == ["probe web-0 ok", "stop web-0", "remove_container web-0"]


def test_a_hook_that_ends_its_container_does_not_make_the_engine_run_it_again(bench: Bench):
    policies: list[object] = []

    def answer(found: FakeContainer) -> ProbeResult:
        policies.append(found.host["RestartPolicy"]["Name"])
        return OK

    bench.apply(_hooked(preStop={"exec": {"command": ["quit"]}}))
    bench.prober.answer = answer
    delete_pod(bench.command(), "default", "web-0")
    assert policies[0] == "no"


def test_a_post_start_hook_that_fails_is_told_and_the_container_goes(bench: Bench):
    bench.prober.answer = lambda _found: NO
    with pytest.raises(NotConverged, match=r"the postStart hook of container .* failed"):
        bench.apply(_hooked(postStart={"exec": {"command": ["hello"]}}))
    assert bench.pods == []


def test_a_sleep_before_the_stop_counts_in_the_grace_period(bench: Bench):
    bench.apply(_hooked(preStop={"sleep": {"seconds": 7}}))
    bench.clock.slept.clear()
    delete_pod(bench.command(), "default", "web-0")
    assert 7.0 in bench.clock.slept


def test_a_container_whose_startup_probe_failed_is_restarted(bench: Bench):
    manifest = a_set(replicas=1)
    container_of(manifest)["startupProbe"] = {
        "exec": {"command": ["up"]},
        "periodSeconds": 1,
        "failureThreshold": 2,
    }
    restarts: list[str] = []

    def answer(found: FakeContainer) -> Any:
        if bench.engine.count("restart"):
            restarts.append(found.name)
            return OK
        return NO

    bench.prober.answer = answer
    bench.apply(manifest)
    assert restarts
    assert bench.engine.count("restart") == 1


_ASKED = {"httpGet": {"path": "/quit", "port": 80}}


@pytest.mark.parametrize(
    "goes",
    [
        lambda bench: delete_set(bench.command(), "default", "web"),
        lambda bench: delete_pod(bench.command(), "default", "web-0", wait=False),
        lambda bench: stop(bench.command(), "default"),
        lambda bench: scale(bench.command(), "default", "web", 0),
        lambda bench: delete_namespace(bench.command(), "default"),
    ],
    ids=["delete sts", "delete pod", "stop", "scale", "delete namespace"],
)
def test_a_hook_by_http_asks_the_pod_at_its_address_however_it_goes(bench: Bench, goes):
    bench.apply(_hooked(preStop=_ASKED))
    address = bench.address("web-0")
    asked = []
    bench.prober.asked = lambda target: asked.append((target.address, bool(target.network_id)))
    goes(bench)
    assert asked == [(address, True)]


_GREETING = {"exec": {"command": ["hello"]}}


def test_a_hook_runs_again_when_a_container_that_was_stopped_is_started(bench: Bench):
    bench.apply(_hooked(postStart=_ASKED))
    address = bench.address("web-0")
    asked: list[str | None] = []
    bench.prober.asked = lambda target: asked.append(target.address)
    bench.engine.crash("web-0")
    start(bench.command(), "default")
    assert asked == [address]
    start(bench.command(), "default")
    assert asked == [address]


def test_a_hook_runs_again_when_a_container_that_is_not_well_is_restarted(bench: Bench):
    manifest = _hooked(postStart=_GREETING)
    probe = {"exec": {"command": ["up"]}, "periodSeconds": 1, "failureThreshold": 1}
    container_of(manifest)["startupProbe"] = probe
    seen: list[str] = []

    def answer(_found: FakeContainer) -> ProbeResult:
        seen.append("restart" if bench.engine.count("restart") else "start")
        return OK if seen[-1] == "restart" or len(seen) == 1 else NO

    bench.prober.answer = answer
    bench.apply(manifest)
    assert seen[:2] == ["start", "start"]
    # The hook after the restart, then the probe.
    assert seen[-2:] == ["restart", "restart"]


def test_a_hook_that_fails_after_a_restart_is_told_and_the_container_is_stopped(bench: Bench):
    bench.apply(_hooked(postStart=_GREETING))
    bench.engine.crash("web-0")
    bench.prober.answer = lambda _found: NO
    with pytest.raises(NotConverged, match=r"the postStart hook of container app failed"):
        start(bench.command(), "default")
    assert (bench.pods, bench.running) == (["web-0"], [])


def test_hooks_run_again_in_a_pod_whose_sandbox_was_restored(bench: Bench):
    manifest = _with(_hooked(postStart=_GREETING), others=({"name": "log"},))
    bench.apply(manifest)
    asked: list[str] = []
    bench.prober.asked = lambda target: asked.append(target.container_id)
    bench.engine.crash("web-0._pod")
    start(bench.command(), "default")
    assert asked == [bench.ids()["web-0"]]


def test_a_pod_whose_end_was_interrupted_is_restarted_by_the_engine_again(bench: Bench):
    bench.apply(_hooked(preStop={"exec": {"command": ["quit"]}}))
    bench.engine.fail("stop", error=KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        scale(bench.command(), "default", "web", 0)
    bench.engine._faults.clear()
    bench.engine.crash("web-0")
    assert bench.engine.container("web-0").host["RestartPolicy"]["Name"] == "no"
    scale(bench.command(), "default", "web", 1)
    assert bench.running == ["web-0"]
    assert bench.engine.container("web-0").host["RestartPolicy"]["Name"] == "always"
