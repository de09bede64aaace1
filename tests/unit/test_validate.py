import pytest

from minisets.core.input.defaults import apply_defaults
from minisets.core.input.validate import find_overwritten, selects, validate, validate_update
from tests.unit.manifests import SERVICE, SET, a_service, a_set

POD = "spec.template.spec"
CONTAINER = f"{POD}.containers[0]"


def problems(obj):
    return [f"{problem.path}: {problem.message}" for problem in validate(apply_defaults(obj))]


def claim(name="www", **spec):
    base = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": name}, "spec": {**base, **spec}}


def config(kind="ConfigMap", **fields):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "c"}, **fields}


def test_good_objects_have_no_problems():
    assert problems(SET) == []
    assert problems(SERVICE) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"spec__podManagementPolicy": "X"},
            "spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'",
        ),
        (
            {"spec__updateStrategy": {"type": "X"}},
            'spec.updateStrategy.type: Invalid value: "X": '
            "must be 'RollingUpdate' or 'OnDelete'",
        ),
        (
            {"spec__updateStrategy": {"type": "OnDelete", "rollingUpdate": {}}},
            "spec.updateStrategy.rollingUpdate: Invalid value: {}: "
            "only allowed for updateStrategy 'RollingUpdate'",
        ),
        (
            {"spec__replicas": -1},
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"spec__minReadySeconds": -1},
            "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"spec__ordinals": {"start": -1}},
            "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"spec__updateStrategy": {"rollingUpdate": {"partition": -1}}},
            "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: "
            "must be greater than or equal to 0",
        ),
        (
            {"template__restartPolicy": "Never"},
            f'{POD}.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        ),
        (
            {"template__activeDeadlineSeconds": 5},
            f"{POD}.activeDeadlineSeconds: Forbidden: "
            "activeDeadlineSeconds in StatefulSet is not Supported",
        ),
        (
            {"spec__selector": {}},
            "spec.selector: Invalid value: {}: empty selector is invalid for statefulset",
        ),
        (
            {"spec__selector": {"matchLabels": {"app": "other"}}},
            'spec.template.metadata.labels: Invalid value: {"app": "nginx"}: '
            "`selector` does not match template `labels`",
        ),
    ],
)
def test_rules_of_the_set_have_the_messages_of_the_api_server(changes, expected):
    assert problems(a_set(**changes)) == [expected]


@pytest.mark.parametrize(
    ("limit", "detail"),
    [
        (0, "cannot be 0"),
        ("0%", "cannot be 0"),
        ("101%", "must not be greater than 100%"),
        (-1, "must be greater than or equal to 0"),
        ("half", "a valid percent string must be a numeric string followed by an ending '%'"),
    ],
)
def test_max_unavailable_is_a_positive_number_or_percentage(limit, detail):
    (found,) = problems(a_set(spec__updateStrategy={"rollingUpdate": {"maxUnavailable": limit}}))
    assert detail in found


@pytest.mark.parametrize("limit", [1, "1%", "100%", 50])
def test_a_good_max_unavailable_is_accepted(limit):
    strategy = {"rollingUpdate": {"maxUnavailable": limit}}
    assert problems(a_set(spec__updateStrategy=strategy)) == []


@pytest.mark.parametrize("name", ["Web", "web_1", "-web", "web.1", "w" * 64, "\uff57"])
def test_the_name_of_a_set_is_a_dns_label(name):
    assert problems(a_set(metadata__name=name)) != []


def test_a_missing_name_is_required():
    assert problems(a_set(metadata={})) == ["metadata.name: Required value"]


def test_the_name_of_the_last_pod_must_fit():
    fits = a_set(metadata__name="w" * 61, spec__replicas=10)
    too_long = a_set(metadata__name="w" * 61, spec__replicas=11)
    assert problems(fits) == []
    assert "must be no more than 63 characters" in problems(too_long)[0]


def test_a_config_map_may_have_dots_in_its_name():
    assert problems(config(data={})) == []
    assert problems({**config(), "metadata": {"name": "a.b"}}) == []


