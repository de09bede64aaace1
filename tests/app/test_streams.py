from __future__ import annotations

import pytest

from minisets.app.logs import LogOptions, read_logs
from minisets.app.reading.pod_choice import PodRef
from minisets.app.streams import attach, run
from minisets.app.usage import measure_pods
from minisets.core import labels
from minisets.core.observed import ExecResult, Usage
from minisets.core.query.selectors import parse_labels
from minisets.errors import EngineConflict, InputError, NotFound
from tests.app.bench import Bench, a_set
from tests.fakes import DEMO


def add_container(bench: Bench, name: str) -> None:
    own = bench.engine.container("web-0").config["Labels"]
    more = {labels.CONTAINER: name, labels.PLACE: "1"}
    config = {"Image": DEMO, "Labels": {**own, **more}}
    bench.engine.start(bench.engine.create_container(f"web-0.{name}", config))


def test_a_command_runs_in_the_pod_with_its_exit_code(bench: Bench):
    bench.apply(a_set())
    bench.engine.on_exec = lambda _container, _command: ExecResult(exit_code=7)
    assert run(bench.command(), "default", PodRef(name="web-1"), ["false"]) == 7
    assert bench.engine.log[-1] == "exec_interactive web-1"


def test_of_a_set_the_first_pod_that_runs_is_taken(bench: Bench):
    bench.apply(a_set())
    bench.engine.crash("web-0", restarting=True)
    run(bench.command(), "default", PodRef(kind="StatefulSet", name="web"), ["true"])
    assert bench.engine.log[-1] == "exec_interactive web-1"


def test_of_several_containers_the_first_is_taken_and_told(bench: Bench):
    manifest = a_set(replicas=1)
    pod = manifest["spec"]["template"]["spec"]
    pod["containers"].append({"name": "logger", "image": DEMO})
    pod["initContainers"] = [{"name": "setup", "image": DEMO}]
    bench.engine.ends = lambda found: 0 if found.name == "web-0.setup" else None
    bench.apply(manifest)
    told = []
    ref = PodRef(name="web-0")
    run(bench.command(), "default", ref, ["a"], on_default=lambda *words: told.append(words))
    assert bench.engine.log[-1] == "exec_interactive web-0"
    assert told == [("app", ("app", "logger", "setup (init)"))]
    options = LogOptions(on_default=lambda *words: told.append(words))
    read_logs(bench.command(), "default", ref, options)
    assert told[1:] == told[:1]
    # Of a set all are shown, and none of them is a default.
    read_logs(bench.command(), "default", PodRef(kind="StatefulSet", name="web"), options)
    assert len(told) == 2
    run(bench.command(), "default", ref, ["a"], container="logger")
    assert bench.engine.log[-1] == "exec_interactive web-0.logger"


def test_a_container_that_does_not_run_is_told_with_what_to_do(bench: Bench):
    bench.apply(a_set(replicas=1), namespace="prod")
    bench.engine.crash("prod_web-0", restarting=True)
    with pytest.raises(EngineConflict, match="container app of pod web-0 does not run") as caught:
        run(bench.command(), "prod", PodRef(name="web-0"), ["true"])
    assert caught.value.hint == "minisets logs web-0 -n prod"
    with pytest.raises(NotFound):
        run(bench.command(), "default", PodRef(name="web-0"), ["true"])


def test_attaching_asks_for_input_only_where_there_is_one(bench: Bench):
    bench.apply(a_set(replicas=1))
    attach(bench.command(), "default", PodRef(name="web-0"))
    assert bench.engine.log[-1] == "attach web-0"
    with pytest.raises(InputError, match="takes no input"):
        attach(bench.command(), "default", PodRef(name="web-0"), stdin=True)


def test_what_pods_take_is_the_sum_of_their_containers(bench: Bench):
    bench.apply(a_set())
    add_container(bench, "logger")
    for name, cores in (("web-0", 0.5), ("web-0.logger", 0.25), ("web-1", 1.0)):
        bench.engine.container(name).usage = Usage(cores=cores, memory_bytes=100)
    bench.engine.crash("web-2", restarting=True)
    found = measure_pods(bench.command(), "default")
    assert [(pod.name, pod.total.cores, pod.total.memory_bytes) for pod in found] == [
        ("web-0", 0.75, 200),
        ("web-1", 1.0, 100),
    ]
    assert [one.name for one in found[0].containers] == ["app", "logger"]
    (one,) = measure_pods(bench.command(), "default", name="web-1")
    assert one.name == "web-1"
    assert measure_pods(bench.command(), None, selector=parse_labels("app=db")) == []
    with pytest.raises(NotFound) as caught:
        measure_pods(bench.command(), "default", name="wbe-1")
    assert caught.value.hint == "did you mean web-1?"
