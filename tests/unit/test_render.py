import json

import pytest
import yaml

from minisets.app.views_claim import ClaimView
from minisets.app.views_pod import PodView
from minisets.app.views_service import ServiceView
from minisets.app.views_set import SetView
from minisets.cli.cells import render_age
from minisets.cli.kinds import CLAIM, POD, SERVICE, SET
from minisets.cli.render import TableOptions, render_found, render_table, to_yaml

NOW = 1_000_000.0

WEB = SetView(
    namespace="default",
    name="web",
    ready=2,
    replicas=3,
    created=NOW - 300,
    containers=("nginx", "log"),
    images=("nginx:1", "log:2"),
    object={"kind": "StatefulSet", "apiVersion": "apps/v1"},
)
WEB_0 = PodView(
    namespace="default",
    name="web-0",
    ready=1,
    containers=1,
    status="Running",
    restarts=2,
    created=NOW - 61,
    ip="10.0.0.2",
    node="",
    revision="web-1",
    object={"kind": "Pod"},
)
CLAIM_0 = ClaimView(
    namespace="default",
    name="www-web-0",
    status="Bound",
    volume="www-web-0",
    capacity="1Gi",
    access_modes="RWO",
    storage_class="",
    created=0,
    object={},
)
NGINX = ServiceView(
    namespace="default",
    name="nginx",
    type="ClusterIP",
    cluster_ip="None",
    external_ip="",
    ports="80/TCP",
    created=NOW - 5,
    selector="app=nginx",
    object={},
)


def show(found, output=None, **options):
    return render_found(
        found, output, NOW, options=TableOptions(is_wide=output == "wide", **options)
    ).splitlines()


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (-2, "<invalid>"),
        (-1, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (121, "2m1s"),
        (599, "9m59s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (10_860, "3h1m"),
        (28_800, "8h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (176_400, "2d1h"),
        (691_200, "8d"),
        (2 * 365 * 86_400 - 1, "729d"),
        (2 * 365 * 86_400, "2y"),
        (2 * 365 * 86_400 + 86_400, "2y1d"),
        (8 * 365 * 86_400, "8y"),
        (9 * 365 * 86_400 + 86_400, "9y"),
    ],
)
def test_ages_are_kubectls(seconds, age):
    assert render_age(seconds) == age


def test_sets_have_kubectls_columns():
    assert show([(SET, [WEB])]) == ["NAME   READY   AGE", "web    2/3     5m"]
    assert show([(SET, [WEB])], "wide") == [
        "NAME   READY   AGE   CONTAINERS   IMAGES",
        "web    2/3     5m    nginx,log    nginx:1,log:2",
    ]


def test_pods_have_kubectls_columns():
    assert show([(POD, [WEB_0])]) == [
        "NAME    READY   STATUS    RESTARTS   AGE",
        "web-0   1/1     Running   2          61s",
    ]
    assert show([(POD, [WEB_0])], "wide")[1] == (
        "web-0   1/1     Running   2          61s   10.0.0.2   <none>   <none>           <none>"
    )


def test_claims_and_services_have_kubectls_columns():
    assert show([(CLAIM, [CLAIM_0])])[0] == (
        "NAME        STATUS   VOLUME      CAPACITY   ACCESS MODES   STORAGECLASS   "
        "VOLUMEATTRIBUTESCLASS   AGE"
    )
    assert show([(CLAIM, [CLAIM_0])])[1].endswith("<unset>                 <unknown>")
    assert show([(SERVICE, [NGINX])], "wide") == [
        "NAME    TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR",
        "nginx   ClusterIP   None         <none>        80/TCP    5s    app=nginx",
    ]


def test_several_kinds_are_several_tables_whose_names_say_the_kind():
    assert show([(POD, [WEB_0]), (SERVICE, []), (SET, [WEB])]) == [
        "NAME        READY   STATUS    RESTARTS   AGE",
        "pod/web-0   1/1     Running   2          61s",
        "",
        "NAME                   READY   AGE",
        "statefulset.apps/web   2/3     5m",
    ]


def test_all_namespaces_have_a_column_and_headers_can_be_left_out():
    lines = show([(SET, [WEB])], has_namespace=True, has_headers=False)

    assert lines == ["default   web   2/3   5m"]


def test_nothing_found_is_no_text():
    assert show([(SET, [])]) == []


def test_narrow_columns_are_six_wide():
    assert render_table([{"A": "1", "B": "2"}]) == "A     B\n1     2"


def test_names_have_the_kind_before_them():
    assert show([(POD, [WEB_0]), (SET, [WEB])], "name") == ["pod/web-0", "statefulset.apps/web"]


def test_one_named_object_stands_alone_and_all_others_in_a_list():
    alone = render_found([(SET, [WEB])], "json", NOW, options=TableOptions(is_single=True))
    listed = render_found([(SET, [WEB])], "yaml", NOW, options=TableOptions())

    assert json.loads(alone) == WEB.object
    assert alone.splitlines()[1] == '    "apiVersion": "apps/v1",'
    assert yaml.safe_load(listed) == {
        "apiVersion": "v1",
        "items": [WEB.object],
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }


def test_yaml_keeps_types_and_writes_blocks_and_no_anchors():
    shared = ["a"]
    value = {"yes": "on", "text": "one\ntwo\n", "long": "x " * 100, "a": shared, "b": shared}

    text = to_yaml(value)

    assert yaml.safe_load(text) == value
    assert "text: |\n  one\n  two" in text
    assert "&" not in text
    assert '"yes": "on"' in text