@pytest.mark.parametrize(
    "labels", [{"app": "with space"}, {"a b": "x"}, {"-a": "x"}, {"app": "x" * 64}]
)
def test_labels_are_checked(labels):
    assert problems(a_set(metadata__labels=labels)) != []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"container__image": ""}, f"{CONTAINER}.image: Required value"),
        (
            {"container__image": " x"},
            f'{CONTAINER}.image: Invalid value: " x": '
            "must not have leading or trailing whitespace",
        ),
        (
            {"container__ports": [{"containerPort": 70000}]},
            f"{CONTAINER}.ports[0].containerPort: Invalid value: 70000: "
            "must be between 1 and 65535, inclusive",
        ),
        (
            {
                "container__ports": [
                    {"containerPort": 1, "name": "a"},
                    {"containerPort": 2, "name": "a"},
                ]
            },
            f'{CONTAINER}.ports[1].name: Duplicate value: "a"',
        ),
        (
            {"container__ports": [{"containerPort": 1, "name": "123"}]},
            f'{CONTAINER}.ports[0].name: Invalid value: "123": '
            "must contain at least one letter (a-z)",
        ),
        (
            {"container__volumeMounts": [{"name": "nope", "mountPath": "/x"}]},
            f'{CONTAINER}.volumeMounts[0].name: Not found: "nope"',
        ),
        (
            {"container__volumeMounts": [{"name": "www", "mountPath": "/x"}] * 2},
            f'{CONTAINER}.volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
        ),
        (
            {"container__volumeMounts": [{"name": "www", "mountPath": "/x", "subPath": "a/../b"}]},
            f'{CONTAINER}.volumeMounts[0].subPath: Invalid value: "a/../b": '
            "must not contain '..'",
        ),
        (
            {"container__readinessProbe": {}},
            f"{CONTAINER}.readinessProbe: Required value: must specify a handler type",
        ),
        (
            {
                "container__readinessProbe": {
                    "tcpSocket": {"port": 80},
                    "exec": {"command": ["true"]},
                }
            },
            f"{CONTAINER}.readinessProbe.tcpSocket: "
            "Forbidden: may not specify more than 1 handler type",
        ),
        (
            {"container__readinessProbe": {"tcpSocket": {"port": "nope"}}},
            f"{CONTAINER}.readinessProbe.tcpSocket.port: "
            'Not found: no port of this container is named "nope"',
        ),
        (
            {"container__livenessProbe": {"tcpSocket": {"port": 80}, "successThreshold": 2}},
            f"{CONTAINER}.livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ),
        (
            {"container__env": [{"name": "A", "valueFrom": {}}]},
            f'{CONTAINER}.env[0].valueFrom: Invalid value: "": must specify one of: '
            "`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
        ),
        (
            {"container__env": [{"name": "A=B"}]},
            f'{CONTAINER}.env[0].name: Invalid value: "A=B": '
            "a valid environment variable name must consist only of printable ASCII characters "
            "other than '='",
        ),
        (
            {"container__resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}},
            f'{CONTAINER}.resources.requests.cpu: Invalid value: "2": '
            "must be less than or equal to cpu limit of 1",
        ),
        (
            {"template__volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]},
            f"{POD}.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
        ),
        (
            {"template__volumes": [{"name": "v"}, {"name": "v"}]},
            f'{POD}.volumes[1].name: Duplicate value: "v"',
        ),
        ({"template__containers": []}, f"{POD}.containers: Required value"),
    ],
)
def test_rules_of_the_pod_have_the_messages_of_the_api_server(changes, expected):
    assert problems(a_set(**changes)) == [expected]


def test_a_quantity_that_is_none_is_refused():
    (found,) = problems(a_set(container__resources={"limits": {"memory": "1gb"}}))
    assert "quantities must match the regular expression" in found


def test_container_names_are_unique_also_among_init_containers():
    obj = a_set(template__initContainers=[{"name": "nginx", "image": "x"}])
    assert problems(obj) == [f'{CONTAINER}.name: Duplicate value: "nginx"']


@pytest.mark.parametrize("path", ["metadata.name", "metadata.labels['a/b']", "status.podIP"])
def test_a_field_of_the_pod_may_be_a_variable(path):
    source = {"fieldRef": {"fieldPath": path}}
    assert problems(a_set(container__env=[{"name": "A", "valueFrom": source}])) == []


def test_another_field_may_not():
    source = {"fieldRef": {"fieldPath": "spec.replicas"}}
    (found,) = problems(a_set(container__env=[{"name": "A", "valueFrom": source}]))
    assert 'Unsupported value: "spec.replicas"' in found


def test_a_host_port_is_taken_once():
    ports = [{"containerPort": 1, "hostPort": 80}, {"containerPort": 2, "hostPort": 80}]
    assert problems(a_set(container__ports=ports)) == [
        f'{CONTAINER}.ports[1].hostPort: Duplicate value: "TCP//80"'
    ]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim(), claim()], '[1].metadata.name: Duplicate value: "www"'),
        ([claim(resources={})], "[0].spec.resources.requests.storage: Required value"),
        (
            [claim(accessModes=[])],
            "[0].spec.accessModes: Required value: at least 1 access mode is required",
        ),
        (
            [claim(accessModes=["ReadWriteOncePod", "ReadWriteOnce"])],
            "[0].spec.accessModes: "
            "Forbidden: may not use ReadWriteOncePod with other access modes",
        ),
    ],
)
def test_claim_templates_are_checked(claims, expected):
    assert problems(a_set(spec__volumeClaimTemplates=claims)) == [
        f"spec.volumeClaimTemplates{expected}"
    ]


