"""minisets from Python: apply, delete, get, scale, wait, exec, logs and addresses, with types.

What the command line does, without the command line. Errors are those of minisets.errors, with
their messages and hints; nothing is printed, and no exit code is set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from minisets.app.apply import ApplyOptions
from minisets.app.apply import apply as apply_objects
from minisets.app.changes import place
from minisets.app.context import make_context
from minisets.app.delete import delete_namespace, delete_set
from minisets.app.delete_pods import delete_pod
from minisets.app.logs import LogOptions, read_logs
from minisets.app.loop.drive import DEFAULT_TIMEOUT
from minisets.app.loop.world import observe
from minisets.app.park import scale, start, stop
from minisets.app.query import get_pods, get_sets, read_kind
from minisets.app.reading.look import Look
from minisets.app.reading.pod_choice import PodRef, find_container
from minisets.app.rollout import finish
from minisets.core import naming
from minisets.core.events import Progress
from minisets.core.input.arguments import check_count, check_seconds, check_switch, check_text
from minisets.core.input.load import load
from minisets.core.input.source import Document, Source
from minisets.core.query.absence import not_found
from minisets.core.query.kinds import CLUSTER_SCOPED, READABLE, find_resource
from minisets.engine.clock import SystemClock
from minisets.engine.docker_engine import connect
from minisets.engine.endpoint import find_endpoint
from minisets.engine.files import read_manifests
from minisets.errors import InputError, NotFound

if TYPE_CHECKING:
    from minisets.app.reading.views import PodView

__all__ = ["Applied", "Client", "Output", "Pod", "StatefulSet"]

Pull = Literal["always", "missing", "never"]
Verb = Literal["created", "configured", "unchanged"]
Manifest = str | os.PathLike[str] | Mapping[str, Any]
"""A file, a folder, a URL, or an object as a YAML loader gives it."""

_PULLS = get_args(Pull)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatefulSet:
    """A set as it is now.

    Attributes:
        replicas: Pods that it asks for.
        ready: Pods that are ready.
        images: Of its containers.
    """

    name: str
    namespace: str
    replicas: int
    ready: int
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod as it is now.

    Attributes:
        is_ready: All its containers are.
        status: As ``get pods`` shows it, such as ``Running`` or ``CrashLoopBackOff``.
        address: On the network of its namespace; empty if it has none now. It leads there from
            this machine only where the Engine's networks are on it, as on Linux.
        urls: Where its published ports are found, such as ``http://127.0.0.1:8080``.
    """

    name: str
    namespace: str
    is_ready: bool
    status: str
    restarts: int
    address: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply has done.

    Attributes:
        verbs: ``Kind/name`` → what became of the object.
        is_done: False if it did not wait and something is still to come.
        notices: What the command line would have noted.
    """

    verbs: Mapping[str, Verb]
    is_done: bool
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command in a pod has come to.

    Attributes:
        exit_code: None if it did not end in time; it may still run.
        text: Standard output and error together.
    """

    exit_code: int | None
    text: str


class _Ear:
    """A reporter that keeps notices, and hands everything on."""

    def __init__(self, on_progress: Callable[[str], None] | None) -> None:
        self.notices: list[str] = []
        self._on_progress = on_progress

    def progress(self, step: Progress) -> None:
        if self._on_progress:
            parts = [step.subject, step.state, step.detail]
            self._on_progress(" ".join(part for part in parts if part))

    def notice(self, text: str) -> None:
        self.notices.append(text)


