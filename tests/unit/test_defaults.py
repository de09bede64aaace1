import copy

import pytest

from minisets.core.input.defaults import apply_defaults, convert_to_current
from minisets.core.input.schema import load_schema
from minisets.core.input.zero_values import POINTERS
from tests.unit.manifests import a_service, a_set


def pod_of(obj):
    return apply_defaults(obj)["spec"]["template"]["spec"]


def test_a_set_gets_the_defaults_of_the_api_server():
    spec = apply_defaults(a_set())["spec"]
    assert spec["replicas"] == 1
    assert spec["podManagementPolicy"] == "OrderedReady"
    assert spec["revisionHistoryLimit"] == 10
    assert spec["minReadySeconds"] == 0
    assert spec["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Retain",
    }
    assert spec["volumeClaimTemplates"][0]["spec"]["volumeMode"] == "Filesystem"
    assert "ordinals" not in spec


def test_an_unwritten_strategy_rolls_one_by_one():
    strategy = apply_defaults(a_set())["spec"]["updateStrategy"]
    assert strategy == {
        "type": "RollingUpdate",
        "rollingUpdate": {"partition": 0, "maxUnavailable": 1},
    }


def test_a_written_strategy_type_without_rolling_update_gets_none():
    changed = apply_defaults(a_set(spec__updateStrategy={"type": "RollingUpdate"}))
    assert changed["spec"]["updateStrategy"] == {"type": "RollingUpdate"}


def test_half_a_retention_policy_is_completed():
    policy = {"whenScaled": "Delete"}
    changed = apply_defaults(a_set(spec__persistentVolumeClaimRetentionPolicy=policy))
    assert changed["spec"]["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Delete",
    }