def test_all_problems_are_found_at_once():
    obj = a_set(spec__replicas=-1, container__image="", spec__serviceName="A_B")
    assert len(problems(obj)) == 3


@pytest.mark.parametrize(
    ("operator", "values", "matches"),
    [
        ("In", ["a", "b"], True),
        ("In", ["b"], False),
        ("NotIn", ["b"], True),
        ("NotIn", ["a"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_expressions_of_a_selector(operator, values, matches):
    expression = {"key": "app", "operator": operator, "values": values}
    assert selects({"matchExpressions": [expression]}, {"app": "a"}) is matches


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"ports": [{"port": 1}, {"port": 2, "name": "b"}]},
            "spec.ports[0].name: Required value",
        ),
        (
            {"ports": [{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]},
            'spec.ports[1]: Duplicate value: "1/TCP"',
        ),
        ({"ports": [], "clusterIP": ""}, "spec.ports: Required value"),
        (
            {"type": "NodePort"},
            "spec.clusterIP: Invalid value: \"None\": may not be set to 'None' for NodePort "
            "services",
        ),
        ({"type": "ExternalName"}, "spec.externalName: Required value"),
        (
            {"ports": [{"port": 70000, "targetPort": 1}]},
            "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
    ],
)
def test_services_are_checked(spec, expected):
    assert problems(a_service(**spec)) == [expected]


def test_a_headless_service_needs_no_port():
    assert problems(a_service(ports=[])) == []


def test_the_data_of_a_secret_is_base64():
    assert problems(config("Secret", data={"good": "YWJj\n"})) == []
    (found,) = validate(apply_defaults(config("Secret", data={"bad": "plain text!"})))
    assert found.message == "illegal base64 data"
    assert "stringData" in found.hint


def test_keys_of_a_config_map_are_file_names():
    (found,) = problems(config(data={"a/b": "x"}))
    assert found.startswith("data[a/b]: Invalid value")


def test_an_object_is_overwritten_by_the_next_one_of_its_name():
    other = {**a_service(), "metadata": {"name": "nginx", "namespace": "other"}}
    found = find_overwritten([SET, SERVICE, other, a_service(), a_service()])
    assert found == ((1, 3), (3, 4))


def updated(**changes):
    return validate_update(apply_defaults(SET), apply_defaults(a_set(**changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"spec__replicas": 5},
        {"container__image": "new"},
        {"spec__minReadySeconds": 3},
        {"spec__revisionHistoryLimit": 3},
        {"spec__ordinals": {"start": 4}},
        {"spec__updateStrategy": {"type": "OnDelete"}},
        {"spec__persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}},
        {"spec__volumeClaimTemplates": []},
        {"spec__volumeClaimTemplates": [claim(), claim("more")]},
        {"spec__volumeClaimTemplates": [claim(resources={"requests": {"storage": "9Gi"}})]},
    ],
)
def test_these_changes_are_allowed(changes):
    assert updated(**changes) == ()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"spec__serviceName": "other"}, "spec.serviceName"),
        ({"spec__podManagementPolicy": "Parallel"}, "spec.podManagementPolicy"),
        ({"spec__selector": {"matchLabels": {"app": "x"}}}, "spec.selector"),
        (
            {"spec__volumeClaimTemplates": [claim(storageClassName="fast")]},
            "spec.volumeClaimTemplates[0]",
        ),
    ],
)
def test_these_changes_are_forbidden_with_the_message_of_the_api_server(changes, path):
    (problem,) = updated(**changes)
    assert problem.path == path
    assert problem.message == (
        "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
        "'template', 'updateStrategy', 'revisionHistoryLimit', "
        "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
    )


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"metadata__annotations": {"a b": "x"}}, "metadata.annotations: Invalid value"),
        ({"metadata__namespace": "A"}, "metadata.namespace: Invalid value"),
        ({"metadata__labels": {"UP/a": "x"}}, "prefix part"),
        ({"metadata__labels": {"a" * 64: "x"}}, "name part must be no more than 63"),
        (
            {"spec__volumeClaimTemplates": [claim(), claim("UP")]},
            "[1].metadata.name: Invalid value",
        ),
        (
            {"spec__volumeClaimTemplates": [claim(), claim("")]},
            "[1].metadata.name: Required value",
        ),
        ({"container__env": [{"name": ""}]}, f"{CONTAINER}.env[0].name: Required value"),
        (
            {
                "container__env": [
                    {
                        "name": "A",
                        "value": "x",
                        "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
                    }
                ]
            },
            "may not be specified when `value` is not empty",
        ),
        (
            {
                "container__env": [
                    {
                        "name": "A",
                        "valueFrom": {
                            "secretKeyRef": {"name": "s", "key": "k"},
                            "configMapKeyRef": {"name": "c", "key": "k"},
                        },
                    }
                ]
            },
            "may not have more than one field specified at a time",
        ),
        (
            {"container__volumeMounts": [{"name": "www", "mountPath": ""}]},
            "mountPath: Required value",
        ),
        (
            {
                "container__volumeMounts": [
                    {"name": "www", "mountPath": "/x", "subPath": "a", "subPathExpr": "b"}
                ]
            },
            "subPathExpr and subPath are mutually exclusive",
        ),
        (
            {"container__volumeMounts": [{"name": "www", "mountPath": "/x", "subPath": "/a"}]},
            "must be a relative path",
        ),
        (
            {"container__volumeDevices": [{"name": "nope", "devicePath": "/dev/x"}]},
            'volumeDevices[0].name: Not found: "nope"',
        ),
        ({"container__lifecycle": {"preStop": {}}}, "lifecycle.preStop: Required value"),
        ({"container__readinessProbe": {"exec": {}}}, "exec.command: Required value"),
        (
            {"container__resources": {"limits": {"cpu": "-1"}}},
            'limits.cpu: Invalid value: "-1": must be greater than or equal to 0',
        ),
        (
            {"template__volumes": [{"name": "v", "emptyDir": {"sizeLimit": "big"}}]},
            "emptyDir.sizeLimit: Invalid value",
        ),
        (
            {"container__ports": [{"containerPort": 1, "hostPort": 99999}]},
            "hostPort: Invalid value: 99999",
        ),
        (
            {"container__ports": [{"containerPort": 1, "name": "a" * 16}]},
            "must be no more than 15 characters",
        ),
        ({"container__ports": [{"containerPort": 1, "name": "A"}]}, "must contain only"),
        ({"container__ports": [{"containerPort": 1, "name": "a--b"}]}, "consecutive hyphens"),
    ],
)
def test_each_other_rule_finds_its_one_problem(changes, part):
    (found,) = problems(a_set(**changes))
    assert part in found


