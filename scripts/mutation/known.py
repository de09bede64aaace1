"""What is mutated, who is to notice, and the mutants that nobody can notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Modules of core that are judged alike.

    Attributes:
        tests: Asked about the mutants that the traces do not kill; the quick ones first.
        has_traces: The recorded traces know these modules.
    """

    title: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    has_traces: bool = False


SECTIONS = (
    Section(
        title="the controller",
        modules=(
            "controller.planner",
            "controller.planner_claims",
            "controller.planner_sight",
            "controller.planner_steps",
            "controller.planner_update",
            "controller.revisions_plan",
            "controller.status",
            "controller.controller_state",
        ),
        tests=(
            "tests/unit/test_planner.py",
            "tests/unit/test_controller_state.py",
            "tests/unit/test_simulate.py",
            "tests/property/test_controller.py",
        ),
        has_traces=True,
    ),
    Section(title="the kubelet", modules=("pod.kubelet",), tests=("tests/unit/test_kubelet.py",)),
    Section(
        title="probes",
        modules=("pod.probe_state",),
        tests=("tests/unit/test_probe_state.py", "tests/property/test_probe_state.py"),
    ),
    Section(
        title="changes of claims",
        modules=("controller.claim_changes",),
        tests=("tests/unit/test_claim_changes.py",),
    ),
)

EQUIVALENT: Mapping[str, str] = {
    "controller.planner._leaving: slot.pod is not None -> True": (
        "for the type only: what repair_target returns has a pod"
    ),
    "controller.planner_update.update_cause: slot.pod is not None -> True": (
        "for the type only: a hole is old by its revision alone, and the line before told that"
    ),
}
"""Name of a mutant → why it decides as the module itself does."""
