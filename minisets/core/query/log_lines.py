"""Lines of pods' output: put together from the Engine's entries, cut to a run, merged by time."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from minisets.core.observed import ContainerDetail

# A line that never ends is passed on in pieces of this size.
_LONGEST_BYTES = 1 << 20
# The Engine notes a start some milliseconds after the first output may have come, and waits at
# least 0.1 s before it starts a container again.
START_LAG_SECONDS = 0.05
# How far a connection that is made anew goes back, and how many lines it may meet again.
_OVERLAP_SECONDS = 0.1
_RECENT_LINES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of a container's output.

    Attributes:
        pod: Name of the pod.
        container: Name of the container in the pod.
        stamp: When it was written, RFC 3339 with nine digits, so that texts compare as times.
        text: With its end, if it has one.
    """

    pod: str
    container: str
    stamp: str
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWindow:
    """What part of a container's output to read, in seconds since the epoch."""

    since: float | None = None
    until: float | None = None


class LineJoiner:
    """Makes lines of one container's entries, each of which begins with its time."""

    def __init__(self, pod: str, container: str) -> None:
        self._pod, self._container = pod, container
        self._open: dict[str, tuple[str, bytearray]] = {}

    def feed(self, output: str, entry: bytes) -> Iterator[LogLine]:
        """Take an entry of one of the outputs; yield the lines that are whole now."""
        # Without frames, which is with a terminal, an entry may hold several lines.
        for piece in entry.splitlines(keepends=True) if b"\n" in entry[:-1] else (entry,):
            yield from self._feed(output, piece)

    def _feed(self, output: str, piece: bytes) -> Iterator[LogLine]:
        stamp, text = split_stamp(piece)
        begun = self._open.pop(output, None)
        if begun is not None:
            stamp, begun_text = begun
            text = bytes(begun_text + text)
        if text.endswith(b"\n") or len(text) >= _LONGEST_BYTES:
            yield self._line(stamp, text)
        else:
            self._open[output] = (stamp, bytearray(text))

    def end(self) -> Iterator[LogLine]:
        """Yield what is left without an end of line."""
        for stamp, text in self._open.values():
            if text:
                yield self._line(stamp, bytes(text))
        self._open.clear()

    def _line(self, stamp: str, text: bytes) -> LogLine:
        return LogLine(pod=self._pod, container=self._container, stamp=stamp, text=text)


def split_stamp(entry: bytes) -> tuple[str, bytes]:
    """Split an entry into its time and its text; without a time all of it is text."""
    stamp, space, text = entry.partition(b" ")
    # 2026-01-31T12:00:00.000000000Z
    if space and len(stamp) == 30 and stamp[10:11] == b"T" and stamp.endswith(b"Z"):
        return stamp.decode("ascii", "replace"), text
    return "", entry


def merge(streams: Iterable[Iterable[LogLine]]) -> Iterator[LogLine]:
    """Merge the lines of several containers in the order of their times."""
    return heapq.merge(*streams, key=lambda line: line.stamp)


class Resumption:
    """Leaves out of a container's output what was seen before the connection was made anew."""

    def __init__(self) -> None:
        # By content, not by time alone: the entries of two outputs may stand a little out of
        # order.
        self._recent: deque[tuple[str, int]] = deque(maxlen=_RECENT_LINES)
        self._known: frozenset[tuple[str, int]] = frozenset()
        self._horizon = ""

    @property
    def since(self) -> float | None:
        """Seconds since the epoch from which to read again; None: nothing was seen."""
        newest = max((stamp for stamp, _ in self._recent), default="")
        return parse_stamp(newest) - _OVERLAP_SECONDS if newest else None

    def begin(self) -> None:
        """Note that output comes again which was seen before."""
        self._known = frozenset(self._recent)
        is_full = len(self._recent) == _RECENT_LINES
        self._horizon = min(stamp for stamp, _ in self._recent) if is_full else ""

    def is_new(self, line: LogLine) -> bool:
        """Say whether the line was not seen yet."""
        key = (line.stamp, hash(line.text))
        if key in self._known or line.stamp < self._horizon:
            return False
        self._recent.append(key)
        return True


def parse_stamp(stamp: str) -> float:
    """Return a stamp as seconds since the epoch."""
    whole = datetime.fromisoformat(f"{stamp[:19]}+00:00").timestamp()
    return whole + float(f"0{stamp[19:29]}")


def present_run(detail: ContainerDetail) -> LogWindow:
    """Return when the present run, or the last one of a container that is down, wrote."""
    if not detail.finished_at or not detail.started_at:
        return LogWindow()
    if _was_down_before(detail):
        return LogWindow(since=_between(detail))
    return LogWindow(since=detail.started_at - START_LAG_SECONDS)


def previous_run(detail: ContainerDetail) -> LogWindow | None:
    """Return when the runs before the present one wrote; None if there were none.

    Of a container that is down, the last run is the previous one, as in Kubernetes.
    """
    if not detail.finished_at or not detail.started_at:
        return None
    if _was_down_before(detail):
        return LogWindow(until=_between(detail))
    return present_run(detail)


def later(window: LogWindow, since: float | None) -> LogWindow:
    """Return the part of a window that is not before a time."""
    if since is None or (window.since is not None and window.since >= since):
        return window
    return LogWindow(since=since, until=window.until)


def _was_down_before(detail: ContainerDetail) -> bool:
    """Say whether the end is of the run before; what runs for a moment ends before its start."""
    return detail.started_at - detail.finished_at > START_LAG_SECONDS


def _between(detail: ContainerDetail) -> float:
    """Return a time at which the container was down."""
    return (detail.finished_at + detail.started_at) / 2
