"""The porter on the fake Engine and on the real one."""

from __future__ import annotations

import time

import pytest

from minisets.core import labels
from minisets.engine.docker_engine import DockerEngine, connect
from minisets.engine.pause_image import (
    PAUSE_IMAGE,
    PAUSE_STOP_SIGNAL,
    ensure_pause_image,
)
from minisets.engine.porter import Porter
from tests.contract.engine import body
from tests.contract.porter import PorterContract, file
from tests.fakes import FakeEngine


class TestPorterOnTheFakeEngine(PorterContract):
    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine()

    @pytest.fixture
    def namespace(self) -> str:
        return "test"

    def test_any_number_of_volumes_takes_three_calls(self, engine: FakeEngine):
        porter = Porter(engine, "test", lambda: PAUSE_IMAGE)
        ensure_pause_image(engine)
        names = [f"v{number}" for number in range(9)]
        for name in names:
            engine.create_volume(name, labels={})
        for work in (
            lambda: porter.write({name: [file("k", b"x")] for name in names}),
            lambda: porter.read_all(names),
        ):
            engine.log.clear()
            work()
            assert len(engine.log) == 3


@pytest.mark.docker
class TestPorterOnDocker(PorterContract):
    def test_a_running_container_sees_the_new_files_and_no_others(
        self, engine: DockerEngine, namespace
    ):
        volume = f"a-{namespace}"
        engine.create_volume(volume, labels={labels.NAMESPACE: namespace})
        porter = Porter(engine, namespace, lambda: ensure_pause_image(engine))
        porter.publish({volume: [file("k", b"one\n"), file("gone", b"x\n"), file("d/e", b"e\n")]})
        mount = {"Type": "volume", "Source": volume, "Target": "/c", "ReadOnly": True}
        app = engine.create_container(
            f"c-{namespace}", body(namespace, HostConfig={"Mounts": [mount]})
        )
        engine.start(app)

        def shown(script: str) -> bytes:
            return engine.exec(app, ("sh", "-c", script)).output

        assert shown("cd /c; ls; cat k gone d/e") == b"d\ngone\nk\none\nx\ne\n"
        porter.publish({volume: [file("k", b"two\n", mode=0o400), file("new", b"y\n")]})
        assert shown("cd /c; ls; cat k new") == b"k\nnew\ntwo\ny\n"
        # Two names, the link to the folder of today, that folder and the one of before.
        assert shown("cd /c; ls -A | wc -l; ls -lL k | cut -c1-10") == b"5\n-r--------\n"

    def test_a_reader_never_misses_a_file_nor_mixes_two_contents(
        self, engine: DockerEngine, namespace
    ):
        volume = f"a-{namespace}"
        engine.create_volume(volume, labels={labels.NAMESPACE: namespace})
        porter = Porter(engine, namespace, lambda: ensure_pause_image(engine))
        porter.publish({volume: [file("k", b"0\n")]})
        mount = {"Type": "volume", "Source": volume, "Target": "/c", "ReadOnly": True}
        script = "while :; do read line < /c/k || echo missed; done"
        app = engine.create_container(
            f"c-{namespace}",
            body(namespace, Cmd=["sh", "-c", script], HostConfig={"Mounts": [mount]}),
        )
        engine.start(app)
        for number in range(1, 4):
            porter.publish({volume: [file("k", b"%d\n" % number)]})
        assert b"".join(chunk for _, chunk in engine.logs(app)) == b""

    def test_writing_takes_three_calls(self, engine: DockerEngine, namespace):
        own = connect()
        engine.create_volume(f"a-{namespace}", labels={labels.NAMESPACE: namespace})
        ensure_pause_image(engine)
        before = own.calls
        Porter(own, namespace, lambda: PAUSE_IMAGE).write({f"a-{namespace}": [file("k", b"x")]})
        assert own.calls - before == 3
        own.close()


@pytest.mark.docker
class TestPauseImage:
    def test_it_is_made_once(self, engine: DockerEngine):
        name = ensure_pause_image(engine)
        before = engine.image(name)
        assert before is not None
        own = connect()
        calls = own.calls
        assert ensure_pause_image(own) == name
        assert own.calls - calls == 1
        assert own.image(name) == before
        own.close()

    def test_it_runs_in_next_to_no_memory_reaps_and_stops_at_once(
        self, engine: DockerEngine, namespace
    ):
        sandbox = engine.create_container(
            f"s-{namespace}",
            {
                "Image": ensure_pause_image(engine),
                "StopSignal": PAUSE_STOP_SIGNAL,
                "Labels": {labels.NAMESPACE: namespace},
            },
        )
        engine.start(sandbox)
        app = engine.create_container(
            f"c-{namespace}", body(namespace, HostConfig={"PidMode": f"container:{sandbox}"})
        )
        engine.start(app)
        # Its child is left to the first process of the namespace when the shell between ends.
        script = "(sh -c 'sleep 0.1' &); sleep 0.5; grep -c 'State:.Z' /proc/[0-9]*/status"
        states = engine.exec(app, ("sh", "-c", script)).output.decode()
        assert [line for line in states.split() if line.endswith(":1")] == []
        memory = engine.exec(app, ("sh", "-c", "grep VmRSS /proc/1/status")).output.decode()
        assert int(memory.split()[1]) < 100
        began = time.monotonic()
        engine.stop(sandbox, grace_seconds=300)
        assert time.monotonic() - began < 250
        assert engine.inspect(sandbox).exit_code == 137
