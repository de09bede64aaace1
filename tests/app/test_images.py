"""Images are there before a pod is made, and before one is stopped to be replaced."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

from minisets.app.delete_pods import delete_pod
from minisets.app.park import scale, start, stop
from minisets.app.rollout import finish, follow, restart, set_images, undo
from minisets.app.watch import watch
from minisets.core.observed import ImageSeen
from minisets.core.records.new_objects import docker_secret
from minisets.engine.pause_image import ensure_pause_image
from minisets.errors import ImageError, NotConverged
from tests.app.bench import Bench, a_set, container_of, probed
from tests.fakes import DEMO

OLD = ImageSeen(id="sha256:" + "1" * 64, tags=("app:1",))
NEW = ImageSeen(id="sha256:" + "2" * 64, tags=("app:2",))
MISSING = "image app:1 was not found in its registry"


def with_image(manifest: dict[str, Any], image: str = "app:1", **more: Any) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    container_of(changed).update(image=image, **more)
    return changed


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    ensure_pause_image(made.engine)
    made.engine.images["app:1"] = OLD
    return made


def lose(bench: Bench, name: str = "app:1") -> None:
    """Remove an image as ``docker rmi -f`` does: what runs goes on."""
    del bench.engine.images[name]


def finished(bench: Bench) -> None:
    finish(bench.command(), "default", "web", wait=True, timeout_seconds=60)


def lost_pod(bench: Bench) -> None:
    bench.remove_by_hand("web-0")
    follow(bench.command(), "default", "web", lambda _line: None)


def parked(bench: Bench) -> None:
    stop(bench.command(), "default")
    start(bench.command(), "default")


def restarted(bench: Bench) -> None:
    restart(bench.command(), "default", "web")
    finished(bench)


DRIVES = {
    "scale": lambda bench: scale(bench.command(), "default", "web", 4),
    "start": parked,
    "rollout status": lost_pod,
    "rollout restart": restarted,
    "delete pod": lambda bench: delete_pod(bench.command(), "default", "web-0"),
}


@pytest.mark.parametrize("name", DRIVES)
def test_every_command_that_makes_pods_pulls_what_is_missing(bench: Bench, name: str):
    bench.apply(with_image(a_set()))
    lose(bench)
    bench.engine.registry["app:1"] = OLD
    bench.engine.log.clear()
    DRIVES[name](bench)
    assert bench.engine.count("pull") == 1
    assert len(bench.running) == (4 if name == "scale" else 3)


@pytest.mark.parametrize("name", DRIVES)
def test_every_command_that_makes_pods_ends_with_what_is_missing(bench: Bench, name: str):
    bench.apply(with_image(a_set()))
    lose(bench)
    with pytest.raises(NotConverged) as caught:
        DRIVES[name](bench)
    pod = {"scale": "web-3", "rollout restart": "web-2"}.get(name, "web-0")
    assert caught.value.message == f"pod/{pod} cannot start: {MISSING}"
    assert caught.value.exit_code == 4


def test_a_rolling_update_stops_no_pod_before_its_successor_has_an_image(bench: Bench):
    bench.engine.images["app:2"] = NEW
    bench.apply(with_image(a_set()))
    bench.apply(with_image(a_set(), "app:2"))
    lose(bench)
    before = bench.ids()
    undo(bench.command(), "default", "web")
    with pytest.raises(NotConverged, match="pod/web-2 cannot start: image app:1 was not found"):
        finished(bench)
    assert bench.ids() == before
    assert len(bench.running) == 3
    undo(bench.command(), "default", "web")
    finished(bench)
    assert bench.ids() == before
    assert bench.facts().setbacks == {}


def test_each_image_is_looked_up_once_whatever_the_number_of_pods(bench: Bench):
    bench.apply(with_image(a_set(podManagementPolicy="Parallel", replicas=1)))
    bench.engine.log.clear()
    scale(bench.command(), "default", "web", 9)
    assert bench.engine.count("image") == 1
    bench.engine.log.clear()
    finished(bench)
    assert bench.engine.count("image") == 0


def test_what_no_registry_has_is_asked_for_once_whatever_the_number_of_pods(bench: Bench):
    bench.apply(with_image(a_set(podManagementPolicy="Parallel", replicas=1)))
    lose(bench)
    bench.engine.log.clear()
    with pytest.raises(NotConverged):
        scale(bench.command(), "default", "web", 9)
    assert bench.engine.count("pull") == 1
    assert sorted(bench.facts().setbacks) == [f"web-{ordinal}" for ordinal in range(1, 9)]


def test_images_of_several_sets_are_pulled_side_by_side(bench: Bench):
    for name in ("one", "two"):
        bench.engine.images[f"{name}:1"] = OLD
        bench.apply(with_image(a_set(name, replicas=1), f"{name}:1"))
        bench.engine.registry[f"{name}:1"] = OLD
    stop(bench.command(), "default")
    for name in ("one", "two"):
        lose(bench, f"{name}:1")
    both = threading.Barrier(2)
    pull = bench.engine.pull

    def pull_together(name, **how):
        # Only if both are under way at once, the barrier lets them go on.
        both.wait(timeout=60)
        yield from pull(name, **how)

    bench.engine.pull = pull_together  # type: ignore[method-assign]
    start(bench.command(), "default")
    assert bench.running == ["one-0", "two-0"]


def test_a_policy_of_always_is_tried_for_new_pods_and_falls_back_with_a_notice(bench: Bench):
    bench.engine.images["app:1"] = ImageSeen(id=OLD.id, tags=OLD.tags, digests=("app@sha256:1",))
    bench.engine.registry["app:1"] = bench.engine.images["app:1"]
    bench.apply(with_image(a_set(replicas=1), imagePullPolicy="Always"))
    del bench.engine.registry["app:1"]
    bench.engine.log.clear()
    scale(bench.command(), "default", "web", 3)
    assert bench.engine.count("pull") == 1
    assert len(bench.running) == 3
    assert f"{MISSING}; the local image is used" in bench.reporter.notices


def test_a_policy_of_never_is_kept_by_every_command(bench: Bench):
    bench.apply(with_image(a_set(replicas=1), imagePullPolicy="Never"))
    lose(bench)
    bench.engine.registry["app:1"] = OLD
    with pytest.raises(NotConverged, match="its pull policy is Never"):
        scale(bench.command(), "default", "web", 2)
    assert bench.facts().setbacks["web-1"].reason == "ErrImageNeverPull"


def test_the_policy_that_apply_is_given_counts_for_all_pods_that_it_makes(bench: Bench):
    bench.engine.images["app:2"] = NEW
    strategy = {"rollingUpdate": {"partition": 3}}
    bench.apply(with_image(a_set(updateStrategy=strategy)))
    lose(bench)
    bench.engine.registry["app:1"] = OLD
    bench.remove_by_hand("web-0")
    # web-0 comes back at the old revision, whose image the manifest does not name any more.
    with pytest.raises(NotConverged, match="its pull policy is Never"):
        bench.apply(with_image(a_set(updateStrategy=strategy), "app:2"), pull="never")
    assert bench.engine.count("pull") == 0


def test_the_secrets_of_a_set_open_a_registry_for_every_command(bench: Bench):
    manifest = with_image(a_set(replicas=1))
    manifest["spec"]["template"]["spec"]["imagePullSecrets"] = [{"name": "login"}]
    bench.apply(manifest, docker_secret("login", "docker.io", "me", "right", ""))
    lose(bench)
    bench.engine.registry["app:1"] = OLD
    bench.engine.passwords["app:1"] = "right"
    scale(bench.command(), "default", "web", 2)
    assert [line for line in bench.engine.log if line.startswith("pull")] == [
        "pull app:1",
        "pull app:1 as me",
    ]
    assert bench.running == ["web-0", "web-1"]


def test_progress_tells_of_each_pull_and_how_it_ended(bench: Bench):
    bench.apply(with_image(a_set(replicas=1)))
    lose(bench)
    for states in (["pulling", "failed"], ["pulling", "pulling", "pulled"]):
        bench.reporter.steps.clear()
        if "pulled" in states:
            bench.engine.registry["app:1"] = OLD
            scale(bench.command(), "default", "web", 2)
        else:
            with pytest.raises(NotConverged):
                scale(bench.command(), "default", "web", 2)
        told = [one.state for one in bench.reporter.steps if one.subject == "image/app:1"]
        assert told == states


def test_set_image_pulls_once_for_all_that_it_does(bench: Bench):
    from minisets.app.loop.images import Images

    bench.engine.images["app:2"] = ImageSeen(id=NEW.id, tags=NEW.tags, digests=("app@sha256:2",))
    bench.engine.registry["app:2"] = bench.engine.images["app:2"]
    bench.apply(with_image(a_set(), imagePullPolicy="Always"))
    context = bench.command()
    images = Images(context)
    bench.engine.log.clear()
    assert set_images(context, "default", "web", {"app": "app:2"}, images)
    finish(context, "default", "web", wait=True, timeout_seconds=60, provider=images)
    assert bench.engine.count("pull") == 1
    assert {bench.engine.container(pod).image_id for pod in bench.pods} == {NEW.id}


def test_what_could_not_be_had_is_remembered_until_the_pod_is_there(bench: Bench):
    bench.apply(with_image(a_set(replicas=1)))
    lose(bench)
    for count in (1, 2):
        with pytest.raises(NotConverged):
            scale(bench.command(), "default", "web", 2)
        found = bench.facts().setbacks["web-1"]
        assert (found.reason, found.container, found.image) == ("ErrImagePull", "app", "app:1")
        assert found.message == MISSING
        assert found.count == count
        assert found.next_try == 0
        bench.clock.sleep(5)
    assert found.last > found.first
    bench.engine.registry["app:1"] = OLD
    scale(bench.command(), "default", "web", 2)
    assert bench.facts().setbacks == {}


def test_what_could_not_be_had_is_forgotten_when_the_pod_is_not_wanted_any_more(bench: Bench):
    bench.apply(with_image(a_set(replicas=1)))
    lose(bench)
    with pytest.raises(NotConverged):
        scale(bench.command(), "default", "web", 2)
    scale(bench.command(), "default", "web", 1)
    assert bench.facts().setbacks == {}


def test_one_pod_that_cannot_be_made_does_not_keep_the_others_from_starting(bench: Bench):
    bench.apply(with_image(a_set("bad", replicas=1)), a_set("good", replicas=1))
    stop(bench.command(), "default")
    lose(bench)
    with pytest.raises(NotConverged, match="pod/bad-0 cannot start"):
        start(bench.command(), "default")
    assert bench.running == ["good-0"]


def test_a_watch_tries_again_later_each_time_and_keeps_the_other_sets_whole(bench: Bench):
    bench.apply(with_image(a_set("bad", replicas=1)), probed(a_set("good", replicas=1)))
    lose(bench)
    bench.remove_by_hand("bad-0")
    seen: list[tuple[float, float]] = []
    rounds = [0]

    def until() -> bool:
        rounds[0] += 1
        found = bench.facts("bad").setbacks.get("bad-0")
        if found is not None and (found.last, found.next_try) not in seen:
            seen.append((found.last, found.next_try))
            if len(seen) == 2:
                bench.remove_by_hand("good-0")
            if len(seen) == 4:
                bench.engine.registry["app:1"] = OLD
        return rounds[0] > 5000 or (len(seen) == 4 and bench.running == ["bad-0", "good-0"])

    watch(bench.command(), "default", until=until)
    assert bench.running == ["bad-0", "good-0"]
    assert [round(later - tried) for tried, later in seen] == [10, 20, 40, 80]
    told = [text for text in bench.reporter.notices if "bad-0 cannot start" in text]
    assert len(told) == 4
    assert bench.facts("bad").setbacks == {}


def test_a_pod_of_several_containers_that_lacks_an_image_is_completed_later(bench: Bench):
    manifest = a_set(replicas=1)
    others = manifest["spec"]["template"]["spec"]["containers"]
    others.append({"name": "side", "image": "app:1"})
    bench.apply(manifest)
    bench.engine.remove_container(bench.engine.container("web-0.side").id, force=True)
    lose(bench)
    with pytest.raises(NotConverged, match=f"pod/web-0 cannot start: {MISSING}"):
        finished(bench)
    assert bench.facts().setbacks["web-0"].container == "side"
    bench.engine.registry["app:1"] = OLD
    finished(bench)
    assert bench.running == ["web-0", "web-0._pod", "web-0.side"]
    assert bench.facts().setbacks == {}


def test_a_pod_that_lacks_an_image_is_replaced_when_the_manifest_is_corrected(bench: Bench):
    manifest = a_set(replicas=1)
    others = manifest["spec"]["template"]["spec"]["containers"]
    others.append({"name": "side", "image": "app:1"})
    bench.apply(manifest)
    bench.engine.remove_container(bench.engine.container("web-0.side").id, force=True)
    lose(bench)
    with pytest.raises(NotConverged):
        finished(bench)
    others[1]["image"] = DEMO
    bench.apply(manifest)
    assert bench.running == ["web-0", "web-0._pod", "web-0.side"]
    assert bench.facts().setbacks == {}


def test_apply_still_touches_nothing_when_an_image_cannot_be_had(bench: Bench):
    bench.apply(with_image(a_set()))
    before = bench.facts()
    with pytest.raises(ImageError, match="image app:2 was not found in its registry"):
        bench.apply(with_image(a_set(), "app:2"))
    assert bench.facts() == before
