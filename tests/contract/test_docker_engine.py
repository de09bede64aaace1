"""The real Engine keeps the contract, with one call per verb, and tells its refusals apart."""

from __future__ import annotations

import inspect
import os
import pty
import subprocess
import sys
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import docker.errors
import pytest

from minisets.app.context import make_context
from minisets.core import labels
from minisets.core.events import Reporter
from minisets.core.observed import EnginePlace
from minisets.engine.clock import SystemClock
from minisets.engine.docker_engine import DockerConnection, DockerEngine, connect
from minisets.engine.docker_sdk import SDK_ERRORS
from minisets.engine.endpoint import Endpoint
from minisets.engine.prober import Prober
from minisets.errors import EngineError, EngineUnreachable, ImageError
from tests.contract.engine import EngineContract, body

pytestmark = pytest.mark.docker


@pytest.fixture
def running(engine: DockerEngine, namespace: str) -> str:
    made = engine.create_container(f"c-{namespace}", body(namespace))
    engine.start(made)
    return made


class TestDockerEngine(EngineContract):
    def test_a_verb_is_one_call(self, engine: DockerEngine, namespace):
        asked: list[tuple[str, str]] = []
        own = connect(on_call=lambda method, path: asked.append((method, path)))
        assert asked == [("HEAD", "/_ping")]
        made = own.create_container(f"c-{namespace}", body(namespace))
        own.start(made)
        own.containers({labels.NAMESPACE: namespace})
        own.volumes({labels.NAMESPACE: namespace})
        own.networks()
        own.archive_head(made, "/bin")
        own.stop(made)
        own.remove_container(made)
        assert own.calls == len(asked) == 9
        own.info()
        own.info()
        assert own.calls == 10
        own.close()

    def test_where_the_engine_is_costs_no_call(self):
        own = connect()
        context = make_context(own, SystemClock(), cast(Reporter, None))
        assert isinstance(context.prober, Prober)
        place = own.place
        # The ping.
        assert own.calls == 1
        info = own.info()
        assert place == EnginePlace(endpoint=info.endpoint, is_local=info.is_local)
        own.close()

    def test_output_and_exit_code_of_a_command(self, engine: DockerEngine, running):
        done = engine.exec(running, ("sh", "-c", "echo out; echo err >&2; exit 3"))
        assert done.exit_code == 3
        assert sorted(done.output.split()) == [b"err", b"out"]

    @pytest.mark.parametrize("script", ["sleep 1000", "while :; do echo y; done"])
    def test_the_deadline_of_a_command_is_total(self, engine: DockerEngine, running, script):
        # It would hang else: no command of these ends, and one says something all the time.
        done = engine.exec(running, ("sh", "-c", script), timeout_seconds=0.5)
        assert done.exit_code is None

    def test_a_program_that_is_not_there_is_126_or_127(self, engine: DockerEngine, running):
        done = engine.exec(running, ("nosuch",))
        assert done.exit_code in (126, 127)
        assert b"nosuch" in done.output

    def test_eight_threads_share_one_engine(self, engine: DockerEngine, running):
        def work(number: int) -> bytes:
            engine.inspect(running)
            engine.containers({"k": str(number)})
            return engine.exec(running, ("echo", str(number))).output.strip()

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(40))) == [str(n).encode() for n in range(40)]

    @pytest.mark.parametrize("tty", [False, True])
    def test_logs_tell_the_outputs_apart(self, engine: DockerEngine, namespace, tty):
        script = "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three"
        made = engine.create_container(
            f"c-{namespace}", body(namespace, Cmd=["sh", "-c", script], Tty=tty)
        )
        engine.start(made)
        chunks = list(engine.logs(made, follow=True))
        if tty:
            assert b"".join(chunk for _, chunk in chunks).split() == [b"one", b"two", b"three"]
        else:
            # The Engine reads two pipes: on a busy machine the one may come before the other.
            found = {
                name: b"".join(text for of, text in chunks if of == name) for name, _ in chunks
            }
            assert found == {"stdout": b"one\nthree\n", "stderr": b"two\n"}
        tail = b"".join(chunk for _, chunk in engine.logs(made, tail=1))
        assert tail.split() == [chunks[-1][1].split()[-1]]

    def test_logs_since_a_start_leave_out_earlier_runs(self, engine: DockerEngine, namespace):
        # What a program prints at once may be older than StartedAt, which comes afterwards.
        script = "sleep 0.2; cat /proc/uptime"
        made = engine.create_container(f"c-{namespace}", body(namespace, Cmd=["sh", "-c", script]))
        engine.start(made)
        first = b"".join(chunk for _, chunk in engine.logs(made, follow=True))
        engine.start(made)
        whole = b"".join(chunk for _, chunk in engine.logs(made, follow=True))
        begun = engine.inspect(made).started_at
        assert first + b"".join(chunk for _, chunk in engine.logs(made, since=begun)) == whole
        assert b"".join(chunk for _, chunk in engine.logs(made, until=begun)) == first

    def test_input_is_carried_to_its_end(self, running):
        done = interactive(running, ["sh", "-c", "cat; echo end >&2; exit 4"], b"hello\n" * 9)
        assert (done.returncode, done.stdout, done.stderr) == (4, b"hello\n" * 9, b"end\n")

    def test_a_command_at_a_terminal_sees_its_size(self, running):
        master, slave = pty.openpty()
        try:
            termios.tcsetwinsize(slave, (33, 77))
            child = subprocess.Popen(
                [sys.executable, "-c", INTERACTIVE, running, "1", "sh"], stdin=slave, stdout=slave
            )
            script = 'until [ "$(stty size)" = "33 77" ]; do sleep 0.1; done; exit 5'
            os.write(master, f"{script}\n".encode())
            assert child.wait(120) == 5
        finally:
            os.close(slave)
            os.close(master)

    def test_a_stop_may_last_longer_than_usual_answers(
        self, engine: DockerEngine, namespace, monkeypatch
    ):
        own = connect()
        made = engine.create_container(
            f"c-{namespace}", body(namespace, Cmd=["sleep", "100"], StopTimeout=1)
        )
        engine.start(made)
        # A patience that is shorter than the container's own grace period.
        usual = {**(DockerConnection.ask.__kwdefaults__ or {}), "timeout": 0.2}
        began = time.monotonic()
        with monkeypatch.context() as patch:
            patch.setattr(DockerConnection.ask, "__kwdefaults__", usual)
            own.stop(made)
        assert time.monotonic() - began > 0.9
        own.close()
        assert engine.inspect(made).exit_code == 137

    def test_a_pull_without_registry_says_so(self, engine: DockerEngine):
        with pytest.raises(ImageError, match="registry cannot be reached") as caught:
            list(engine.pull("127.0.0.1:9/nosuch:1"))
        assert caught.value.hint

    def test_an_image_name_that_is_none_is_an_image_error(self, engine: DockerEngine, namespace):
        with pytest.raises(ImageError):
            engine.create_container(f"c-{namespace}", body(namespace, Image="UPPER:1"))

    def test_a_refusal_carries_the_words_of_the_engine(self, engine: DockerEngine, namespace):
        with pytest.raises(EngineError, match="Minimum memory limit"):
            engine.create_container(f"c-{namespace}", body(namespace, HostConfig={"Memory": 4096}))


INTERACTIVE = """
import sys
from minisets.engine.docker_engine import connect
tty = sys.argv[2] == "1"
raise SystemExit(
    connect().exec_interactive(sys.argv[1], tuple(sys.argv[3:]), tty=tty, stdin=True)
)
"""


def interactive(
    container: str, command: list[str], typed: bytes
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", INTERACTIVE, container, "0", *command],
        input=typed,
        capture_output=True,
        timeout=120,
    )


def test_no_socket_is_told_from_nobody_listening(tmp_path):
    with pytest.raises(EngineUnreachable, match="no such socket"):
        connect(Endpoint(url=f"unix://{tmp_path}/nosuch.sock"))
    with pytest.raises(EngineUnreachable, match="refused"):
        connect(Endpoint(url="tcp://127.0.0.1:9", source="DOCKER_HOST"))


def test_every_error_of_the_sdk_is_mapped():
    theirs = {
        kind
        for _, kind in inspect.getmembers(docker.errors, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == docker.errors.__name__
    }
    assert theirs == set(SDK_ERRORS)
