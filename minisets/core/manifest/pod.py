"""The typed model, part 4: containers and pods."""

from __future__ import annotations

from typing import Any

import msgspec

from minisets.core.manifest.meta import (
    LocalObjectReference,
    Model,
    ObjectFieldSelector,
    ObjectMeta,
    Quantity,
    ResourceFieldSelector,
)
from minisets.core.manifest.probe import (
    Lifecycle,
    Probe,
)
from minisets.core.manifest.volume import (
    Volume,
)


class ConfigMapKeySelector(Model, frozen=True, kw_only=True):
    """One key of a ConfigMap."""

    key: str
    name: str = ""
    optional: bool = False


class SecretKeySelector(Model, frozen=True, kw_only=True):
    """One key of a Secret."""

    key: str
    name: str = ""
    optional: bool = False


class EnvVarSource(Model, frozen=True, kw_only=True):
    """Where the value of a variable comes from."""

    config_map_key_ref: ConfigMapKeySelector | None = None
    field_ref: ObjectFieldSelector | None = None
    file_key_ref: dict[str, Any] | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    secret_key_ref: SecretKeySelector | None = None


class EnvVar(Model, frozen=True, kw_only=True):
    """One environment variable."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class ConfigMapEnvSource(Model, frozen=True, kw_only=True):
    """All keys of a ConfigMap as variables."""

    name: str = ""
    optional: bool = False


class SecretEnvSource(Model, frozen=True, kw_only=True):
    """All keys of a Secret as variables."""

    name: str = ""
    optional: bool = False


class EnvFromSource(Model, frozen=True, kw_only=True):
    """Variables from a whole object."""

    config_map_ref: ConfigMapEnvSource | None = None
    prefix: str = ""
    secret_ref: SecretEnvSource | None = None


class ContainerPort(Model, frozen=True, kw_only=True):
    """A port that the container listens on."""

    container_port: int
    host_ip: str | None = msgspec.field(default=None, name="hostIP")
    host_port: int | None = None
    name: str | None = None
    protocol: str = "TCP"


class VolumeMount(Model, frozen=True, kw_only=True):
    """Where a volume appears in the container."""

    mount_path: str
    name: str
    bind_mount_options: tuple[str, ...] = ()
    mount_propagation: str | None = None
    read_only: bool = False
    recursive_read_only: str | None = None
    sub_path: str = ""
    sub_path_expr: str = ""


class VolumeDevice(Model, frozen=True, kw_only=True):
    """Where a block volume appears in the container."""

    device_path: str
    name: str


class ResourceRequirements(Model, frozen=True, kw_only=True):
    """Limits and requests by resource name."""

    claims: tuple[dict[str, Any], ...] = ()
    limits: dict[str, Quantity] = msgspec.field(default_factory=dict)
    requests: dict[str, Quantity] = msgspec.field(default_factory=dict)


class Capabilities(Model, frozen=True, kw_only=True):
    """Linux capabilities added and dropped."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


class SELinuxOptions(Model, frozen=True, kw_only=True):
    """SELinux labels."""

    level: str | None = None
    role: str | None = None
    type: str | None = None
    user: str | None = None


class SeccompProfile(Model, frozen=True, kw_only=True):
    """A seccomp profile."""

    type: str
    localhost_profile: str | None = None


class AppArmorProfile(Model, frozen=True, kw_only=True):
    """An AppArmor profile."""

    type: str
    localhost_profile: str | None = None


class SecurityContext(Model, frozen=True, kw_only=True):
    """Security settings of a container."""

    allow_privilege_escalation: bool | None = None
    app_armor_profile: AppArmorProfile | None = None
    capabilities: Capabilities | None = None
    privileged: bool | None = None
    proc_mount: str | None = None
    read_only_root_filesystem: bool | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    windows_options: dict[str, Any] | None = None


