"""A rolling update: from the top down, one at a time, and the service goes on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import pairwise

import pytest

from tests.e2e.conftest import Edit
from tests.e2e.space import Space, created, started

pytestmark = pytest.mark.docker


class Sampler:
    """Asks all pods again and again, and counts those that answer."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(len(addresses) + 1)
        self.counts: list[int] = []
        self._running = self._pool.submit(self._run)

    def end(self) -> None:
        self._over.set()
        self._running.result()
        self._pool.shutdown()

    def _run(self) -> None:
        while not self._over.is_set():
            answering = self._sample(self._addresses)
            # One that is asked in the moment in which it leaves may leave with the answer.
            silent = {pod: one for pod, one in self._addresses.items() if pod not in answering}
            if len(silent) > 1:
                answering |= self._sample(silent)
            self.counts.append(len(answering))

    def _sample(self, addresses: Mapping[str, str]) -> set[str]:
        answers = self._pool.map(is_answering, addresses.values())
        return {pod for pod, good in zip(addresses, answers, strict=True) if good}


def is_answering(address: str) -> bool:
    connection = HTTPConnection(address, timeout=0.3)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_two_of_three_pods_answer_at_every_moment_of_an_update(space: Space, edit: Edit):
    env = [{"name": "DELAY", "value": "1"}]
    space.apply(edit("web.yaml", {"container.env": env}))
    before, addresses, pages = space.ids(), space.addresses(), space.write_pages()
    newer = edit("web.yaml", {"container.env": [*env, {"name": "VERSION", "value": "2"}]})

    sampler = Sampler(addresses)
    done = space.apply(newer)
    sampler.end()

    pods = space.pods()
    order = sorted(pods, key=lambda pod: created(pods[pod]))
    assert order == ["web-2", "web-1", "web-0"]
    for earlier, later in pairwise(order):
        # It serves a second after its start, and only then its successor's turn comes.
        assert created(pods[later]) - started(pods[earlier]) >= 1
    assert not set(before.values()) & set(space.ids().values())
    assert min(sampler.counts) == 2
    assert space.addresses() == addresses
    assert space.read_pages() == pages
    assert "statefulset.apps/web configured" in done.out
    status = space.run("get", "sts", "web", "-o", "json").json()["status"]
    assert status["currentRevision"] == status["updateRevision"]


def test_a_broken_update_stops_at_the_first_pod_and_a_corrected_file_mends_it(
    space: Space, edit: Edit
):
    good = edit("web.yaml", {})
    space.apply(good)
    before = space.ids()
    bad = edit("web.yaml", {"container.command": ["sh", "-c", "exit 3"]}, to="bad.yaml")
    done = space.apply(bad, code=4)
    after = space.ids()
    assert {pod for pod in before if before[pod] != after[pod]} == {"web-2"}
    assert set(space.running()) >= {"web-0", "web-1"}
    space.apply(good)
    assert space.running() == ["web-0", "web-1", "web-2"]
    assert {pod: space.ids()[pod] for pod in ("web-0", "web-1")} == {
        pod: before[pod] for pod in ("web-0", "web-1")
    }
    assert "pod/web-2 cannot get ready" in done.err


def test_a_partition_keeps_the_pods_below_it(space: Space, edit: Edit):
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    space.apply(edit("web.yaml", {}))
    before = space.ids()
    changes = {"spec.updateStrategy": partition, "container.env": [{"name": "A", "value": "b"}]}
    space.apply(edit("web.yaml", changes))
    after = space.ids()
    assert {pod for pod in before if before[pod] != after[pod]} == {"web-2"}
