"""What gives the pods of a set power over the Engine's machine, beyond what containers have.

Whoever applies a stranger's manifest should see it before its pods run, wherever it stands: in
the pod, or in the storage that its claims are made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from minisets.core.manifest import (
    Container,
    PersistentVolume,
    PersistentVolumeClaim,
    PodSpec,
    StatefulSet,
    StorageClass,
    Volume,
)
from minisets.core.pod.security import capabilities
from minisets.core.volumes.storage import (
    ClaimRequest,
    class_backing,
    ephemeral_request,
    named_request,
    volume_host_path,
)

DOCKER_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""What every container has that does not drop it."""

# What the kernel mounts under these types does not lie on the machine.
_ELSEWHERE = frozenset({"nfs", "nfs4", "cifs", "smb3", "tmpfs"})
# These make the kernel forget the type.
_BINDING = frozenset({"bind", "rbind", "move", "remount"})
_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Power:
    """What a container or a volume has, in words for one and for many of them."""

    noun: str
    name: str
    one: str
    many: str
    detail: str = ""


def host_powers(
    manifest: StatefulSet,
    classes: Iterable[StorageClass] = (),
    persistent_volumes: Iterable[PersistentVolume] = (),
    claims: Iterable[PersistentVolumeClaim] = (),
) -> tuple[str, ...]:
    """List what gives the pods of a set power over the machine, each as a phrase.

    Args:
        manifest: The set, defaulted.
        classes: Storage classes that its claims may name, or take as the default.
        persistent_volumes: Volumes that its claims may be bound to.
        claims: Claims of the namespace that its pods may mount by name.
    """
    spec = manifest.spec
    pod = spec.template.spec
    templates = {claim.metadata.name: claim for claim in spec.volume_claim_templates}
    # A claim template wins over a volume of its name, which is then never mounted.
    volumes = [volume for volume in pod.volumes if volume.name not in templates]
    by_name = {claim.metadata.name: claim for claim in claims}
    named = [
        by_name[source.claim_name]
        for volume in volumes
        if (source := volume.persistent_volume_claim) is not None and source.claim_name in by_name
    ]
    known_classes, known_volumes = tuple(classes), tuple(persistent_volumes)
    powers: list[_Power] = []
    for container in (*pod.init_containers, *pod.containers):
        powers += _of_container(container)
    for volume in volumes:
        powers += _of_volume(volume, pod)
    found = [*_of_pod(pod), *_phrases(powers)]
    for claim in (*templates.values(), *named):
        found += _of_claim(
            named_request(claim, claim.metadata.namespace or ""), known_classes, known_volumes
        )
    for volume in volumes:
        # These are made anew with each pod, so never bound to what is there.
        found += _of_claim(ephemeral_request(volume), known_classes, ())
    return tuple(dict.fromkeys(found))


def _of_pod(pod: PodSpec) -> Iterator[str]:
    if pod.host_network:
        yield "hostNetwork: the machine's own network, with what listens on its loopback"
    if pod.host_pid:
        yield "hostPID: every process of the machine"
    if pod.host_ipc:
        yield "hostIPC: the machine's shared memory and semaphores"


def _phrases(powers: Iterable[_Power]) -> Iterator[str]:
    """Say once what several containers, or several volumes, have."""
    groups: dict[tuple[str, str], dict[str, _Power]] = {}
    for power in powers:
        groups.setdefault((power.noun, power.many), {}).setdefault(power.name, power)
    for (noun, many), group in groups.items():
        if len(group) == 1:
            (only,) = group.values()
            yield f"{noun} {only.name} {only.one}"
        else:
            names = ", ".join(f"{one.name}{one.detail}" for one in group.values())
            yield f"{noun}s {names} {many}"


def _of_container(container: Container) -> Iterator[_Power]:
    context = container.security_context
    if context is None:
        return
    power = partial(_Power, noun="container", name=container.name)
    if context.privileged:
        can = "can do what root can on the machine"
        yield power(one=f"is privileged: it {can}", many=f"are privileged: they {can}")
    added, _ = capabilities(container)
    beyond = [name for name in added if name not in DOCKER_CAPABILITIES]
    if beyond:
        noun = "capability" if len(beyond) == 1 and beyond != ["ALL"] else "capabilities"
        what = f"the added {noun} {', '.join(beyond)}"
        yield power(one=f"has {what}", many=f"have {what}")
    if context.proc_mount == "Unmasked":
        yield power(one="has an unmasked /proc", many="have an unmasked /proc")


def _of_volume(volume: Volume, pod: PodSpec) -> Iterator[_Power]:
    source = volume.host_path
    if source is None:
        return
    mounts = [
        mount
        for container in (*pod.init_containers, *pod.containers)
        for mount in container.volume_mounts
        if mount.name == volume.name
    ]
    if not mounts:
        return
    power = partial(_Power, noun="volume", name=volume.name)
    if source.path.endswith(_SOCKETS):
        # Reading or not: who can speak to it can have everything.
        root = "whoever reaches it is root on the machine"
        yield power(one=f"is {source.path}: {root}", many=f"are {source.path}: {root}")
        return
    is_read_only = all(mount.read_only for mount in mounts)
    how = ", read-only" if is_read_only else ""
    yield power(
        one=f"is {source.path} of the machine{how}",
        many="are paths of the machine",
        detail=f" ({source.path}{how})",
    )


def _of_claim(
    request: ClaimRequest | None,
    classes: tuple[StorageClass, ...],
    persistent_volumes: tuple[PersistentVolume, ...],
) -> Iterator[str]:
    if request is None:
        return
    subject = f"claim {request.name}"
    found = class_backing(request, classes)
    place = _place(found.options)
    if place and not request.spec.volume_name:
        yield f"{subject} is {place} of the machine, by StorageClass {found.storage_class}"
    bound = {
        volume.metadata.name: path
        for volume in persistent_volumes
        if (path := volume_host_path(volume)) and _may_bind(request, found.storage_class, volume)
    }
    if bound:
        paths, names = ", ".join(dict.fromkeys(bound.values())), ", ".join(bound)
        yield f"{subject} may be {paths} of the machine, by PersistentVolume {names}"


def _may_bind(request: ClaimRequest, class_name: str, volume: PersistentVolume) -> bool:
    """Say whether a volume may become the claim's; in doubt it may."""
    if request.spec.volume_name:
        return request.spec.volume_name == volume.metadata.name
    wanted = str((volume.spec.claim_ref or {}).get("name", ""))
    # A claim template's claims are named after it: www-web-0.
    is_reserved = bool(wanted) and not wanted.startswith(request.name)
    return volume.spec.storage_class_name == class_name and not is_reserved


def _place(options: Mapping[str, str]) -> str:
    """Return the place of the machine that a volume with these options is; empty for none.

    The local driver takes what mount(8) takes. Of another driver, whatever looks like a path is
    taken for one.
    """
    if "device" not in options:
        return ", ".join(value for value in options.values() if value.startswith("/"))
    kind, device = options.get("type", ""), options["device"]
    flags = {word.strip() for word in options.get("o", "").split(",")}
    is_elsewhere = kind in _ELSEWHERE and not flags & _BINDING
    return "" if is_elsewhere else device or kind
