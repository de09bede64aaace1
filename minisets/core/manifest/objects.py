"""The typed model, part 5: the kinds of objects that minisets keeps."""

from __future__ import annotations

from typing import Any

import msgspec

from minisets.core.manifest.meta import (
    IntOrString,
    LabelSelector,
    Model,
    ObjectMeta,
    Quantity,
)
from minisets.core.manifest.pod import (
    PodTemplateSpec,
)
from minisets.core.manifest.volume import (
    HostPathVolumeSource,
    LocalVolumeSource,
    NFSVolumeSource,
    PersistentVolumeClaimSpec,
)


class Ordinals(Model, frozen=True, kw_only=True):
    """The numbers of the pods."""

    start: int = 0


class RollingUpdate(Model, frozen=True, kw_only=True):
    """How far and how fast an update rolls."""

    max_unavailable: IntOrString = 1
    partition: int = 0


class UpdateStrategy(Model, frozen=True, kw_only=True):
    """How pods follow a changed template."""

    type: str
    rolling_update: RollingUpdate | None = None


class RetentionPolicy(Model, frozen=True, kw_only=True):
    """What becomes of claims when pods or the set go."""

    when_deleted: str = "Retain"
    when_scaled: str = "Retain"


class PersistentVolumeClaim(Model, frozen=True, kw_only=True):
    """A claim, or a claim template of a set."""

    api_version: str = "v1"
    kind: str = "PersistentVolumeClaim"
    metadata: ObjectMeta
    spec: PersistentVolumeClaimSpec = PersistentVolumeClaimSpec()


class StatefulSetSpec(Model, frozen=True, kw_only=True):
    """What a StatefulSet asks for."""

    selector: LabelSelector
    template: PodTemplateSpec
    min_ready_seconds: int = 0
    ordinals: Ordinals | None = None
    persistent_volume_claim_retention_policy: RetentionPolicy = RetentionPolicy()
    pod_management_policy: str = "OrderedReady"
    replicas: int = 1
    revision_history_limit: int = 10
    service_name: str = ""
    update_strategy: UpdateStrategy = UpdateStrategy(
        type="RollingUpdate", rolling_update=RollingUpdate()
    )
    volume_claim_templates: tuple[PersistentVolumeClaim, ...] = ()

    @property
    def first_ordinal(self) -> int:
        """The ordinal of the lowest pod."""
        return self.ordinals.start if self.ordinals else 0

    @property
    def pod_ordinals(self) -> range:
        """The ordinals of the pods that are asked for, lowest first."""
        return range(self.first_ordinal, self.first_ordinal + self.replicas)


class StatefulSet(Model, frozen=True, kw_only=True):
    """A StatefulSet (apps/v1)."""

    api_version: str = "apps/v1"
    kind: str = "StatefulSet"
    metadata: ObjectMeta
    spec: StatefulSetSpec


class ServicePort(Model, frozen=True, kw_only=True):
    """One port of a Service."""

    port: int
    target_port: IntOrString
    app_protocol: str | None = None
    name: str = ""
    node_port: int | None = None
    protocol: str = "TCP"


class ClientIPConfig(Model, frozen=True, kw_only=True):
    """Session affinity time-out."""

    timeout_seconds: int | None = None


class SessionAffinityConfig(Model, frozen=True, kw_only=True):
    """Session affinity settings."""

    client_ip: ClientIPConfig | None = msgspec.field(default=None, name="clientIP")


class ServiceSpec(Model, frozen=True, kw_only=True):
    """What a Service asks for."""

    allocate_load_balancer_node_ports: bool | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    external_name: str | None = None
    external_traffic_policy: str | None = None
    health_check_node_port: int | None = None
    internal_traffic_policy: str | None = None
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str | None = None
    load_balancer_class: str | None = None
    load_balancer_ip: str | None = msgspec.field(default=None, name="loadBalancerIP")
    load_balancer_source_ranges: tuple[str, ...] = ()
    ports: tuple[ServicePort, ...] = ()
    publish_not_ready_addresses: bool = False
    selector: dict[str, str] = msgspec.field(default_factory=dict)
    session_affinity: str = "None"
    session_affinity_config: SessionAffinityConfig | None = None
    traffic_distribution: str | None = None
    type: str = "ClusterIP"


class Service(Model, frozen=True, kw_only=True):
    """A Service."""

    api_version: str = "v1"
    kind: str = "Service"
    metadata: ObjectMeta
    spec: ServiceSpec = ServiceSpec()


class ConfigMap(Model, frozen=True, kw_only=True):
    """A ConfigMap."""

    api_version: str = "v1"
    kind: str = "ConfigMap"
    metadata: ObjectMeta
    binary_data: dict[str, str] = msgspec.field(default_factory=dict)
    data: dict[str, str] = msgspec.field(default_factory=dict)
    immutable: bool | None = None


class Secret(Model, frozen=True, kw_only=True):
    """A Secret."""

    api_version: str = "v1"
    kind: str = "Secret"
    metadata: ObjectMeta
    data: dict[str, str] = msgspec.field(default_factory=dict)
    immutable: bool | None = None
    string_data: dict[str, str] = msgspec.field(default_factory=dict)
    type: str = "Opaque"


class PersistentVolumeSpec(Model, frozen=True, kw_only=True):
    """The storage behind a PersistentVolume."""

    access_modes: tuple[str, ...] = ()
    capacity: dict[str, Quantity] = msgspec.field(default_factory=dict)
    claim_ref: dict[str, Any] | None = None
    host_path: HostPathVolumeSource | None = None
    local: LocalVolumeSource | None = None
    mount_options: tuple[str, ...] = ()
    nfs: NFSVolumeSource | None = None
    node_affinity: dict[str, Any] | None = None
    persistent_volume_reclaim_policy: str = "Retain"
    storage_class_name: str = ""
    volume_attributes_class_name: str | None = None
    volume_mode: str = "Filesystem"


class PersistentVolume(Model, frozen=True, kw_only=True):
    """A PersistentVolume."""

    api_version: str = "v1"
    kind: str = "PersistentVolume"
    metadata: ObjectMeta
    spec: PersistentVolumeSpec = PersistentVolumeSpec()


class StorageClass(Model, frozen=True, kw_only=True):
    """A StorageClass."""

    api_version: str = "storage.k8s.io/v1"
    kind: str = "StorageClass"
    metadata: ObjectMeta
    provisioner: str
    allow_volume_expansion: bool = False
    allowed_topologies: tuple[dict[str, Any], ...] = ()
    mount_options: tuple[str, ...] = ()
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    reclaim_policy: str = "Delete"
    volume_binding_mode: str = "Immediate"


class Namespace(Model, frozen=True, kw_only=True):
    """A Namespace."""

    api_version: str = "v1"
    kind: str = "Namespace"
    metadata: ObjectMeta
    spec: dict[str, Any] | None = None


Manifest = (
    StatefulSet
    | Service
    | ConfigMap
    | Secret
    | PersistentVolumeClaim
    | PersistentVolume
    | StorageClass
    | Namespace
)
"""Any object that minisets keeps."""

KINDS: dict[str, type[Manifest]] = {
    "StatefulSet": StatefulSet,
    "Service": Service,
    "ConfigMap": ConfigMap,
    "Secret": Secret,
    "PersistentVolumeClaim": PersistentVolumeClaim,
    "PersistentVolume": PersistentVolume,
    "StorageClass": StorageClass,
    "Namespace": Namespace,
}
"""The type of each kind that minisets keeps."""