def test_what_only_looks_wrong_is_accepted():
    obj = a_set(
        spec__serviceName="",
        container__readinessProbe={"tcpSocket": {"port": "80"}},
        container__livenessProbe={"grpc": {"port": 1}},
        container__lifecycle={"postStart": {"exec": {"command": ["true"]}}},
        container__resources={"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
        template__volumes=[{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}],
        container__ports=[{"containerPort": 1, "hostPort": 1}, {"containerPort": 1}],
    )
    assert problems(obj) == []


def test_a_limit_that_is_no_quantity_is_one_problem():
    resources = {"limits": {"cpu": "x"}, "requests": {"cpu": "1"}}
    assert len(problems(a_set(container__resources=resources))) == 1


@pytest.mark.parametrize("name", ["A.b", "a..b", "a." * 127 + "a"])
def test_the_name_of_a_config_map_is_a_subdomain(name):
    assert problems({**config(), "metadata": {"name": name}}) != []


@pytest.mark.parametrize("key", [".", "..", "..a", "k" * 254])
def test_a_key_must_not_leave_its_folder(key):
    assert len(problems(config(data={key: "x"}))) == 1


def test_a_key_stands_in_one_part_of_a_config_map():
    assert problems(config(data={"a": "x"}, binaryData={"a": "eA==", "b": "eA=="})) == [
        'binaryData.a: Invalid value: "a": duplicate of key present in data'
    ]


@pytest.mark.parametrize(
    ("ports", "part"),
    [
        ([{"port": 1, "name": "a"}, {"port": 2, "name": "a"}], "[1].name: Duplicate value"),
        ([{"port": 1, "targetPort": "UP"}], "[0].targetPort: Invalid value"),
        ([{"port": 1, "nodePort": 70000}], "[0].nodePort: Invalid value"),
        ([{"port": 1, "targetPort": 70000}], "[0].targetPort: Invalid value"),
        ([{"port": 1, "targetPort": 0.5}], "[0].targetPort: Invalid value"),
    ],
)
def test_ports_of_services_are_checked(ports, part):
    (found,) = problems(a_service(type="NodePort", clusterIP="", ports=ports))
    assert part in found


def test_an_external_name_needs_nothing_else():
    assert problems(a_service(type="ExternalName", externalName="db.example")) == []


def test_a_claim_is_checked_like_a_template():
    obj = {**claim(accessModes=[]), "apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    assert len(problems(obj)) == 1


def test_a_volume_has_a_capacity_and_access_modes():
    obj = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}}
    spec = {"hostPath": {"path": "/x"}}
    assert len(problems({**obj, "spec": spec})) == 2
    more = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    assert problems({**obj, "spec": {**spec, **more}}) == []


