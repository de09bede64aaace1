"""The use case logs: the output of one container, or of many merged by time."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from minisets.app.context import Context
from minisets.app.loop.world import World, observe
from minisets.app.reading.pod_choice import (
    Defaulted,
    PodContainers,
    PodRef,
    choose_container,
    default_container,
    expects_pods,
    find_pods,
    tell_default,
)
from minisets.core import labels
from minisets.core.observed import ContainerSeen, ContainerStatus
from minisets.core.pod.seen import container_of
from minisets.core.query.log_lines import (
    START_LAG_SECONDS,
    LineJoiner,
    LogLine,
    LogWindow,
    Resumption,
    later,
    merge,
    present_run,
    previous_run,
)
from minisets.errors import (
    Contended,
    EngineConflict,
    EngineError,
    EngineMissing,
    InputError,
    NotFound,
)

# How often a command that follows looks for pods that are new or run again.
_LOOK_SECONDS = 0.5
# A reader that is slower than its pods holds them up instead of filling the memory.
_MOST_QUEUED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What of the output is wanted.

    Attributes:
        container: Name of the container; None: the default one of each pod.
        all_containers: Of each pod all containers, init containers too.
        tail: Only so many lines of each container; None: all.
        since_seconds: Only what is younger.
        since: Only what is not older than this time, in seconds since the epoch.
        previous: What the container's earlier runs wrote, instead of the present one.
        most_streams: How many containers may be followed.
        look_seconds: How often to look for new pods.
        on_default: Told the container that is taken of a pod of several.
        on_nothing: Told that there is no pod with the labels.
    """

    container: str | None = None
    all_containers: bool = False
    tail: int | None = None
    since_seconds: float | None = None
    since: float | None = None
    previous: bool = False
    most_streams: int = 5
    look_seconds: float = _LOOK_SECONDS
    on_default: Defaulted = lambda _name, _names: None
    on_nothing: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One container to read."""

    pod: str
    container: str
    seen: ContainerSeen
    window: LogWindow = field(default_factory=LogWindow)


def read_logs(
    context: Context, namespace: str, ref: PodRef, options: LogOptions
) -> Iterator[LogLine]:
    """Yield what the containers have written so far, in the order of its times.

    Raises:
        NotFound: There is no such pod or container, or no earlier run of it.
    """
    world = observe(context.engine, namespace)
    sources = _sources(context, world, namespace, ref, options)
    return merge([_history(context, source, options) for source in sources])


def follow_logs(
    context: Context, namespace: str, ref: PodRef, options: LogOptions
) -> Iterator[LogLine]:
    """Yield what the containers have written, then what they write.

    Goes on when a pod is started again or replaced, and takes in pods that are new; ends when
    none is there and no set asks for one: scaled away, parked or deleted.

    Raises:
        NotFound: There is no such pod or container.
        InputError: There are more containers than may be followed.
    """
    world = observe(context.engine, namespace)
    sources = _sources(context, world, namespace, ref, options)
    if len(sources) > options.most_streams:
        raise InputError(
            f"you are attempting to follow {len(sources)} log streams, but maximum allowed "
            f"concurrency is {options.most_streams}, use --max-log-requests to increase the limit",
            hint=f"--max-log-requests={len(sources)}",
        )
    yield from _Follower(context, options).run(
        sources,
        lambda: _look_again(context, namespace, ref, options),
    )


def _sources(
    context: Context, world: World, namespace: str, ref: PodRef, options: LogOptions
) -> list[_Source]:
    pods = find_pods(world, namespace, ref)
    if not pods and ref.selector is not None:
        options.on_nothing()
    chosen = [(pod, one) for pod in pods for one in _containers(world, pod, ref, options)]
    is_one = ref.kind == "Pod" and ref.selector is None and not options.all_containers
    if is_one and options.container is None and chosen:
        pod, one = chosen[0]
        tell_default(world, pod, container_of(one), options.on_default)
    if options.container is not None and pods and not chosen:
        # Of several pods some may have it; here none has.
        choose_container(world, pods[0], options.container)
    found = [
        source
        for pod, one in chosen
        if (source := _source(context, pod, one, options)) is not None
    ]
    if options.previous and chosen and not found:
        pod, one = chosen[0]
        raise NotFound(
            f'previous terminated container "{container_of(one)}" in pod "{pod.name}" not found',
            hint=f"minisets logs {pod.name} -n {namespace}",
        )
    return found


def _containers(
    world: World, pod: PodContainers, ref: PodRef, options: LogOptions
) -> Sequence[ContainerSeen]:
    if options.all_containers:
        return pod.containers
    wanted = options.container
    if wanted is None or ref.name == pod.name:
        try:
            return (choose_container(world, pod, wanted),)
        except EngineConflict:
            if wanted is not None:
                raise
            # The default one has not begun: what the pod does now is said by the one before it.
            return pod.containers[-1:]
    return [one for one in pod.containers if container_of(one) == wanted]


def _source(
    context: Context, pod: PodContainers, container: ContainerSeen, options: LogOptions
) -> _Source | None:
    """Return the container with the time of the wanted run; None if there is nothing of it."""
    try:
        detail = context.engine.inspect(container.id)
    except EngineMissing:
        return None
    window = previous_run(detail) if options.previous else present_run(detail)
    if window is None:
        return None
    if options.previous and window.until is not None:
        window = later(window, _last_start(context, container, before=window.until))
    since = options.since
    if options.since_seconds is not None:
        since = context.clock.now() - options.since_seconds
    return _Source(
        pod=pod.name,
        container=container_of(container),
        seen=container,
        window=later(window, since),
    )


def _last_start(context: Context, container: ContainerSeen, *, before: float) -> float | None:
    """Return when the run before a time began; None if the Engine has forgotten."""
    wanted = {key: container.labels.get(key) for key in (labels.NAMESPACE, labels.POD_NAME)}
    starts = [
        event.time
        for event in context.engine.events(
            since=0.0, until=before, types=("container",), actions=("start",), labels=wanted
        )
        if event.id == container.id and event.time < before
    ]
    return max(starts) - START_LAG_SECONDS if starts else None


def _history(context: Context, source: _Source, options: LogOptions) -> Iterator[LogLine]:
    if options.tail is not None and source.window.until is not None:
        # The Engine takes the tail of all there is, and then what is not too late of that.
        return iter(deque(_lines(context, source, source.window), maxlen=options.tail))
    return _lines(context, source, source.window, tail=options.tail)


def _lines(
    context: Context,
    source: _Source,
    window: LogWindow,
    *,
    tail: int | None = None,
    follow: bool = False,
) -> Iterator[LogLine]:
    joiner = LineJoiner(source.pod, source.container)
    entries = context.engine.logs(
        source.seen.id,
        follow=follow,
        tail=tail,
        since=window.since,
        until=window.until,
        timestamps=True,
    )
    for output, entry in entries:
        yield from joiner.feed(output, entry)
    yield from joiner.end()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a later look found; ``is_over`` if nothing can come any more."""

    sources: tuple[_Source, ...]
    is_over: bool


