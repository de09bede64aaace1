"""The environment of a container: values, references to the pod's own fields, and expansion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from minisets.core.expansion import expand
from minisets.core.manifest import Container, EnvVar

_MAP_FIELD = re.compile(r"metadata\.(?P<map>labels|annotations)\['(?P<key>[^']+)'\]\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodFields:
    """What ``fieldRef`` can name; addresses are empty where they are not known."""

    name: str
    namespace: str
    uid: str
    pod_ip: str
    host_ip: str
    node_name: str
    service_account: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def get(self, path: str) -> str:
        """Return the value of a field path, such as ``status.podIP``; unknown ones are empty."""
        found = _MAP_FIELD.match(path)
        if found:
            source = self.labels if found["map"] == "labels" else self.annotations
            return source.get(found["key"], "")
        return {
            "metadata.name": self.name,
            "metadata.namespace": self.namespace,
            "metadata.uid": self.uid,
            "status.podIP": self.pod_ip,
            "status.podIPs": self.pod_ip,
            "status.hostIP": self.host_ip,
            "status.hostIPs": self.host_ip,
            "spec.nodeName": self.node_name,
            "spec.serviceAccountName": self.service_account,
        }.get(path, "")


def variables(container: Container, fields: PodFields) -> dict[str, str]:
    """Return the variables that the manifest sets, in its order, expanded.

    Kubernetes rule: ``$(NAME)`` sees only variables defined before it.
    """
    known: dict[str, str] = {}
    for variable in container.env:
        known[variable.name] = _value(variable, fields, known)
    return known


def expanded(texts: tuple[str, ...], known: Mapping[str, str]) -> list[str]:
    """Return a command or its arguments with ``$(NAME)`` replaced."""
    return [expand(text, known) for text in texts]


def _value(variable: EnvVar, fields: PodFields, known: Mapping[str, str]) -> str:
    source = variable.value_from
    if source is not None and source.field_ref is not None:
        return fields.get(source.field_ref.field_path)
    return expand(variable.value, known)
