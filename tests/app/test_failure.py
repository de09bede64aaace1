"""Waits that cannot end well, and rollouts that are broken."""

from __future__ import annotations

import itertools
import threading

import pytest

from minisets.app.loop.setbacks import Setbacks, Unmade
from minisets.app.loop.sets import find_set
from minisets.app.loop.world import observe
from minisets.app.watch import watch
from minisets.core import labels
from minisets.core.observed import ContainerStatus
from minisets.core.pod.probe_state import ProbeResult
from minisets.core.pod.setback import RUN, pause_after
from minisets.errors import EngineError, NotConverged
from tests.app.bench import NO, OK, Bench, a_set, container_of, probed, with_env
from tests.fakes import FakeContainer


def _crash_on_every_look(bench: Bench, name: str) -> None:
    """Let a container crash again each time that somebody lists the containers."""
    listing = bench.engine.containers

    def containers(labels):
        found = bench.engine._containers.values()
        for container in [one for one in found if one.name == name]:
            if container.status in {ContainerStatus.RUNNING, ContainerStatus.RESTARTING}:
                container.output = [("stderr", b"no config\ngiving up\n")]
                bench.engine.crash(name, exit_code=7, restarting=True)
        return listing(labels)

    bench.engine.containers = containers  # type: ignore[method-assign]


def test_a_crash_loop_ends_the_wait_early_with_the_last_log_lines(bench: Bench):
    _crash_on_every_look(bench, "web-0")
    began = bench.clock.now()
    with pytest.raises(NotConverged) as caught:
        bench.apply(a_set())
    assert caught.value.exit_code == 4
    assert str(caught.value).startswith("pod/web-0 cannot get ready: it crashes: ")
    assert "last exit code 7" in str(caught.value)
    assert str(caught.value).endswith("  last log lines:\n    no config\n    giving up")
    assert caught.value.hint == (
        "minisets logs web-0 -n default; correct the manifest, apply it again; "
        "Docker goes on restarting it, to wait on: minisets rollout status sts/web -n default"
    )
    assert bench.clock.now() - began < 10


def test_a_pod_that_crashes_and_runs_again_between_two_looks_has_proved_nothing(bench: Bench):
    rest, sleep = [1, 2, 3], bench.clock.sleep
    crashed_at = [0.0]

    def sleep_and_crash(seconds: float) -> None:
        sleep(seconds)
        if rest and bench.engine.count("start"):
            rest.pop()
            bench.engine.crash("web-0", exit_code=7, restarting=True)
            bench.engine.container("web-0").status = ContainerStatus.RUNNING
            crashed_at.append(bench.clock.now())

    bench.clock.sleep = sleep_and_crash  # type: ignore[method-assign]
    bench.apply(a_set(replicas=1))
    assert not rest
    assert bench.clock.now() - crashed_at[-1] > 0.29


def test_a_container_that_ends_each_time_it_is_started_ends_the_wait(bench: Bench):
    # So it is where the Engine does not restart it: a command that stopped it was interrupted.
    bench.engine.ends = lambda _container: 0
    began = bench.clock.now()
    with pytest.raises(NotConverged, match="pod/web-0 cannot get ready: it crashes: 5 restarts"):
        bench.apply(a_set(replicas=1))
    assert bench.engine.count("start") == 6
    assert bench.clock.now() - began < 60


def test_an_init_container_that_ends_each_time_it_is_started_ends_the_wait(bench: Bench):
    def ends(container: FakeContainer) -> int | None:
        if container.name != "web-0.setup":
            return None
        container.status, container.exit_code = ContainerStatus.EXITED, 3
        return None

    bench.engine.ends = ends
    manifest = a_set(replicas=1)
    spec = manifest["spec"]["template"]["spec"]
    spec["initContainers"] = [{"name": "setup", "image": spec["containers"][0]["image"]}]
    with pytest.raises(
        NotConverged, match="container setup crashes: 5 restarts, last exit code 3"
    ):
        bench.apply(manifest)


