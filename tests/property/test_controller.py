"""Whatever happens to a set, the controller brings it to its spec, and keeps its promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis import assume, given
from hypothesis import strategies as st

from minisets.core.controller.actions import CreatePod, DeletePod, Plan
from minisets.core.controller.controller_state import (
    Phase,
    Pod,
    Retention,
    SetSpec,
    Snapshot,
    in_range,
    is_available,
    is_ready,
    is_terminating,
    is_unavailable,
)
from minisets.core.controller.planner import Options, plan
from minisets.core.controller.planner_update import max_unavailable
from minisets.core.controller.simulate import (
    advance,
    apply_action,
    apply_plan,
    ask_to_go,
    make_ready,
    make_unready,
    remove_pod,
    road,
    settle,
)

NAMES = Options(name_of=lambda template, collisions: f"web-{template}-{collisions}")
REPAIR = replace(NAMES, repair_broken=True)
RETAIN = Retention()
PLANS_TO_CONVERGE = 150

Event = Callable[[Snapshot], Snapshot]

retentions = st.builds(
    Retention,
    when_deleted=st.sampled_from(["Retain", "Delete"]),
    when_scaled=st.sampled_from(["Retain", "Delete"]),
)
specs = st.builds(
    SetSpec,
    name=st.just("web"),
    replicas=st.integers(0, 5),
    template=st.sampled_from("abc"),
    ordered=st.booleans(),
    strategy=st.sampled_from(["RollingUpdate", "RollingUpdate", "OnDelete"]),
    partition=st.sampled_from([None, 0, 0, 1, 3, 9]),
    max_unavailable=st.sampled_from([None, 1, 2, 3, "25%", "50%", "100%"]),
    rolling_update_is_nil=st.sampled_from([False, False, False, True]),
    min_ready_seconds=st.sampled_from([0, 0, 10]),
    revision_history_limit=st.sampled_from([None, -1, 0, 2]),
    retention=retentions,
    ordinals_start=st.sampled_from([0, 0, 2]),
    claim_templates=st.sampled_from([(), ("data",), ("log", "data")]),
)
FIELDS_THAT_CHANGE = ["replicas", "template", "partition", "ordinals_start", "max_unavailable"]


@st.composite
def spec_changes(draw: st.DrawFn) -> Event:
    name = draw(st.sampled_from(FIELDS_THAT_CHANGE))
    value = getattr(draw(specs), name)
    return lambda world: replace(
        world,
        set=replace(world.set, **{name: value}),
        generation=world.generation + 1,
    )


@st.composite
def pod_events(draw: st.DrawFn) -> Event:
    ordinal = draw(st.integers(0, 7))
    change = draw(
        st.sampled_from(
            [
                make_ready,
                make_ready,
                make_unready,
                ask_to_go,
                remove_pod,
                lambda world, pod: make_unready(world, pod, Phase.FAILED),
                lambda world, pod: make_unready(world, pod, Phase.UNKNOWN),
                lambda world, pod: remove_pod(world, pod, collect=False),
                lambda world, pod: finish_deletion(world, pod),
            ]
        )
    )
    return lambda world: change(world, f"web-{ordinal}")


def finish_deletion(world: Snapshot, name: str) -> Snapshot:
    gone = any(pod.terminating for pod in world.pods if pod.name == name)
    return remove_pod(world, name) if gone else world


@dataclass(frozen=True)
class FailingSync:
    """A sync of which only the first actions succeed; then nothing is written."""

    actions_done: int


class FullSync:
    """A sync in which everything succeeds."""


@dataclass
class Course:
    """What happened from the start on: each snapshot, with the plan made for it."""

    world: Snapshot
    options: Options
    planned: list[tuple[Snapshot, Plan]] = field(default_factory=list)

    def sync(self) -> Plan:
        answer = plan(self.world, self.options)
        self.planned.append((self.world, answer))
        return answer

    def go_through(self, happening: Event | FullSync | FailingSync) -> None:
        match happening:
            case FullSync():
                self.world = apply_plan(self.world, self.sync())
            case FailingSync(actions_done=done):
                for action in self.sync().actions[:done]:
                    self.world = apply_action(self.world, action)
            case event:
                self.world = event(self.world)

    def calm_down(self) -> None:
        for _ in range(PLANS_TO_CONVERGE):
            if self.sync().is_converged:
                return
            self.world = settle(apply_plan(self.world, self.planned[-1][1]))
            # What has failed is started again by the Engine, unless it is replaced first.
            for pod in self.world.pods:
                self.world = make_ready(self.world, pod.name)
        raise AssertionError(f"still not converged: {self.planned[-1]}")


happenings = st.lists(
    st.one_of(
        st.builds(FullSync),
        st.builds(FullSync),
        st.builds(FailingSync, st.integers(0, 3)),
        pod_events(),
        spec_changes(),
        st.just(lambda world: advance(world, 10)),
        st.just(settle),
    ),
    max_size=25,
)


@st.composite
def courses(draw: st.DrawFn, /, options: Options = REPAIR, **fixed: object) -> Course:
    spec = replace(draw(specs), **fixed)  # type: ignore[arg-type]
    course = Course(Snapshot(set=spec), options)
    for happening in draw(happenings):
        course.go_through(happening)
    return course


def serving(world: Snapshot) -> list[Pod]:
    seconds = world.set.min_ready_seconds
    return [
        pod
        for pod in world.pods
        if in_range(world.set, pod.ordinal) and not is_unavailable(pod, seconds)
    ]


@given(courses())
def test_every_course_converges_to_the_spec(course: Course):
    course.calm_down()
    world = course.world
    assert [pod.name for pod in world.pods] == [
        f"web-{world.set.ordinals_start + index}" for index in range(world.set.replicas)
    ]
    assert all(is_available(pod, world.set.min_ready_seconds) for pod in world.pods)


@given(courses(strategy="RollingUpdate", partition=0))
def test_a_rollout_ends_with_all_pods_at_the_newest_template(course: Course):
    # On the way a partition may have been set: then the pods below it keep what they have.
    assume(course.world.set.partition == 0)
    course.calm_down()
    status = course.world.status
    assert status is not None
    assert {pod.revision for pod in course.world.pods} <= {status.update_revision}
    assert status.current_revision == status.update_revision


@given(courses())
def test_a_second_plan_is_empty(course: Course):
    course.calm_down()
    assert plan(apply_plan(course.world, course.sync()), REPAIR).is_empty


@given(courses(ordered=True))
def test_an_ordered_set_never_starts_a_pod_while_one_below_it_does_not_serve(course: Course):
    course.calm_down()
    for world, answer in course.planned:
        ready = {pod.name for pod in serving(world)}
        for action in answer.actions:
            if isinstance(action, CreatePod):
                start, ordinal = world.set.ordinals_start, int(action.name[4:])
                assert {f"web-{below}" for below in range(start, ordinal)} <= ready


@given(courses())
def test_an_update_never_takes_more_pods_down_than_max_unavailable_leaves(course: Course):
    # Old pods that do not serve are replaced beyond the budget (Kubernetes rule 6.6, phase 1), so
    # what is bounded is the number of pods that serve and are taken down.
    course.calm_down()
    for world, answer in course.planned:
        names = {pod.name for pod in serving(world)}
        taken = {one.name for one in answer.actions if isinstance(one, DeletePod)} & names
        missing = world.set.replicas - len(names)
        assert len(taken) <= max(0, max_unavailable(world.set) - missing)


@given(courses(strategy="OnDelete"))
def test_on_delete_takes_no_serving_pod_down(course: Course):
    course.calm_down()
    for world, answer in course.planned:
        names = {pod.name for pod in serving(world)}
        assert not names & {one.name for one in answer.actions if isinstance(one, DeletePod)}


@given(courses(retention=RETAIN, claim_templates=("data", "log")))
def test_no_claim_goes_without_a_policy_that_says_delete(course: Course):
    course.calm_down()
    claims: set[str] = set()
    for world, _ in course.planned:
        assert claims <= {claim.name for claim in world.claims}
        assert all(claim.owners == () for claim in world.claims)
        claims = {claim.name for claim in world.claims}


@given(courses(claim_templates=("data",)))
def test_the_claim_of_a_wanted_pod_is_there_when_all_is_done(course: Course):
    course.calm_down()
    claims = {claim.name for claim in course.world.claims}
    # A claim that was lost under a running pod comes back only with a new pod.
    lost = {f"data-{pod.name}" for pod in course.world.pods} - claims
    assert not lost


@given(courses())
def test_the_road_of_a_dry_run_ends_where_the_real_one_does(course: Course):
    world = course.world
    for pod in world.pods:
        world = make_ready(world, pod.name)
    plans = road(world, REPAIR)
    for answer in plans:
        assert answer.actions
    course.world = world
    course.calm_down()
    real = [answer.actions for _, answer in course.planned if answer.actions]
    assert [answer.actions for answer in plans] == real[len(real) - len(plans) :]


@given(
    courses(REPAIR, ordered=True, strategy="RollingUpdate", partition=0),
    st.sets(st.integers(0, 7)),
)
def test_a_corrected_rollout_repairs_itself(course: Course, broken: set[int]):
    world = with_corrected_template(course.world, broken)
    for _ in range(PLANS_TO_CONVERGE):
        answer = plan(world, REPAIR)
        if answer.is_converged:
            return
        world = let_only_the_newest_get_ready(apply_plan(world, answer), answer)
    raise AssertionError(f"still not repaired: {world}")


@given(courses(REPAIR, ordered=True, strategy="RollingUpdate", partition=0))
def test_without_the_repair_one_broken_pod_blocks_an_ordered_rollout_for_ever(course: Course):
    course.calm_down()
    world = with_corrected_template(course.world, {course.world.set.ordinals_start})
    for _ in range(5):
        answer = plan(world, NAMES)
        world = let_only_the_newest_get_ready(apply_plan(world, answer), answer)
    assert plan(world, NAMES).is_converged == (world.set.replicas == 0)


def with_corrected_template(world: Snapshot, broken: set[int]) -> Snapshot:
    pods = tuple(pod for pod in world.pods if in_range(world.set, pod.ordinal))
    spec = replace(world.set, template="corrected", partition=0)
    world = replace(world, pods=pods, set=spec, generation=world.generation + 1)
    for ordinal in broken:
        world = make_unready(world, f"web-{ordinal}")
    return world


def let_only_the_newest_get_ready(world: Snapshot, answer: Plan) -> Snapshot:
    settled = settle(world)
    good = {pod.name for pod in settled.pods if pod.revision == answer.status.update_revision}
    for pod in world.pods:
        if pod.name not in good and not is_ready(pod):
            settled = make_unready(settled, pod.name)
    pods = tuple(replace(pod, may_be_replaced=True) for pod in settled.pods)
    return replace(settled, pods=pods)


@given(courses(REPAIR, ordered=True))
def test_the_repair_takes_one_pod_at_a_time_and_only_above_the_partition(course: Course):
    marked = replace(
        course.world,
        pods=tuple(replace(pod, may_be_replaced=True) for pod in course.world.pods),
    )
    plain = {one.name for one in plan(marked, NAMES).actions if isinstance(one, DeletePod)}
    repaired = {one.name for one in plan(marked, REPAIR).actions if isinstance(one, DeletePod)}
    extra = [pod for pod in marked.pods if pod.name in repaired - plain]
    assert len(extra) <= 1
    for pod in extra:
        assert not is_ready(pod)
        assert not any(
            is_terminating(other) for other in marked.pods if in_range(marked.set, other.ordinal)
        )
        if not marked.set.rolling_update_is_nil:
            assert pod.ordinal >= marked.set.ordinals_start + (marked.set.partition or 0)
