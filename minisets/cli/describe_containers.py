"""The containers and volumes of a pod or of a template, as describe shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minisets.app.describe import PodFacts
from minisets.app.reading.pod_parts import PodPart
from minisets.cli.blocks import NONE, Block, Value, show_time
from minisets.core.pod.pod_status import (
    ContainerState,
    is_initialized,
    last_state_of,
    signal_of,
    state_of,
)

Object = Mapping[str, Any]
Fields = list[tuple[str, Value]]


def pod_containers(facts: PodFacts, *, is_init: bool) -> Block:
    """Return the containers of a pod with what each does and did.

    Args:
        facts: Of the pod.
        is_init: Those that start before the others.
    """
    parts = facts.view.parts
    done = is_initialized([part.sight for part in parts])
    return Block(
        [
            (part.sight.name, Block(_pod_container(facts, part, is_done=done)))
            for part in parts
            if (part.sight.kind != "main") is is_init
        ]
    )


def _pod_container(facts: PodFacts, part: PodPart, *, is_done: bool) -> Fields:
    sight, container = part.sight, part.container
    state = state_of(sight, is_initialized=is_done)
    last = last_state_of(sight)
    fields: Fields = [
        ("Container ID", f"docker://{container.id}" if container else ""),
        ("Container Name", container.name if container else ""),
        ("Image", part.spec["image"]),
        ("Image ID", container.image_id if container else ""),
        *_program(part.spec),
        *_state("State", state),
        *(_state("Last State", last) if last else ()),
        ("Ready", str(sight.is_ready or (sight.kind == "init" and state.reason == "Completed"))),
        ("Restart Count", str(sight.restarts)),
        *_limits(part.spec),
        *_probes(part.spec),
    ]
    if sight.name in facts.probes:
        is_good, said = facts.probes[sight.name]
        lines = tuple(said.strip().splitlines())
        fields.append(("Last Probe", ("succeeded" if is_good else "failed", *lines)))
    fields += _surroundings(part.spec)
    if sight.name in facts.output:
        fields.append(("Last Output", facts.output[sight.name]))
    return fields


def template_containers(containers: Iterable[Object]) -> Block:
    """Return the containers of a template."""
    return Block(
        [
            (
                one["name"],
                Block(
                    [
                        ("Image", one["image"]),
                        *_program(one),
                        *_limits(one),
                        *_probes(one),
                        *_surroundings(one),
                    ]
                ),
            )
            for one in containers
        ]
    )


def _program(spec: Object) -> Fields:
    ports = spec.get("ports") or ()
    several = "s" if len(ports) > 1 else ""
    inner = [f"{port['containerPort']}/{port.get('protocol', 'TCP')}" for port in ports]
    outer = [f"{port.get('hostPort', 0)}/{port.get('protocol', 'TCP')}" for port in ports]
    fields: Fields = [
        (f"Port{several}", ", ".join(inner) or NONE),
        (f"Host Port{several}", ", ".join(outer) or NONE),
    ]
    for key, title in (("command", "Command"), ("args", "Args")):
        if spec.get(key):
            lines = tuple(line for word in spec[key] for line in str(word).splitlines() or [""])
            fields.append((title, lines))
    return fields


def _state(title: str, state: ContainerState) -> Fields:
    words = {"waiting": "Waiting", "running": "Running", "terminated": "Terminated"}
    inner: Fields = []
    if state.reason:
        inner.append(("Reason", state.reason))
    if state.message:
        inner.append(("Message", tuple(state.message.splitlines())))
    if state.exit_code is not None:
        inner.append(("Exit Code", str(state.exit_code)))
        if signal := signal_of(state.exit_code):
            inner.append(("Signal", str(signal)))
    if state.name != "waiting" and state.started_at:
        inner.append(("Started", show_time(state.started_at)))
    if state.name == "terminated":
        inner.append(("Finished", show_time(state.finished_at)))
    return [(title, words[state.name]), *((f"  {key}", value) for key, value in inner)]


def _limits(spec: Object) -> Fields:
    resources = spec.get("resources") or {}
    return [
        (title, Block([(name, str(amount)) for name, amount in sorted(resources[key].items())]))
        for key, title in (("limits", "Limits"), ("requests", "Requests"))
        if resources.get(key)
    ]


def _probes(spec: Object) -> Fields:
    titles = {
        "livenessProbe": "Liveness",
        "readinessProbe": "Readiness",
        "startupProbe": "Startup",
    }
    return [(title, show_probe(spec[key])) for key, title in titles.items() if spec.get(key)]


def show_probe(probe: Object) -> str:
    """Return a probe in one line, as kubectl has it."""
    if "exec" in probe:
        what = f"exec [{' '.join(probe['exec'].get('command') or ())}]"
    elif "httpGet" in probe:
        get = probe["httpGet"]
        scheme = str(get.get("scheme") or "HTTP").lower()
        what = f"http-get {scheme}://{get.get('host', '')}:{get['port']}{get.get('path', '/')}"
    elif "tcpSocket" in probe:
        socket = probe["tcpSocket"]
        what = f"tcp-socket {socket.get('host', '')}:{socket['port']}"
    elif "grpc" in probe:
        what = f"grpc <pod>:{probe['grpc']['port']} {probe['grpc'].get('service') or ''}".rstrip()
    else:
        what = "unknown"
    return (
        f"{what} delay={probe.get('initialDelaySeconds', 0)}s "
        f"timeout={probe.get('timeoutSeconds', 1)}s period={probe.get('periodSeconds', 10)}s "
        f"#success={probe.get('successThreshold', 1)} #failure={probe.get('failureThreshold', 3)}"
    )


def _surroundings(spec: Object) -> Fields:
    fields: Fields = []
    if spec.get("envFrom"):
        fields.append(("Environment Variables from", tuple(map(_env_source, spec["envFrom"]))))
    env = spec.get("env") or ()
    fields.append(
        ("Environment", Block([(one["name"], _env_value(one)) for one in env]) if env else NONE)
    )
    mounts = sorted(spec.get("volumeMounts") or (), key=lambda mount: str(mount["mountPath"]))
    fields.append(("Mounts", tuple(map(_mount, mounts))))
    return fields


def _env_source(source: Object) -> str:
    kind, title = (
        ("secretRef", "Secret") if "secretRef" in source else ("configMapRef", "ConfigMap")
    )
    ref = source.get(kind) or {}
    optional = str(bool(ref.get("optional"))).lower()
    prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
    return f"{ref.get('name', '')}  {title}{prefix}  Optional: {optional}"


def _env_value(one: Object) -> Value:
    source = one.get("valueFrom") or {}
    if "fieldRef" in source:
        return f"({source['fieldRef'].get('apiVersion', 'v1')}:{source['fieldRef']['fieldPath']})"
    if "resourceFieldRef" in source:
        ref = source["resourceFieldRef"]
        return f"{ref.get('containerName', '')} ({ref['resource']})".strip()
    for key, title in (("configMapKeyRef", "config map"), ("secretKeyRef", "secret")):
        if key in source:
            ref = source[key]
            optional = str(bool(ref.get("optional"))).lower()
            name = ref.get("name", "")
            return f"<set to the key '{ref['key']}' of {title} '{name}'>  Optional: {optional}"
    return tuple(str(one.get("value") or "").splitlines()) or ""


def _mount(mount: Object) -> str:
    flags = ["ro" if mount.get("readOnly") else "rw"]
    for key, word in (("subPath", "path"), ("subPathExpr", "pathExpr")):
        if mount.get(key):
            flags.append(f'{word}="{mount[key]}"')
    return f"{mount['mountPath']} from {mount['name']} ({','.join(flags)})"
