"""The real time, and the only place that waits."""

from __future__ import annotations

import os
import time


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def nonce(self) -> str:
        """Return fresh random text, 16 hexadecimal digits."""
        return os.urandom(8).hex()
