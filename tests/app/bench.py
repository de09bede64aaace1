"""A command line's worth of minisets on an Engine in memory, for tests of use cases."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from minisets.app.apply import ApplyOptions, apply
from minisets.app.changes import place
from minisets.app.context import Context, make_context
from minisets.app.loop.change import Verb
from minisets.app.loop.sets import SET_KIND
from minisets.core import labels
from minisets.core.events import Progress, Reporter
from minisets.core.input.load import LoadedObject, load
from minisets.core.input.source import Document, Source
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.probe_state import ProbeResult
from minisets.core.records.record import newest
from minisets.core.records.set_record import SetRecord, parse_set
from minisets.engine.prober import ProbeTarget
from minisets.errors import EngineMissing
from tests.fakes import DEMO, FakeClock, FakeContainer, FakeEngine

OK = ProbeResult(ok=True)
NO = ProbeResult(ok=False, output="connection refused")

_TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "app", "image": DEMO, "ports": [{"containerPort": 80}]}]},
}
READINESS = {"exec": {"command": ["ready"]}, "periodSeconds": 1, "failureThreshold": 3}


def a_set(name: str = "web", replicas: int = 3, **spec: Any) -> dict[str, Any]:
    """Return a set with its namesake Service; the claim ``data`` is mounted if it is there."""
    template = copy.deepcopy(_TEMPLATE)
    template["metadata"]["labels"] = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "serviceName": name,
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
            **spec,
        },
    }


def container_of(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the container of a set's template, to be changed in place."""
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    return found


def probed(manifest: dict[str, Any], **probe: Any) -> dict[str, Any]:
    """Return a copy of a set with a readiness probe."""
    changed = copy.deepcopy(manifest)
    container_of(changed)["readinessProbe"] = {**READINESS, **probe}
    return changed


def with_env(manifest: dict[str, Any], **values: str) -> dict[str, Any]:
    """Return a copy of a set whose template differs in the environment."""
    changed = copy.deepcopy(manifest)
    container_of(changed)["env"] = [{"name": key, "value": text} for key, text in values.items()]
    return changed


def with_claim(manifest: dict[str, Any], name: str = "data", **spec: Any) -> dict[str, Any]:
    """Return a copy of a set that has one more claim, mounted at ``/NAME``."""
    changed = copy.deepcopy(manifest)
    claim = {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            **spec,
        },
    }
    changed["spec"].setdefault("volumeClaimTemplates", []).append(claim)
    mounts = container_of(changed).setdefault("volumeMounts", [])
    mounts.append({"name": name, "mountPath": f"/{name}"})
    return changed


def a_service(name: str = "web", selector: str = "web") -> dict[str, Any]:
    """Return a headless Service."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "clusterIP": "None",
            "selector": {"app": selector},
            "ports": [{"port": 80}],
        },
    }


class BenchEngine(FakeEngine):
    """Lets tests do something between two calls.

    Lists containers of a removed network as Docker does: still under the network's name.
    """

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self._former: dict[str, str] = {}
        self.before_call: Callable[[], None] = lambda: None

    def _call(self, verb: str, what: str = "") -> threading.RLock:
        self.before_call()
        return super()._call(verb, what)

    def close(self) -> None:
        """Nothing is open."""

    def remove_network(self, network_id: str) -> None:
        self._former |= {seen.id: seen.name for seen in self._networks.values()}
        super().remove_network(network_id)

    def _seen(self, found: FakeContainer) -> ContainerSeen:
        seen = super()._seen(found)
        return replace(
            seen,
            addresses={self._former.get(k, k): text for k, text in seen.addresses.items()},
            network_ids={self._former.get(k, k): text for k, text in seen.network_ids.items()},
        )


class FakeProber:
    """Answers probes by the name of the container; every one is ready unless told otherwise."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.answer: Callable[[FakeContainer], ProbeResult] = lambda _container: OK
        self.asked: Callable[[ProbeTarget], None] = lambda _target: None
        self.notices: tuple[str, ...] = ()

    def probe(self, target: ProbeTarget, probe: object, *, timeout: float) -> ProbeResult:
        self.asked(target)
        try:
            container = self._engine.container(target.container_id)
        except EngineMissing as error:
            return ProbeResult(ok=False, output=error.message)
        result = self.answer(container)
        self._engine.log.append(f"probe {container.name} {'ok' if result.ok else 'failed'}")
        return result


class FakeReporter:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.steps: list[Progress] = []
        self.notices: list[str] = []

    def progress(self, step: Progress) -> None:
        self.steps.append(step)

    def notice(self, text: str) -> None:
        self.notices.append(text)


