"""One file as it should be in a volume."""

from __future__ import annotations

from dataclasses import dataclass, field

_DEFAULT_MODE = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file as it should be in a volume.

    Attributes:
        path: Relative to the volume's root.
        content: Not shown with the entry: it may be a secret.
        mode: Permission bits.
    """

    path: str
    content: bytes = field(repr=False)
    mode: int = _DEFAULT_MODE
    uid: int = 0
    gid: int = 0
