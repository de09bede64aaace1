"""Rules for security contexts, with the API server's messages; never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from minisets.core.input.source import Path
from minisets.core.input.validate_names import (
    duplicate,
    invalid,
    problem_at,
    required,
    unsupported,
)
from minisets.core.pod.security import ALL, sysctl_name
from minisets.errors import Problem

_Obj = dict[str, Any]

_MAX_ID = 2**31 - 1
_ID_FIELDS = ("runAsUser", "runAsGroup", "fsGroup")
_SYSCTL = re.compile(r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?\Z")
_SYSCTL_MESSAGE = (
    "must have at most 253 characters and match regex "
    "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
)
_MAX_SYSCTL = 253
_MAX_PROFILE = 4095
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_CAPABILITY_NAMES = """
    AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE
    DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN
    MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID
    SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE
    SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
"""
_CAPABILITIES = frozenset(_CAPABILITY_NAMES.split())


def check_pod_security(path: Path, spec: _Obj) -> Iterator[Problem]:
    """Check the security contexts of a pod template's spec, the pod's and its containers'."""
    pod = spec.get("securityContext", {})
    place = (*path, "securityContext")
    yield from _check_common(place, pod)
    for index, group in enumerate(pod.get("supplementalGroups", ())):
        yield from _check_id((*place, "supplementalGroups", index), group)
    policy = pod.get("supplementalGroupsPolicy")
    if policy not in (None, "Merge", "Strict"):
        yield unsupported((*place, "supplementalGroupsPolicy"), policy, ("Merge", "Strict"))
    change = pod.get("seLinuxChangePolicy")
    if change not in (None, "MountOption", "Recursive"):
        choices = ("MountOption", "Recursive")
        yield unsupported((*place, "seLinuxChangePolicy"), change, choices)
    yield from _check_sysctls((*place, "sysctls"), pod.get("sysctls", ()), spec)
    for list_name in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(list_name, ())):
            own = container.get("securityContext", {})
            yield from _check_container((*path, list_name, index, "securityContext"), own, spec)


def _check_common(path: Path, context: _Obj) -> Iterator[Problem]:
    for field in _ID_FIELDS:
        if field in context:
            yield from _check_id((*path, field), context[field])
    yield from _check_seccomp((*path, "seccompProfile"), context.get("seccompProfile"))
    yield from _check_app_armor((*path, "appArmorProfile"), context.get("appArmorProfile"))


def _check_id(path: Path, number: int) -> Iterator[Problem]:
    if not 0 <= number <= _MAX_ID:
        yield invalid(path, number, f"must be between 0 and {_MAX_ID}, inclusive")


def _check_seccomp(path: Path, profile: _Obj | None) -> Iterator[Problem]:
    if profile is None:
        return
    local = profile.get("localhostProfile")
    place = (*path, "localhostProfile")
    if profile["type"] == "Localhost":
        if not local:
            yield required(place, "must be set when seccomp type is Localhost")
        elif local.startswith("/"):
            yield invalid(place, local, "must be a relative path")
        elif ".." in local.split("/"):
            yield invalid(place, local, "must not contain '..'")
    elif local is not None:
        yield invalid(place, local, "can only be set when seccomp type is Localhost")


def _check_app_armor(path: Path, profile: _Obj | None) -> Iterator[Problem]:
    if profile is None:
        return
    local = profile.get("localhostProfile", "")
    place = (*path, "localhostProfile")
    if profile["type"] != "Localhost":
        if "localhostProfile" in profile:
            yield invalid(place, local, "can only be set when AppArmor type is Localhost")
        return
    if not local.strip():
        yield required(place, "must be set when AppArmor type is Localhost")
    elif local != local.strip():
        yield invalid(place, local, "must not be padded with whitespace")
    elif len(local) > _MAX_PROFILE:
        yield problem_at(place, f"Too long: may not be more than {_MAX_PROFILE} bytes")


def _check_sysctls(path: Path, given: list[_Obj], spec: _Obj) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, one in enumerate(given):
        place = (*path, index, "name")
        written = one["name"]
        name = sysctl_name(written)
        if not written:
            yield required(place)
        elif len(written) > _MAX_SYSCTL or not _SYSCTL.match(written):
            yield invalid(place, written, _SYSCTL_MESSAGE)
        elif name in seen:
            yield duplicate(place, written)
        elif not (namespace := _namespace_of(name)):
            # A kubelet refuses the pod; the Engine would fail to start it.
            detail = "is not of the pod's own namespaces: set it on the Engine's machine"
            yield invalid(place, written, detail)
        elif spec.get(namespace):
            yield invalid(place, written, f"may not be specified when '{namespace}' is true")
        seen.add(name)


def _namespace_of(sysctl: str) -> str:
    """Return the field of the pod that takes away the namespace of a kernel parameter."""
    if sysctl.startswith("net."):
        return "hostNetwork"
    if sysctl == "kernel.sem" or sysctl.startswith(("kernel.shm", "kernel.msg", "fs.mqueue.")):
        return "hostIPC"
    return ""


def _check_container(path: Path, context: _Obj, spec: _Obj) -> Iterator[Problem]:
    yield from _check_common(path, context)
    proc = context.get("procMount")
    if proc not in (None, "Default", "Unmasked"):
        yield unsupported((*path, "procMount"), proc, ("Default", "Unmasked"))
    elif proc == "Unmasked" and spec.get("hostUsers", True):
        yield invalid((*path, "procMount"), proc, "`hostUsers` must be false to use `Unmasked`")
    yield from _check_capabilities((*path, "capabilities"), context.get("capabilities", {}))
    yield from _check_escalation(path, context)
    yield from _check_root(path, {**spec.get("securityContext", {}), **context})


def _check_capabilities(path: Path, given: _Obj) -> Iterator[Problem]:
    for field in ("add", "drop"):
        for index, name in enumerate(given.get(field, ())):
            known = name.upper().removeprefix("CAP_")
            if known != ALL and known not in _CAPABILITIES:
                # The API server takes it, and no container runtime does.
                yield invalid((*path, field, index), name, "there is no such capability")


def _check_escalation(path: Path, context: _Obj) -> Iterator[Problem]:
    if context.get("allowPrivilegeEscalation") is not False:
        return
    start = "cannot set `allowPrivilegeEscalation` to false and"
    if context.get("privileged"):
        yield invalid(path, context, f"{start} `privileged` to true")
    if "CAP_SYS_ADMIN" in context.get("capabilities", {}).get("add", ()):
        yield invalid(path, context, f"{start} `capabilities.Add` CAP_SYS_ADMIN")


def _check_root(path: Path, effective: _Obj) -> Iterator[Problem]:
    if effective.get("runAsNonRoot") and effective.get("runAsUser") == 0:
        # The API server takes it, and then no kubelet starts the container.
        detail = "container's runAsUser breaks non-root policy"
        shown = f"Invalid value: 0: {detail}"
        hint = (
            "a container that has to be root says runAsNonRoot: false in its own securityContext"
        )
        yield problem_at((*path, "runAsUser"), shown, hint)
