"""Names: from Kubernetes' objects to the Engine's names and to DNS names.

Separators are characters that Kubernetes names cannot contain (``_`` and ``.``), so two objects
never get one name.
"""

from __future__ import annotations

import re

from minisets.errors import InputError

CLUSTER_DOMAIN = "cluster.local"
DEFAULT_NAMESPACE = "default"

# Compiled when used: the command line is to start fast.
_NAMESPACE = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def check_namespace(name: object) -> None:
    """Check that a namespace can have this name.

    Raises:
        InputError: It cannot.
    """
    if not isinstance(name, str) or not re.fullmatch(_NAMESPACE, name):
        raise InputError(
            f'"{name}" is no name of a namespace',
            hint="up to 63 small letters, digits and dashes, as in team-1",
        )


def prefix(namespace: str) -> str:
    """Return what the names of containers and volumes of a namespace begin with."""
    return "" if namespace == DEFAULT_NAMESPACE else f"{namespace}_"


def flag(namespace: str) -> str:
    """Return a namespace as it stands at the end of a command that is suggested.

    It is always said: the command line leaves it out where the user need not type it.
    """
    return f" -n {namespace}"


def network_name(namespace: str) -> str:
    """Return the name of the network that is the namespace."""
    return f"minisets_{namespace}"


def container_name(namespace: str, pod: str, part: str = "") -> str:
    """Return the name of a pod's container: the pod's own for the one that is the pod."""
    return f"{prefix(namespace)}{pod}{'.' if part else ''}{part}"


def volume_name(namespace: str, claim: str) -> str:
    """Return the name of the volume that is the claim."""
    return f"{prefix(namespace)}{claim}"


def pod_volume_name(namespace: str, pod: str, volume: str) -> str:
    """Return the name of a volume that lives and dies with the pod.

    A claim can be called ``web-0.cache``, so a dot alone would not tell the two apart.
    """
    return f"{prefix(namespace)}{pod}._{volume}"


def split_pod_name(pod: str) -> tuple[str, int]:
    """Split a pod's name into the set's name and the ordinal; -1 if there is no usable one.

    Kubernetes rule: everything up to the last dash is the set, the ordinal fits 32 bits.
    """
    stem, dash, digits = pod.rpartition("-")
    if not dash or not stem or not (digits.isascii() and digits.isdecimal()):
        return pod, -1
    ordinal = int(digits)
    return (stem, ordinal) if ordinal < 2**31 else (pod, -1)


def service_domain(service: str, namespace: str) -> str:
    """Return the full name of a Service, without a trailing dot."""
    return f"{service}.{namespace}.svc.{CLUSTER_DOMAIN}"


def service_names(service: str, namespace: str) -> tuple[str, ...]:
    """Return all forms under which a Service is asked for, the full one first."""
    return (
        service_domain(service, namespace),
        f"{service}.{namespace}.svc",
        f"{service}.{namespace}",
        service,
    )


def pod_names(pod: str, service: str, namespace: str) -> tuple[str, ...]:
    """Return all forms under which a pod is asked for, the full one first.

    Without a governing Service a pod has only its own name, which the Engine resolves anyway.
    """
    if not service:
        return ()
    return tuple(f"{pod}.{name}" for name in service_names(service, namespace))
