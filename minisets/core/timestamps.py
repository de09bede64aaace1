"""Points in time as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """Write seconds since the epoch as the API does."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float:
    """Read RFC 3339 text; 0.0 if there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
