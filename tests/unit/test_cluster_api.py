from __future__ import annotations

from typing import Any

import pytest

from minisets.core.input.cluster_api import api_notice
from tests.unit.manifests import SET, a_set


def _binding(
    kind: str = "RoleBinding", name: str = "web", space: str | None = None, **fields: Any
) -> dict[str, Any]:
    subject = {"kind": "ServiceAccount", "name": name, **({"namespace": space} if space else {})}
    return {"kind": kind, "metadata": {"name": "b"}, "subjects": [subject], **fields}


def _evidence(obj: Any, *others: Any) -> str:
    notice = api_notice(obj, others)
    return notice.message.partition("fails (")[2].removesuffix(")") if notice else ""


def test_a_plain_set_wants_no_api():
    assert api_notice(SET, [SET, _binding(), {"kind": "Role"}, None, "text"]) is None


@pytest.mark.parametrize("kind", ["RoleBinding", "ClusterRoleBinding"])
@pytest.mark.parametrize("field", ["serviceAccountName", "serviceAccount"])
def test_rights_of_its_service_account_tell(kind, field):
    obj = a_set(**{f"template__{field}": "web"})
    notice = api_notice(obj, [_binding(kind)])
    assert notice is not None
    assert notice.path == f"spec.template.spec.{field}"
    assert notice.subject == "statefulset/web"
    assert notice.message.startswith("its pods are made to use the Kubernetes API, and there is")
    assert f"{kind.lower()}/b gives its service account rights" in notice.message


def test_rights_by_several_bindings_are_one_sign():
    obj = a_set(template__serviceAccountName="web")
    found = _evidence(obj, _binding(), _binding("ClusterRoleBinding"))
    assert found == "2 role bindings give its service account rights"


def test_rights_of_the_default_account_tell():
    assert _evidence(SET, _binding(name="default")).endswith("gives its service account rights")


def test_rights_of_another_namespace_do_not_tell():
    obj = a_set(template__serviceAccountName="web", metadata__namespace="db")
    assert _evidence(obj, _binding(space="db"))
    assert not _evidence(obj, _binding(space="other"))


def test_a_role_that_lets_pods_be_created_is_no_use_of_the_api():
    role = {"kind": "Role", "metadata": {"name": "psp"}, "rules": [{"verbs": ["use"]}]}
    obj = a_set(template__serviceAccountName="web")
    bound = _binding(roleRef={"kind": "Role", "name": "psp"})
    assert not _evidence(obj, bound, role)
    assert _evidence(obj, bound, {**role, "rules": [{"verbs": ["use", "get"]}]})


def test_a_pod_that_gets_no_token_uses_no_rights():
    obj = a_set(template__serviceAccountName="web", template__automountServiceAccountToken=False)
    assert not _evidence(obj, _binding())


@pytest.mark.parametrize("broken", [{"subjects": 1}, {"metadata": []}, {"roleRef": "x"}])
def test_roles_are_read_whatever_they_hold(broken):
    api_notice(a_set(template__serviceAccountName="web"), [{**_binding(), **broken}])


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"args": ["--host=https://kubernetes.default.svc:443"]}, "kubernetes.default.svc"),
        ({"command": ["sh", "-c", "kubectl get pods"]}, "kubectl"),
        ({"command": ["sh", "-c", "/usr/bin/kubectl label pod x"]}, "kubectl"),
        ({"env": [{"name": "KUBERNETES_SERVICE_HOST", "value": "10.0.0.1"}]}, "KUBERNETES_SERV"),
        ({"env": [{"name": "A", "value": "$(KUBERNETES_SERVICE_PORT)"}]}, "KUBERNETES_SERVICE_P"),
        (
            {"args": ["cat /var/run/secrets/kubernetes.io/serviceaccount/token"]},
            "/var/run/secrets/kubernetes.io/serviceaccount",
        ),
        (
            {"lifecycle": {"preStop": {"exec": {"command": ["kubectl", "delete", "lease"]}}}},
            "kubectl",
        ),
        (
            {"readinessProbe": {"exec": {"command": ["curl", "kubernetes.default"]}}},
            "kubernetes.d",
        ),
    ],
)
def test_words_of_a_container_tell(changes, found):
    obj = a_set(**{f"container__{key}": value for key, value in changes.items()})
    assert _evidence(obj).startswith(f"container nginx: {found}")


@pytest.mark.parametrize(
    "word",
    [
        "docker.io/kubernetes.default-backend",
        "my-kubernetes.default",
        "kubectl.kubernetes.io/last-applied",
        "web.nginx.default.svc.cluster.local",
    ],
)
def test_words_that_only_look_so_do_not_tell(word):
    assert not _evidence(a_set(container__args=[word]))


def test_init_containers_are_looked_at():
    init = [{"name": "wait", "image": "a", "command": ["kubectl", "wait"]}]
    notice = api_notice(a_set(template__initContainers=init), [])
    assert notice is not None
    assert notice.path == "spec.template.spec.initContainers[0].command[0]"


def test_a_token_in_a_volume_tells():
    sources = [{"serviceAccountToken": {"path": "token"}}]
    obj = a_set(template__volumes=[{"name": "t", "projected": {"sources": sources}}])
    assert _evidence(obj) == "volume t holds a token of its service account"


@pytest.mark.parametrize(
    "use",
    [
        {"template__volumes": [{"name": "c", "configMap": {"name": "conf"}}]},
        {
            "template__volumes": [
                {"name": "c", "projected": {"sources": [{"configMap": {"name": "conf"}}]}}
            ]
        },
        {"container__envFrom": [{"configMapRef": {"name": "conf"}}]},
    ],
)
def test_words_of_a_config_map_of_the_set_tell(use):
    conf = {
        "kind": "ConfigMap",
        "metadata": {"name": "conf"},
        "data": {"a.conf": "host = kubernetes.default.svc.cluster.local\n"},
    }
    expected = "configmap/conf: kubernetes.default.svc.cluster.local"
    assert _evidence(a_set(**use), conf) == expected
    assert not _evidence(SET, conf)


def test_of_many_signs_three_are_told():
    words = ["kubectl", "kubernetes.default", "KUBERNETES_SERVICE_HOST", "KUBERNETES_PORT"]
    assert _evidence(a_set(container__args=words)).endswith("KUBERNETES_SERVICE_HOST; 1 more")


def test_a_config_map_whose_name_is_no_text_is_no_evidence():
    volume = {"name": "files", "configMap": {"name": "x"}}
    others = [{"kind": "ConfigMap", "metadata": {"name": ["x"]}, "data": {"a": "kubectl get"}}]
    assert api_notice(a_set(template__volumes=[volume]), others) is None