def expressions(*found):
    return {"spec__selector": {"matchLabels": {"app": "nginx"}, "matchExpressions": list(found)}}


SELECTOR = "spec.selector.matchExpressions[0]"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            {"key": "app", "operator": "In"},
            f"{SELECTOR}.values: Required value: must be specified when `operator` is 'In' or "
            "'NotIn'",
        ),
        (
            {"key": "app", "operator": "NotIn", "values": []},
            f"{SELECTOR}.values: Required value: must be specified when `operator` is 'In' or "
            "'NotIn'",
        ),
        (
            {"key": "app", "operator": "Exists", "values": ["nginx"]},
            f"{SELECTOR}.values: Forbidden: may not be specified when `operator` is 'Exists' or "
            "'DoesNotExist'",
        ),
        (
            {"key": "app", "operator": "exists"},
            f'{SELECTOR}.operator: Invalid value: "exists": not a valid selector operator',
        ),
        (
            {"key": "app", "operator": ""},
            f'{SELECTOR}.operator: Invalid value: "": not a valid selector operator',
        ),
        (
            {"key": "a b", "operator": "DoesNotExist"},
            f'{SELECTOR}.key: Invalid value: "a b": name part must consist of',
        ),
        (
            {"key": "app", "operator": "In", "values": ["nginx", "-"]},
            f'{SELECTOR}.values[1]: Invalid value: "-": a valid label must be',
        ),
    ],
)
def test_a_wrong_expression_of_a_selector_is_the_only_problem(expression, expected):
    (found,) = problems(a_set(**expressions(expression)))
    assert found.startswith(expected)


def test_an_operator_that_is_nearly_right_is_told():
    (found,) = validate(apply_defaults(a_set(**expressions({"key": "a", "operator": "Exist"}))))
    assert found.hint == "did you mean Exists?"


def test_the_selector_of_a_claim_is_judged_too():
    selector = {"matchExpressions": [{"key": "app", "operator": "In"}]}
    (found,) = problems(a_set(spec__volumeClaimTemplates=[claim(selector=selector)]))
    assert found.startswith(
        "spec.volumeClaimTemplates[0].spec.selector.matchExpressions[0].values"
    )


