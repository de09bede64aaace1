"""What manifests expect of names and ports of Services that Docker's DNS does not give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minisets.core import naming
from minisets.core.input.source import Notice, Path, render_path
from minisets.core.manifest import Service, StatefulSet
from minisets.core.network.publishing import PUBLISH, PUBLISH_ADDRESS, target_number
from minisets.core.pod.identity import pod_labels, selects

# _client._tcp.etcd.default.svc …
_SRV = re.compile(r"(?<![\w-])_[a-z0-9-]+\._(?:tcp|udp)\.[a-z0-9.-]*[a-z0-9]")
_SERVICE = re.compile(r"([a-z0-9][a-z0-9-]*)\.([a-z0-9][a-z0-9-]*)\.svc(?![\w-])")
_PUBLISHED = frozenset({"LoadBalancer", "NodePort"})
_POD_SPEC: Path = ("spec", "template", "spec")


def name_remarks(
    obj: Mapping[str, Any], namespace: str, elsewhere: Iterable[tuple[str, str]] = ()
) -> list[Notice]:
    """Say which names in the variables and commands of a set's pods will not be found.

    Args:
        obj: The set, as it is written down.
        namespace: Of the set.
        elsewhere: Namespace and name of Services of other namespaces that are known.
    """
    subject = f"statefulset/{obj['metadata']['name']}"
    known = {f"{name}.{space}": space for space, name in elsewhere if space != namespace}
    found: dict[str, Notice] = {}
    for path, text in _texts(obj):
        for message in _messages(text, namespace, known):
            notice = Notice(subject=subject, path=render_path(path), message=message)
            found.setdefault(message, notice)
    return list(found.values())


def port_remarks(manifest: StatefulSet, services: Iterable[Service]) -> list[Notice]:
    """Say which ports of the Services of its namespace do not lead to a set's pods as written."""
    notices = list(_misplaced(manifest))
    spec = manifest.spec
    first = spec.first_ordinal
    name = manifest.metadata.name
    pod = pod_labels(manifest, f"{name}-{first}", first)
    for service in services:
        if not selects(service, pod):
            continue
        for index, port in enumerate(service.spec.ports):
            is_number = isinstance(port.target_port, int)
            number = target_number(port, spec.template)
            message = ""
            if number is None:
                message = f'no container of statefulset/{name} has a port "{port.target_port}"'
            elif number != port.port and service.spec.cluster_ip != "None":
                meaning = "" if is_number else f"{port.target_port} is {number}, and "
                # From outside, the ports of the host lead there.
                inside = " inside the namespace" if service.spec.type in _PUBLISHED else ""
                message = (
                    f"{meaning}Docker cannot remap ports: reach the pods of statefulset/{name} "
                    f"at {number}, not {port.port}{inside}"
                )
            if message:
                notices.append(
                    Notice(
                        subject=f"service/{service.metadata.name}",
                        path=render_path(("spec", "ports", index, "targetPort")),
                        message=message,
                    )
                )
    return notices


def _messages(text: str, namespace: str, known: Mapping[str, str]) -> Iterator[str]:
    for found in _SRV.finditer(text):
        yield (
            f"{found[0]} asks for an SRV record, and Docker's DNS has none: "
            "name the pods and the port instead"
        )
    spaces = {
        space
        for service, space in _SERVICE.findall(text)
        if (service, space) != ("kubernetes", naming.DEFAULT_NAMESPACE)
    }
    for name, space in known.items():
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w.-])", text):
            spaces.add(space)
    for space in sorted(spaces - {namespace}):
        yield (
            f"names of the namespace {space} are not known in {namespace}: "
            "namespaces are separate networks"
        )


def _texts(obj: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield what a pod's containers are told, with the place of each."""
    pod = obj["spec"]["template"].get("spec", {})
    for field in ("initContainers", "containers"):
        for index, container in enumerate(pod.get(field, ())):
            path: Path = (*_POD_SPEC, field, index)
            for number, variable in enumerate(container.get("env", ())):
                yield (*path, "env", number, "value"), str(variable.get("value") or "")
            for name in ("command", "args"):
                for number, word in enumerate(container.get(name, ())):
                    yield (*path, name, number), str(word)


def _misplaced(manifest: StatefulSet) -> Iterator[Notice]:
    for key in (PUBLISH, PUBLISH_ADDRESS):
        if key in manifest.spec.template.metadata.annotations:
            yield Notice(
                subject=f"statefulset/{manifest.metadata.name}",
                path=render_path(("spec", "template", "metadata", "annotations", key)),
                message="it has a meaning in the metadata of the set only, not of its pods",
            )
