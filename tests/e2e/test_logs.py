"""The commands logs, exec and top as a user sees them, on the real Engine."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space, eventually

pytestmark = pytest.mark.docker

# Counts on over the life of its volume, so that each run says another number.
COUNT = """
n=$(($(cat /usr/share/nginx/html/n 2>/dev/null) + 1)); echo $n > /usr/share/nginx/html/n
echo "begin $n"; echo "oops $n" >&2
trap 'echo "end $n"; exit 3' TERM
while :; do [ -e /tmp/more ] && rm /tmp/more && echo "more $n"; sleep 0.1; done
"""
# Seconds to hear TERM in on a busy machine.
PATIENCE = 60
BARE = {"container.readinessProbe": None, "container.command": ["sh", "-c", COUNT]}


@pytest.fixture
def web(space: Space, edit: Edit) -> None:
    space.apply(edit("web.yaml", {**BARE, "spec.replicas": 2}))


def logs(space: Space, *args: str) -> list[str]:
    return space.run("logs", *args).out.splitlines()


@pytest.mark.usefixtures("web")
def test_logs_of_a_pod_a_set_and_a_run(space: Space):
    whole = ["begin 1", "oops 1"]
    eventually(lambda: len(logs(space, "sts/web")) == 4, what="both pods have begun")
    assert sorted(logs(space, "web-0")) == whole
    assert sorted(logs(space, "sts/web")) == sorted(
        f"[pod/web-{pod}/server] {line}" for pod in range(2) for line in whole
    )
    stamped = logs(space, "-l", "app=web", "--timestamps", "--tail=1")
    assert stamped == sorted(stamped)
    assert len(stamped) == 2
    assert "previous terminated container" in space.run("logs", "web-0", "-p", code=1).err
    for _ in range(2):
        space.api.restart(space.container("web-0"), timeout=PATIENCE)
    eventually(lambda: logs(space, "web-0") or None, what="the third run has begun")
    assert set(logs(space, "web-0")) == {"begin 3", "oops 3"}
    assert set(logs(space, "web-0", "--previous")) == {"begin 2", "oops 2", "end 2"}
    assert logs(space, "web-0", "-p", "--tail=1") == ["end 2"]


@pytest.mark.usefixtures("web")
def test_following_a_set_over_restarts_replacements_and_new_pods(space: Space):
    process = space.begin("logs", "-f", "sts/web", "--max-log-requests=9")
    assert process.stdout
    lines = iter(process.stdout.readline, "")

    def wait_for(wanted: str) -> None:
        for line in lines:
            if line.rstrip() == wanted:
                return
        raise AssertionError(wanted)

    wait_for("[pod/web-1/server] begin 1")
    space.sh("web-0", "touch /tmp/more")
    wait_for("[pod/web-0/server] more 1")
    space.api.restart(space.container("web-0"), timeout=PATIENCE)
    wait_for("[pod/web-0/server] begin 2")
    space.lose("web-1")
    space.run("scale", "sts/web", "--replicas=3")
    wait_for("[pod/web-2/server] begin 1")
    space.sh("web-1", "touch /tmp/more")
    wait_for("[pod/web-1/server] more 2")
    process.send_signal(2)
    done = space.end(process)
    assert (done.code, done.err) == (130, "")


@pytest.mark.usefixtures("web")
def test_commands_in_pods_and_what_pods_take(space: Space):
    assert space.run("exec", "sts/web", "--", "hostname").out == "web-0\n"
    done = space.run("exec", "web-1", "--", "sh", "-c", "echo out; echo err >&2; exit 7", code=7)
    assert (done.out, done.err) == ("out\n", "err\ncommand terminated with exit code 7\n")
    done = space.run("exec", "-i", "web-0", "--", "sh", "-c", "cat; exit 0", stdin="typed")
    assert done.out == "typed"
    done = space.run("exec", "-it", "web-0", "--", "echo", "hi")
    assert done.out == "hi\n"
    assert "Unable to use a TTY" in done.err
    assert "did you mean web-0?" in space.run("exec", "wbe-0", "--", "ls", code=1).err
    header, *rows, _, total = space.run("top", "pods", "--containers", "--sum").out.splitlines()
    assert header.split() == ["POD", "NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert [row.split()[:2] for row in rows] == [["web-0", "server"], ["web-1", "server"]]
    assert total.split()[0].endswith("m")


@pytest.mark.usefixtures("web")
def test_much_flows_in_both_directions_of_a_command_at_once(space: Space):
    size = 20_000_000
    typed = "y" * size
    silent = f"head -c {size} /dev/zero"
    done = space.run("exec", "-i", "web-0", "--", "sh", "-c", silent, stdin=typed)
    assert len(done.out) == size
    assert space.run("exec", "-i", "web-0", "--", "cat", stdin=typed).out == typed


@pytest.mark.usefixtures("web")
def test_a_reader_that_has_gone_ends_the_stream(space: Space):
    reader = space.begin("logs", "-f", "web-0", "--prefix")
    assert reader.stdout
    assert reader.stdout.readline()
    reader.stdout.close()
    space.sh("web-0", "touch /tmp/more")
    eventually(lambda: reader.poll() is not None, what="it has ended")
    assert reader.stderr
    assert (reader.returncode, reader.stderr.read()) == (141, "")
    reader.stderr.close()
