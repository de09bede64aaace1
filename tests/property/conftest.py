"""How examples are made: no test here asserts anything about time."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples in every run: what a search finds is a test of its own afterwards.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("PROPERTIES", "same"))
