"""watch on the real Engine: what hangs is restarted, what is lost comes back."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space, eventually

pytestmark = pytest.mark.docker

LIVENESS = {
    "exec": {"command": ["test", "!", "-e", "/dead"]},
    "periodSeconds": 1,
    "failureThreshold": 1,
}


def test_watch_restarts_what_hangs_replaces_what_is_lost_and_leaves_all_running(
    space: Space, edit: Edit
):
    file = edit("web.yaml", {"spec.replicas": 2, "container.livenessProbe": LIVENESS})
    applied = space.apply(file)
    assert "livenessProbe" in applied.err
    before = {name: pod["State"]["StartedAt"] for name, pod in space.pods().items()}
    ids = space.ids()
    watcher = space.begin("watch")
    # A restart keeps the container's files, so the mark has to go with the process that sees it.
    space.sh("web-1", "touch /dead")
    eventually(
        lambda: space.pods()["web-1"]["State"]["StartedAt"] != before["web-1"] or None,
        what="web-1 restarted",
    )
    space.sh("web-1", "rm -f /dead")
    assert space.ids() == ids
    space.lose("web-0")
    eventually(lambda: space.running() == ["web-0", "web-1"] or None, what="web-0 back")
    watcher.send_signal(signal.SIGINT)
    done = space.end(watcher)
    assert done.code == 130, done
    assert "liveness probe failed" in done.err
    assert space.running() == ["web-0", "web-1"]
