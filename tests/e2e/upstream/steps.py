"""What the ported cases do again and again: make a pod unready, look at revisions and at order."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from minisets.core import labels
from scripts import images
from tests.e2e.space import Space, created, time_of

Json = Any

PROBE: Json = {
    "httpGet": {"port": "http", "path": "/index.html"},
    "periodSeconds": 1,
    "failureThreshold": 1,
}
"""Fails as soon as the page is gone; a server that starts anew writes it again."""
WEB: Mapping[str, Json] = {"container.readinessProbe": PROBE}
LEAN: Mapping[str, Json] = {
    **WEB,
    "container.volumeMounts": None,
    "spec.volumeClaimTemplates": None,
}
"""Without claims."""
PARALLEL: Mapping[str, Json] = {"spec.podManagementPolicy": "Parallel"}
_PAGE = "/usr/share/nginx/html/index.html"


def version(number: int) -> dict[str, Json]:
    """Return the change that makes another template."""
    return {"container.env": [{"name": "VERSION", "value": str(number)}]}


def rolling(**fields: Json) -> dict[str, Json]:
    return {"spec.updateStrategy": {"type": "RollingUpdate", "rollingUpdate": fields}}


def break_pod(space: Space, pod: str) -> None:
    """Make a pod unready as its user would."""
    space.run("exec", pod, "--", "rm", _PAGE)


def mend_pod(space: Space, pod: str) -> None:
    space.run("exec", pod, "--", "sh", "-c", f"hostname > {_PAGE}")


def live(space: Space, name: str = "web") -> Json:
    return space.run("get", "sts", name, "-o", "json").json()


def status(space: Space, name: str = "web") -> Json:
    return live(space, name)["status"]


def revisions(space: Space) -> dict[str, str]:
    """Return the revision of each pod."""
    return {pod: one["Config"]["Labels"][labels.REVISION] for pod, one in space.pods().items()}


def versions(space: Space) -> dict[str, str]:
    """Return what each pod was told by version(); empty if nothing."""
    found = {}
    for pod, one in space.pods().items():
        env = dict(line.split("=", 1) for line in one["Config"]["Env"])
        found[pod] = env.get("VERSION", "")
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Return the pods that are other containers than before, or new, or gone."""
    return {pod for pod in {*before, *after} if before.get(pod) != after.get(pod)}


def by_creation(space: Space, among: Collection[str] = ()) -> list[str]:
    """Return pods, the one that was created first at the front."""
    pods = space.pods()
    return sorted(among or pods, key=lambda pod: created(pods[pod]))


def history(space: Space, name: str = "web") -> list[tuple[int, str]]:
    """Return number and change cause of each remembered revision."""
    lines = space.run("rollout", "history", f"sts/{name}").out.splitlines()
    assert lines[0] == f"statefulset.apps/{name} "
    assert lines[1].split() == ["REVISION", "CHANGE-CAUSE"]
    rows = [line.split(maxsplit=1) for line in lines[2:] if line]
    return [(int(number), cause.strip()) for number, cause in rows]


@dataclass(kw_only=True)
class Log:
    """What happened to the pods of a namespace, in order.

    Attributes:
        running: How many pods ran when it began.
    """

    running: int
    lines: list[tuple[str, str]] = field(default_factory=list)

    def of(self, action: str) -> list[str]:
        return [pod for what, pod in self.lines if what == action]

    def fewest_running(self) -> int:
        counts = [self.running]
        for what, _ in self.lines:
            counts.append(counts[-1] + {"start": 1, "die": -1}.get(what, 0))
        return min(counts)


@contextlib.contextmanager
def watched(space: Space) -> Iterator[Log]:
    """Collect the Engine's events of the pods while something is done."""
    # The types of the SDK know whole seconds only; the Engine takes fractions.
    client: Any = images.client()
    log = Log(running=len(space.running()))
    since = f"{time_of(client.info()['SystemTime']):.9f}"
    stream = client.events(since=since, filters=space.label, decode=True)

    def read() -> None:
        for event in stream:
            pod = event["Actor"]["Attributes"].get(labels.POD_NAME)
            if pod is None:
                return
            if event["Action"] in {"start", "die", "destroy"}:
                log.lines.append((event["Action"], pod))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield log
    finally:
        # A container that is no pod is the last event: all before it were delivered then.
        mark = client.create_container(images.DEMO, labels={labels.NAMESPACE: space.name})
        client.remove_container(mark["Id"])
        reader.join(timeout=30)
        stream.close()
        client.close()
    assert not reader.is_alive(), "the Engine's events have not arrived"


def is_descending(pods: list[str]) -> bool:
    ordinals = [int(pod.rpartition("-")[2]) for pod in pods]
    return all(one > other for one, other in pairwise(ordinals))
