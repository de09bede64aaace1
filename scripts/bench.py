"""Compare minisets with a raw SDK loop on the same Engine: `make bench`, or scripts/bench.py -n 7.

Both are whole processes, run in pairs, each first in every other pair, after one pair that does
not count. A figure is the median of wall seconds; a ratio the median of the ratios of the pairs,
so what else the machine does meanwhile is in both. Raw is the least that anybody could do with the
SDK: create, start and probe, nothing remembered.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

# An installed program is compiled, as the SDK's modules are: this checkout is to be, too.
ENVIRONMENT = {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}
NAMESPACE = "bench"
IMAGE = "minisets/demo:1"
ROLLING_BOUND = 1.5

MANIFEST = """\
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  clusterIP: None
  selector: {{app: web}}
  ports: [{{port: 80}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: web}}
spec:
  serviceName: web
  replicas: {replicas}
  podManagementPolicy: {policy}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: {image}
        env:
        - {{name: DELAY, value: "{delay}"}}
        - {{name: ROUND, value: "{round}"}}
        ports: [{{name: http, containerPort: 80}}]
        readinessProbe: {{httpGet: {{path: /, port: http}}, periodSeconds: 1}}
        volumeMounts: [{{name: www, mountPath: /usr/share/nginx/html}}]
  volumeClaimTemplates:
  - metadata: {{name: www}}
    spec:
      accessModes: [ReadWriteOnce]
      resources: {{requests: {{storage: 1Gi}}}}
"""

RAW = """\
import sys, time, http.client
from concurrent.futures import ThreadPoolExecutor
import docker
from docker.types import IPAMConfig, IPAMPool
what, replicas, delay, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
api = docker.APIClient(version="auto", num_pools=20)
def ready(name):
    address = None
    while True:
        try:
            if address is None:
                seen = api.inspect_container(name)["NetworkSettings"]["Networks"]
                address = seen["rawbench"]["IPAddress"]
            there = http.client.HTTPConnection(address, 80, timeout=1)
            there.request("GET", "/")
            if there.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.005)
def create(i):
    volume, name = f"rawbench-{i}", f"rawbench-{i}"
    api.create_volume(volume)
    host = api.create_host_config(
        binds={volume: {"bind": "/usr/share/nginx/html", "mode": "rw"}},
        restart_policy={"Name": "always"})
    net = api.create_networking_config(
        {"rawbench": api.create_endpoint_config(aliases=[f"web-{i}.web", "web"])})
    api.create_container("IMAGE", name=name, hostname=f"web-{i}", host_config=host,
        networking_config=net, environment={"DELAY": delay}, stop_signal="SIGTERM")
    api.start(name)
    ready(name)
def remove(i):
    api.stop(f"rawbench-{i}")
    api.remove_container(f"rawbench-{i}")
if what == "up":
    api.create_network("rawbench")
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(create, range(replicas)))
    else:
        for i in range(replicas):
            create(i)
elif what == "roll":
    for i in reversed(range(replicas)):
        remove(i)
        create(i)
else:
    for i in range(replicas):
        api.remove_container(f"rawbench-{i}", force=True)
    for i in range(replicas):
        api.remove_volume(f"rawbench-{i}")
    api.remove_network("rawbench")
""".replace("IMAGE", IMAGE)


class Cost(NamedTuple):
    """What a process took: wall seconds, and seconds of the processor, its children's too."""

    wall: float
    processor: float


class Row(NamedTuple):
    """A comparison: what was run, the costs of ours and of raw by pair, and the bound."""

    title: str
    bound: float
    ours: list[Cost]
    raw: list[Cost]

    @property
    def ratio(self) -> float:
        """The median of the ratios of the pairs."""
        return statistics.median(a.wall / b.wall for a, b in zip(self.ours, self.raw, strict=True))

    def __str__(self) -> str:
        ours, raw = (statistics.median(cost.wall for cost in run) for run in (self.ours, self.raw))
        processor = statistics.median(
            a.processor / b.processor for a, b in zip(self.ours, self.raw, strict=True)
        )
        verdict = "kept" if self.ratio <= self.bound else "MISSED"
        return (
            f"{self.title:38} {len(self.ours):5} {ours:9.3f} {raw:9.3f} {self.ratio:6.2f} "
            f"{self.bound:6.2f}  {verdict:7} {processor:9.2f}"
        )


