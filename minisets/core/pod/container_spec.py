"""The containers of a pod as the Engine API's own JSON: bodies of ``POST /containers/create``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from minisets.core import labels, naming
from minisets.core.manifest import Container, PodSpec, PodTemplateSpec, Probe, Service
from minisets.core.network.host_ports import render_ports
from minisets.core.network.publishing import bindings
from minisets.core.observed import ImageSeen, PublishedPort
from minisets.core.pod.environment import PodFields, Surroundings, expanded, variables
from minisets.core.pod.identity import NetworkPlace, PodIdentity
from minisets.core.pod.layout import Part, Role, layout
from minisets.core.pod.resource_fields import Capacity
from minisets.core.pod.resources import resource_settings
from minisets.core.pod.security import security_settings, user
from minisets.core.pod.settings import name_settings, namespace_settings, network_settings
from minisets.core.records.configuration import Configuration
from minisets.core.volumes.mounts import devices, held_in_memory, mounting, root_paths
from minisets.core.volumes.pod_volumes import PodVolume, VolumeKind
from minisets.core.volumes.storage import Storage

_SECOND = 1_000_000_000
_START_INTERVAL_API = (1, 44)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRequest:
    """All that the containers of one pod are made from.

    Attributes:
        template: The template of the pod's revision, defaulted.
        claims: Claim template name → volume name.
        given_roots: Claim templates whose volume is a place that was there before: it keeps its
            owner and mode.
        devices: Claim templates that are devices, with their paths of the Engine's machine.
        storage: What claims that the pod names get their storage from.
        volumes: The pod's volumes, those of its claims too.
        mountpoints: Volume name → where the Engine's machine has it, if it is mounted in part.
        new_claims: Names of the claim templates whose volumes are empty and not prepared yet.
        packed_spec: The set, packed, to rebuild a lost record from.
        api_version: Of the Engine: some fields are silently ignored by older ones.
        sandbox_image: What the sandbox runs, for pods that have one.
        publish: Ports that the host is to answer for.
        probed: Ports of the host for probes alone, where nothing else leads to the pod.
        cpus: Of the Engine's machine, 0 if unknown: it refuses a limit above them.
        memory: Of the Engine's machine, in bytes; 0 if unknown.
        host_address: At which pods reach the Engine's machine.
        node_name: Of the Engine's machine.
        configuration: ConfigMaps and Secrets of the namespace.
        services: Of the namespace.
        images: Name → image, of those containers whose user depends on it (needs_image).
    """

    set_name: str
    set_uid: str
    revision: str
    template: PodTemplateSpec
    identity: PodIdentity
    network: NetworkPlace | None
    claims: Mapping[str, str]
    given_roots: frozenset[str] = frozenset()
    devices: Mapping[str, str] = field(default_factory=dict)
    storage: Storage = field(default_factory=Storage)
    volumes: tuple[PodVolume, ...] = ()
    mountpoints: Mapping[str, str] = field(default_factory=dict)
    new_claims: tuple[str, ...] = ()
    packed_spec: str = ""
    api_version: tuple[int, int] = (1, 41)
    publish: tuple[PublishedPort, ...] = ()
    probed: tuple[PublishedPort, ...] = ()
    cpus: int = 0
    memory: int = 0
    host_address: str = ""
    node_name: str = ""
    configuration: Configuration = field(default_factory=Configuration)
    services: tuple[Service, ...] = ()
    sandbox_image: str = ""
    images: Mapping[str, ImageSeen] = field(default_factory=dict)


def container_config(request: PodRequest, part: Part, sandbox_id: str = "") -> dict[str, Any]:
    """Translate one container of a pod into the Engine API's JSON.

    Args:
        request: The pod.
        part: Which of its containers.
        sandbox_id: Of the pod's sandbox, for all others of a pod that has one.
    """
    if part.spec is None:
        return _sandbox(request, part)
    container, pod = part.spec, request.template.spec
    known = variables(container, surroundings(request))
    config: dict[str, Any] = {
        "Image": container.image,
        "Env": [f"{name}={value}" for name, value in known.items()],
        "Labels": _labels(request, part),
        "StopTimeout": pod.termination_grace_period_seconds,
        "HostConfig": {
            "RestartPolicy": _restart_policy(part),
            **_mounts(request, container, known),
            **security_settings(pod, container),
            **resource_settings(container, request.cpus),
        },
        "NetworkingConfig": {"EndpointsConfig": {}},
    }
    if sandbox_id:
        config["HostConfig"] |= _shared(pod, sandbox_id)
    else:
        _put_on_network(config, request)
    config["HostConfig"] |= namespace_settings(pod)
    if run_as := user(pod, container, request.images.get(container.image)):
        config["User"] = run_as
    _set_command(config, container, known)
    if container.working_dir:
        config["WorkingDir"] = container.working_dir
    if container.stdin:
        config |= {"OpenStdin": True, "StdinOnce": container.stdin_once}
    if container.tty:
        config["Tty"] = True
    if container.lifecycle is not None and container.lifecycle.stop_signal:
        config["StopSignal"] = container.lifecycle.stop_signal
    if container.readiness_probe is not None and container.readiness_probe.exec is not None:
        config["Healthcheck"] = _healthcheck(container.readiness_probe, request.api_version)
    return config


def _sandbox(request: PodRequest, part: Part) -> dict[str, Any]:
    """Everything that the containers of the pod share: network, names, ports."""
    config: dict[str, Any] = {
        "Image": request.sandbox_image,
        "Labels": _labels(request, part),
        "HostConfig": {
            # Were it restarted by itself, the others would run on in its old network.
            "RestartPolicy": {"Name": "no"},
            "IpcMode": "shareable",
        },
    }
    held = held_in_memory(request.volumes)
    if held:
        config["HostConfig"]["Mounts"] = list(held)
    _put_on_network(config, request)
    return config


def _shared(spec: PodSpec, sandbox_id: str) -> dict[str, Any]:
    """Return the settings of a container that lives in its pod's sandbox."""
    mode = f"container:{sandbox_id}"
    shared = {"NetworkMode": mode, "IpcMode": mode}
    return shared | ({"PidMode": mode} if spec.share_process_namespace else {})


