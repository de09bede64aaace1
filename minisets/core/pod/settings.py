"""What the containers of a pod share, as the Engine's settings: host name, DNS, namespaces."""

from __future__ import annotations

from typing import Any

from minisets.core.manifest import PodSpec, StatefulSet
from minisets.core.naming import CLUSTER_DOMAIN
from minisets.core.pod.identity import PodIdentity
from minisets.core.pod.security import sysctls

_HOST = "host"
# Kubernetes' 5 would send every name of the outside through the whole search list first. There
# the cluster's DNS answers that at once; Docker's asks the outside, and offline each is a wait.
_DOTS = "ndots:1"


def namespace_settings(pod: PodSpec) -> dict[str, Any]:
    """Return the host's namespaces that every container of the pod is in, for ``HostConfig``."""
    found: dict[str, Any] = {}
    if pod.host_pid:
        found["PidMode"] = _HOST
    if pod.host_ipc:
        found["IpcMode"] = _HOST
    return found


def name_settings(pod: PodSpec, identity: PodIdentity) -> dict[str, str]:
    """Return the host name of the container that holds the pod's network, for ``Config``.

    Kubernetes rule: a pod on the host's network has the host's name.
    """
    if pod.host_network:
        return {}
    if pod.hostname_override:
        return {"Hostname": pod.hostname_override, "Domainname": ""}
    if pod.set_hostname_as_fqdn:
        return {"Hostname": full_name(identity.pod, identity.domain), "Domainname": ""}
    return {"Hostname": identity.pod, "Domainname": identity.domain}


def full_name(pod: str, domain: str) -> str:
    """Return the full name of a pod; without a governing Service it is the short one."""
    return f"{pod}.{domain}" if domain else pod


def network_settings(pod: PodSpec, identity: PodIdentity) -> dict[str, Any]:
    """Return fields of ``HostConfig`` for the container that holds the pod's network.

    ``NetworkMode`` is among them for the host's network only.
    """
    found: dict[str, Any] = {"ExtraHosts": _hosts(pod, identity), **_dns(pod, identity)}
    if parameters := sysctls(pod):
        found["Sysctls"] = parameters
    if pod.host_network:
        found["NetworkMode"] = _HOST
    return found


def host_network_remarks(manifest: StatefulSet) -> tuple[str, ...]:
    """Say what the host's network means for a set whose pods are on it; nothing of other sets."""
    pod, replicas = manifest.spec.template.spec, manifest.spec.replicas
    if not pod.host_network:
        return ()
    said = ["Docker's DNS does not serve the machine's network: nobody finds these pods by name"]
    if pod.dns_policy == "ClusterFirstWithHostNet":
        said = [
            "Docker's DNS does not serve the machine's network: the pods of the set find each "
            "other by name, and nobody else finds them"
        ]
    if replicas > 1 and any(container.ports for container in pod.containers):
        said.append(f"its {replicas} pods share the ports of one machine")
    return tuple(said)


def _hosts(pod: PodSpec, identity: PodIdentity) -> list[str]:
    """Return the lines of /etc/hosts: those of the manifest, then the peers.

    In Kubernetes peers are known to the DNS alone, so an alias that has a peer's name wins.
    """
    given = [(name, alias.ip) for alias in pod.host_aliases for name in alias.hostnames]
    names = {name for name, _ in given}
    peers = [(name, address) for name, address in identity.hosts if name not in names]
    return [f"{name}:{address}" for name, address in (*given, *peers)]


def _dns(pod: PodSpec, identity: PodIdentity) -> dict[str, Any]:
    """Return the resolver's settings, where the manifest touches them.

    The name server of the pod stays Docker's, which knows the pods; those of the manifest are
    where it asks on. Its names have all forms written out, so no search list is needed for them.
    Where the manifest asks for one, the cluster's domains stand before its own, so that short
    names of pods do not go to the outside first.
    """
    config = pod.dns_config
    servers = config.nameservers if config else ()
    searches = config.searches if config else ()
    options = _options(pod)
    is_cluster = pod.dns_policy in ("ClusterFirst", "ClusterFirstWithHostNet")
    if is_cluster and not pod.host_network and (searches or _sets_dots(options)):
        searches = (*_cluster_domains(identity.namespace), *searches)
    found: dict[str, Any] = {}
    if servers:
        found["Dns"] = list(dict.fromkeys(servers))
    if searches:
        found["DnsSearch"] = list(dict.fromkeys(searches))
        if not _sets_dots(options):
            # Docker's own 0 means no search at all to some resolvers.
            options = [*options, _DOTS]
    elif pod.dns_policy == "None":
        # Docker's word for no search list; absent is the machine's own.
        found["DnsSearch"] = ["."]
    if options:
        found["DnsOptions"] = options
    return found


def _cluster_domains(namespace: str) -> tuple[str, ...]:
    return f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN


def _options(pod: PodSpec) -> list[str]:
    given = pod.dns_config.options if pod.dns_config else ()
    # The last of several with one name counts, as in Kubernetes' own merge.
    merged = {option.name: option.value for option in given if option.name}
    return [f"{name}:{value}" if value else name for name, value in merged.items()]


def _sets_dots(options: list[str]) -> bool:
    return any(option.startswith("ndots:") for option in options)