class Container(Model, frozen=True, kw_only=True):
    """A container or an init container."""

    image: str
    name: str
    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFromSource, ...] = ()
    image_pull_policy: str | None = None
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    ports: tuple[ContainerPort, ...] = ()
    readiness_probe: Probe | None = None
    resize_policy: tuple[dict[str, Any], ...] = ()
    resources: ResourceRequirements = ResourceRequirements()
    restart_policy: str | None = None
    restart_policy_rules: tuple[dict[str, Any], ...] = ()
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool = False
    stdin_once: bool = False
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"
    tty: bool = False
    volume_devices: tuple[VolumeDevice, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    working_dir: str | None = None


class HostAlias(Model, frozen=True, kw_only=True):
    """Extra lines of /etc/hosts."""

    ip: str
    hostnames: tuple[str, ...] = ()


class PodDNSConfigOption(Model, frozen=True, kw_only=True):
    """One resolver option."""

    name: str | None = None
    value: str | None = None


class PodDNSConfig(Model, frozen=True, kw_only=True):
    """Resolver settings of the pod."""

    nameservers: tuple[str, ...] = ()
    options: tuple[PodDNSConfigOption, ...] = ()
    searches: tuple[str, ...] = ()


class Sysctl(Model, frozen=True, kw_only=True):
    """A kernel parameter."""

    name: str
    value: str


class PodSecurityContext(Model, frozen=True, kw_only=True):
    """Security settings of the whole pod."""

    app_armor_profile: AppArmorProfile | None = None
    fs_group: int | None = None
    fs_group_change_policy: str | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    run_as_user: int | None = None
    se_linux_change_policy: str | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    supplemental_groups: tuple[int, ...] = ()
    supplemental_groups_policy: str | None = None
    sysctls: tuple[Sysctl, ...] = ()
    windows_options: dict[str, Any] | None = None


class PodSpec(Model, frozen=True, kw_only=True):
    """What a pod runs."""

    containers: tuple[Container, ...]
    active_deadline_seconds: int | None = None
    affinity: dict[str, Any] | None = None
    automount_service_account_token: bool | None = None
    dns_config: PodDNSConfig | None = None
    dns_policy: str = "ClusterFirst"
    enable_service_links: bool = True
    ephemeral_containers: tuple[dict[str, Any], ...] = ()
    eviction_responders: tuple[dict[str, Any], ...] = ()
    host_aliases: tuple[HostAlias, ...] = ()
    host_ipc: bool = msgspec.field(default=False, name="hostIPC")
    host_network: bool = False
    host_pid: bool = msgspec.field(default=False, name="hostPID")
    host_users: bool | None = None
    hostname: str | None = None
    hostname_override: str | None = None
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    init_containers: tuple[Container, ...] = ()
    node_name: str | None = None
    node_selector: dict[str, str] = msgspec.field(default_factory=dict)
    os: dict[str, Any] | None = None
    overhead: dict[str, Quantity] = msgspec.field(default_factory=dict)
    preemption_policy: str | None = None
    priority: int | None = None
    priority_class_name: str | None = None
    readiness_gates: tuple[dict[str, Any], ...] = ()
    resource_claims: tuple[dict[str, Any], ...] = ()
    resources: ResourceRequirements | None = None
    restart_policy: str = "Always"
    runtime_class_name: str | None = None
    scheduler_name: str = "default-scheduler"
    scheduling_gates: tuple[dict[str, Any], ...] = ()
    scheduling_group: dict[str, Any] | None = None
    security_context: PodSecurityContext = PodSecurityContext()
    service_account: str | None = None
    service_account_name: str = ""
    set_hostname_as_fqdn: bool = msgspec.field(default=False, name="setHostnameAsFQDN")
    share_process_namespace: bool = False
    subdomain: str | None = None
    termination_grace_period_seconds: int = 30
    tolerations: tuple[dict[str, Any], ...] = ()
    topology_spread_constraints: tuple[dict[str, Any], ...] = ()
    volumes: tuple[Volume, ...] = ()


class PodTemplateSpec(Model, frozen=True, kw_only=True):
    """Labels, annotations and spec of the pods of a set."""

    spec: PodSpec
    metadata: ObjectMeta = ObjectMeta()