def _put_on_network(config: dict[str, Any], request: PodRequest) -> None:
    """Give the container that holds the pod's network the pod's names, address and ports."""
    pod = request.template.spec
    config |= name_settings(pod, request.identity)
    config["HostConfig"] |= {
        "NetworkMode": request.network.name if request.network else "none",
        **network_settings(pod, request.identity),
    }
    config["NetworkingConfig"] = _networking(request)
    named: dict[str, Any] = {
        f"{port.container_port}/{port.protocol.lower()}": {}
        for part in layout(pod)
        for port in (part.spec.ports if part.spec else ())
    }
    exposed, bound = bindings((*request.publish, *request.probed))
    if named or exposed:
        config["ExposedPorts"] = named | exposed
    if bound:
        config["HostConfig"]["PortBindings"] = bound


def _restart_policy(part: Part) -> dict[str, Any]:
    # An init container is tried again until it ends well. A container under "unless-stopped" was
    # seen to stay down after the Engine was killed.
    return {"Name": "on-failure" if part.role is Role.INIT else "always"}


def _set_command(config: dict[str, Any], container: Container, known: Mapping[str, str]) -> None:
    if container.command:
        config["Entrypoint"] = expanded(container.command, known)
    if container.args:
        config["Cmd"] = expanded(container.args, known)
    elif container.command:
        # Kubernetes rule: a command without args also drops the image's own arguments.
        config["Cmd"] = []


