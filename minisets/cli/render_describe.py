"""What describe prints: all that is known of an object, in kubectl's order and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minisets.app.describe import ClaimFacts, Facts, PodFacts, ServiceFacts, SetFacts
from minisets.app.reading.views import ObjectView, PodView, View
from minisets.cli.blocks import (
    NONE,
    Block,
    Chapter,
    Table,
    Value,
    pairs,
    render_block,
    show_time,
)
from minisets.cli.cells import render_age, render_interval
from minisets.cli.describe_containers import pod_containers, template_containers
from minisets.cli.describe_volumes import volumes
from minisets.core.quantity import round_bytes
from minisets.core.query.history import Event

Fields = list[tuple[str, Value]]

# What is not the object's, but said by us.
_OURS = frozenset({"Next Steps", "Notices", "Parked"})


def render_facts(
    facts: Facts,
    now: float,
    *,
    has_events: bool = True,
    advice: Callable[[str], str] = str,
) -> str:
    """Return the text of one object.

    Args:
        facts: Of the object.
        now: Seconds since the epoch.
        has_events: With its events.
        advice: Puts the commands that we suggest into the user's words.
    """
    match facts:
        case PodFacts():
            fields = _pod(facts)
        case SetFacts():
            fields = _set(facts, now)
        case ClaimFacts():
            fields = _claim(facts)
        case ServiceFacts():
            fields = _service(facts)
        case ObjectView():
            fields = _OBJECTS.get(facts.kind, _any)(facts)
        case _:
            fields = _head(facts)
    if has_events and isinstance(facts, PodFacts | SetFacts | ClaimFacts):
        fields.append(("Events", _events(facts.events, now)))
    advised = [
        (name, _advised(value, advice) if name in _OURS else value) for name, value in fields
    ]
    return "\n".join(render_block(Block(advised)))


def _advised(value: Value, advice: Callable[[str], str]) -> Value:
    if isinstance(value, str):
        return advice(value)
    return tuple(map(advice, value)) if isinstance(value, tuple) else value


def _head(view: View) -> Fields:
    metadata = view.object.get("metadata") or {}
    fields: Fields = [("Name", view.name)]
    if view.namespace:
        fields.append(("Namespace", view.namespace))
    return [
        *fields,
        ("Labels", pairs(metadata.get("labels"))),
        ("Annotations", pairs(metadata.get("annotations"), sign=": ")),
    ]


def _pod(facts: PodFacts) -> Fields:
    view = facts.view
    head = _head(view)
    owners = view.object["metadata"].get("ownerReferences") or ()
    fields: Fields = [
        *head[:2],
        ("Node", view.node or NONE),
        ("Start Time", show_time(view.created)),
        *head[2:],
        ("Status", view.status),
        ("IP", view.ip or NONE),
        ("Names", facts.names),
        ("Published", view.places),
        ("Controlled By", ", ".join(f"{one['kind']}/{one['name']}" for one in owners) or NONE),
        ("Revision", view.revision or NONE),
    ]
    if facts.steps and owners:
        set_name = owners[0]["name"]
        fields.append(("Next Steps", (*facts.steps, _follow(set_name, view.namespace))))
    if any(part.sight.kind != "main" for part in view.parts):
        fields.append(("Init Containers", pod_containers(facts, is_init=True)))
    conditions = view.object["status"]["conditions"]
    return [
        *fields,
        ("Containers", pod_containers(facts, is_init=False)),
        (
            "Conditions",
            Table(
                [
                    {
                        "Type": one["type"],
                        "Status": one["status"],
                        "Message": one.get("message", ""),
                    }
                    for one in conditions
                ]
            ),
        ),
        ("Volumes", volumes(view.object["spec"].get("volumes") or ())),
        ("QoS Class", view.object["status"]["qosClass"]),
    ]


def _set(facts: SetFacts, now: float) -> Fields:
    view, spec = facts.view, facts.view.object["spec"]
    head = _head(view)
    selector = (spec.get("selector") or {}).get("matchLabels")
    path, when = facts.applied_from
    fields: Fields = [
        *head[:2],
        ("CreationTimestamp", show_time(view.created)),
        ("Selector", ",".join(pairs(selector)) or NONE),
        *head[2:],
        ("Replicas", f"{view.replicas} desired | {len(facts.pods)} total"),
        *_strategy(spec),
        ("Pods Status", _pods_status(facts)),
        ("Applied From", f"{path} ({render_age(now - when)} ago)" if path else NONE),
    ]
    if facts.is_stopped:
        flag = f" -n {view.namespace}"
        fields.append(("Parked", f"bring it back with: minisets start sts/{view.name}{flag}"))
    if facts.notices:
        fields.append(("Notices", facts.notices))
    if facts.held_up:
        fields.append(("Held Up", facts.held_up))
    if facts.steps:
        fields.append(("Next Steps", (*facts.steps, _follow(view.name, view.namespace))))
    pods = [
        {
            "Name": pod.name,
            "Ready": f"{pod.ready}/{pod.containers}",
            "Status": pod.status,
            "Restarts": str(pod.restarts),
            "IP": pod.ip or NONE,
            "Revision": pod.revision,
            "Published": ", ".join(pod.places) or NONE,
        }
        for pod in facts.pods
    ]
    revisions = [
        {"Revision": str(one.number), "Name": one.name, "Change-Cause": one.change_cause or NONE}
        for one in sorted(facts.revisions, key=lambda one: one.number)
    ]
    return [
        *fields,
        ("Pods", Table(pods)),
        ("Pod Template", Block(template_fields(spec["template"]))),
        ("Volume Claims", _claim_templates(spec.get("volumeClaimTemplates") or ())),
        ("Revisions", Table(revisions)),
    ]


def _follow(set_name: str, namespace: str) -> str:
    return f"go on with: minisets rollout status sts/{set_name} -n {namespace}"


def _strategy(spec: Mapping[str, Any]) -> Fields:
    strategy = spec.get("updateStrategy") or {}
    fields: Fields = [("Update Strategy", strategy.get("type") or "RollingUpdate")]
    rolling = strategy.get("rollingUpdate") or {}
    return fields + [
        (f"  {title}", str(rolling[key]))
        for key, title in (("partition", "Partition"), ("maxUnavailable", "Max Unavailable"))
        if key in rolling
    ]


def _pods_status(facts: SetFacts) -> str:
    running = sum(pod.object["status"]["phase"] == "Running" for pod in facts.pods)
    return f"{running} Running / {len(facts.pods) - running} Waiting / 0 Succeeded / 0 Failed"


def template_fields(template: Mapping[str, Any]) -> Fields:
    """Return what is told of a pod template."""
    metadata, spec = template.get("metadata") or {}, template["spec"]
    fields: Fields = [("Labels", pairs(metadata.get("labels")))]
    if metadata.get("annotations"):
        fields.append(("Annotations", pairs(metadata["annotations"], sign=": ")))
    if spec.get("initContainers"):
        fields.append(("Init Containers", template_containers(spec["initContainers"])))
    return [
        *fields,
        ("Containers", template_containers(spec["containers"])),
        ("Volumes", volumes(spec.get("volumes") or ())),
    ]


def _claim_templates(templates: Sequence[Mapping[str, Any]]) -> Value:
    if not templates:
        return NONE
    fields: Fields = []
    for template in templates:
        metadata, spec = template["metadata"], template["spec"]
        fields += [
            ("Name", metadata["name"]),
            ("StorageClass", spec.get("storageClassName") or ""),
            ("Labels", pairs(metadata.get("labels"))),
            ("Annotations", pairs(metadata.get("annotations"), sign=": ")),
            ("Capacity", _storage(spec)),
            ("Access Modes", f"[{' '.join(spec.get('accessModes') or ())}]"),
        ]
    return Block(fields)


def _storage(spec: Mapping[str, Any]) -> str:
    return str(((spec.get("resources") or {}).get("requests") or {}).get("storage") or NONE)


def _claim(facts: ClaimFacts) -> Fields:
    view, volume = facts.view, facts.volume
    head = _head(view)
    behind: Fields = []
    if volume is not None:
        behind = [
            ("Driver", volume.driver),
            ("Options", pairs(volume.options)),
            ("Mountpoint", volume.mountpoint or NONE),
        ]
    return [
        *head[:2],
        ("StorageClass", view.storage_class or NONE),
        ("Status", view.status),
        ("Volume", view.volume),
        *head[2:],
        ("Capacity", view.capacity or NONE),
        ("Used", "<unknown>" if view.used is None else round_bytes(view.used)),
        ("Access Modes", view.access_modes or NONE),
        ("VolumeMode", str(view.object["spec"].get("volumeMode", "Filesystem"))),
        *behind,
        ("Created", show_time(view.created)),
        ("Used By", facts.used_by),
    ]


def _service(facts: ServiceFacts) -> Fields:
    view, spec = facts.view, facts.view.object["spec"]
    fields: Fields = [
        *_head(view),
        ("Selector", view.selector),
        ("Type", view.type),
        ("IP", view.cluster_ip),
    ]
    if view.external_ip not in {"", NONE}:
        fields.append(("External IP", view.external_ip))
    for port in spec.get("ports") or ():
        protocol, name = port.get("protocol", "TCP"), port.get("name") or "<unset>"
        target = port.get("targetPort", port["port"])
        fields.append(("Port", f"{name}  {port['port']}/{protocol}"))
        fields.append(("TargetPort", f"{target}/{protocol}"))
        if port.get("nodePort"):
            fields.append(("NodePort", f"{name}  {port['nodePort']}/{protocol}"))
        fields.append(("Endpoints", _endpoints(facts.pods, target)))
    pods = [
        {"Name": pod.name, "Ready": str(_is_ready(pod)), "Status": pod.status, "IP": pod.ip}
        for pod in facts.pods
    ]
    return [
        *fields,
        ("Names", facts.names),
        ("Published", view.places),
        ("Pods", Table(pods)),
        ("Events", NONE),
    ]


def _is_ready(pod: PodView) -> bool:
    return pod.ready == pod.containers and bool(pod.ip)


def _endpoints(pods: Sequence[PodView], target: int | str) -> str:
    """Return where the ready pods have a Service's port, which a name stands for."""
    found = []
    for pod in filter(_is_ready, pods):
        written = [
            port for one in pod.object["spec"]["containers"] for port in one.get("ports") or ()
        ]
        named = [port["containerPort"] for port in written if port.get("name") == target]
        numbers = named if isinstance(target, str) else [target]
        found += [f"{pod.ip}:{number}" for number in numbers]
    return ",".join(found) or NONE


