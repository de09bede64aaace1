"""Compare minisets with a raw SDK loop on the same Engine: `make bench`, or scripts/bench.py -n 7.

Both are whole processes, run in turn; figures are medians of wall seconds and their ratio. Raw is
the least that anybody could do with the SDK: create, start and probe, nothing remembered.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# An installed program is compiled, as the SDK's modules are: this checkout is to be, too.
ENVIRONMENT = {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}
NAMESPACE = "bench"
IMAGE = "minisets/demo:1"

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


def _raw(*arguments: str) -> list[str]:
    return [sys.executable, "-c", RAW, *arguments]


def _minisets(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("minisets")), "-n", NAMESPACE, *arguments]


def _timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - began


def _row(title: str, ours: list[float], raw: list[float], bound: str) -> None:
    mine, theirs = statistics.median(ours), statistics.median(raw)
    ratio = statistics.median([a / b for a, b in zip(ours, raw, strict=True)])
    print(f"{title:34} {mine:8.3f} {theirs:8.3f} {ratio:7.2f}   {bound}", flush=True)


def _manifest(folder: Path, **values: object) -> str:
    file = folder / "bench.yaml"
    file.write_text(MANIFEST.format(image=IMAGE, **values))
    return str(file)


def _bring_up(folder: Path, runs: int, replicas: int, delay: str, policy: str, bound: str) -> None:
    ours: list[float] = []
    raw: list[float] = []
    rolled: list[float] = []
    raw_rolled: list[float] = []
    ordered = policy != "Parallel"
    values = {"replicas": replicas, "delay": delay, "policy": policy}
    for _ in range(runs):
        ours.append(_timed(_minisets("apply", "-f", _manifest(folder, round=0, **values))))
        if ordered:
            rolled.append(_timed(_minisets("apply", "-f", _manifest(folder, round=1, **values))))
        _timed(_minisets("delete", "namespace", NAMESPACE, "--volumes"))
        raw.append(_timed(_raw("up", str(replicas), delay, "1" if ordered else "8")))
        if ordered:
            raw_rolled.append(_timed(_raw("roll", str(replicas), delay, "1")))
        _timed(_raw("down", str(replicas), delay, "1"))
    _row(f"{replicas} pods, {policy}, app needs {delay} s", ours, raw, bound)
    if rolled:
        _row(f"rolling update of {replicas}, {delay} s", rolled, raw_rolled, "<= 1.5")


LIST = """\
import click, docker
docker.APIClient(version="auto").containers(all=True)
"""


def _start_up(folder: Path, runs: int) -> None:
    python = sys.executable
    values = {"replicas": 3, "delay": "0", "policy": "Parallel", "round": 0}
    _timed(_minisets("apply", "-f", _manifest(folder, **values)))
    pairs = (
        ("minisets --help", _minisets("--help"), [python, "-c", "import click"], "<= 1.5"),
        ("get sts, probes included", _minisets("get", "sts"), [python, "-c", LIST], "<= 1.3"),
        ("get pods, probes included", _minisets("get", "pods"), [python, "-c", LIST], "<= 1.5"),
    )
    for title, mine, theirs, bound in pairs:
        rows: tuple[list[float], list[float]] = ([], [])
        for _ in range(runs * 3):
            for row, command in zip(rows, (mine, theirs), strict=True):
                row.append(_timed(command))
        _row(title, *rows, bound)
    _timed(_minisets("delete", "namespace", NAMESPACE, "--volumes"))


def main() -> None:
    """Run all comparisons and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("--pods", type=int, default=50, help="of the parallel comparison")
    options = parser.parse_args()
    print(f"{'':34} {'minisets':>8} {'raw SDK':>8} {'ratio':>7}   bound")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _start_up(folder, options.runs)
        _bring_up(folder, options.runs, 3, "0", "OrderedReady", "<= 1.5")
        _bring_up(folder, options.runs, 3, "1", "OrderedReady", "<= 1.05")
        _bring_up(folder, max(1, options.runs // 2), options.pods, "0", "Parallel", "<= 1.1")


if __name__ == "__main__":
    main()
