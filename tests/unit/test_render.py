import json

import pytest
import yaml
from msgspec.structs import replace

from minisets.app.reading.views import ClaimView, ObjectView, PodView, ServiceView, SetView
from minisets.cli.cells import render_age
from minisets.cli.output import parse_output, to_yaml
from minisets.cli.render import TableOptions, render_found, render_table
from minisets.core.query.kinds import (
    CLAIM,
    CLASS,
    CONFIG_MAP,
    EVENT,
    NAMESPACE,
    POD,
    REVISION,
    SECRET,
    SERVICE,
    SET,
    VOLUME,
)
from minisets.core.timestamps import timestamp

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
    object={"kind": "Pod", "metadata": {}},
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
    return written(found, output, **options).splitlines()


def written(found, output=None, **options):
    return render_found(found, NOW, TableOptions(output=parse_output(output), **options))


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


def test_events_are_shown_as_get_and_as_events_show_them():
    happened = ObjectView(
        kind="Event",
        namespace="default",
        name="web-0.1",
        created=NOW - 600,
        object={
            "metadata": {"name": "web-0.1"},
            "involvedObject": {
                "kind": "Pod",
                "name": "web-0",
                "fieldPath": "spec.containers{app}",
            },
            "type": "Warning",
            "reason": "BackOff",
            "message": "it\nended ",
            "source": {"component": "engine"},
            "count": 3,
            "firstTimestamp": timestamp(NOW - 600),
            "lastTimestamp": timestamp(NOW - 30),
        },
    )
    assert show([(EVENT, [happened])]) == [
        "LAST SEEN   TYPE      REASON    OBJECT      MESSAGE",
        "30s         Warning   BackOff   pod/web-0   it ended",
    ]
    assert show([(EVENT, [happened])], is_history=True) == [
        "LAST SEEN           TYPE      REASON    OBJECT      MESSAGE",
        "30s (x3 over 10m)   Warning   BackOff   Pod/web-0   it ended",
    ]
    assert show([(EVENT, [happened])], "wide") == [
        "LAST SEEN   TYPE      REASON    OBJECT      SUBOBJECT              SOURCE   "
        "MESSAGE    FIRST SEEN   COUNT   NAME",
        "30s         Warning   BackOff   pod/web-0   spec.containers{app}   engine   "
        "it ended   10m          3       web-0.1",
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
    alone = written([(SET, [WEB])], "json", is_single=True)
    listed = written([(SET, [WEB])], "yaml")

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


def test_restarts_say_when_the_last_one_was():
    again = replace(WEB_0, last_restart=NOW - 200)
    assert show([(POD, [again])])[1].split("   ")[3] == "2 (3m20s ago)"


def test_measured_claims_show_it_in_the_wide_table():
    measured = replace(CLAIM_0, used=3 << 20)
    assert show([(CLAIM, [measured])], "wide")[1].endswith("Filesystem   3Mi")
    assert show([(CLAIM, [CLAIM_0])], "wide")[1].endswith("Filesystem   <unknown>")


def test_labels_are_columns_when_they_are_asked_for():
    labelled = replace(WEB_0, object={"metadata": {"labels": {"b/app": "web", "a": "1"}}})
    lines = show([(POD, [labelled, WEB_0])], labels=["b/app"], has_labels=True)
    assert lines[0].split()[-2:] == ["APP", "LABELS"]
    assert lines[1].split()[-2:] == ["web", "a=1,b/app=web"]
    assert lines[2].split()[-1] == "<none>"


def test_own_columns_are_one_table_for_all_kinds():
    found = [(SET, [WEB]), (POD, [WEB_0])]
    assert show(found, "custom-columns=K:.kind,V:.apiVersion") == [
        "K             V",
        "StatefulSet   apps/v1",
        "Pod           <none>",
    ]


def an_object(kind, name="x", **more):
    return ObjectView(
        kind=kind, namespace="", name=name, created=NOW - 5, object={"metadata": {}, **more}
    )


@pytest.mark.parametrize(
    ("resource", "view", "lines"),
    [
        (
            CONFIG_MAP,
            an_object("ConfigMap", data={"a": "1"}, binaryData={"b": "eA=="}),
            ["NAME   DATA   AGE", "x      2      5s"],
        ),
        (
            SECRET,
            an_object("Secret", data={"a": "eA=="}, type="Opaque"),
            ["NAME   TYPE     DATA   AGE", "x      Opaque   1      5s"],
        ),
        (
            NAMESPACE,
            an_object("Namespace", status={"phase": "Active"}),
            ["NAME   STATUS   AGE", "x      Active   5s"],
        ),
        (
            CLASS,
            an_object(
                "StorageClass",
                provisioner="local",
                metadata={"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            ),
            [
                "NAME          PROVISIONER   RECLAIMPOLICY   VOLUMEBINDINGMODE   "
                "ALLOWVOLUMEEXPANSION   AGE",
                "x (default)   local         Delete          Immediate           "
                "false                  5s",
            ],
        ),
        (
            REVISION,
            an_object(
                "ControllerRevision",
                revision=3,
                metadata={"ownerReferences": [{"name": "web"}]},
            ),
            [
                "NAME   CONTROLLER             REVISION   AGE",
                "x      statefulset.apps/web   3          5s",
            ],
        ),
        (
            VOLUME,
            an_object(
                "PersistentVolume",
                spec={"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}},
                status={"phase": "Available"},
            ),
            [
                "NAME   CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM   "
                "STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE",
                "x      1Gi        RWO            Retain           Available           "
                "               <unset>                          5s",
            ],
        ),
    ],
)
def test_other_kinds_have_kubectls_columns(resource, view, lines):
    assert show([(resource, [view])]) == lines
