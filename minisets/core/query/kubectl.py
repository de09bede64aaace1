"""What of kubectl is not here, verbs and types of objects, and what does their job."""

from __future__ import annotations

from collections.abc import Mapping

from minisets.core.input.kubernetes_kinds import KINDS
from minisets.core.input.support_table import NO_API, OTHER_KINDS, UNKNOWN_KIND

VERBS = (
    "alpha", "annotate", "api-resources", "api-versions", "apply", "attach", "auth", "autoscale",
    "certificate", "cluster-info", "completion", "config", "cordon", "cp", "create", "debug",
    "delete", "describe", "diff", "drain", "edit", "events", "exec", "explain", "expose", "get",
    "kustomize", "label", "logs", "options", "patch", "plugin", "port-forward", "proxy", "replace",
    "rollout", "run", "scale", "set", "taint", "top", "uncordon", "version", "wait",
)  # fmt: skip
"""kubectl's verbs, as `kubectl --help` of 1.34 lists them, and `options`."""

ABSENT_VERBS: Mapping[str, str] = {
    **dict.fromkeys(("cordon", "drain", "taint", "uncordon"), "one machine, always in use"),
    **dict.fromkeys(
        ("auth", "certificate"), "no users: who may speak to the Engine may do everything"
    ),
    **dict.fromkeys(
        ("api-versions", "cluster-info", "proxy"), "no API server; `doctor` tells about the Engine"
    ),
    "alpha": "nothing is hidden",
    "autoscale": "no process here watches the load; `scale` sets how many pods a set has",
    "config": "`docker context` says where the Engine is, `--context` chooses",
    "debug": "`exec` enters a pod, `docker run --network container:POD` stands beside it",
    "expose": "Services are in the manifest; `apply --publish` and `port-forward` lead to ports",
    "kustomize": "`kubectl kustomize . | minisets apply -f -`",
    "patch": "`edit`, `apply`, `scale`, `set image`, `label` and `annotate` change an object",
    "plugin": "no plugins; minisets is one of docker and of kubectl",
    "replace": "`apply` changes what is there to what the file says",
    "run": "`docker run`; a pod here belongs to a set",
}
"""Verb that is not here → why, or what there is in its place."""

ABSENT_BELOW: Mapping[str, Mapping[str, str]] = {
    "create": {
        **dict.fromkeys(("cronjob", "deployment", "job"), "minisets runs StatefulSets only"),
        **dict.fromkeys(
            (
                "clusterrole",
                "clusterrolebinding",
                "role",
                "rolebinding",
                "serviceaccount",
                "token",
            ),
            NO_API,
        ),
        "ingress": "`apply --publish` and `port-forward` lead to ports",
        "poddisruptionbudget": "nothing evicts pods",
        "priorityclass": "there is one machine, so nothing is scheduled",
        "quota": "there is one machine, and no cluster to manage",
        "service": "write it in a file, and `apply` that",
    },
    "rollout": dict.fromkeys(
        ("pause", "resume"),
        "kubectl pauses Deployments only; a partition in updateStrategy holds a set's update back",
    ),
    "set": dict.fromkeys(
        ("selector", "serviceaccount", "subject"),
        "`edit` and `apply` change all else",
    ),
    "top": dict.fromkeys(
        ("node", "nodes"), "there is one machine; `doctor` tells about its Engine and disk"
    ),
}
"""Verb → what stands behind it in kubectl and is not here → why, or what does it."""

_NO_SERVER = "there is no API server: what is applied is merged here"
_ENGINE = "there are no clusters and users: `--context` chooses a Docker context"
ABSENT_FLAGS: Mapping[str, str] = {
    **dict.fromkeys(("--field-manager", "--force-conflicts", "--server-side"), _NO_SERVER),
    **dict.fromkeys(
        ("--as", "--cluster", "--kubeconfig", "--server", "--token", "--user"), _ENGINE
    ),
    **dict.fromkeys(("--kustomize", "-k"), ABSENT_VERBS["kustomize"]),
    "--raw": "there is no API server",
    "--request-timeout": "an Engine that does not answer is told at once; waits have `--timeout`",
    "--record": "`annotate` sets kubernetes.io/change-cause, which the history shows",
    "--template": "Go templates are not supported: -o jsonpath=... or -o custom-columns=...",
}
"""Flag that is not here → why, or what does it."""

_SHORT = {
    "csr": "CertificateSigningRequest",
    "cj": "CronJob",
    "crd": "CustomResourceDefinition",
    "crds": "CustomResourceDefinition",
    "cs": "ComponentStatus",
    "deploy": "Deployment",
    "ds": "DaemonSet",
    "ep": "Endpoints",
    "hpa": "HorizontalPodAutoscaler",
    "ing": "Ingress",
    "limits": "LimitRange",
    "netpol": "NetworkPolicy",
    "no": "Node",
    "pc": "PriorityClass",
    "pdb": "PodDisruptionBudget",
    "quota": "ResourceQuota",
    "rc": "ReplicationController",
    "rs": "ReplicaSet",
    "sa": "ServiceAccount",
}
_INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("CronJob", "DaemonSet", "Deployment", "Job", "ReplicaSet"),
            "ReplicationController",
        ),
        "get sts",
    ),
    **dict.fromkeys(("EndpointSlice", "Endpoints"), "get pods -o wide"),
    **dict.fromkeys(("Ingress", "IngressClass"), "get svc -o wide"),
    "ComponentStatus": "doctor",
    "Node": "doctor",
}
"""Kind that is not here → the command that shows what there is in its place."""


def absent_type(word: str) -> tuple[str, str] | None:
    """Say why there are no objects of a type that kubectl knows, and which command helps.

    Args:
        word: As typed: ``deploy``, ``deployments``, ``Deployment``, ``deployments.apps``.

    Returns:
        A sentence and a command without the program's name, which may be empty; None if kubectl
        does not know the word, either.
    """
    kind = _WORDS.get(word.lower().partition(".")[0])
    if kind is None:
        return None
    reason = OTHER_KINDS.get(kind, UNKNOWN_KIND)
    return f"there are no {_plural(kind)} here: {reason}", _INSTEAD.get(kind, "")


def _plural(kind: str) -> str:
    name = kind.lower()
    if name.endswith(("endpoints", "status")):
        return {"componentstatus": "componentstatuses"}.get(name, name)
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


_WORDS = _SHORT | {
    word: kind
    for kinds in KINDS.values()
    for kind in kinds.split()
    for word in (kind.lower(), _plural(kind))
}
