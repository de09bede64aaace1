"""The typed model, part 3: volumes and claims."""

from __future__ import annotations

from typing import Any

import msgspec

from minisets.core.manifest.meta import (
    LabelSelector,
    Model,
    ObjectFieldSelector,
    ObjectMeta,
    Quantity,
    ResourceFieldSelector,
)


class KeyToPath(Model, frozen=True, kw_only=True):
    """One key of a ConfigMap or Secret as a file."""

    key: str
    path: str
    mode: int | None = None
    user: int | None = None


class ConfigMapVolumeSource(Model, frozen=True, kw_only=True):
    """The keys of a ConfigMap as files."""

    default_mode: int = 420
    default_user: int | None = None
    items: tuple[KeyToPath, ...] = ()
    name: str = ""
    optional: bool = False


class SecretVolumeSource(Model, frozen=True, kw_only=True):
    """The keys of a Secret as files."""

    default_mode: int = 420
    default_user: int | None = None
    items: tuple[KeyToPath, ...] = ()
    optional: bool = False
    secret_name: str = ""


class EmptyDirVolumeSource(Model, frozen=True, kw_only=True):
    """A directory that lives and dies with the pod."""

    medium: str = ""
    mode: int | None = None
    size_limit: Quantity | None = None


class HostPathVolumeSource(Model, frozen=True, kw_only=True):
    """A path of the machine."""

    path: str
    type: str = ""


class PersistentVolumeClaimVolumeSource(Model, frozen=True, kw_only=True):
    """A claim by name."""

    claim_name: str
    read_only: bool = False


class NFSVolumeSource(Model, frozen=True, kw_only=True):
    """An NFS export."""

    path: str
    server: str
    read_only: bool = False


class LocalVolumeSource(Model, frozen=True, kw_only=True):
    """A path of the machine, as a PersistentVolume."""

    path: str
    fs_type: str | None = None


class DownwardAPIVolumeFile(Model, frozen=True, kw_only=True):
    """One field of the pod as a file."""

    path: str
    field_ref: ObjectFieldSelector | None = None
    mode: int | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    user: int | None = None


class DownwardAPIVolumeSource(Model, frozen=True, kw_only=True):
    """Fields of the pod as files."""

    default_mode: int = 420
    default_user: int | None = None
    items: tuple[DownwardAPIVolumeFile, ...] = ()


class ConfigMapProjection(Model, frozen=True, kw_only=True):
    """A ConfigMap inside a projected volume."""

    items: tuple[KeyToPath, ...] = ()
    name: str = ""
    optional: bool = False


class SecretProjection(Model, frozen=True, kw_only=True):
    """A Secret inside a projected volume."""

    items: tuple[KeyToPath, ...] = ()
    name: str = ""
    optional: bool = False


class DownwardAPIProjection(Model, frozen=True, kw_only=True):
    """Pod fields inside a projected volume."""

    items: tuple[DownwardAPIVolumeFile, ...] = ()


class ServiceAccountTokenProjection(Model, frozen=True, kw_only=True):
    """A service account token inside a projected volume."""

    path: str
    audience: str = ""
    expiration_seconds: int = 3600
    user: int | None = None


class VolumeProjection(Model, frozen=True, kw_only=True):
    """One source of a projected volume."""

    cluster_trust_bundle: dict[str, Any] | None = None
    config_map: ConfigMapProjection | None = None
    downward_api: DownwardAPIProjection | None = msgspec.field(default=None, name="downwardAPI")
    pod_certificate: dict[str, Any] | None = None
    secret: SecretProjection | None = None
    service_account_token: ServiceAccountTokenProjection | None = None


class ProjectedVolumeSource(Model, frozen=True, kw_only=True):
    """Several sources in one directory."""

    default_mode: int = 420
    default_user: int | None = None
    sources: tuple[VolumeProjection, ...] = ()


class VolumeResourceRequirements(Model, frozen=True, kw_only=True):
    """The size asked for."""

    limits: dict[str, Quantity] = msgspec.field(default_factory=dict)
    requests: dict[str, Quantity] = msgspec.field(default_factory=dict)


class PersistentVolumeClaimSpec(Model, frozen=True, kw_only=True):
    """What a claim asks for."""

    access_modes: tuple[str, ...] = ()
    data_source: dict[str, Any] | None = None
    data_source_ref: dict[str, Any] | None = None
    resources: VolumeResourceRequirements = VolumeResourceRequirements()
    selector: LabelSelector | None = None
    storage_class_name: str | None = None
    volume_attributes_class_name: str | None = None
    volume_mode: str = "Filesystem"
    volume_name: str = ""


class PersistentVolumeClaimTemplate(Model, frozen=True, kw_only=True):
    """The claim of a generic ephemeral volume."""

    spec: PersistentVolumeClaimSpec
    metadata: ObjectMeta | None = None


class EphemeralVolumeSource(Model, frozen=True, kw_only=True):
    """A claim that lives and dies with the pod."""

    volume_claim_template: PersistentVolumeClaimTemplate | None = None


class Volume(Model, frozen=True, kw_only=True):
    """A named volume of a pod; exactly one source is set."""

    name: str
    aws_elastic_block_store: dict[str, Any] | None = None
    azure_disk: dict[str, Any] | None = None
    azure_file: dict[str, Any] | None = None
    cephfs: dict[str, Any] | None = None
    cinder: dict[str, Any] | None = None
    config_map: ConfigMapVolumeSource | None = None
    csi: dict[str, Any] | None = None
    downward_api: DownwardAPIVolumeSource | None = msgspec.field(default=None, name="downwardAPI")
    empty_dir: EmptyDirVolumeSource | None = None
    ephemeral: EphemeralVolumeSource | None = None
    fc: dict[str, Any] | None = None
    flex_volume: dict[str, Any] | None = None
    flocker: dict[str, Any] | None = None
    gce_persistent_disk: dict[str, Any] | None = None
    git_repo: dict[str, Any] | None = None
    glusterfs: dict[str, Any] | None = None
    host_path: HostPathVolumeSource | None = None
    image: dict[str, Any] | None = None
    iscsi: dict[str, Any] | None = None
    nfs: NFSVolumeSource | None = None
    persistent_volume_claim: PersistentVolumeClaimVolumeSource | None = None
    photon_persistent_disk: dict[str, Any] | None = None
    portworx_volume: dict[str, Any] | None = None
    projected: ProjectedVolumeSource | None = None
    quobyte: dict[str, Any] | None = None
    rbd: dict[str, Any] | None = None
    scale_io: dict[str, Any] | None = msgspec.field(default=None, name="scaleIO")
    secret: SecretVolumeSource | None = None
    storageos: dict[str, Any] | None = None
    vsphere_volume: dict[str, Any] | None = None
