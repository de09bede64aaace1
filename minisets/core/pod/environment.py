"""The environment of a container: values, references to what the pod is and has, expansion."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from minisets.core.manifest import Container, PodSpec, Service
from minisets.core.manifest.pod import (
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    EnvFromSource,
    EnvVarSource,
    SecretEnvSource,
    SecretKeySelector,
)
from minisets.core.pod.expansion import expand
from minisets.core.pod.resource_fields import Capacity, resource_value
from minisets.core.pod.service_links import link_variables
from minisets.core.records.configuration import Configuration, Values, of_pod
from minisets.errors import NotConverged, ReferenceMissing

_Reference = ConfigMapEnvSource | ConfigMapKeySelector | SecretEnvSource | SecretKeySelector

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All that the variables of a pod's containers are made from, beside the container itself.

    Attributes:
        pod: The pod's spec: ``resourceFieldRef`` may name another container of it.
        fields: What ``fieldRef`` can name.
        capacity: What a limit that is not set comes to.
        configuration: ConfigMaps and Secrets of the pod's namespace.
        services: Of the pod's namespace.
    """

    pod: PodSpec
    fields: PodFields
    capacity: Capacity = field(default_factory=Capacity)
    configuration: Configuration = field(default_factory=Configuration)
    services: tuple[Service, ...] = ()


def variables(container: Container, around: Surroundings) -> dict[str, str]:
    """Return the variables that the container gets beside those of its image.

    Kubernetes rules: what ``env`` sets wins over ``envFrom``, the later over the earlier, and
    both over service links. ``$(NAME)`` sees service links and what was defined before it; what a
    reference brings is not expanded itself.

    Raises:
        ReferenceMissing: A ConfigMap, a Secret or a key of one is not there, and not optional.
        NotConverged: A value is not text. Kubernetes hands on the bytes of a Secret as they are;
            the Engine's API would silently replace what is not UTF-8.
    """
    try:
        return _variables(container, around)
    except NotConverged as error:
        raise of_pod(error, around.fields.name, around.fields.namespace) from error


def expanded(texts: tuple[str, ...], known: Mapping[str, str]) -> list[str]:
    """Return a command or its arguments with ``$(NAME)`` replaced."""
    return [expand(text, known) for text in texts]


def _variables(container: Container, around: Surroundings) -> dict[str, str]:
    links: dict[str, str] = {}
    if around.pod.enable_service_links:
        links = link_variables(around.services, around.fields.namespace)
    own: dict[str, str] = {}
    for source in container.env_from:
        own.update(_all_of(source, around.configuration))
    known = ChainMap(own, links)
    for variable in container.env:
        value: str | None = expand(variable.value, known)
        # Kubernetes rule: a value that is empty gives way to a source.
        if not variable.value and variable.value_from is not None:
            value = _referred(variable.value_from, container, around)
        if value is not None:
            own[variable.name] = value
    return {**own, **{name: value for name, value in links.items() if name not in own}}


def _referred(source: EnvVarSource, container: Container, around: Surroundings) -> str | None:
    """Return what a reference brings; None if it is optional and not there."""
    if source.field_ref is not None:
        return around.fields.get(source.field_ref.field_path)
    if source.resource_field_ref is not None:
        selector = source.resource_field_ref
        return resource_value(selector, around.pod, around.capacity, container=container)
    ref = source.config_map_key_ref or source.secret_key_ref
    if ref is None:
        return ""
    values = _values(ref, around.configuration)
    if ref.key in values:
        return _text(ref, ref.key, values[ref.key])
    if ref.optional:
        return None
    kind = _kind(ref)
    raise ReferenceMissing(
        f"couldn't find key {ref.key} in {kind} {around.fields.namespace}/{ref.name}",
        hint=f"minisets get {kind.lower()} {ref.name} -o yaml",
    )


def _all_of(source: EnvFromSource, configuration: Configuration) -> Iterator[tuple[str, str]]:
    """Yield the variables of a whole object.

    Every key of an object is a valid name, since Kubernetes allows nearly all of printable ASCII.
    """
    ref = source.config_map_ref or source.secret_ref
    if ref is not None:
        for key, content in _values(ref, configuration).items():
            yield f"{source.prefix}{key}", _text(ref, key, content)


def _values(ref: _Reference, configuration: Configuration) -> Values:
    """Return what variables see of an object: of a ConfigMap that is not its binaryData."""
    if _kind(ref) == "Secret":
        return configuration.secret(ref.name, optional=ref.optional)
    values = configuration.config_map(ref.name, optional=ref.optional)
    binary = configuration.binary_keys.get(ref.name, frozenset())
    return {key: content for key, content in values.items() if key not in binary}


def _kind(ref: _Reference) -> str:
    return "Secret" if isinstance(ref, SecretEnvSource | SecretKeySelector) else "ConfigMap"


def _text(ref: _Reference, key: str, content: bytes) -> str:
    """Return a value as the Engine's API can carry it."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        kind = _kind(ref).lower()
        raise NotConverged(
            f'the key "{key}" of the {kind} "{ref.name}" is not text, so no variable can hold it',
            hint=f"mount the {kind} as a volume, or name the keys that are text: valueFrom",
        )
    return text
