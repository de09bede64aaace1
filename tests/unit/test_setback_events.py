from __future__ import annotations

from typing import Any

import pytest

from minisets.core.pod.setback import Setback
from minisets.core.query.history import merge
from minisets.core.query.setback_events import pod_setback


def a_setback(reason: str, **changes: Any) -> Setback:
    own = {"message": "bad", "container": "app", "image": "a:1", "first": 1.0, "last": 9.0}
    return Setback(reason=reason, **{**own, "count": 3, **changes})


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (
            "InvalidImageName",
            [
                ("InspectFailed", 'Failed to apply default image tag "a:1": bad'),
                ("Failed", "Error: InvalidImageName"),
            ],
        ),
        ("FailedScheduling", [("FailedScheduling", "bad")]),
        ("PostStartHookError", [("Failed", "Error: bad")]),
    ],
)
def test_a_pod_that_could_not_be_made_is_told_in_the_words_of_the_kubelet(reason, expected):
    found = list(pod_setback("prod", "web", "web-0", a_setback(reason), 10.0, is_there=False))
    assert [(one.reason, one.message) for one in found[:-1]] == expected
    assert {(one.kind, one.first, one.last, one.count) for one in found} == {
        ("Pod", 1.0, 9.0, 3),
        ("StatefulSet", 1.0, 9.0, 3),
    }
    # One event after the other stays what it is, though all are of one moment.
    assert merge([], found) == found


def test_an_image_in_back_off_is_told_beside_what_went_wrong():
    one = a_setback("ErrImagePull", next_try=20.0)
    found = list(pod_setback("prod", "web", "web-0", one, 10.0, is_there=False))
    assert [event.message for event in found[3:5]] == [
        'Back-off pulling image "a:1"',
        "Error: ImagePullBackOff",
    ]
