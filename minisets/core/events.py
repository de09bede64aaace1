"""What a running command tells about its progress, as values."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One step in the life of one thing.

    Attributes:
        subject: For example ``pod/web-0``, ``sts/web`` or ``image/nginx:1``.
        state: One or two words, for example ``creating``, ``waiting``, ``ready``, ``gone``.
        detail: Why, or what it waits for; may be empty.
        is_done: Nothing more is expected of this thing for now.
        current: So many of ``total`` are here.
        total: So many in all; 0 if unknown.
        unit: What is counted: bytes of a pull, or pods of a set; empty if nothing is.
        container: Which container of a pod the step is about; empty if it is about none or all.
        owner: Subject that this one is a part of; may be empty.
    """

    subject: str
    state: str
    detail: str = ""
    is_done: bool = False
    current: int = 0
    total: int = 0
    unit: Literal["", "bytes", "pods"] = ""
    container: str = ""
    owner: str = ""


class Reporter(Protocol):
    """Takes what a running command tells."""

    def progress(self, step: Progress) -> None:
        """Take one step."""

    def notice(self, text: str) -> None:
        """Take one sentence that the user should know and that stops nothing."""
