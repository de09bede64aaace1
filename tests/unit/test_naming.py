from __future__ import annotations

import pytest

from minisets.core import naming


@pytest.mark.parametrize(
    ("pod", "parts"),
    [
        ("web-0", ("web", 0)),
        ("my-web-12", ("my-web", 12)),
        ("web-007", ("web", 7)),
        ("web-2147483647", ("web", 2147483647)),
        ("web-2147483648", ("web-2147483648", -1)),
        ("web", ("web", -1)),
        ("web-", ("web-", -1)),
        ("web-x", ("web-x", -1)),
        ("-3", ("-3", -1)),
        ("web-²", ("web-²", -1)),
        ("web-٣", ("web-٣", -1)),
    ],
)
def test_a_pod_name_is_the_set_and_the_number_after_the_last_dash(pod, parts):
    assert naming.split_pod_name(pod) == parts


def test_names_in_the_default_namespace_have_no_prefix():
    assert naming.container_name("default", "web-0") == "web-0"
    assert naming.volume_name("default", "www-web-0") == "www-web-0"
    assert naming.network_name("default") == "minisets_default"


def test_names_in_other_namespaces_begin_with_it():
    assert naming.container_name("prod", "web-0") == "prod_web-0"
    assert naming.volume_name("prod", "www-web-0") == "prod_www-web-0"
    assert naming.network_name("prod") == "minisets_prod"


def test_a_pod_is_found_under_four_names():
    assert naming.pod_names("web-1", "nginx", "prod") == (
        "web-1.nginx.prod.svc.cluster.local",
        "web-1.nginx.prod.svc",
        "web-1.nginx.prod",
        "web-1.nginx",
    )


def test_a_service_is_found_under_four_names():
    assert naming.service_names("nginx", "prod") == (
        "nginx.prod.svc.cluster.local",
        "nginx.prod.svc",
        "nginx.prod",
        "nginx",
    )


def test_a_pod_without_a_governing_service_has_no_names_beside_its_own():
    assert naming.pod_names("web-1", "", "default") == ()
