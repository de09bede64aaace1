"""The controller: one sync of a StatefulSet as a pure function.

The order of its decisions is the one of Kubernetes 1.37: revisions, wanted pods from low to
high, claims of pods that are too many, those pods from high to low, the rolling update, history.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from minisets.core.controller.actions import CreatePod, DeletePod, Plan, UpdatePod
from minisets.core.controller.controller_state import (
    Phase,
    Pod,
    SetSpec,
    Snapshot,
    Status,
    is_available,
    is_finished,
    is_ready,
    is_terminating,
    is_unavailable,
)
from minisets.core.controller.planner_claims import (
    Claims,
    Supply,
    after_actions,
    fix_owners,
    stale_claim,
    supply_claims,
)
from minisets.core.controller.planner_sight import Sight, Slot, look, obstacle, range_text, renewed
from minisets.core.controller.planner_steps import (
    Step,
    error_text,
    first,
    in_batches,
    in_order,
    is_over,
    joined,
)
from minisets.core.controller.planner_update import repair_target, update_cause, update_pods
from minisets.core.controller.revision import revision_name
from minisets.core.controller.revisions_plan import Choice, NameOf, choose_revisions, trim_history
from minisets.core.controller.status import complete_rollout, count_status, is_status_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to plan where minisets lets one choose.

    Attributes:
        name_of: Makes a revision name from a template text and a collision count; None makes the
            names that Kubernetes makes.
        repair_broken: Replace a pod that blocks an ordered rollout although the template has
            changed since; Kubernetes leaves that to a person. And make missing pods at the new
            revision, as it does where RollingUpdate has details.
    """

    name_of: NameOf | None = None
    repair_broken: bool = False


def plan(snapshot: Snapshot, options: Options | None = None) -> Plan:
    """Decide what one sync does with a set.

    Args:
        snapshot: The set and all that belongs to it.
        options: Defaults to plain Kubernetes behaviour.
    """
    options = options if options is not None else Options()
    name_of = options.name_of or partial(revision_name, snapshot.set.name)
    choice = choose_revisions(snapshot, name_of)
    work = _work(snapshot, choice, options)
    status = _status_after(snapshot, choice, work)
    return Plan(
        # Kubernetes rule 1.5: the history is trimmed even after an error.
        actions=(*choice.actions, *work.actions, *trim_history(snapshot, choice)),
        status=status,
        status_changed=is_status_changed(snapshot.status, status),
        error=error_text(work.errors),
        waiting_for=work.stop,
    )


def _status_after(snapshot: Snapshot, choice: Choice, work: Step) -> Status:
    status = count_status(
        snapshot,
        current=choice.current,
        update=choice.update,
        collision_count=choice.collision_count,
    )
    # Kubernetes rule 6.8: of all that a sync does, only deletions by the update are counted in it.
    status = replace(status, current_replicas=status.current_replicas - work.updated)
    return complete_rollout(snapshot.set, status)


def _work(snapshot: Snapshot, choice: Choice, options: Options) -> Step:
    """Decide what is done with pods and claims."""
    if snapshot.deleting:
        # Kubernetes rule 1.6: a set that goes away only gets its status counted.
        return Step(stop=first(f"{pod.name} is not gone yet" for pod in snapshot.pods))
    sight = look(snapshot, choice)
    if not options.repair_broken:
        return _walk(sight)
    sight = renewed(sight)
    target = repair_target(sight.spec, sight.slots, choice.update)
    return _walk(sight) if target is None else _repair(sight, target)


def _walk(sight: Sight) -> Step:
    run = in_order if sight.spec.ordered else in_batches
    done = run(partial(_visit_wanted, sight), sight.slots)
    if is_over(done):
        return done
    # Kubernetes rule 5.1: the claims of all condemned pods are seen to before any of them goes.
    fixes = tuple(_fix_condemned_claims(sight, pod) for pod in sight.condemned)
    done = joined((done, *fixes, run(partial(_visit_condemned, sight), sight.condemned)))
    if is_over(done):
        return done
    updates = update_pods(sight.spec, sight.slots, sight.choice.update)
    return Step(
        actions=(*done.actions, *updates),
        stop=_unfinished(sight, updates),
        updated=len(updates),
    )


def _repair(sight: Sight, target: Slot) -> Step:
    """Take the pod in the way down, and let the walk see it as leaving."""
    cause = f"not ready, and {update_cause(target, sight.choice.update)}"
    deletion = DeletePod(name=target.name, cause=cause)
    slots = tuple(_leaving(slot) if slot is target else slot for slot in sight.slots)
    done = _walk(replace(sight, slots=slots))
    return replace(done, actions=(deletion, *done.actions), updated=done.updated + 1)


def _leaving(slot: Slot) -> Slot:
    pod = replace(slot.pod, terminating=True) if slot.pod is not None else None
    return replace(slot, pod=pod)