def test_a_sandbox_that_ends_each_time_it_is_started_ends_the_wait(bench: Bench):
    manifest = a_set(replicas=1)
    spec = manifest["spec"]["template"]["spec"]
    spec["containers"].append({"name": "side", "image": spec["containers"][0]["image"]})
    bench.apply(manifest)
    bench.engine.ends = lambda found: 0 if found.name == "web-0._pod" else None
    bench.engine.crash("web-0._pod", exit_code=0)
    with pytest.raises(NotConverged, match="its sandbox crashes: 5 restarts"):
        bench.apply(manifest)


def test_a_container_that_was_stopped_by_hand_once_is_started_at_once(bench: Bench):
    bench.apply(a_set(replicas=1))
    for _ in range(7):
        bench.engine.crash("web-0", exit_code=0)
        bench.apply(a_set(replicas=1))
        assert bench.running == ["web-0"]


def test_a_watch_lets_a_container_rest_longer_each_time_that_it_ends(bench: Bench):
    bench.apply(a_set(replicas=1))
    starts: list[float] = []

    def ends(_container: FakeContainer) -> int:
        starts.append(bench.clock.now())
        return 0

    bench.engine.ends = ends
    bench.engine.crash("web-0", exit_code=0)
    watch(bench.command(), "default", until=lambda: len(starts) >= 9)
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert all(later > earlier for earlier, later in itertools.pairwise(pauses[2:]))
    assert pauses[-1] > 20


def test_what_ends_after_the_time_is_over_has_still_succeeded(bench: Bench):
    bench.engine.on_start = lambda _container: bench.clock.sleep(30)
    bench.apply(a_set(replicas=1), timeout_seconds=10)
    assert bench.running == ["web-0"]


def test_the_pod_that_took_all_the_time_is_named(bench: Bench):
    bench.engine.on_start = lambda _container: bench.clock.sleep(30)
    bench.prober.answer = lambda _found: NO
    with pytest.raises(NotConverged) as caught:
        bench.apply(probed(a_set(replicas=1)), timeout_seconds=10)
    assert (caught.value.hint or "").startswith("minisets logs web-0")


def test_a_time_is_over_also_while_there_is_always_something_to_do(bench: Bench):
    bench.apply(a_set(replicas=1))
    looks = [0]
    listing = bench.engine.containers

    def containers(labels):
        # Somebody pauses the pod again, whenever it was resumed.
        looks[0] += 1
        bench.engine.container("web-0").status = ContainerStatus.PAUSED
        bench.clock.sleep(1)
        return listing(labels)

    bench.engine.containers = containers  # type: ignore[method-assign]
    with pytest.raises(NotConverged, match="not everything was ready within 20s"):
        bench.apply(a_set(replicas=1), timeout_seconds=20)
    assert looks[0] < 60


def test_a_time_out_names_the_pod_its_state_and_the_last_probe(bench: Bench):
    bench.prober.answer = lambda found: NO if found.name == "web-1" else OK
    with pytest.raises(NotConverged) as caught:
        bench.apply(probed(a_set()), timeout_seconds=20)
    assert str(caught.value).splitlines() == [
        "not everything was ready within 20s: web-1 is not ready",
        "pod/web-1 is Running",
        "  last probe: connection refused",
    ]
    assert caught.value.hint == "minisets logs web-1 -n default"


def test_a_probe_that_says_several_lines_stays_a_block_in_the_error(bench: Bench):
    page = "HTTP probe failed with statuscode: 503\n<HTML>\n  <P>no</P>\n"
    bench.prober.answer = lambda _found: ProbeResult(ok=False, output=page)
    with pytest.raises(NotConverged) as caught:
        bench.apply(probed(a_set(replicas=1)), timeout_seconds=5)
    assert str(caught.value).splitlines()[2:] == [
        "  last probe:",
        "    HTTP probe failed with statuscode: 503",
        "    <HTML>",
        "      <P>no</P>",
    ]


