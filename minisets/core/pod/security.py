"""The security context of a pod and its containers as the Engine's settings.

Kubernetes rule: what a container's own context sets wins over its pod's.
"""

from __future__ import annotations

from typing import Any, Protocol

from minisets.core.manifest import Container, PodSpec, SecurityContext
from minisets.core.manifest.pod import AppArmorProfile, SeccompProfile, SELinuxOptions
from minisets.core.observed import ImageSeen

ALL = "ALL"
_UNMASKED = "Unmasked"


class _RunAs(Protocol):
    """What the context of a pod and that of a container have in common."""

    @property
    def run_as_user(self) -> int | None: ...
    @property
    def run_as_group(self) -> int | None: ...
    @property
    def run_as_non_root(self) -> bool | None: ...
    @property
    def seccomp_profile(self) -> SeccompProfile | None: ...
    @property
    def app_armor_profile(self) -> AppArmorProfile | None: ...
    @property
    def se_linux_options(self) -> SELinuxOptions | None: ...


def needs_image(pod: PodSpec, container: Container) -> bool:
    """Say whether the user that the image brings must be known: for ``user`` and ``root_reason``.

    It is where no user is set, and a group or runAsNonRoot is.
    """
    if _run_as_user(pod, container) is not None:
        return False
    return _run_as_group(pod, container) is not None or _must_not_be_root(pod, container)


def user(pod: PodSpec, container: Container, image: ImageSeen | None) -> str:
    """Return the user and group to run as, as ``1000:2000``; empty to leave it to the image.

    Kubernetes rule: a group without a user goes with the image's user, which is root if the
    image names none.
    """
    uid, gid = _run_as_user(pod, container), _run_as_group(pod, container)
    if gid is None:
        return "" if uid is None else str(uid)
    return f"{_image_user(image) if uid is None else uid}:{gid}"


def root_reason(pod: PodSpec, container: Container, image: ImageSeen | None) -> str:
    """Return why the container must not run: it would as root; empty if it may.

    The messages are the kubelet's, which cannot tell whether a user that has a name is root.

    Args:
        pod: Of the template.
        container: Of the template.
        image: Of the container; None judges by the manifest alone.
    """
    if not _must_not_be_root(pod, container):
        return ""
    uid = _run_as_user(pod, container)
    if uid is not None:
        return "" if uid else "container's runAsUser breaks non-root policy"
    if image is None:
        return ""
    name = _image_user(image)
    if not name.isdecimal():
        return (
            f"container has runAsNonRoot and image has non-numeric user ({name}), "
            "cannot verify user is non-root"
        )
    return "" if int(name) else "container has runAsNonRoot and image will run as root"


def groups(pod: PodSpec) -> list[str]:
    """Return the groups that every container of the pod has beside its own."""
    context = pod.security_context
    given = list(context.supplemental_groups)
    if context.fs_group is not None:
        given.append(context.fs_group)
    return [str(group) for group in dict.fromkeys(given)]


def security_settings(pod: PodSpec, container: Container) -> dict[str, Any]:
    """Return what a container may do as fields of ``HostConfig``; absent is Docker's default."""
    own = container.security_context or SecurityContext()
    found: dict[str, Any] = {}
    if group_add := groups(pod):
        found["GroupAdd"] = group_add
    if own.privileged:
        found["Privileged"] = True
    if own.read_only_root_filesystem:
        found["ReadonlyRootfs"] = True
    added, dropped = capabilities(container)
    if added:
        found["CapAdd"] = list(added)
    if dropped:
        found["CapDrop"] = list(dropped)
    if options := _security_options(pod, container):
        found["SecurityOpt"] = options
    if own.proc_mount == _UNMASKED:
        # Empty is not absent: absent means Docker's own lists.
        found |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return found


def capabilities(container: Container) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the capabilities added and dropped, without the prefix ``CAP_``.

    Kubernetes rule: what is both added and dropped is dropped; ALL stands for every one of them,
    and a single one that is added beside ALL dropped is kept.
    """
    given = container.security_context.capabilities if container.security_context else None
    if given is None:
        return (), ()
    dropped = _names(given.drop)
    return tuple(name for name in _names(given.add) if name not in dropped), dropped


def security_remarks(pod: PodSpec) -> tuple[str, ...]:
    """Say what the Engine's machine must bring for the security contexts of a pod to hold."""
    profiles = {
        one.app_armor_profile.localhost_profile
        for container in (*pod.init_containers, *pod.containers)
        for one in _contexts(pod, container)
        if one.app_armor_profile is not None and one.app_armor_profile.type == "Localhost"
    }
    return tuple(
        f"the AppArmor profile {name} must be loaded on the Engine's machine; a machine without "
        "AppArmor does not apply it"
        for name in sorted(filter(None, profiles))
    )


def sysctls(pod: PodSpec) -> dict[str, str]:
    """Return the kernel parameters of the pod; names with slashes are written with dots."""
    return {sysctl_name(one.name): one.value for one in pod.security_context.sysctls}


def sysctl_name(name: str) -> str:
    """Write a kernel parameter's name with dots as separators, whichever it was written with.

    Kubernetes rule: the first separator decides; in a name with slashes a dot belongs to a part.
    """
    first = next((character for character in name if character in "./"), ".")
    return name if first == "." else name.translate(str.maketrans("./", "/."))


def _names(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.upper().removeprefix("CAP_") for name in given))


def _security_options(pod: PodSpec, container: Container) -> list[str]:
    own = container.security_context
    options = []
    if own is not None and own.allow_privilege_escalation is False:
        options.append("no-new-privileges:true")
    contexts = _contexts(pod, container)
    seccomp = next((one.seccomp_profile for one in contexts if one.seccomp_profile), None)
    if seccomp is not None and seccomp.type == "Unconfined":
        options.append("seccomp=unconfined")
    armor = next((one.app_armor_profile for one in contexts if one.app_armor_profile), None)
    if armor is not None and armor.type == "Unconfined":
        options.append("apparmor=unconfined")
    elif armor is not None and armor.type == "Localhost":
        options.append(f"apparmor={armor.localhost_profile}")
    linux = next((one.se_linux_options for one in contexts if one.se_linux_options), None)
    return options + (_labels(linux) if linux is not None else [])


def _labels(options: SELinuxOptions) -> list[str]:
    parts = {
        "user": options.user,
        "role": options.role,
        "type": options.type,
        "level": options.level,
    }
    return [f"label={part}:{value}" for part, value in parts.items() if value]


def _contexts(pod: PodSpec, container: Container) -> tuple[_RunAs, ...]:
    """Return the contexts that hold for a container, the one that wins first."""
    own = container.security_context
    return (pod.security_context,) if own is None else (own, pod.security_context)


def _run_as_user(pod: PodSpec, container: Container) -> int | None:
    given = (one.run_as_user for one in _contexts(pod, container))
    return next((value for value in given if value is not None), None)


def _run_as_group(pod: PodSpec, container: Container) -> int | None:
    given = (one.run_as_group for one in _contexts(pod, container))
    return next((value for value in given if value is not None), None)


def _must_not_be_root(pod: PodSpec, container: Container) -> bool:
    given = (one.run_as_non_root for one in _contexts(pod, container))
    return bool(next((value for value in given if value is not None), None))


def _image_user(image: ImageSeen | None) -> str:
    name = image.user.partition(":")[0] if image else ""
    return name or "0"
