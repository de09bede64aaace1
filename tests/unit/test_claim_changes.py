"""What is said of each volume when claim templates change."""

from __future__ import annotations

from typing import Any

from minisets.app.loop.world import as_set
from minisets.core import labels
from minisets.core.controller.claim_changes import claim_changes
from minisets.core.input.defaults import apply_defaults
from minisets.core.manifest import StatefulSet
from minisets.core.observed import VolumeSeen
from tests.app.bench import a_set, with_claim


def _set(*claims: str, **spec: Any) -> StatefulSet:
    manifest = a_set(replicas=2)
    for name in claims:
        manifest = with_claim(manifest, name, **spec)
    return as_set(apply_defaults(manifest))


def _volume(claim: str, ordinal: int, prefix: str = "") -> VolumeSeen:
    return VolumeSeen(name=f"{prefix}{claim}-web-{ordinal}", labels={labels.CLAIM: claim})


BOTH = [_volume("data", 0), _volume("data", 1)]


def test_nothing_is_said_of_templates_that_stay():
    assert claim_changes(_set("data"), _set("data"), "default", BOTH) == ()


def test_a_new_template_makes_a_volume_for_each_pod():
    assert claim_changes(_set("data"), _set("data", "logs"), "default", BOTH) == (
        "volume logs-web-0 is created, empty",
        "volume logs-web-1 is created, empty",
    )


def test_a_template_that_comes_back_finds_its_volumes():
    found = claim_changes(_set(), _set("data"), "default", [_volume("data", 1)])
    assert found == (
        "volume data-web-0 is created, empty",
        "volume data-web-1 is there from earlier and is mounted again, with its data",
    )


def test_the_volumes_of_a_template_that_goes_stay():
    (found,) = claim_changes(_set("data"), _set(), "team", [_volume("data", 0, "team_")])
    assert found == (
        "volume team_data-web-0 stays with its data, and no pod mounts it any more; "
        "remove it with: minisets delete pvc data-web-0 -n team"
    )


def test_in_the_default_namespace_the_command_names_it_too():
    (found,) = claim_changes(_set("data"), _set(), "default", [_volume("data", 0)])
    assert found.endswith("remove it with: minisets delete pvc data-web-0 -n default")


def test_pods_are_counted_from_the_start_ordinal():
    after = as_set(apply_defaults(with_claim(a_set(replicas=1, ordinals={"start": 5}), "data")))
    assert claim_changes(_set(), after, "default", ()) == ("volume data-web-5 is created, empty",)


def test_volumes_of_other_templates_are_not_spoken_of_and_sentences_are_sorted():
    after = with_claim(a_set(replicas=1), "data", accessModes=["ReadWriteMany"])
    found = claim_changes(
        _set("data", "logs", "keep"),
        as_set(apply_defaults(with_claim(with_claim(after, "keep"), "cache"))),
        "default",
        [_volume("data", 0), _volume("logs", 0), _volume("keep", 0)],
    )
    assert found == (
        "volume cache-web-0 is created, empty",
        "volume data-web-0 stays as it was made: access mode ReadWriteMany counts for new volumes",
        "volume logs-web-0 stays with its data, and no pod mounts it any more; "
        "remove it with: minisets delete pvc logs-web-0 -n default",
    )


def test_another_size_or_class_counts_for_new_volumes():
    after = _set("data", resources={"requests": {"storage": "2Gi"}}, storageClassName="fast")
    assert claim_changes(_set("data"), after, "default", BOTH) == (
        'volume data-web-0 stays as it was made: storage 2Gi instead of 1Gi, storage class "fast" '
        'instead of "" counts for new volumes',
        'volume data-web-1 stays as it was made: storage 2Gi instead of 1Gi, storage class "fast" '
        'instead of "" counts for new volumes',
    )