def _any(view: ObjectView) -> Fields:
    return [*_head(view), ("Created", show_time(view.created))]


def _namespace(view: ObjectView) -> Fields:
    return [*_any(view), ("Status", view.object["status"]["phase"])]


def _config_map(view: ObjectView) -> Fields:
    data = view.object.get("data") or {}
    binary = view.object.get("binaryData") or {}
    return [
        *_head(view),
        ("Data", Chapter([line for key in sorted(data) for line in _entry(key, str(data[key]))])),
        ("BinaryData", Chapter([_size(key, binary[key]) for key in sorted(binary)])),
    ]


def _secret(view: ObjectView) -> Fields:
    # Never the values: a description is for showing to others.
    data = view.object.get("data") or {}
    return [
        *_head(view),
        ("Type", view.object.get("type") or "Opaque"),
        ("Data", Chapter([_size(key, data[key]) for key in sorted(data)])),
    ]


def _entry(key: str, text: str) -> tuple[str, ...]:
    return (f"{key}:", "----", *text.splitlines(), "")


def _size(key: str, text: str) -> str:
    """Return the line of a key and how many bytes its base64 text stands for."""
    return f"{key}: {len(text) * 3 // 4 - text.count('=', -2)} bytes"


def _volume(view: ObjectView) -> Fields:
    spec = view.object["spec"]
    claim = spec.get("claimRef") or {}
    path = (spec.get("hostPath") or spec.get("local") or {}).get("path")
    return [
        *_head(view),
        ("StorageClass", spec.get("storageClassName") or NONE),
        ("Status", view.object["status"]["phase"]),
        ("Claim", f"{claim['namespace']}/{claim['name']}" if claim else NONE),
        ("Reclaim Policy", spec.get("persistentVolumeReclaimPolicy") or "Retain"),
        ("Access Modes", ",".join(spec.get("accessModes") or ()) or NONE),
        ("VolumeMode", spec.get("volumeMode", "Filesystem")),
        ("Capacity", (spec.get("capacity") or {}).get("storage") or NONE),
        ("Path", path or NONE),
    ]


def _class(view: ObjectView) -> Fields:
    return [
        *_head(view),
        ("Provisioner", view.object.get("provisioner") or NONE),
        ("Parameters", pairs(view.object.get("parameters"))),
        ("ReclaimPolicy", view.object.get("reclaimPolicy") or "Delete"),
        ("VolumeBindingMode", view.object.get("volumeBindingMode") or "Immediate"),
    ]


def _revision(view: ObjectView) -> Fields:
    template = view.object["data"]["spec"]["template"]
    return [
        *_head(view),
        ("Revision", str(view.object["revision"])),
        ("Created", show_time(view.created)),
        ("Pod Template", Block(template_fields(template))),
    ]


_OBJECTS = {
    "ConfigMap": _config_map,
    "Secret": _secret,
    "Namespace": _namespace,
    "PersistentVolume": _volume,
    "StorageClass": _class,
    "ControllerRevision": _revision,
}


def _events(events: Sequence[Event], now: float) -> Table:
    return Table(
        [
            {
                "Type": event.type,
                "Reason": event.reason,
                "Age": render_interval(event.first, event.last, event.count, now),
                "From": event.source,
                "Message": event.message,
            }
            for event in events
        ]
    )
