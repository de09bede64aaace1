"""Notices as few lines: what has one cause is said once, whatever number of objects has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from minisets.core.input.source import Notice

_MOST_SUBJECTS = 3


def group_notices(notices: Iterable[Notice]) -> list[str]:
    """Write notices as lines, those of one cause as one line at the place of the first.

    The cause is the message: of what is ignored, the reason.
    """
    groups: dict[tuple[str, bool, bool], list[Notice]] = {}
    for notice in notices:
        key = (notice.message, bool(notice.ignored), notice.is_whole)
        groups.setdefault(key, []).append(notice)
    return [_line(group) for group in groups.values()]


def _line(group: list[Notice]) -> str:
    subjects = list(dict.fromkeys(notice.subject for notice in group if notice.subject))
    first = group[0]
    if len(subjects) <= 1:
        return str(replace(first, ignored=_fields(group)))
    if not first.is_whole:
        return str(replace(first, subject=_shortened(subjects), ignored=_fields(group)))
    kinds = Counter(notice.ignored[0] for notice in group)
    listed = (
        _joined(subjects)
        if len(subjects) <= _MOST_SUBJECTS
        else _joined([f"{kind} ({number})" for kind, number in kinds.items()])
    )
    place = f"{first.file}:{first.line}: " if first.file and first.line else ""
    return f"{place}{listed} are ignored: {first.message}"


def _fields(group: list[Notice]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(field for notice in group for field in notice.ignored))


def _shortened(subjects: list[str]) -> str:
    if len(subjects) <= _MOST_SUBJECTS:
        return _joined(subjects)
    return f"{', '.join(subjects[: _MOST_SUBJECTS - 1])} and {len(subjects) - 2} more"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
