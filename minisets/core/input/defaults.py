"""What the API server fills in, and the old API versions it used to read.

The image pull policy is left as it is written: minisets takes an unwritten one as IfNotPresent,
where Kubernetes decides by the tag.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from minisets.core.input.source import Json
from minisets.core.input.zero_values import drop_zeros

API_VERSIONS = {
    "StatefulSet": "apps/v1",
    "StorageClass": "storage.k8s.io/v1",
    "Service": "v1",
    "ConfigMap": "v1",
    "Secret": "v1",
    "PersistentVolumeClaim": "v1",
    "PersistentVolume": "v1",
    "Namespace": "v1",
}
"""The API version of each kind that minisets keeps."""

OLD_API_VERSIONS = {
    "StatefulSet": ("apps/v1beta1", "apps/v1beta2"),
    "StorageClass": ("storage.k8s.io/v1beta1",),
}
"""Versions that newer clusters have dropped and that convert_to_current still reads."""

_Obj = dict[str, Any]

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")
_FILE_VOLUMES = ("configMap", "secret", "downwardAPI", "projected")


def convert_to_current(obj: _Obj) -> tuple[_Obj, tuple[str, ...]]:
    """Rewrite an object of a dropped API version as its successor; others come back unchanged.

    A set without a selector gets the labels of its template, and one of apps/v1beta1 without an
    update strategy gets OnDelete, both as those versions did.

    Returns:
        The object, and a sentence for each thing that was changed.
    """
    kind = obj.get("kind")
    version = obj.get("apiVersion")
    if not isinstance(kind, str) or version not in OLD_API_VERSIONS.get(kind, ()):
        return obj, ()
    current = API_VERSIONS[kind]
    converted = {**obj, "apiVersion": current}
    notices = [f"{version} {kind} is read as {current}"]
    spec = obj.get("spec")
    if kind == "StatefulSet" and isinstance(spec, dict):
        converted["spec"] = spec = dict(spec)
        notices.extend(_fill_old_set(spec, str(version)))
    return converted, tuple(notices)


def _fill_old_set(spec: _Obj, version: str) -> list[str]:
    notices = []
    template = spec.get("template")
    metadata = template.get("metadata") if isinstance(template, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if spec.get("selector") is None and isinstance(labels, dict) and labels:
        spec["selector"] = {"matchLabels": dict(labels)}
        notices.append("its selector, which is missing, is the labels of the template")
    strategy = spec.get("updateStrategy", {})
    if version == "apps/v1beta1" and isinstance(strategy, dict) and not strategy.get("type"):
        spec["updateStrategy"] = {**strategy, "type": "OnDelete"}
        notices.append(
            "its update strategy is OnDelete, the default of then: a changed template reaches a "
            "pod when it is deleted"
        )
    return notices


def apply_defaults(obj: _Obj) -> _Obj:
    """Copy an object that has passed the schema and fill in what the API server would.

    Where the API server cannot tell a written zero from none, its default is filled in, too.
    """
    kind = obj.get("kind", "")
    result = copy.deepcopy(drop_zeros(obj, kind) if kind in API_VERSIONS else obj)
    fill = _KINDS.get(kind)
    if fill is not None:
        fill(result)
    return result


def _default(obj: _Obj, **values: Json) -> None:
    for key, value in values.items():
        obj.setdefault(key, value)


def _fill_set(obj: _Obj) -> None:
    spec = obj["spec"]
    _default(spec, replicas=1, podManagementPolicy="OrderedReady", revisionHistoryLimit=10)
    _default(spec, minReadySeconds=0, updateStrategy={}, persistentVolumeClaimRetentionPolicy={})
    strategy = spec["updateStrategy"]
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        _default(strategy, rollingUpdate={})
    # A written type without rollingUpdate keeps none, and the controller behaves differently then.
    if strategy["type"] == "RollingUpdate" and "rollingUpdate" in strategy:
        _default(strategy["rollingUpdate"], partition=0, maxUnavailable=1)
    retention = spec["persistentVolumeClaimRetentionPolicy"]
    _default(retention, whenDeleted="Retain", whenScaled="Retain")
    _fill_template(spec["template"])
    for claim in spec.get("volumeClaimTemplates", ()):
        _default(claim, apiVersion="v1", kind="PersistentVolumeClaim", spec={})
        _fill_claim(claim)


def _fill_template(template: _Obj) -> None:
    _default(template, metadata={}, spec={})
    spec = template["spec"]
    _default(spec, restartPolicy="Always", terminationGracePeriodSeconds=30, securityContext={})
    _default(spec, dnsPolicy="ClusterFirst", schedulerName="default-scheduler")
    _default(spec, enableServiceLinks=True)
    if spec.get("serviceAccount"):
        _default(spec, serviceAccountName=spec["serviceAccount"])
    for container in (*spec.get("containers", ()), *spec.get("initContainers", ())):
        _fill_container(container, on_host_network=spec.get("hostNetwork", False))
    for volume in spec.get("volumes", ()):
        _fill_volume(volume)


def _fill_container(container: _Obj, *, on_host_network: bool) -> None:
    _default(container, terminationMessagePath="/dev/termination-log", resources={})
    _default(container, terminationMessagePolicy="File")
    for port in container.get("ports", ()):
        _default(port, protocol="TCP")
        if on_host_network:
            _default(port, hostPort=port["containerPort"])
    for variable in container.get("env", ()):
        field = variable.get("valueFrom", {}).get("fieldRef")
        if field is not None:
            _default(field, apiVersion="v1")
    for name in _PROBES:
        if name in container:
            _fill_probe(container[name])
    for name in _HOOKS:
        hook = container.get("lifecycle", {}).get(name, {})
        _fill_request(hook)


def _fill_probe(probe: _Obj) -> None:
    _default(probe, periodSeconds=10, timeoutSeconds=1, successThreshold=1, failureThreshold=3)
    _fill_request(probe)
    if "grpc" in probe:
        _default(probe["grpc"], service="")


def _fill_request(handler: _Obj) -> None:
    if "httpGet" in handler:
        _default(handler["httpGet"], path="/", scheme="HTTP")


def _fill_volume(volume: _Obj) -> None:
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}
    for name in _FILE_VOLUMES:
        if name in volume:
            _default(volume[name], defaultMode=0o644)
    if "hostPath" in volume:
        _default(volume["hostPath"], type="")
    for source in volume.get("projected", {}).get("sources", ()):
        if "serviceAccountToken" in source:
            _default(source["serviceAccountToken"], expirationSeconds=3600)
    template = volume.get("ephemeral", {}).get("volumeClaimTemplate")
    if template is not None:
        _fill_claim(template)


def _fill_claim(obj: _Obj) -> None:
    _default(obj, spec={})
    _default(obj["spec"], volumeMode="Filesystem")


def _fill_volume_object(obj: _Obj) -> None:
    _default(obj, spec={})
    _default(obj["spec"], volumeMode="Filesystem", persistentVolumeReclaimPolicy="Retain")


def _fill_storage_class(obj: _Obj) -> None:
    _default(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _fill_service(obj: _Obj) -> None:
    _default(obj, spec={})
    spec = obj["spec"]
    _default(spec, type="ClusterIP", sessionAffinity="None")
    if spec["sessionAffinity"] == "ClientIP":
        _default(spec, sessionAffinityConfig={})
        _default(spec["sessionAffinityConfig"], clientIP={})
        _default(spec["sessionAffinityConfig"]["clientIP"], timeoutSeconds=10800)
    if spec["type"] != "ExternalName":
        _default(spec, internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _default(spec, externalTrafficPolicy="Cluster")
    for port in spec.get("ports", ()):
        _default(port, protocol="TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port["port"]


def _fill_secret(obj: _Obj) -> None:
    if not obj.get("type"):
        obj["type"] = "Opaque"


_KINDS: dict[str, Callable[[_Obj], None]] = {
    "StatefulSet": _fill_set,
    "Service": _fill_service,
    "Secret": _fill_secret,
    "PersistentVolumeClaim": _fill_claim,
    "PersistentVolume": _fill_volume_object,
    "StorageClass": _fill_storage_class,
}
