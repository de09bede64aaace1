"""Zero values: where an empty text or a zero is as good as a field that nobody wrote.

The API server reads manifests into Go values. Most optional fields cannot tell a written zero from
none, so that ``periodSeconds: 0`` becomes 10 and ``imagePullPolicy: ""`` is as if it were not
there. Fields that are pointers can tell, and there a zero is a value: ``replicas: 0``.
"""

from __future__ import annotations

from typing import Any

from minisets.core.input.schema import load_schema, type_of
from minisets.core.input.source import Json

POINTERS: dict[str, frozenset[str]] = {
    "AppArmorProfile": frozenset({"localhostProfile"}),
    "ClientIPConfig": frozenset({"timeoutSeconds"}),
    "ClusterTrustBundleProjection": frozenset({"name", "signerName", "user"}),
    "ConfigMapVolumeSource": frozenset({"defaultMode", "defaultUser"}),
    "Container": frozenset({"restartPolicy"}),
    "DownwardAPIVolumeFile": frozenset({"mode", "user"}),
    "DownwardAPIVolumeSource": frozenset({"defaultMode", "defaultUser"}),
    "EmptyDirVolumeSource": frozenset({"mode"}),
    "GRPCAction": frozenset({"mode", "service"}),
    "HTTPGetAction": frozenset({"protocol"}),
    "HostPathVolumeSource": frozenset({"type"}),
    "KeyToPath": frozenset({"mode", "user"}),
    "Lifecycle": frozenset({"stopSignal"}),
    "LocalVolumeSource": frozenset({"fsType"}),
    "ObjectMeta": frozenset({"deletionGracePeriodSeconds"}),
    "PersistentVolumeClaimSpec": frozenset(
        {"storageClassName", "volumeAttributesClassName", "volumeMode"}
    ),
    "PersistentVolumeSpec": frozenset({"volumeAttributesClassName", "volumeMode"}),
    "PodCertificateProjection": frozenset({"maxExpirationSeconds", "user"}),
    "PodDNSConfigOption": frozenset({"value"}),
    "PodSecurityContext": frozenset(
        {
            "fsGroup",
            "fsGroupChangePolicy",
            "runAsGroup",
            "runAsUser",
            "seLinuxChangePolicy",
            "supplementalGroupsPolicy",
        }
    ),
    "PodSpec": frozenset(
        {
            "activeDeadlineSeconds",
            "hostnameOverride",
            "preemptionPolicy",
            "priority",
            "runtimeClassName",
            "terminationGracePeriodSeconds",
        }
    ),
    "Probe": frozenset({"terminationGracePeriodSeconds"}),
    "ProjectedVolumeSource": frozenset({"defaultMode", "defaultUser"}),
    "RollingUpdateStatefulSetStrategy": frozenset({"partition"}),
    "SeccompProfile": frozenset({"localhostProfile"}),
    "SecretVolumeSource": frozenset({"defaultMode", "defaultUser"}),
    "SecurityContext": frozenset({"procMount", "runAsGroup", "runAsUser"}),
    "ServiceAccountTokenProjection": frozenset({"expirationSeconds", "user"}),
    "ServicePort": frozenset({"appProtocol"}),
    "ServiceSpec": frozenset(
        {"internalTrafficPolicy", "ipFamilyPolicy", "loadBalancerClass", "trafficDistribution"}
    ),
    "StatefulSetSpec": frozenset({"replicas", "revisionHistoryLimit"}),
    "StorageClass": frozenset({"reclaimPolicy", "volumeBindingMode"}),
    "Toleration": frozenset({"tolerationSeconds"}),
    "TopologySpreadConstraint": frozenset(
        {"minDomains", "nodeAffinityPolicy", "nodeTaintsPolicy"}
    ),
    "VolumeMount": frozenset({"mountPropagation", "recursiveReadOnly"}),
}
"""Texts and numbers that are pointers in k8s.io/api, by type, as far as minisets reads them."""


def drop_zeros(obj: dict[str, Any], type_name: str) -> dict[str, Any]:
    """Copy an object without the zeros that the API server cannot tell from unwritten fields.

    Fields that must be written keep theirs: an empty one is for the rules to judge. The object
    need not have passed the schema; what is of another type than it should be is left alone.
    """
    definition = load_schema()["$defs"][type_name]
    declared = definition.get("properties", {})
    kept = {*POINTERS.get(type_name, ()), *definition.get("required", ())}
    return {
        name: _drop_below(value, declared.get(name, {}))
        for name, value in obj.items()
        if name in kept or not _is_zero(value, declared.get(name, {}))
    }


def _is_zero(value: Json, declared: dict[str, Any]) -> bool:
    match declared.get("type"):
        case "string":
            return isinstance(value, str) and not value
        case "integer":
            return isinstance(value, int) and value is not False and value == 0
        case _:
            # A map or a list that is empty is a value as it stands; so is IntOrString's zero.
            return False


def _drop_below(value: Json, declared: dict[str, Any]) -> Json:
    inner = type_of(declared)
    if not inner:
        return value
    if isinstance(value, dict) and "items" not in declared:
        return drop_zeros(value, inner)
    if isinstance(value, list) and "items" in declared:
        return [drop_zeros(item, inner) if isinstance(item, dict) else item for item in value]
    return value
