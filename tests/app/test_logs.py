from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from minisets.app.delete import delete_set
from minisets.app.logs import LogOptions, follow_logs, read_logs
from minisets.app.park import scale, stop
from minisets.app.reading.pod_choice import PodRef
from minisets.core import labels
from minisets.core.query.log_lines import LogLine
from minisets.core.query.selectors import parse_labels
from minisets.engine import docker_errors
from minisets.errors import EngineConflict, InputError, NotFound
from tests.app.bench import Bench, a_service, a_set
from tests.fake_events import FakeEvents
from tests.fakes import DEMO

WEB = PodRef(kind="StatefulSet", name="web")
QUICK = 0.01


def said(lines: Iterator[LogLine]) -> list[str]:
    return [f"{line.pod} {line.text.decode().rstrip()}" for line in lines]


def read(bench: Bench, ref: PodRef = WEB, **options: object) -> list[str]:
    return said(read_logs(bench.command(), "default", ref, LogOptions(**options)))  # type: ignore[arg-type]


def add_part(bench: Bench, name: str, *, role: str = "", place: int = 1) -> None:
    """Give web-0 one more container."""
    own = bench.engine.container("web-0").config["Labels"]
    more = {labels.CONTAINER: name, labels.PLACE: str(place)} | (
        {labels.ROLE: role} if role else {}
    )
    config = {"Image": DEMO, "Labels": {**own, **more}}
    bench.engine.start(bench.engine.create_container(f"web-0.{name}", config))


def talk(bench: Bench) -> None:
    for number in range(3):
        for pod in ("web-1", "web-0"):
            bench.clock.sleep(1)
            bench.engine.say(pod, f"line {number}")


def test_all_pods_of_a_set_are_merged_in_the_order_of_time(bench: Bench):
    bench.apply(a_service(), a_set(replicas=2))
    talk(bench)
    merged = ["web-1 line 0", "web-0 line 0", "web-1 line 1"]
    assert read(bench)[:3] == merged
    assert read(bench, PodRef(selector=parse_labels("app=web")))[:3] == merged
    assert read(bench, PodRef(kind="Service", name="web"))[:3] == merged
    assert read(bench, PodRef(name="web-0")) == [f"web-0 line {n}" for n in range(3)]
    told: list[int] = []
    none = PodRef(selector=parse_labels("app=db"))
    assert read(bench, none, on_nothing=lambda: told.append(1)) == []
    assert told == [1]


def test_the_tail_is_that_of_each_pod(bench: Bench):
    bench.apply(a_set(replicas=2))
    talk(bench)
    assert read(bench, tail=1) == ["web-1 line 2", "web-0 line 2"]
    assert read(bench, tail=0) == []


def test_what_is_older_is_left_out(bench: Bench):
    bench.apply(a_set(replicas=1))
    bench.engine.say("web-0", "old")
    bench.clock.sleep(60)
    bench.engine.say("web-0", "new")
    bench.clock.sleep(1)
    assert read(bench, since_seconds=5) == ["web-0 new"]
    assert read(bench, since=bench.clock.now() - 5) == ["web-0 new"]


def crash(bench: Bench, pod: str) -> None:
    bench.clock.sleep(1)
    bench.engine.crash(pod, restarting=True)
    bench.engine.tick()


def test_runs_of_a_container_are_told_apart(bench: Bench):
    bench.apply(a_set(replicas=1))
    with pytest.raises(NotFound, match='previous terminated container "app" in pod "web-0"'):
        read(bench, previous=True)
    for run in range(3):
        bench.engine.say("web-0", f"run {run}")
        bench.engine.say("web-0", f"end {run}")
        if run < 2:
            crash(bench, "web-0")
    assert read(bench) == ["web-0 run 2", "web-0 end 2"]
    assert read(bench, previous=True) == ["web-0 run 1", "web-0 end 1"]
    assert read(bench, previous=True, tail=1) == ["web-0 end 1"]


def test_the_previous_run_begins_with_the_container_where_its_start_is_forgotten(bench: Bench):
    bench.apply(a_set(replicas=1))
    for run in range(3):
        bench.engine.say("web-0", f"run {run}")
        crash(bench, "web-0")
    bench.engine.happened = FakeEvents()
    assert read(bench, previous=True) == ["web-0 run 0", "web-0 run 1", "web-0 run 2"]


def test_the_containers_of_a_pod(bench: Bench):
    bench.apply(a_set(replicas=1))
    add_part(bench, "setup", role="init", place=1)
    add_part(bench, "logger", place=2)
    add_part(bench, "_pod", role="sandbox", place=3)
    for name in ("web-0", "web-0.setup", "web-0.logger", "web-0._pod"):
        bench.clock.sleep(1)
        bench.engine.say(name, f"I am {name}")
    pod = PodRef(name="web-0")
    assert read(bench, pod) == ["web-0 I am web-0"]
    assert read(bench, pod, container="logger") == ["web-0 I am web-0.logger"]
    assert read(bench, WEB, container="logger") == ["web-0 I am web-0.logger"]
    everything = ["web-0 I am web-0", "web-0 I am web-0.setup", "web-0 I am web-0.logger"]
    assert read(bench, pod, all_containers=True) == everything


def test_the_annotation_names_the_default_container(bench: Bench):
    manifest = a_set(replicas=1)
    annotations = {"kubectl.kubernetes.io/default-container": "logger"}
    manifest["spec"]["template"]["metadata"]["annotations"] = annotations
    bench.apply(manifest)
    add_part(bench, "logger")
    bench.engine.say("web-0.logger", "x")
    assert read(bench, PodRef(name="web-0")) == ["web-0 x"]
    assert read(bench) == ["web-0 x"]