class Bench:
    """One Engine, one clock, and any number of commands on them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.engine = BenchEngine(self.clock)
        self.prober = FakeProber(self.engine)
        self.reporter = FakeReporter()
        self.needs_ports = False
        self.context = self.command()

    def command(self, reporter: Reporter | None = None) -> Context:
        """Return the context of another command on the same Engine."""
        context = make_context(self.engine, self.clock, reporter or self.reporter)
        context.__dict__["prober"] = self.prober
        context.__dict__["needs_ports"] = lambda _network_id: self.needs_ports
        return context

    def load(self, *manifests: dict[str, Any], namespace: str = "default") -> list[LoadedObject]:
        """Take manifests through the whole input layer."""
        documents = [Document(copy.deepcopy(one), Source()) for one in manifests]
        return place(load(documents).objects, namespace, is_explicit=False)

    def apply(
        self,
        *manifests: dict[str, Any],
        namespace: str = "default",
        context: Context | None = None,
        **options: Any,
    ) -> dict[str, Verb]:
        """Apply manifests and return kind/name → verb; clears log and notices before."""
        self.engine.log.clear()
        self.reporter.notices.clear()
        verbs: dict[str, Verb] = {}

        def tell(kind: str, name: str, verb: Verb) -> None:
            verbs[f"{kind}/{name}"] = verb

        apply(
            context or self.command(),
            self.load(*manifests, namespace=namespace),
            ApplyOptions(**options),
            tell,
        )
        return verbs

    @property
    def pods(self) -> list[str]:
        """Names of all pods' containers."""
        return sorted(seen.name for seen in self.engine.containers({labels.SCHEMA: None}))

    @property
    def running(self) -> list[str]:
        """Names of the pods' containers that run."""
        return sorted(
            seen.name
            for seen in self.engine.containers({labels.SCHEMA: None})
            if seen.status is ContainerStatus.RUNNING
        )

    @property
    def claims(self) -> list[str]:
        """Names of all volumes that hold no record."""
        return sorted(
            seen.name
            for seen in self.engine.volumes({})
            if seen.labels.get(labels.KIND) not in {labels.KIND_RECORD, labels.KIND_FILES}
        )

    @property
    def records(self) -> list[tuple[str, str, str]]:
        """Keys of all records."""
        return sorted(newest(self.engine.volumes({})))

    def facts(self, name: str = "web", namespace: str = "default") -> SetRecord:
        """Return what is remembered of a set."""
        record = newest(self.engine.volumes({}))[(SET_KIND, namespace, name)]
        return parse_set(record.data)

    def ids(self) -> dict[str, str]:
        """Return container name → id, to see which pods were made anew."""
        return {seen.name: seen.id for seen in self.engine.containers({labels.SCHEMA: None})}

    def address(self, pod: str) -> str:
        """Return the only address of a pod."""
        (seen,) = [one for one in self.engine.containers({}) if one.name == pod]
        (address,) = seen.addresses.values()
        return address

    def aliases(self, pod: str) -> tuple[str, ...]:
        """Return the names of a pod on its network."""
        ((_, aliases),) = self.engine.container(pod).networks.values()
        return aliases

    def prune_volumes(self, *, only_records: bool = True) -> None:
        """Do what ``docker volume prune`` does: volumes that no container uses go."""
        for volume in self.engine.volumes({}):
            is_record = volume.labels.get(labels.KIND) in {labels.KIND_RECORD, labels.KIND_FILES}
            used = {
                name
                for seen in self.engine.containers({})
                for name in self.engine.container(seen.name).volumes()
            }
            if volume.name not in used and (is_record or not only_records):
                self.engine.remove_volume(volume.name)

    def remove_by_hand(self, pod: str) -> None:
        """Do what ``docker rm -f`` does."""
        self.engine.remove_container(self.engine.container(pod).id, force=True)

    def foreign_container(self, name: str) -> str:
        """Create a container that minisets did not make, and return its id."""
        return self.engine.create_container(name, {"Image": DEMO})

    def positions(self, *lines: str) -> list[int]:
        """Return where each line first stands in the Engine's log."""
        return [self.engine.log.index(line) for line in lines]


def events(bench: Bench, *verbs: str) -> list[str]:
    """Return the log lines of some verbs, records left out."""
    return [
        line
        for line in bench.engine.log
        if line.split(" ")[0] in verbs and "statefulset" not in line
    ]


def as_json(value: object) -> str:
    """Return JSON for comparing."""
    return json.dumps(value, sort_keys=True)


class Gate:
    """Lets a container answer its probes well only after so many attempts."""

    def __init__(self, attempts: int) -> None:
        self._left: dict[str, int] = {}
        self._attempts = attempts
        self._lock = threading.Lock()

    def __call__(self, container: FakeContainer) -> ProbeResult:
        with self._lock:
            left = self._left.setdefault(container.id, self._attempts)
            self._left[container.id] = left - 1
            return OK if left <= 0 else NO
