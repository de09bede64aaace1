"""What is said of an object that is not there."""

from __future__ import annotations

import pytest

from minisets.core.query.absence import not_found


@pytest.mark.parametrize(
    ("resource", "known", "namespace", "hint"),
    [
        ("pods", ["web-0", "web-1"], "default", "did you mean web-0?"),
        ("pods", ["other"], "default", "minisets get pods -n default"),
        ("statefulsets.apps", ["other"], "team-1", "minisets get sts -n team-1"),
        ("services", [], "team-1", "there are none in namespace team-1; all: minisets get svc -A"),
        ("persistentvolumes", ["other"], None, "minisets get pv"),
        ("namespaces", [], None, "minisets get namespaces"),
    ],
)
def test_the_name_that_was_meant_or_where_to_look(resource, known, namespace, hint):
    error = not_found(resource, "wbe-0", known, namespace=namespace)
    assert error.message == f'{resource} "wbe-0" not found'
    assert error.hint == hint


def test_a_pod_of_too_high_an_ordinal_is_answered_with_the_pods_of_its_set():
    known = ["web-0", "web-1", "web-2", "web-10", "db-0"]

    assert not_found("pods", "web-99", known).hint == "web has 4 pods: web-0 to web-10"
    assert not_found("pods", "db-1", known).hint == "db has 1 pod: db-0"
    assert not_found("pods", "wbe-0", known).hint == "did you mean web-0?"
    assert not_found("pods", "x", []).hint == "minisets get pods"