def test_names_that_are_not_there_are_told_with_those_that_are(bench: Bench):
    bench.apply(a_service(), a_set(replicas=1))
    for ref, message, hint in (
        (PodRef(name="wbe-0"), 'pods "wbe-0" not found', "did you mean web-0?"),
        (PodRef(name="x"), 'pods "x" not found', "minisets get pods -n default"),
        (PodRef(kind="StatefulSet", name="wep"), "statefulsets.apps", "did you mean web?"),
        (PodRef(kind="Service", name="wep"), 'services "wep" not found', "did you mean web?"),
    ):
        with pytest.raises(NotFound) as caught:
            read(bench, ref)
        assert message in caught.value.message
        assert caught.value.hint == hint
    for wanted, hint in (("ap", "did you mean app?"), ("sidecar", "its containers are: app")):
        for ref in (PodRef(name="web-0"), WEB):
            with pytest.raises(NotFound, match="not found in pod web-0") as caught:
                read(bench, ref, container=wanted)
            assert caught.value.hint == hint


def follow(bench: Bench, ref: PodRef = WEB, **options: object) -> Iterator[LogLine]:
    return follow_logs(
        bench.command(),
        "default",
        ref,
        LogOptions(look_seconds=QUICK, **options),  # type: ignore[arg-type]
    )


def test_following_goes_on_over_restarts_and_takes_in_new_pods(bench: Bench):
    bench.apply(a_set(replicas=2))
    talk(bench)
    lines = follow(bench, tail=1)
    assert said(islice(lines, 2)) == ["web-1 line 2", "web-0 line 2"]
    bench.engine.say("web-0", "more")
    assert said(islice(lines, 1)) == ["web-0 more"]
    crash(bench, "web-0")
    bench.engine.say("web-0", "again")
    assert said(islice(lines, 1)) == ["web-0 again"]
    bench.remove_by_hand("web-1")
    bench.apply(a_set(replicas=3))
    bench.clock.sleep(1)
    bench.engine.say("web-1", "anew")
    assert said(islice(lines, 1)) == ["web-1 anew"]
    bench.engine.say("web-2", "joined")
    assert said(islice(lines, 1)) == ["web-2 joined"]
    lines.close()  # type: ignore[attr-defined]


def test_following_ends_when_the_set_is_gone(bench: Bench):
    bench.apply(a_set(replicas=1))
    bench.apply(a_set("other", replicas=1))
    bench.engine.say("web-0", "last")
    lines = follow(bench, PodRef(name="web-0"))
    assert said(islice(lines, 1)) == ["web-0 last"]
    delete_set(bench.command(), "default", "web")
    assert said(lines) == []


def test_following_ends_when_the_set_asks_for_the_pod_no_more(bench: Bench):
    bench.apply(a_service(), a_set(replicas=2))
    for pod in ("web-0", "web-1"):
        bench.engine.say(pod, "last")
    last = follow(bench, PodRef(name="web-1"))
    refs = (WEB, PodRef(kind="Service", name="web"), PodRef(selector=parse_labels("app=web")))
    whole = [follow(bench, ref) for ref in refs]
    for lines in (last, *whole):
        assert len(said(islice(lines, 1 if lines is last else 2))) == (1 if lines is last else 2)
    scale(bench.command(), "default", "web", 1)
    assert said(last) == []
    bench.engine.say("web-0", "goes on")
    for lines in whole:
        assert said(islice(lines, 1)) == ["web-0 goes on"]
    stop(bench.command(), "default", ["web"])
    for lines in whole:
        assert said(lines) == []


def test_the_tail_holds_for_a_container_that_has_said_nothing_new(bench: Bench):
    bench.apply(a_set(replicas=1))
    bench.engine.say("web-0", "old")
    bench.clock.sleep(1)
    lines = follow(bench, tail=0)
    bench.engine.before_call = lambda: None
    seen: list[bool] = []
    bench.clock.sleep(1)

    def speak() -> None:
        if not seen and bench.engine.count("logs") > 3:
            seen.append(True)
            bench.engine.say("web-0", "new")

    bench.engine.before_call = speak
    assert said(islice(lines, 1)) == ["web-0 new"]
    lines.close()  # type: ignore[attr-defined]


def test_too_many_containers_are_refused(bench: Bench):
    bench.apply(a_set(replicas=3))
    with pytest.raises(InputError, match="follow 3 log streams") as caught:
        next(follow(bench, most_streams=2))
    assert caught.value.hint == "--max-log-requests=3"


def test_pods_that_join_when_there_are_too_many_are_told(bench: Bench):
    bench.apply(a_set(replicas=1))
    bench.engine.say("web-0", "one")
    lines = follow(bench, most_streams=1)
    assert said(islice(lines, 1)) == ["web-0 one"]
    bench.apply(a_set(replicas=2))
    bench.engine.say("web-0", "two")
    assert said(islice(lines, 1)) == ["web-0 two"]
    lines.close()  # type: ignore[attr-defined]


def test_a_container_that_has_not_begun_says_so(bench: Bench):
    manifest = a_set(replicas=1)
    bench.apply(manifest)
    bench.engine.container("web-0").config["Labels"][labels.CONTAINER] = "other"
    with pytest.raises(EngineConflict, match="waits for the containers before it"):
        read(bench, PodRef(name="web-0"), container="app")


def test_a_container_that_is_just_being_removed_does_not_end_the_following(bench: Bench):
    bench.apply(a_service(), a_set(replicas=1))
    bench.engine.say("web-0", "one")
    going = "can not get logs from container which is dead or marked for removal"
    bench.engine.fail("logs", error=docker_errors.refusal("read the logs", 409, going))
    lines = follow_logs(bench.command(), "default", WEB, LogOptions(look_seconds=QUICK))
    assert said(islice(lines, 1)) == ["web-0 one"]
