"""What a running command tells about its progress, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step in the life of one thing.

    Attributes:
        subject: For example ``pod/web-0`` or ``image/nginx:1``.
        state: One or two words, for example ``creating``, ``waiting``, ``ready``, ``gone``.
        detail: Why, or what it waits for; may be empty.
        is_done: Nothing more is expected of this thing for now.
        current: Bytes so far, of a pull.
        total: Bytes in all, of a pull; 0 if unknown.
    """

    subject: str
    state: str
    detail: str = ""
    is_done: bool = False
    current: int = 0
    total: int = 0


class Reporter(Protocol):
    """Takes what a running command tells."""

    def progress(self, step: Progress) -> None:
        """Take one step."""

    def notice(self, text: str) -> None:
        """Take one sentence that the user should know and that stops nothing."""
