"""Replays decisions recorded from the upstream controller against the planner.

``python -m tests.conformance [--replay] [TRACES ...]``; without TRACES, the kept ones.
"""
