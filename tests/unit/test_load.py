import pytest

from minisets.core.input.load import load
from minisets.core.input.source import Document, Source
from minisets.core.manifest import StatefulSet
from minisets.engine.files import parse_manifests
from minisets.errors import ManifestError
from tests.unit.manifests import SERVICE, SET, a_set

WEB = """\
apiVersion: v1
kind: Service
metadata:
  name: nginx
spec:
  ports:
  - port: 80
    name: web
  clusterIP: None
  selector:
    app: nginx
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: nginx
  serviceName: nginx
  replicas: 3
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
"""


def load_objects(*objs):
    return load(Document(obj, Source()) for obj in objs)


def load_text(text):
    return load(parse_manifests(text, "web.yaml"))


def problems(text):
    with pytest.raises(ManifestError) as caught:
        load_text(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_set_and_its_service_are_loaded_in_order_without_notices():
    loaded = load_text(WEB)
    assert [(obj.kind, obj.name, obj.namespace) for obj in loaded.objects] == [
        ("Service", "nginx", None),
        ("StatefulSet", "web", None),
    ]
    assert loaded.notices == ()


def test_the_value_has_defaults_and_the_raw_object_has_none():
    (obj,) = load_objects(a_set(spec__minReadySeconds=None)).objects
    assert isinstance(obj.value, StatefulSet)
    assert obj.value.spec.replicas == 1
    assert obj.raw == SET


def test_a_namespace_is_kept():
    (obj,) = load_objects(a_set(metadata__namespace="db")).objects
    assert obj.namespace == "db"


def test_each_problem_has_file_line_column_and_path():
    broken = WEB.replace("replicas: 3", "replica: 3").replace("image:", "imag:")
    assert problems(broken) == [
        'web.yaml:22:3: spec.replica: unknown field "replica" (did you mean "replicas"?)',
        "web.yaml:30:9: spec.template.spec.containers[0].imag: "
        'unknown field "imag" (did you mean "image"?)',
    ]


def test_a_problem_stands_at_the_value_or_the_name_whichever_is_wrong():
    broken = WEB.replace("replicas: 3", "replicas: three").replace("image:", "imag:")
    with pytest.raises(ManifestError) as caught:
        load(parse_manifests(broken, "<stdin>"))
    spots = [(one.quote[one.column - 1 :], one.hint) for one in caught.value.problems]
    assert spots[0] == ("three", "")
    assert spots[1][0].startswith("imag: ")
    with pytest.raises(ManifestError) as caught:
        load(parse_manifests("kind: [\n  a: }", "<stdin>"))
    assert "}" in caught.value.problems[0].quote


def test_problems_of_all_documents_come_together():
    broken = WEB.replace("port: 80", "port: eighty").replace("replicas: 3", "replicas: -1")
    found = problems(broken)
    assert len(found) == 2
    assert found[0].startswith("web.yaml:7:11: spec.ports[0].port: must be an integer")
    assert found[1].startswith("web.yaml:22:13: spec.replicas: Invalid value: -1")


def test_a_refused_field_and_a_broken_rule_come_together():
    with pytest.raises(ManifestError) as caught:
        load_objects(a_set(template__resourceClaims=[{"name": "gpu"}], spec__replicas=-1))
    assert {problem.path for problem in caught.value.problems} == {
        "spec.template.spec.resourceClaims",
        "spec.replicas",
    }


def test_of_an_object_that_stands_twice_the_last_one_counts():
    again = WEB.partition("---")[0].replace("port: 80", "port: 81")
    loaded = load_text(f"{WEB}---\n{again}")
    assert [(obj.kind, obj.name) for obj in loaded.objects] == [
        ("StatefulSet", "web"),
        ("Service", "nginx"),
    ]
    assert loaded.objects[1].raw["spec"]["ports"][0]["port"] == 81
    assert [str(notice) for notice in loaded.notices] == [
        "web.yaml:4: service/nginx: it stands in the input again, and the last one counts: "
        "web.yaml:35"
    ]


def test_a_set_that_is_given_rights_to_the_api_gets_one_notice_for_it():
    account = "      serviceAccountName: web\n      containers:"
    binding = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: web
subjects:
- kind: ServiceAccount
  name: web
"""
    text = WEB.replace("      containers:", account)
    assert [str(notice) for notice in load_text(text).notices] == [
        "web.yaml:28: statefulset/web: serviceAccountName is ignored: there is no Kubernetes API "
        "here"
    ]
    first, second = load_text(f"{text}---\n{binding}").notices
    assert str(first).startswith("web.yaml:28: statefulset/web: its pods are made to use the K")
    assert second.subject == "rolebinding/web"
    assert second.is_whole


def test_a_set_without_selector_is_told_where_one_comes_from():
    text = WEB.replace("  selector:\n    matchLabels:\n      app: nginx\n", "")
    (problem,) = problems(text)
    assert problem.startswith("web.yaml:17:1: spec.selector: Required value (it repeats labels")
    assert "kubectl kustomize" in problem


@pytest.mark.parametrize("field", ["apiVersion", "kind"])
def test_what_it_is_must_be_said(field):
    obj = a_set()
    del obj[field]
    with pytest.raises(ManifestError, match=f"{field}: Required value"):
        load_objects(obj)


def test_missing_metadata_is_required():
    with pytest.raises(ManifestError, match="metadata: Required value"):
        load_objects({"apiVersion": "v1", "kind": "Secret"})


def test_a_version_that_never_was_is_refused_with_the_right_one():
    with pytest.raises(ManifestError) as caught:
        load_objects(a_set(apiVersion="apps/v2"))
    (problem,) = caught.value.problems
    assert problem.message == 'no matches for kind "StatefulSet" in version "apps/v2"'
    assert problem.hint == "use apps/v1"


def test_a_beta_set_is_loaded_with_notices():
    loaded = load_objects(a_set(apiVersion="apps/v1beta2"))
    assert loaded.objects[0].raw["apiVersion"] == "apps/v1"
    assert [str(notice) for notice in loaded.notices] == [
        "statefulset/web: apiVersion: apps/v1beta2 StatefulSet is read as apps/v1"
    ]


def test_a_list_holds_objects_of_old_versions_that_share_what_they_say():
    text = """
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1beta1
  kind: StatefulSet
  metadata: {name: first, namespace: one}
  spec: &spec
    serviceName: web
    template:
      metadata: {labels: {app: web}}
      spec: {containers: [{name: web, image: nginx}]}
- apiVersion: apps/v1beta2
  kind: StatefulSet
  metadata: {name: second, namespace: two}
  spec:
    <<: *spec
    replicas: 2
- apiVersion: extensions/v1beta1
  kind: Ingress
  metadata: {name: web}
"""
    loaded = load_text(text)
    first, second = loaded.objects
    assert isinstance(first.value, StatefulSet)
    assert isinstance(second.value, StatefulSet)
    assert (first.namespace, second.namespace) == ("one", "two")
    assert first.raw["apiVersion"] == second.raw["apiVersion"] == "apps/v1"
    assert (first.value.spec.replicas, second.value.spec.replicas) == (1, 2)
    assert first.value.spec.template == second.value.spec.template
    assert second.value.spec.selector.match_labels == {"app": "web"}
    assert first.value.spec.update_strategy.type == "OnDelete"
    first_said, second_said, ingress_said = (str(notice) for notice in loaded.notices)
    assert first_said.startswith(
        "web.yaml:5: statefulset/first: apps/v1beta1 StatefulSet is read as apps/v1; its selector"
    )
    assert "; its update strategy is OnDelete" in first_said
    assert "second: apps/v1beta2 StatefulSet is read as apps/v1; its sel" in second_said
    assert "ingress/web is ignored: " in ingress_said


UNKNOWN = WEB.replace("replicas: 3", "replica: 3").replace(
    "        image:", "        imag: x\n        image:"
)


def test_unknown_fields_are_left_out_with_a_notice_where_that_is_asked_for():
    loaded = load(parse_manifests(UNKNOWN, "web.yaml"), unknown_fields="warn")
    assert [str(notice) for notice in loaded.notices] == [
        'web.yaml:22: statefulset/web: unknown field "replica" is left out',
        'web.yaml:30: statefulset/web: unknown field "imag" is left out',
    ]
    web = loaded.objects[1]
    assert "replica" not in web.raw["spec"]
    assert "imag" not in web.raw["spec"]["template"]["spec"]["containers"][0]


def test_unknown_fields_are_left_out_without_a_word_where_they_are_ignored():
    loaded = load(parse_manifests(UNKNOWN, "web.yaml"), unknown_fields="ignore")
    assert loaded.notices == ()
    assert "replica" not in loaded.objects[1].raw["spec"]


def test_what_is_wrong_otherwise_is_refused_whatever_becomes_of_unknown_fields():
    text = UNKNOWN.replace("serviceName: nginx", "serviceName: 3")
    with pytest.raises(ManifestError) as caught:
        load(parse_manifests(text, "web.yaml"), unknown_fields="ignore")
    assert [problem.path for problem in caught.value.problems] == ["spec.serviceName"]


@pytest.mark.parametrize(
    ("version", "kind", "path", "hint"),
    [
        ("apps/v1", "Statefulset", "kind", 'did you mean "StatefulSet"?'),
        ("apps/v1", "StatefullSet", "kind", 'did you mean "StatefulSet"?'),
        ("apps/v1", "Deploymnet", "kind", 'did you mean "Deployment"?'),
        ("v1", "Servcie", "kind", 'did you mean "Service"?'),
        ("v1", "ConfigMaps", "kind", 'did you mean "ConfigMap"?'),
        ("v1", "secret", "kind", 'did you mean "Secret"?'),
        ("v1", "Statefulset", "kind", 'did you mean "StatefulSet", of apps/v1?'),
        ("networking.k8s.io/v1", "Ingres", "kind", 'did you mean "Ingress"?'),
        ("v1", "StatefulSet", "apiVersion", "use apps/v1"),
        ("v1", "Ingress", "apiVersion", "use networking.k8s.io/v1"),
        ("app/v1", "StatefulSet", "apiVersion", "use apps/v1"),
        ("apps/v1", "Service", "apiVersion", "use v1"),
        ("apps/v1", "ConfigMap", "apiVersion", "use v1"),
        ("apps/v2", "StatefulSet", "apiVersion", "use apps/v1"),
        ("v2", "Service", "apiVersion", "use v1"),
        ("storage.k8s/v1", "StorageClass", "apiVersion", "use storage.k8s.io/v1"),
        ("apps/v1/x", "Deployment", "apiVersion", "use apps/v1"),
        ("shop/v1", "Basket", "kind", None),
        ("v1", "Quux", "kind", None),
    ],
)
def test_a_kind_that_kubernetes_never_had_is_refused_with_the_one_that_was_meant(
    version, kind, path, hint
):
    with pytest.raises(ManifestError) as caught:
        load_objects({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}})
    (problem,) = caught.value.problems
    assert problem.message == f'no matches for kind "{kind}" in version "{version}"'
    assert problem.path == path
    assert problem.hint == (hint or problem.hint)
    assert problem.hint


def test_a_misspelt_kind_is_shown_at_its_place():
    (found,) = problems(WEB.replace("kind: StatefulSet", "kind: Statefulset"))
    assert found.startswith('web.yaml:14:7: kind: no matches for kind "Statefulset"')


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        ("serving.knative.dev/v1", "Service"),
        ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("resource.k8s.io/v1", "SomethingNew"),
        ("networking.k8s.io/v1", "Ingress"),
        ("extensions/v1beta1", "Deployment"),
        ("policy/v1beta1", "PodDisruptionBudget"),
        ("v1", "Pod"),
        ("v1", "ServiceAccount"),
    ],
)
def test_kinds_of_kubernetes_and_of_extensions_are_one_line_of_notice(version, kind):
    loaded = load_objects({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}})
    assert loaded.objects == ()
    assert len(loaded.notices) == 1


def test_a_set_was_never_in_extensions():
    with pytest.raises(ManifestError, match='no matches for kind "StatefulSet" in version "ext'):
        load_objects(a_set(apiVersion="extensions/v1beta1"))


def test_an_outer_name_is_noticed():
    service = {**SERVICE, "spec": {"type": "ExternalName", "externalName": "db.example.com"}}
    (notice,) = load_objects(service).notices
    assert str(notice) == (
        "service/nginx: externalName is ignored: Docker's DNS has no CNAME records: "
        "use the outer name itself"
    )


def test_other_kinds_are_noticed_and_left_out_whatever_they_hold():
    loaded = load_objects(
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": "nonsense"},
        {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "spec": {"template": {}}},
        SERVICE,
    )
    assert [obj.name for obj in loaded.objects] == ["nginx"]
    assert len(loaded.notices) == 2


def test_a_notice_has_its_line():
    text = WEB.replace("      containers:", "      nodeName: a\n      containers:")
    (notice,) = load_text(text).notices
    assert (notice.file, notice.line) == ("web.yaml", 28)


def test_a_schema_error_does_not_hide_what_the_other_rules_say():
    broken = WEB.replace("replicas: 3", "replica: -1").replace(
        "name: nginx\n", "name: Nginx_\n", 1
    )
    found = problems(broken)
    assert any('unknown field "replica"' in text for text in found)
    assert any("replicas: Invalid value: -1" in text for text in found)
    assert any("Nginx_" in text for text in found)


def test_a_field_of_a_wrong_type_is_not_asked_for_as_well():
    found = problems(WEB.replace("  name: web\nspec", "  name: 5\nspec"))
    assert found == ["web.yaml:16:9: metadata.name: must be a string, not the number 5"]


def test_what_is_empty_where_the_api_server_cannot_tell_is_accepted_without_a_word():
    probe = {"tcpSocket": {"port": 80, "host": ""}, "periodSeconds": 0, "successThreshold": 0}
    obj = a_set(
        spec__podManagementPolicy="",
        spec__updateStrategy={"type": ""},
        template__dnsPolicy="",
        template__restartPolicy="",
        template__priorityClassName="",
        container__imagePullPolicy="",
        container__terminationMessagePolicy="",
        container__ports=[{"containerPort": 80, "name": "web", "protocol": "", "hostPort": 0}],
        container__livenessProbe=probe,
        container__readinessProbe=probe,
    )
    loaded = load_objects(obj)
    assert [notice.ignored for notice in loaded.notices] == [("livenessProbe",)]
    assert loaded.objects[0].raw == obj


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {
                "container__volumeMounts": [
                    {"name": "www", "mountPath": "/", "mountPropagation": ""}
                ]
            },
            'Unsupported value: ""',
        ),
        ({"template__securityContext": {"fsGroupChangePolicy": ""}}, 'Unsupported value: ""'),
        ({"container__ports": [{"containerPort": 0}]}, "Required value"),
        ({"container__env": [{"name": ""}]}, "Required value"),
        ({"container__image": ""}, "Required value"),
        ({"metadata__name": ""}, "Required value"),
    ],
)
def test_what_is_empty_where_the_api_server_can_tell_is_judged(changes, message):
    with pytest.raises(ManifestError) as caught:
        load_objects(a_set(**changes))
    assert message in caught.value.problems[0].message
