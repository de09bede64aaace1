"""What a sync decides to do, as values: actions with their causes, and the plan that holds them.

The one text form of a plan is made here; it is what a dry run, ``-v`` and the tests show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from minisets.core.controller.controller_state import (
    SetSpec,
    Status,
    first_rolling_index,
    in_range,
)
from minisets.core.naming import split_pod_name


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRevision:
    """Remember the set's template under a new name."""

    name: str
    number: int
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenumberRevision:
    """Make a remembered template the newest one again."""

    name: str
    number: int
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRevision:
    """Forget a template that nothing uses."""

    name: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateClaim:
    """Create one claim of a pod."""

    name: str
    pod: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePod:
    """Create a pod from the template of a revision."""

    name: str
    revision: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePod:
    """Stop a pod gracefully and remove it."""

    name: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePod:
    """Give an existing pod back its identity and storage."""

    name: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClaimOwners:
    """Write down whose end is also the end of a claim; ``owners`` replaces what was there."""

    name: str
    owners: tuple[str, ...]
    cause: str = ""


Action = (
    CreateRevision
    | RenumberRevision
    | DeleteRevision
    | CreateClaim
    | CreatePod
    | DeletePod
    | UpdatePod
    | SetClaimOwners
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The outcome of one sync.

    Attributes:
        actions: To be done in this order.
        status: To be stored if ``status_changed``, else for showing. It counts what the snapshot
            had, not what the actions make.
        error: Why the sync could not finish; the actions before that point stand.
        waiting_for: What the set waits for, as a sentence; None if it waits for nothing.
    """

    actions: tuple[Action, ...]
    status: Status
    status_changed: bool = False
    error: str | None = None
    waiting_for: str | None = None

    @property
    def is_empty(self) -> bool:
        """There is nothing to do and nothing to store now."""
        return not self.actions and not self.status_changed and self.error is None

    @property
    def is_converged(self) -> bool:
        """There is nothing to do, now or later: the set is as its spec asks."""
        return self.is_empty and self.waiting_for is None


def coming_revisions(spec: SetSpec, plan: Plan) -> dict[str, str]:
    """Return pod → revision that it is made from by a plan, now or once its old self is gone.

    Pods that go for good are left out, and those that come back as they are.
    """
    found = {}
    for action in plan.actions:
        match action:
            case CreatePod(name=name, revision=revision):
                found[name] = revision
            case DeletePod(name=name):
                _, ordinal = split_pod_name(name)
                index = ordinal - spec.ordinals_start
                if in_range(spec, ordinal) and index >= first_rolling_index(spec):
                    found[name] = plan.status.update_revision
            case _:
                pass
    return found


def render(plan: Plan) -> str:
    """Return the text form of a plan, one line for each action and what stops it."""
    lines = [render_action(action) for action in plan.actions]
    if plan.error is not None:
        lines.append(f"error: {plan.error}")
    if plan.waiting_for is not None:
        lines.append(f"waiting: {plan.waiting_for}")
    return "\n".join(lines) or "nothing to do"


def render_action(action: Action) -> str:
    """Return one line: what is done, and after a dash the cause."""
    deed = _deed(action)
    return f"{deed} - {action.cause}" if action.cause else deed


def _deed(action: Action) -> str:
    match action:
        case CreateRevision(name=name, number=number):
            deed = f"create revision {name} as number {number}"
        case RenumberRevision(name=name, number=number):
            deed = f"renumber revision {name} to {number}"
        case DeleteRevision(name=name):
            deed = f"delete revision {name}"
        case CreateClaim(name=name, pod=pod):
            deed = f"create claim {name} of {pod}"
        case CreatePod(name=name, revision=revision):
            deed = f"create pod {name} at revision {revision}"
        case DeletePod(name=name):
            deed = f"delete pod {name}"
        case UpdatePod(name=name):
            deed = f"update pod {name}"
        case SetClaimOwners(name=name, owners=owners):
            deed = f"set owners of claim {name} to {', '.join(owners) or 'none'}"
        case _:
            assert_never(action)
    return deed
