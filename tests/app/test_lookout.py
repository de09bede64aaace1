from __future__ import annotations

from collections.abc import Iterator

import pytest

from minisets.app.reading.lookout import Lookout
from minisets.app.reading.views_pod import pod_views
from minisets.errors import EngineUnreachable
from tests.app.bench import NO, OK, Bench, a_set, probed


@pytest.fixture
def lookout(bench: Bench) -> Iterator[Lookout]:
    with Lookout(bench.command(), "default") as lookout:
        yield lookout
    bench.engine.happened.close()


def names(look) -> dict[str, str]:
    return {view.name: f"{view.ready}/{view.containers} {view.status}" for view in pod_views(look)}


def test_what_happens_is_seen_at_the_next_look(bench: Bench, lookout: Lookout):
    bench.apply(a_set(replicas=2))
    looks = lookout.looks()
    assert names(next(looks)) == {"web-0": "1/1 Running", "web-1": "1/1 Running"}
    bench.engine.crash("web-1", restarting=True)
    seen = next(look for look in looks if names(look)["web-1"] != "1/1 Running")
    assert names(seen)["web-1"] == "0/1 CrashLoopBackOff"


def test_only_the_pods_that_something_happened_to_are_inspected_again(
    bench: Bench, lookout: Lookout
):
    bench.apply(a_set(replicas=3))
    looks = lookout.looks()
    names(next(looks))
    # What happened before the first look is told, too.
    names(next(looks))
    bench.engine.log.clear()
    bench.engine.crash("web-1", restarting=True)
    names(next(looks))
    assert [line for line in bench.engine.log if "inspect" in line] == ["inspect web-1"]


def test_readiness_is_watched_though_no_event_tells_of_it(bench: Bench, lookout: Lookout):
    bench.apply(probed(a_set(replicas=1)))
    bench.prober.answer = lambda _: NO
    looks = lookout.looks()
    assert names(next(looks)) == {"web-0": "0/1 Running"}
    bench.prober.answer = lambda _: OK
    seen = next(look for look in looks if names(look) != {"web-0": "0/1 Running"})
    assert names(seen) == {"web-0": "1/1 Running"}


def test_a_pod_that_was_started_again_has_to_get_ready_again(bench: Bench, lookout: Lookout):
    bench.apply(probed(a_set(replicas=1)))
    bench.clock.sleep(1)
    looks = lookout.looks()
    assert names(next(looks)) == {"web-0": "1/1 Running"}
    bench.clock.sleep(1)
    bench.prober.answer = lambda _: NO
    bench.engine.restart(bench.engine.container("web-0").id)
    seen = next(look for look in looks if names(look) != {"web-0": "1/1 Running"})
    assert names(seen) == {"web-0": "0/1 Running"}


def test_an_engine_that_goes_ends_it(bench: Bench, lookout: Lookout):
    bench.apply(a_set(replicas=1))
    looks = lookout.looks()
    names(next(looks))
    bench.engine.fail("containers", error=EngineUnreachable("gone"))
    bench.engine.happened.close()
    with pytest.raises(EngineUnreachable):
        list(map(names, looks))