def fixed_hash(template: PodTemplateSpec, claims: Mapping[str, str]) -> str:
    """Hash what a container cannot change after its creation and the template does not tell.

    The claims that are mounted: a set may gain and lose claim templates.
    """
    mounted = {
        mount.name: claims[mount.name]
        for part in layout(template.spec)
        for mount in (part.spec.volume_mounts if part.spec else ())
        if mount.name in claims
    }
    text = json.dumps(mounted, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def claim_mount_paths(part: Part, claim_templates: Collection[str]) -> dict[str, str]:
    """Return volume → where the container can make it writable, for those of the volumes."""
    return root_paths(part.spec, claim_templates) if part.spec else {}


def surroundings(request: PodRequest) -> Surroundings:
    """Return what the variables of the pod's containers are made from."""
    return Surroundings(
        pod=request.template.spec,
        fields=_fields(request),
        capacity=Capacity(cpus=request.cpus, memory=request.memory),
        configuration=request.configuration,
        services=request.services,
    )


def _fields(request: PodRequest) -> PodFields:
    identity = request.identity
    metadata = request.template.metadata
    return PodFields(
        name=identity.pod,
        namespace=identity.namespace,
        uid=f"{request.set_uid}-{identity.ordinal}",
        pod_ip=_pod_address(request),
        host_ip=request.host_address,
        node_name=request.node_name,
        service_account=request.template.spec.service_account_name or "default",
        labels=_kubernetes_labels(request),
        annotations=metadata.annotations,
    )


def _pod_address(request: PodRequest) -> str:
    if request.template.spec.host_network:
        return request.host_address
    return request.identity.address or ""


def _kubernetes_labels(request: PodRequest) -> dict[str, str]:
    return {
        **request.template.metadata.labels,
        labels.POD_NAME: request.identity.pod,
        labels.POD_INDEX: str(request.identity.ordinal),
        labels.REVISION: request.revision,
    }


def _labels(request: PodRequest, part: Part) -> dict[str, str]:
    ours = labels.base(labels.KIND_POD, request.identity.namespace) | {
        labels.SET: request.set_name,
        labels.SET_UID: request.set_uid,
        labels.CONTAINER: part.name,
        labels.FIXED: fixed_hash(request.template, request.claims),
        labels.NAMES: request.identity.names_hash,
    }
    if not part.place:
        ours[labels.SPEC] = request.packed_spec
    if part.role is not Role.MAIN:
        ours[labels.ROLE] = part.role
    if part.place:
        ours[labels.PLACE] = str(part.place)
    if not part.place and (ports := render_ports(request.publish)):
        ours[labels.PORTS] = ports
    if request.new_claims:
        ours[labels.NEW_CLAIMS] = ",".join(request.new_claims)
    return _kubernetes_labels(request) | ours


def _mounts(request: PodRequest, container: Container, known: Mapping[str, str]) -> dict[str, Any]:
    claims = {
        name: PodVolume(name=name, kind=VolumeKind.CLAIM, source=source)
        for name, source in request.claims.items()
    }
    volumes = claims | {volume.name: volume for volume in request.volumes}
    found = mounting(
        container,
        volumes,
        variables=known,
        api_version=request.api_version,
        mountpoints=request.mountpoints,
    )
    mounts: dict[str, Any] = {"Mounts": list(found.mounts)}
    if found.binds:
        mounts["Binds"] = list(found.binds)
    if given := devices(container, volumes):
        mounts["Devices"] = list(given)
    return mounts


def _healthcheck(probe: Probe, api_version: tuple[int, int]) -> dict[str, Any]:
    """An exec readiness probe as health check, so that ``docker ps`` goes on showing health."""
    check: dict[str, Any] = {
        "Test": ["CMD", *(probe.exec.command if probe.exec else ())],
        "Interval": probe.period_seconds * _SECOND,
        "Timeout": probe.timeout_seconds * _SECOND,
        "Retries": probe.failure_threshold,
        "StartPeriod": probe.initial_delay_seconds * _SECOND,
    }
    # Older Engines ignore the field without a word; it works only beside a start period.
    if api_version >= _START_INTERVAL_API and probe.initial_delay_seconds:
        check["StartInterval"] = _SECOND
    return check


def _networking(request: PodRequest) -> dict[str, Any]:
    if request.network is None or request.template.spec.host_network:
        return {"EndpointsConfig": {}}
    endpoint: dict[str, Any] = {"Aliases": list(request.identity.aliases)}
    if request.identity.address is not None:
        endpoint["IPAMConfig"] = {"IPv4Address": request.identity.address}
    return {"EndpointsConfig": {request.network.name: endpoint}}


def container_name(request: PodRequest, part: Part) -> str:
    """Return the Engine's name for one container of the pod."""
    identity = request.identity
    own = "" if part.is_named_as_pod else part.name
    return naming.container_name(identity.namespace, identity.pod, own)