def _visit_wanted(sight: Sight, slot: Slot) -> Step:
    if slot.pod is None:
        return _fill_hole(sight, slot)
    if is_finished(slot.pod):
        return _clear_finished(slot, slot.pod)
    supplied = _supply_pending(sight, slot, slot.pod)
    if supplied.errors:
        return supplied
    hindrance = obstacle(sight.spec, slot)
    # Kubernetes rule 4.4: an ordered set goes no further than to a pod that does not serve yet.
    if sight.spec.ordered and hindrance is not None:
        return replace(supplied, stop=hindrance)
    claims = after_actions(sight.claims, supplied.actions)
    return joined((supplied, _restore_identity(sight.spec, slot.pod, claims)))


def _clear_finished(slot: Slot, pod: Pod) -> Step:
    # Kubernetes rule 4.1: the next sync makes the new pod, when this one is gone.
    stop = f"{slot.name} has ended and is not gone yet"
    if is_terminating(pod):
        return Step(stop=stop)
    cause = f"{pod.phase.lower()} pod is replaced"
    return Step(actions=(DeletePod(name=slot.name, cause=cause),), stop=stop)


def _fill_hole(sight: Sight, slot: Slot) -> Step:
    spec = sight.spec
    stale = stale_claim(spec, slot.ordinal, sight.claims)
    if stale is not None:
        return Step(stop=f"claim {stale} is to go with the earlier {slot.name}")
    supply = supply_claims(spec, slot.ordinal, sight.claims)
    if supply.errors:
        return Step(actions=supply.actions, errors=supply.errors)
    claims = after_actions(sight.claims, supply.actions)
    return Step(
        actions=(
            *supply.actions,
            CreatePod(name=slot.name, revision=slot.revision, cause=_creation_cause(sight, slot)),
            *fix_owners(spec, slot.ordinal, claims, pod_exists=False),
        ),
        stop=f"{slot.name} is not ready",
    )


def _creation_cause(sight: Sight, slot: Slot) -> str:
    if any(other.pod is not None for other in sight.slots[slot.index :]):
        return f"{slot.name} is missing"
    if not sight.spec.ordered:
        return "all ordinals start at once"
    if slot.index == 0:
        return "first ordinal"
    return f"{sight.slots[slot.index - 1].name} is ready, next ordinal"


def _supply_pending(sight: Sight, slot: Slot, pod: Pod) -> Step:
    # Kubernetes rule 4.3: a pod that has not run yet gets claims back that were lost.
    if pod.phase is not Phase.PENDING:
        return Step()
    supply = supply_claims(sight.spec, slot.ordinal, sight.claims)
    if supply.errors:
        return Step(actions=supply.actions, errors=supply.errors)
    claims = after_actions(sight.claims, supply.actions)
    return Step(actions=(*supply.actions, *fix_owners(sight.spec, slot.ordinal, claims)))


def _restore_identity(spec: SetSpec, pod: Pod, claims: Claims) -> Step:
    # Kubernetes rule 4.5: wrong claim owners alone are a reason to update the pod as well.
    supply = supply_claims(spec, pod.ordinal, claims) if pod.missing_storage else Supply()
    if supply.errors:
        return Step(actions=supply.actions, errors=supply.errors)
    fixes = fix_owners(spec, pod.ordinal, after_actions(claims, supply.actions))
    cause = _update_reason(pod, has_fixes=bool(fixes))
    if cause is None:
        return Step()
    return Step(actions=(*supply.actions, *fixes, UpdatePod(name=pod.name, cause=cause)))


def _update_reason(pod: Pod, *, has_fixes: bool) -> str | None:
    if pod.missing_identity:
        return "its identity label is missing"
    if pod.missing_storage:
        return "it does not mount all its claims"
    return "the owners of its claims changed" if has_fixes else None


def _fix_condemned_claims(sight: Sight, pod: Pod) -> Step:
    return Step(actions=fix_owners(sight.spec, pod.ordinal, sight.claims))


def _visit_condemned(sight: Sight, pod: Pod) -> Step:
    if is_terminating(pod):
        return Step(stop=f"{pod.name} is terminating")
    if sight.spec.ordered and _is_kept_by_lower(sight, pod):
        return Step(stop=f"{pod.name} is not ready, and so is a lower pod that has to go")
    cause = f"ordinal {pod.ordinal} is outside {range_text(sight.spec)}"
    deletion = DeletePod(name=pod.name, cause=cause)
    return Step(actions=(deletion,), stop=f"{pod.name} is terminating")


def _is_kept_by_lower(sight: Sight, pod: Pod) -> bool:
    # Kubernetes rule 5.3: of the condemned pods that do not serve, only the lowest may be deleted
    # (all wanted pods serve when an ordered walk is here), so two of them wait for ever.
    seconds = sight.spec.min_ready_seconds
    if is_ready(pod) and is_available(pod, seconds):
        return False
    lowest = [other for other in sight.condemned if is_unavailable(other, seconds)][-1:]
    return pod not in lowest


def _unfinished(sight: Sight, updates: tuple[DeletePod, ...]) -> str | None:
    """Return what a walk that went through still waits for."""
    deleted = (f"{one.name} is terminating" for one in updates)
    obstacles = (obstacle(sight.spec, slot) for slot in sight.slots)
    leaving = (f"{pod.name} is terminating" for pod in sight.condemned)
    return first((*deleted, *obstacles, *leaving))