def _look_again(context: Context, namespace: str, ref: PodRef, options: LogOptions) -> _Look:
    world = observe(context.engine, namespace)
    try:
        pods = find_pods(world, namespace, ref)
    except (NotFound, EngineConflict):
        pods = []
    sources = [
        _Source(pod=pod.name, container=container_of(one), seen=one)
        for pod in pods
        for one in _present(world, pod, options)
    ]
    # A pod that is replaced is not there for a moment; its set goes on asking for it.
    is_over = not pods and not expects_pods(world, namespace, ref)
    return _Look(sources=tuple(sources), is_over=is_over)


def _present(world: World, pod: PodContainers, options: LogOptions) -> list[ContainerSeen]:
    if options.all_containers:
        return list(pod.containers)
    wanted = options.container or default_container(world, pod)
    return [one for one in pod.containers if container_of(one) == wanted]


@dataclass(slots=True, kw_only=True)
class _Stream:
    """One container that is followed, over all its connections.

    Attributes:
        floor: What is older was not asked for, in seconds since the epoch; None: no limit.
    """

    source: _Source
    floor: float | None = None
    resumption: Resumption = field(default_factory=Resumption)
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """A connection has ended, by itself or with an error."""

    container_id: str
    error: EngineError | None = None


class _Follower:
    """Reads many containers at once; one thread each, which puts lines into one queue."""

    def __init__(self, context: Context, options: LogOptions) -> None:
        self._context = context
        self._options = options
        self._queue: queue.Queue[LogLine | _Ended] = queue.Queue(_MOST_QUEUED)
        self._streams: dict[str, _Stream] = {}
        self._is_too_many = False

    def run(self, sources: Sequence[_Source], look: Callable[[], _Look]) -> Iterator[LogLine]:
        """Yield lines until everything is over."""
        for source in sources:
            self._streams[source.seen.id] = _Stream(source=source)
        if len(sources) > 1:
            yield from self._history()
        for stream in self._streams.values():
            self._open(stream, tail=self._options.tail)
        is_over = False
        while not is_over or any(stream.is_open for stream in self._streams.values()):
            yield from self._drain()
            found = look()
            is_over = found.is_over
            self._update(found.sources)

    def _history(self) -> Iterator[LogLine]:
        """Yield what is there already, in the order of its times; streams go on after it."""
        yield from merge(
            [
                filter(
                    stream.resumption.is_new,
                    _history(self._context, stream.source, self._options),
                )
                for stream in self._streams.values()
            ]
        )

    def _drain(self) -> Iterator[LogLine]:
        """Yield what comes, until it is time to look for pods again."""
        clock = self._context.clock
        until = clock.monotonic() + self._options.look_seconds
        wait = self._options.look_seconds
        while True:
            try:
                got = self._queue.get(timeout=wait)
            except queue.Empty:
                return
            if isinstance(got, _Ended):
                self._streams[got.container_id].is_open = False
                # Gone, or just going: its pod is replaced or deleted, which the next look tells.
                is_going = isinstance(got.error, EngineMissing | Contended)
                if got.error is not None and not is_going:
                    raise got.error
            else:
                yield got
            wait = until - clock.monotonic()
            if wait <= 0:
                return

    def _update(self, found: Sequence[_Source]) -> None:
        for source in found:
            stream = self._streams.get(source.seen.id)
            if stream is None:
                if self._is_full():
                    continue
                stream = self._streams[source.seen.id] = _Stream(source=source)
                self._open(stream)
            elif not stream.is_open and source.seen.status is ContainerStatus.RUNNING:
                self._open(stream)

    def _is_full(self) -> bool:
        most = self._options.most_streams
        is_full = sum(stream.is_open for stream in self._streams.values()) >= most
        if is_full and not self._is_too_many:
            self._is_too_many = True
            self._context.reporter.notice(
                f"there are new pods, but {most} log streams are followed already: "
                "raise --max-log-requests"
            )
        return is_full

    def _open(self, stream: _Stream, *, tail: int | None = None) -> None:
        stream.is_open = True
        since = stream.resumption.since
        window = later(stream.source.window, since or stream.floor)
        if since is not None:
            tail = None
        if tail is not None:
            stream.floor = self._context.clock.now()
        stream.resumption.begin()
        # Not waited for: it may sit in a read until the container writes again.
        threading.Thread(
            target=self._read, args=(stream, window, tail), daemon=True, name="logs"
        ).start()

    def _read(self, stream: _Stream, window: LogWindow, tail: int | None) -> None:
        container_id = stream.source.seen.id
        try:
            for line in _lines(self._context, stream.source, window, tail=tail, follow=True):
                if stream.resumption.is_new(line):
                    self._queue.put(line)
        except EngineError as error:
            self._queue.put(_Ended(container_id=container_id, error=error))
        else:
            self._queue.put(_Ended(container_id=container_id))