def test_the_hint_of_a_failure_names_the_namespace(bench: Bench):
    bench.prober.answer = lambda _found: NO
    with pytest.raises(NotConverged) as caught:
        bench.apply(probed(a_set()), namespace="prod", timeout_seconds=5)
    assert caught.value.hint == "minisets logs web-0 -n prod"


def test_a_time_out_takes_no_longer_than_asked_for(bench: Bench):
    bench.prober.answer = lambda _found: NO
    began = bench.clock.now()
    with pytest.raises(NotConverged):
        bench.apply(probed(a_set()), timeout_seconds=20)
    assert bench.clock.now() - began == pytest.approx(20, abs=0.5)


def test_a_probe_that_can_never_succeed_ends_the_wait_at_once(bench: Bench):
    bench.prober.answer = lambda _found: ProbeResult(
        ok=False, output="ready: no such file", hopeless=True
    )
    began = bench.clock.now()
    with pytest.raises(NotConverged, match="its probe can never succeed\n  last probe: ready: no"):
        bench.apply(probed(a_set()))
    assert bench.clock.now() - began < 2


def test_a_pod_that_the_engine_refuses_to_start_is_named_and_leaves_no_container(bench: Bench):
    bench.engine.fail("start", error=EngineError("exec: not found", hint="look at command"))
    with pytest.raises(NotConverged, match="pod/web-0 cannot start: exec: not found") as caught:
        bench.apply(a_set())
    assert caught.value.hint == "look at command"
    assert bench.pods == []


def _is_blue(found: FakeContainer) -> bool:
    return "COLOR=blue" in found.config["Env"]


def _break_rollout(bench: Bench, allowed_seconds: float = 10, **probe: int) -> None:
    """Apply a template whose pods never get ready."""
    bench.prober.answer = lambda found: NO if _is_blue(found) else OK
    bench.apply(probed(a_set(), **probe))
    with pytest.raises(NotConverged):
        bench.apply(
            with_env(probed(a_set(), **probe), COLOR="blue"), timeout_seconds=allowed_seconds
        )


def test_a_broken_rollout_stops_at_the_first_pod(bench: Bench):
    _break_rollout(bench)
    blue = [pod for pod in bench.pods if _is_blue(bench.engine.container(pod))]
    assert blue == ["web-2"]


def test_a_corrected_manifest_repairs_a_broken_rollout(bench: Bench):
    _break_rollout(bench)
    bench.apply(with_env(probed(a_set()), COLOR="green"))
    envs = [bench.engine.container(pod).config["Env"] for pod in bench.pods]
    assert envs == [["COLOR=green"]] * 3


def test_a_broken_pod_is_not_replaced_before_its_allowance_is_over(bench: Bench):
    _break_rollout(bench, allowed_seconds=2, failureThreshold=20)
    started = bench.engine.container("web-2").started_at
    stopped_at: list[float] = []
    stop = bench.engine.stop

    def watched_stop(container_id, *, grace_seconds=None):
        stopped_at.append(bench.clock.now())
        stop(container_id, grace_seconds=grace_seconds)

    bench.engine.stop = watched_stop  # type: ignore[method-assign]
    bench.apply(with_env(probed(a_set(), failureThreshold=20), COLOR="green"))
    assert stopped_at[0] - started >= 20


def test_a_slow_pods_allowance_is_what_its_probe_grants(bench: Bench):
    slow = {"initialDelaySeconds": 60, "failureThreshold": 10, "periodSeconds": 10}
    bench.prober.answer = lambda found: NO if _is_blue(found) else OK
    bench.apply(probed(a_set(), **slow))
    with pytest.raises(NotConverged):
        bench.apply(with_env(probed(a_set(), **slow), COLOR="blue"), timeout_seconds=100)
    with pytest.raises(NotConverged):
        bench.apply(with_env(probed(a_set(), **slow), COLOR="green"), timeout_seconds=40)
    assert _is_blue(bench.engine.container("web-2"))