def test_a_pod_gets_the_defaults_of_the_api_server():
    pod = apply_defaults(a_set())["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Always"
    assert pod["terminationGracePeriodSeconds"] == 30
    assert pod["dnsPolicy"] == "ClusterFirst"
    assert pod["schedulerName"] == "default-scheduler"
    assert pod["enableServiceLinks"] is True
    assert pod["securityContext"] == {}
    assert pod["containers"][0]["ports"][0]["protocol"] == "TCP"
    assert pod["containers"][0]["terminationMessagePath"] == "/dev/termination-log"


def test_an_unwritten_image_pull_policy_stays_unwritten():
    pod = apply_defaults(a_set(container__image="x:latest"))["spec"]["template"]["spec"]
    assert "imagePullPolicy" not in pod["containers"][0]


def test_a_probe_gets_its_thresholds_and_scheme():
    written = a_set(container__readinessProbe={"httpGet": {}})
    probe = pod_of(written)["containers"][0]["readinessProbe"]
    assert probe == {
        "httpGet": {"path": "/", "scheme": "HTTP"},
        "periodSeconds": 10,
        "timeoutSeconds": 1,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_files_from_objects_are_readable_by_all():
    written = [{"name": "a", "configMap": {"name": "x"}}, {"name": "b"}]
    volumes = pod_of(a_set(template__volumes=written))["volumes"]
    assert volumes[0]["configMap"]["defaultMode"] == 420
    assert volumes[1] == {"name": "b", "emptyDir": {}}


def test_ports_on_the_host_network_are_host_ports():
    pod = apply_defaults(a_set(template__hostNetwork=True))["spec"]["template"]["spec"]
    assert pod["containers"][0]["ports"][0]["hostPort"] == 80


def test_a_service_port_targets_itself():
    spec = apply_defaults(a_service())["spec"]
    assert spec["type"] == "ClusterIP"
    assert spec["ports"] == [{"port": 80, "name": "web", "protocol": "TCP", "targetPort": 80}]


def test_what_is_written_stays():
    written = a_set(spec__replicas=0, template__terminationGracePeriodSeconds=0)
    spec = apply_defaults(written)["spec"]
    assert spec["replicas"] == 0
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 0


def test_the_original_is_not_touched_and_a_second_time_changes_nothing():
    original = a_set()
    before = copy.deepcopy(original)
    once = apply_defaults(original)
    assert original == before
    assert apply_defaults(once) == once


def test_a_beta_set_gets_its_selector_from_the_template_with_a_notice():
    old = a_set(apiVersion="apps/v1beta2")
    del old["spec"]["selector"]
    new, notices = convert_to_current(old)
    assert new["apiVersion"] == "apps/v1"
    assert new["spec"]["selector"] == {"matchLabels": {"app": "nginx"}}
    assert "updateStrategy" not in new["spec"]
    assert len(notices) == 2
    assert "selector" not in old["spec"]


def test_the_first_beta_updates_on_delete():
    new, notices = convert_to_current(a_set(apiVersion="apps/v1beta1"))
    assert new["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert any("OnDelete" in notice for notice in notices)


def test_the_first_beta_keeps_a_written_strategy():
    old = a_set(apiVersion="apps/v1beta1", spec__updateStrategy={"type": "RollingUpdate"})
    assert convert_to_current(old)[0]["spec"]["updateStrategy"] == {"type": "RollingUpdate"}


def test_a_current_object_is_not_converted():
    obj = a_set()
    assert convert_to_current(obj) == (obj, ())


def test_the_older_name_of_the_service_account_is_read_too():
    pod = apply_defaults(a_set(template__serviceAccount="db"))["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "db"


def test_a_hook_gets_its_scheme_and_a_health_service_its_name():
    hooks = {"preStop": {"httpGet": {"port": 1}}}
    container = {"name": "a", "lifecycle": hooks, "readinessProbe": {"grpc": {"port": 1}}}
    (filled,) = pod_of(a_set(template__containers=[container]))["containers"]
    assert filled["lifecycle"]["preStop"]["httpGet"]["scheme"] == "HTTP"
    assert filled["readinessProbe"]["grpc"]["service"] == ""


def test_the_rarer_volumes_get_their_defaults():
    token = {"serviceAccountToken": {"path": "t"}}
    volumes = [
        {"name": "a", "projected": {"sources": [token, {"secret": {"name": "s"}}]}},
        {"name": "b", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
        {"name": "c", "hostPath": {"path": "/x"}},
    ]
    a, b, c = pod_of(a_set(template__volumes=volumes))["volumes"]
    assert a["projected"]["defaultMode"] == 420
    assert a["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600
    assert b["ephemeral"]["volumeClaimTemplate"]["spec"]["volumeMode"] == "Filesystem"
    assert c["hostPath"]["type"] == ""


def test_storage_objects_get_their_defaults():
    volume = apply_defaults({"kind": "PersistentVolume"})
    storage_class = apply_defaults({"kind": "StorageClass"})
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert storage_class["reclaimPolicy"] == "Delete"
    assert storage_class["volumeBindingMode"] == "Immediate"


def test_a_secret_without_a_type_is_opaque_and_a_written_type_stays():
    assert apply_defaults({"kind": "Secret"})["type"] == "Opaque"
    assert apply_defaults({"kind": "Secret", "type": "tls"})["type"] == "tls"


def test_a_sticky_service_has_a_time_out_and_an_outer_one_its_policy():
    spec = apply_defaults(a_service(sessionAffinity="ClientIP", type="NodePort"))["spec"]
    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 10800}}
    assert spec["externalTrafficPolicy"] == "Cluster"


def test_an_external_name_has_no_traffic_policy():
    assert "internalTrafficPolicy" not in apply_defaults(a_service(type="ExternalName"))["spec"]


def test_an_old_storage_class_is_converted():
    old = {"apiVersion": "storage.k8s.io/v1beta1", "kind": "StorageClass"}
    new, notices = convert_to_current(old)
    assert new["apiVersion"] == "storage.k8s.io/v1"
    assert len(notices) == 1


def test_a_kind_without_defaults_is_copied():
    assert apply_defaults({"kind": "Namespace"}) == {"kind": "Namespace"}


@pytest.mark.parametrize(
    ("path", "zero"),
    [
        ("spec__podManagementPolicy", ""),
        ("spec__minReadySeconds", 0),
        ("spec__serviceName", ""),
        ("spec__updateStrategy", {}),
        ("spec__updateStrategy", {"type": ""}),
        ("spec__ordinals", {"start": 0}),
        ("spec__persistentVolumeClaimRetentionPolicy", {}),
        ("spec__persistentVolumeClaimRetentionPolicy", {"whenDeleted": "", "whenScaled": ""}),
        ("template__restartPolicy", ""),
        ("template__dnsPolicy", ""),
        ("template__schedulerName", ""),
        ("template__serviceAccountName", ""),
        ("template__securityContext", {}),
        ("container__imagePullPolicy", ""),
        ("container__terminationMessagePath", ""),
        ("container__terminationMessagePolicy", ""),
        ("container__workingDir", ""),
        ("container__resources", {}),
        (
            "container__ports",
            [{"containerPort": 80, "name": "web", "hostPort": 0, "hostIP": "", "protocol": ""}],
        ),
    ],
)
def test_a_zero_that_the_api_server_takes_as_unwritten_gets_its_default(path, zero):
    written, unwritten = apply_defaults(a_set(**{path: zero})), apply_defaults(a_set())
    if path == "spec__serviceName":
        del unwritten["spec"]["serviceName"]
    if path == "spec__ordinals":
        unwritten["spec"]["ordinals"] = {}
    assert written == unwritten


def test_zeros_of_a_probe_are_as_good_as_nothing():
    zeros = dict.fromkeys(
        (
            "failureThreshold",
            "initialDelaySeconds",
            "periodSeconds",
            "successThreshold",
            "timeoutSeconds",
        ),
        0,
    )
    request = {"port": 80, "path": "", "scheme": "", "host": ""}
    probe = pod_of(a_set(container__livenessProbe={"httpGet": request, **zeros}))["containers"][0]
    assert probe["livenessProbe"] == {
        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
        "periodSeconds": 10,
        "timeoutSeconds": 1,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_zeros_of_a_service_are_as_good_as_nothing():
    ports = [
        {"port": 80, "name": "web", "nodePort": 0, "protocol": "", "targetPort": 0},
    ]
    written = a_service(
        type="", sessionAffinity="", externalTrafficPolicy="", externalName="", ports=ports
    )
    assert apply_defaults(written) == apply_defaults(a_service())


def test_a_zero_of_a_pointer_is_a_value():
    claim = {"metadata": {"name": "www"}, "spec": {"storageClassName": "", "accessModes": ["x"]}}
    spec = apply_defaults(
        a_set(
            spec__replicas=0,
            spec__revisionHistoryLimit=0,
            spec__updateStrategy={"rollingUpdate": {"partition": 0, "maxUnavailable": 0}},
            spec__volumeClaimTemplates=[claim],
            template__securityContext={"runAsUser": 0, "fsGroup": 0},
            template__volumes=[{"name": "a", "secret": {"secretName": "s", "defaultMode": 0}}],
        )
    )["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"]) == (0, 0)
    assert spec["updateStrategy"]["rollingUpdate"] == {"partition": 0, "maxUnavailable": 0}
    assert spec["volumeClaimTemplates"][0]["spec"]["storageClassName"] == ""
    pod = spec["template"]["spec"]
    assert pod["securityContext"] == {"runAsUser": 0, "fsGroup": 0}
    assert pod["volumes"][0]["secret"]["defaultMode"] == 0


def test_what_must_be_written_and_what_maps_hold_stays():
    written = a_set(
        metadata__labels={"tier": ""}, container__env=[{"name": "A", "value": ""}, {"name": ""}]
    )
    filled = apply_defaults(written)
    assert filled["metadata"]["labels"] == {"tier": ""}
    names = [one["name"] for one in filled["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert names == ["A", ""]


def test_pointers_are_texts_and_numbers_of_the_schema():
    definitions = load_schema()["$defs"]
    for type_name, fields in POINTERS.items():
        for field in fields:
            declared = definitions[type_name]["properties"][field]
            assert declared["type"] in ("string", "integer"), (type_name, field)
            assert field not in definitions[type_name].get("required", ()), (type_name, field)