HEAD = (
    f"{'':38} {'pairs':>5} {'minisets':>9} {'raw':>9} {'ratio':>6} {'bound':>6}  "
    f"{'':7} {'processor':>9}"
)


def _raw(*arguments: str) -> list[str]:
    return [sys.executable, "-c", RAW, *arguments]


def _minisets(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("minisets")), "-n", NAMESPACE, *arguments]


def _timed(command: list[str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _manifest(folder: Path, **values: object) -> str:
    file = folder / "bench.yaml"
    file.write_text(MANIFEST.format(image=IMAGE, **values))
    return str(file)


def _in_turn(pairs: int, ours: Callable[[], None], raw: Callable[[], None]) -> None:
    """Run pairs, each side first in every other one."""
    for number in range(pairs):
        for side in (ours, raw) if number % 2 else (raw, ours):
            side()


def _bring_up(
    folder: Path, pairs: int, replicas: int, delay: str, policy: str, bound: float
) -> Iterable[Row]:
    ordered = policy != "Parallel"
    values = {"replicas": replicas, "delay": delay, "policy": policy}
    made = Row(f"{replicas} pods, {policy}, app needs {delay} s", bound, [], [])
    rolled = Row(f"rolling update of {replicas}, app needs {delay} s", ROLLING_BOUND, [], [])

    def ours() -> None:
        made.ours.append(_timed(_minisets("apply", "-f", _manifest(folder, round=0, **values))))
        if ordered:
            again = _minisets("apply", "-f", _manifest(folder, round=1, **values))
            rolled.ours.append(_timed(again))
        _clean_ours()

    def raw() -> None:
        threads = "1" if ordered else "8"
        made.raw.append(_timed(_raw("up", str(replicas), delay, threads)))
        if ordered:
            rolled.raw.append(_timed(_raw("roll", str(replicas), delay, "1")))
        _timed(_raw("down", str(replicas), delay, "1"))

    _in_turn(1 + pairs, ours, raw)
    return (_counted(row) for row in ((made, rolled) if ordered else (made,)))


def _clean_ours() -> None:
    _timed(_minisets("delete", "namespace", NAMESPACE, "--volumes"))


def _counted(row: Row) -> Row:
    """Leave the first pair out: it has read everything from the disk."""
    return row._replace(ours=row.ours[1:], raw=row.raw[1:])


LIST = """\
import click, docker
docker.APIClient(version="auto").containers(all=True)
"""


def _start_up(folder: Path, pairs: int) -> Iterable[Row]:
    python = sys.executable
    values = {"replicas": 3, "delay": "0", "policy": "Parallel", "round": 0}
    _timed(_minisets("apply", "-f", _manifest(folder, **values)))
    for title, bound, mine, theirs in (
        ("--help / import click", 1.5, ["--help"], "import click"),
        ("version / import click", 1.5, ["version"], "import click"),
        ("get sts / import click, docker, list", 1.3, ["get", "sts"], LIST),
        ("get pods / the same", 1.5, ["get", "pods"], LIST),
    ):
        row = Row(title, bound, [], [])

        def ours(row: Row = row, words: list[str] = mine) -> None:
            row.ours.append(_timed(_minisets(*words)))

        def raw(row: Row = row, code: str = theirs) -> None:
            row.raw.append(_timed([python, "-c", code]))

        _in_turn(1 + pairs, ours, raw)
        yield _counted(row)
    _clean_ours()


def main() -> None:
    """Run all comparisons and print a table, a row as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--pairs", type=int, default=5)
    parser.add_argument("--pods", type=int, default=50, help="of the parallel comparison")
    parser.add_argument("--start-up", action="store_true", help="only what takes no pods")
    options = parser.parse_args()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder, pairs = Path(name), options.pairs
        for row in _start_up(folder, pairs * 3):
            print(row, flush=True)
        if options.start_up:
            return
        for replicas, delay, policy, bound in (
            (3, "0", "OrderedReady", 1.5),
            (3, "1", "OrderedReady", 1.05),
            (options.pods, "0", "Parallel", 1.1),
        ):
            for row in _bring_up(folder, pairs, replicas, delay, policy, bound):
                print(row, flush=True)


if __name__ == "__main__":
    main()
