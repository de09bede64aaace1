"""Which kinds of objects Kubernetes has, and in which API group: what tells a misspelt kind."""

from __future__ import annotations

from minisets.core.input.defaults import API_VERSIONS
from minisets.core.suggest import nearest
from minisets.errors import Problem

KINDS = {
    "v1": """
        Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node
        PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController
        ResourceQuota Secret Service ServiceAccount
    """,
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling/v2": "HorizontalPodAutoscaler Scale",
    "batch/v1": "CronJob Job",
    "policy/v1": "Eviction PodDisruptionBudget PodSecurityPolicy",
    "admissionregistration.k8s.io/v1": """
        MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration
        ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration
    """,
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "authentication.k8s.io/v1": "SelfSubjectReview TokenRequest TokenReview",
    "authorization.k8s.io/v1": """
        LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview
    """,
    "certificates.k8s.io/v1": "CertificateSigningRequest ClusterTrustBundle PodCertificateRequest",
    "coordination.k8s.io/v1": "Lease LeaseCandidate",
    "discovery.k8s.io/v1": "EndpointSlice",
    "events.k8s.io/v1": "Event",
    "flowcontrol.apiserver.k8s.io/v1": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io/v1": "IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR",
    "node.k8s.io/v1": "RuntimeClass",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "resource.k8s.io/v1": """
        DeviceClass DeviceTaintRule ResourceClaim ResourceClaimTemplate ResourceSlice
    """,
    "scheduling.k8s.io/v1": "PodGroup PriorityClass Workload",
    "storage.k8s.io/v1": """
        CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass
    """,
    "storagemigration.k8s.io/v1beta1": "StorageVersionMigration",
    # Where some of them were once.
    "extensions/v1beta1": """
        DaemonSet Deployment Ingress NetworkPolicy PodSecurityPolicy ReplicaSet
    """,
}
"""API version of today → its kinds, as of Kubernetes 1.37."""

_GROUPS = {version.rpartition("/")[0]: tuple(kinds.split()) for version, kinds in KINDS.items()}
# By kind; of several groups the first in the list is the one of today.
_HOMES = {
    kind: version for version, kinds in reversed(KINDS.items()) for kind in kinds.split()
} | API_VERSIONS


def unknown_kind(api_version: str, kind: str) -> Problem | None:
    """Say that neither Kubernetes nor an extension of it has such a kind; None if one may.

    Extensions have groups with a dot. Kubernetes' own groups of that form may have gained a kind
    since this was written, so there only a name that is nearly right is taken for misspelt.
    """
    group = api_version.rpartition("/")[0]
    known, home = _GROUPS.get(group), _HOMES.get(kind)
    is_extension = known is None and "." in group and "/" not in group
    if is_extension and not _is_meant(group, kind):
        return None
    if known is not None and kind in known:
        return None
    if home is not None:
        return _no_match(api_version, kind, "apiVersion", f"use {home}")
    meant = nearest(kind, known or ()) or nearest(kind, _HOMES)
    if meant is None and known is not None and "." in group:
        return None
    if meant is None:
        hint = f"the kinds that are kept here: {', '.join(sorted(API_VERSIONS))}"
        return _no_match(api_version, kind, "kind", hint)
    elsewhere = "" if known and meant in known else f", of {_HOMES[meant]}"
    return _no_match(api_version, kind, "kind", f'did you mean "{meant}"{elsewhere}?')


def _is_meant(group: str, kind: str) -> bool:
    """Say whether the group of a kind that is kept here is misspelt."""
    home = API_VERSIONS.get(kind, "").rpartition("/")[0]
    return bool(home) and nearest(group, [home]) is not None


def _no_match(api_version: str, kind: str, path: str, hint: str) -> Problem:
    message = f'no matches for kind "{kind}" in version "{api_version}"'
    return Problem(message=message, path=path, hint=hint)