def test_a_healthy_pod_of_the_old_template_is_no_broken_one(bench: Bench):
    """A command that has not probed yet knows nothing: what is healthy must roll in order."""
    bench.apply(probed(a_set()))
    bench.clock.sleep(10_000)
    bench.apply(with_env(probed(a_set()), COLOR="green"))
    assert [line for line in bench.engine.log if line.startswith("stop")] == [
        "stop web-2",
        "stop web-1",
        "stop web-0",
    ]


def test_a_hiccup_of_a_healthy_pod_does_not_get_it_replaced(bench: Bench):
    bench.apply(probed(a_set(), periodSeconds=10))
    bench.clock.sleep(10_000)
    before = bench.ids()
    failures = iter([NO])
    bench.prober.answer = lambda found: next(failures, OK) if found.name == "web-0" else OK
    bench.apply(with_env(probed(a_set(), periodSeconds=10), COLOR="green"))
    stops = [line for line in bench.engine.log if line.startswith("stop")]
    assert stops == ["stop web-2", "stop web-1", "stop web-0"]
    assert set(before.values()).isdisjoint(bench.ids().values())


def test_after_a_reboot_pods_get_time_before_a_repair_takes_them(bench: Bench):
    """Started again is young again, however long ago the container was created."""
    bench.apply(probed(a_set(), failureThreshold=30))
    bench.clock.sleep(10_000)
    before = bench.ids()
    for pod in bench.pods:
        bench.engine.crash(pod)
    bench.prober.answer = lambda found: OK if bench.clock.now() - found.started_at >= 20 else NO
    bench.apply(with_env(probed(a_set(), failureThreshold=30), COLOR="green"))
    log = bench.engine.log
    assert log.index("probe web-0 ok") < log.index("stop web-2")
    assert set(before.values()).isdisjoint(bench.ids().values())


def test_a_crash_looping_pod_is_repaired_at_once(bench: Bench):
    bench.apply(a_set())
    bench.engine.crash("web-2", restarting=True)
    began = bench.clock.now()
    manifest = with_env(a_set(), COLOR="green")
    bench.apply(manifest)
    assert bench.clock.now() - began < 5
    assert len(bench.running) == 3


def test_a_stop_that_runs_into_its_grace_period_is_reported(bench: Bench):
    manifest = a_set(replicas=1)
    manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 5
    bench.apply(manifest)
    stop = bench.engine.stop

    def slow_stop(container_id, *, grace_seconds=None):
        bench.clock.sleep(grace_seconds or 0)
        stop(container_id, grace_seconds=grace_seconds)

    bench.engine.stop = slow_stop  # type: ignore[method-assign]
    container_of(manifest)["env"] = [{"name": "COLOR", "value": "green"}]
    bench.apply(manifest)
    assert any("grace period of 5s and was killed" in text for text in bench.reporter.notices)


def test_a_pod_that_is_well_again_does_not_count_as_broken(bench: Bench):
    bench.apply(a_set(replicas=1))
    context = bench.command()
    world = observe(context.engine, "default")
    target = find_set(context, "default", "web", world)
    pods = {pod.name: pod for pod in world.pods(*target.key)}
    refused = Unmade("web-0", EngineError("no such device"), RUN)
    setbacks = Setbacks(context, threading.Lock(), is_patient=True)
    setbacks.note(target, pods["web-0"].labels[labels.REVISION], refused)
    setbacks.tidy(target, pods)
    assert setbacks.pods == {(target.key, "web-0")}
    bench.clock.sleep(pause_after(1))
    setbacks.tidy(target, pods)
    assert setbacks.pods == frozenset()
    assert target.facts.setbacks == {}