@pytest.mark.parametrize("field", ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"])
def test_what_runs_to_its_end_has_no_probes_and_no_hooks(field):
    command = {"exec": {"command": ["x"]}}
    content = {"preStop": command} if field == "lifecycle" else command
    one = {"name": "init", "image": "x", field: content}
    assert problems(a_set(template__initContainers=[one])) == [
        f"{POD}.initContainers[0].{field}: Forbidden: may not be set for init containers without "
        "restartPolicy=Always"
    ]
    assert problems(a_set(template__initContainers=[{**one, "restartPolicy": "Always"}])) == []


@pytest.mark.parametrize(
    ("name", "seconds", "detail"),
    [
        ("readinessProbe", 5, "must not be set for readinessProbes"),
        ("livenessProbe", 0, "must be greater than 0"),
    ],
)
def test_the_grace_of_a_probe_is_more_than_nothing_and_not_for_readiness(name, seconds, detail):
    probe = {"tcpSocket": {"port": 80}, "terminationGracePeriodSeconds": seconds}
    assert problems(a_set(**{f"container__{name}": probe})) == [
        f"{CONTAINER}.{name}.terminationGracePeriodSeconds: Invalid value: {seconds}: {detail}"
    ]


def a_volume(**spec):
    base = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    return {"kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {**base, **spec}}


ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            a_service(ports=[{"port": 80, "nodePort": 30000}]),
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
        ),
        (
            a_service(
                type="NodePort",
                clusterIP="",
                ports=[
                    {"name": "a", "port": 80, "nodePort": 30000},
                    {"name": "b", "port": 81, "nodePort": 30000},
                ],
            ),
            "spec.ports[1].nodePort: Duplicate value: 30000",
        ),
        (
            a_service(clusterIP="10.0.0"),
            'spec.clusterIP: Invalid value: "10.0.0": must be empty, '
            "'None', or a valid IP address",
        ),
        (
            a_service(ports=[{"port": 80, "appProtocol": "a b"}]),
            'spec.ports[0].appProtocol: Invalid value: "a b": name part must',
        ),
        (
            {**SERVICE, "spec": {"type": "ExternalName", "externalName": "a b"}},
            'spec.externalName: Invalid value: "a b": a lowercase RFC 1123 subdomain must',
        ),
        (a_volume(), "spec: Required value: must specify a volume type"),
        (
            a_volume(hostPath={"path": "/x"}, nfs={"server": "s", "path": "/x"}),
            "spec.nfs: Forbidden: may not specify more than 1 volume type",
        ),
        (
            a_volume(hostPath={"path": "/a/../b"}),
            "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
        ),
        (a_volume(local={"path": ""}), "spec.local.path: Required value"),
        (a_volume(nfs={"server": "", "path": "/x"}), "spec.nfs.server: Required value"),
        (
            a_volume(hostPath={"path": "/"}, persistentVolumeReclaimPolicy="Recycle"),
            "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath "
            "mount of '/'",
        ),
        (
            a_volume(hostPath={"path": "/x"}, capacity={"storage": "0"}),
            'spec.capacity.storage: Invalid value: "0": must be greater than zero',
        ),
        (
            a_volume(hostPath={"path": "/x"}, storageClassName="A b"),
            'spec.storageClassName: Invalid value: "A b": a lowercase RFC 1123 subdomain must',
        ),
        (
            {"kind": "StorageClass", "metadata": {"name": "s"}, "provisioner": ""},
            "provisioner: Required value",
        ),
        (
            a_set(
                spec__volumeClaimTemplates=[claim(resources={"requests": {"storage": "0"}})],
            ),
            "spec.volumeClaimTemplates[0].spec.resources.requests.storage: Invalid value: "
            '"0": must be greater than zero',
        ),
        (
            a_set(metadata__annotations={"a": "x" * 300_000}),
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        (
            a_set(container__ports=[{"containerPort": 80, "name": "web", "hostIP": "here"}]),
            f'{CONTAINER}.ports[0].hostIP: Invalid value: "here": {ADDRESS}',
        ),
        (
            a_set(
                container__readinessProbe={
                    "httpGet": {"port": 80, "httpHeaders": [{"name": "a b", "value": ""}]}
                }
            ),
            f'{CONTAINER}.readinessProbe.httpGet.httpHeaders[0].name: Invalid value: "a b": '
            "a valid HTTP header must consist of",
        ),
        (
            a_set(container__lifecycle={"preStop": {"sleep": {"seconds": 31}}}),
            f"{CONTAINER}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and "
            "less than terminationGracePeriodSeconds (30)",
        ),
    ],
)
def test_what_the_api_server_refuses_beside_the_set_is_refused_here(obj, expected):
    (found,) = problems(obj)
    assert found.startswith(expected)


def test_the_class_of_a_claim_template_is_left_to_what_makes_the_claim():
    assert problems(a_set(spec__volumeClaimTemplates=[claim(storageClassName="MY_CLASS")])) == []
    of_its_own = {"kind": "PersistentVolumeClaim", **claim(storageClassName="MY_CLASS")}
    assert len(problems(of_its_own)) == 1


def test_a_stop_signal_is_one_that_linux_has():
    assert problems(a_set(container__lifecycle={"stopSignal": "SIGRTMIN+3"})) == []
    wrong = a_set(container__lifecycle={"stopSignal": "SIGTREM"})
    (found,) = validate(apply_defaults(wrong))
    assert found.path == f"{CONTAINER}.lifecycle.stopSignal"
    assert found.message.startswith('Unsupported value: "SIGTREM": supported values: "SIGABRT", ')
    assert found.hint == "did you mean SIGTERM?"