class Client:
    """One namespace of one Engine. Close it in the end, or use it in a ``with`` statement.

    Args:
        namespace: To work in; objects that name another one are refused.
        context: Docker context; by default what the docker command would choose.
        on_progress: Told each step, as ``pod/web-0 started``, from any thread.

    Raises:
        InputError: The Docker context does not exist, or the namespace is no name of one.
        EngineUnreachable: No Engine answers.
    """

    def __init__(
        self,
        *,
        namespace: str = "default",
        context: str | None = None,
        on_progress: Callable[[str], None] | None = None,
    ) -> None:
        naming.check_namespace(namespace)
        self.namespace = namespace
        self._engine = connect(find_endpoint(context))
        self._ear = _Ear(on_progress)
        self._context = make_context(self._engine, SystemClock(), self._ear)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; what runs goes on running."""
        self._engine.close()

    def apply(
        self,
        *sources: Manifest,
        wait: bool = True,
        timeout_seconds: float = DEFAULT_TIMEOUT,
        pull: Pull | None = None,
    ) -> Applied:
        """Bring manifests to life, in order, and wait until everything is ready.

        Args:
            sources: Files, folders, URLs, or objects as Python has them after a YAML loader.
            wait: Wait until everything is ready; else do what can be done now.
            timeout_seconds: Of the whole wait.
            pull: When to pull images, whatever the manifests say.

        Raises:
            InputError: An argument is wrong; nothing was touched.
            ManifestError: Something is wrong; carries every problem, and nothing was touched.
            ImageError: An image cannot be had; nothing was touched.
            NotConverged: Time is over, or a pod cannot get ready.
        """
        check_switch("wait", wait)
        check_seconds("timeout_seconds", timeout_seconds)
        if pull not in {None, *_PULLS}:
            raise InputError(f"pull is {pull!r}", hint=f"one of {', '.join(_PULLS)}")
        documents: list[Document] = []
        for source in sources:
            if isinstance(source, Mapping):
                documents.append(Document(dict(source), Source(file="object")))
            else:
                documents += read_manifests([os.fspath(source)])
        found = load(documents)
        objects = place(found.objects, self.namespace, is_explicit=True)
        self._ear.notices = [str(notice) for notice in found.notices]
        verbs: dict[str, Verb] = {}

        def tell(kind: str, name: str, verb: Verb) -> None:
            verbs[f"{kind}/{name}"] = verb

        applied = apply_objects(
            self._context,
            objects,
            ApplyOptions(timeout_seconds=timeout_seconds, wait=wait, pull=pull),
            tell,
        )
        return Applied(verbs=verbs, is_done=applied.is_done, notices=tuple(self._ear.notices))

    def sets(self) -> list[StatefulSet]:
        """Return the sets, by name."""
        return [
            StatefulSet(
                name=view.name,
                namespace=view.namespace,
                replicas=view.replicas,
                ready=view.ready,
                images=view.images,
            )
            for view in get_sets(self._context, self.namespace)
        ]

    def pods(self, set_name: str | None = None) -> list[Pod]:
        """Return the pods, or those of one set, lowest ordinal first.

        Raises:
            NotFound: There is no such set.
        """
        if set_name is not None:
            check_text("set_name", set_name)
        views = get_pods(self._context, self.namespace)
        if set_name is not None:
            get_sets(self._context, self.namespace, [set_name])
            views = [view for view in views if view.name.rpartition("-")[0] == set_name]
        return [_pod(view) for view in views]

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object as Kubernetes has it.

        Args:
            kind: As kubectl takes it: ``StatefulSet``, ``statefulset``, ``statefulsets``, ``sts``.
            name: Of the object.

        Raises:
            InputError: There is no such kind.
            NotFound: There is none of that name.
        """
        check_text("kind", kind)
        check_text("name", name)
        resource = find_resource(kind, READABLE)
        space = None if resource in CLUSTER_SCOPED else self.namespace
        look = Look(self._context, space, is_whole=True)
        known = {view.name: view.object for view in read_kind(look, resource.kind)}
        if name not in known:
            raise not_found(resource.full, name, known, namespace=space)
        wanted: dict[str, Any] = known[name]
        return wanted

    def scale(
        self,
        set_name: str,
        replicas: int,
        *,
        wait: bool = True,
        timeout_seconds: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Set how many pods a set has; its volumes stay.

        Raises:
            InputError: An argument is wrong; nothing was touched.
            NotFound: There is no such set.
            NotConverged: Time is over, or a pod cannot get ready.
        """
        check_text("set_name", set_name)
        check_switch("wait", wait)
        check_seconds("timeout_seconds", timeout_seconds)
        scale(
            self._context,
            self.namespace,
            set_name,
            replicas,
            wait=wait,
            timeout_seconds=timeout_seconds,
        )

    def wait(self, set_name: str, *, timeout_seconds: float = DEFAULT_TIMEOUT) -> None:
        """Repair what is broken of a set, and wait until all of it is ready.

        Raises:
            NotFound: There is no such set.
            NotConverged: Time is over, or a pod cannot get ready.
        """
        check_text("set_name", set_name)
        check_seconds("timeout_seconds", timeout_seconds)
        finish(self._context, self.namespace, set_name, wait=True, timeout_seconds=timeout_seconds)

    def stop(self, *set_names: str) -> tuple[str, ...]:
        """Park sets, or all of the namespace: pods go, everything else stays."""
        for name in set_names:
            check_text("set_names", name)
        return stop(self._context, self.namespace, set_names)

    def start(self, *set_names: str, timeout_seconds: float = DEFAULT_TIMEOUT) -> tuple[str, ...]:
        """Bring parked sets back, or all of the namespace."""
        for name in set_names:
            check_text("set_names", name)
        check_seconds("timeout_seconds", timeout_seconds)
        return start(self._context, self.namespace, set_names, timeout_seconds=timeout_seconds)

    def exec(
        self,
        pod: str,
        command: Sequence[str],
        *,
        container: str | None = None,
        timeout_seconds: float | None = None,
    ) -> Output:
        """Run a command in a pod and collect what it prints.

        Args:
            pod: Its name.
            command: Program and arguments; a text is none.
            container: One of the pod's; the first by default.
            timeout_seconds: Of the command.

        Raises:
            NotFound: There is no such pod or container.
        """
        if isinstance(command, str):
            raise InputError(
                "the command is a text, not a list of words",
                hint='for example ["sh", "-c", "echo $HOSTNAME"]',
            )
        check_text("pod", pod)
        if timeout_seconds is not None:
            check_seconds("timeout_seconds", timeout_seconds)
        world = observe(self._engine, self.namespace)
        chosen = find_container(world, self.namespace, pod, container)
        done = self._engine.exec(chosen.id, tuple(command), timeout_seconds=timeout_seconds)
        return Output(exit_code=done.exit_code, text=done.output.decode(errors="replace"))

    def logs(self, pod: str, *, container: str | None = None, tail: int | None = None) -> str:
        """Return what a pod has written to its standard output and error since its last start.

        Raises:
            NotFound: There is no such pod or container.
        """
        check_text("pod", pod)
        if tail is not None:
            check_count("tail", tail)
        options = LogOptions(container=container, tail=tail)
        lines = read_logs(self._context, self.namespace, PodRef(name=pod), options)
        return b"".join(line.text for line in lines).decode(errors="replace")

    def addresses(self, set_name: str) -> dict[str, str]:
        """Return pod → address on the network of the namespace; see Pod.address.

        Raises:
            NotFound: There is no such set.
        """
        return {pod.name: pod.address for pod in self.pods(set_name) if pod.address}

    def urls(self, set_name: str) -> dict[str, tuple[str, ...]]:
        """Return pod → where its published ports are found from this machine.

        Raises:
            NotFound: There is no such set.
        """
        return {pod.name: pod.urls for pod in self.pods(set_name)}

    def delete(self, set_name: str, *, volumes: bool = False) -> None:
        """Delete a set, from its highest ordinal down.

        Args:
            set_name: Its name.
            volumes: Its claims and their data, too.

        Raises:
            NotFound: There is no such set.
        """
        check_text("set_name", set_name)
        check_switch("volumes", volumes)
        delete_set(self._context, self.namespace, set_name, volumes=volumes)

    def delete_pod(self, pod: str, *, timeout_seconds: float = DEFAULT_TIMEOUT) -> None:
        """Delete a pod and return when its set is whole again.

        Raises:
            NotFound: There is no such pod.
            NotConverged: Time is over, or the new pod cannot get ready.
        """
        check_text("pod", pod)
        check_seconds("timeout_seconds", timeout_seconds)
        delete_pod(self._context, self.namespace, pod, timeout_seconds=timeout_seconds)

    def delete_all(self, *, volumes: bool = False) -> None:
        """Delete everything in the namespace; nothing there is fine.

        Args:
            volumes: The claims and their data, too.
        """
        check_switch("volumes", volumes)
        try:
            delete_namespace(self._context, self.namespace, volumes=volumes)
        except NotFound:
            return


def _pod(view: PodView) -> Pod:
    return Pod(
        name=view.name,
        namespace=view.namespace,
        is_ready=bool(view.containers) and view.ready == view.containers,
        status=view.status,
        restarts=view.restarts,
        address=view.ip,
        urls=view.places,
    )
