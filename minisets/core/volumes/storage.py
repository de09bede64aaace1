"""Where the storage of a claim comes from: from StorageClass and PersistentVolume to a volume."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from minisets.core.manifest import (
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    Volume,
)
from minisets.core.manifest.meta import LabelSelector, LabelSelectorRequirement
from minisets.core.manifest.volume import PersistentVolumeClaimSpec
from minisets.core.quantity import parse_quantity
from minisets.errors import ReferenceMissing

LOCAL_DRIVER = "local"
DRIVER_PREFIX = "minisets.io/"
"""A provisioner ``minisets.io/NAME`` is the Docker volume driver NAME."""
BLOCK = "Block"
"""The volumeMode of what is a device in the container, and not a directory."""
NO_PROVISIONER = "kubernetes.io/no-provisioner"

_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
# Parameters that speak to Kubernetes' own sidecars, not to a driver.
_SIDECAR_PARAMETERS = "csi.storage.k8s.io/"
_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What claims can get their storage from.

    Attributes:
        claims: Of one namespace by name: those that pods may mount by it.
        made: Those of them whose volume is there already, with the volume's options.
        bound: PersistentVolume → namespace and name of the claim that has it.
        chosen: Claim → the PersistentVolume that it is to get, from bind.
    """

    classes: tuple[StorageClass, ...] = ()
    persistent_volumes: tuple[PersistentVolume, ...] = ()
    claims: Mapping[str, PersistentVolumeClaim] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bound: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    chosen: Mapping[str, PersistentVolume] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A claim that asks for storage: a template's claim of one pod, or an object of its own."""

    namespace: str
    name: str
    spec: PersistentVolumeClaimSpec
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """What the Docker volume of a claim is made of.

    Attributes:
        options: Of the volume driver.
        reclaim_policy: ``Retain`` if the volume may never be removed, else ``Delete``.
        storage_class: Name of the class, empty for none.
        persistent_volume: Name of the PersistentVolume that it is, empty for none.
        host_path: Path of the Engine's machine that it stands for, empty for none.
        host_path_type: What must stand there, in Kubernetes' words; empty: a directory is made.
        shortfall: What the manifests ask for and Docker does not give, as a sentence.
    """

    driver: str = LOCAL_DRIVER
    options: Mapping[str, str] = field(default_factory=dict)
    reclaim_policy: str = "Delete"
    storage_class: str = ""
    persistent_volume: str = ""
    host_path: str = ""
    host_path_type: str = ""
    shortfall: str = ""

    @property
    def is_given(self) -> bool:
        """It is a place that was there before, which keeps its owner and mode."""
        return is_given(self.driver, self.options)


def named_request(claim: PersistentVolumeClaim, namespace: str) -> ClaimRequest:
    """Return what a claim that is an object of its own asks for."""
    return ClaimRequest(
        namespace=namespace,
        name=claim.metadata.name,
        spec=claim.spec,
        annotations=claim.metadata.annotations,
    )


def ephemeral_request(volume: Volume, pod: str = "", namespace: str = "") -> ClaimRequest | None:
    """Return what a volume that is a claim of the pod's own asks for; None if it is none."""
    template = volume.ephemeral.volume_claim_template if volume.ephemeral else None
    if template is None:
        return None
    return ClaimRequest(
        namespace=namespace,
        name=f"{pod}-{volume.name}" if pod else volume.name,
        spec=template.spec,
        annotations=template.metadata.annotations if template.metadata is not None else {},
    )


def is_given(driver: str, options: Mapping[str, str]) -> bool:
    """Say whether a volume is a place that was there before: a directory or an export.

    Volumes of other drivers are new, whatever their options are.
    """
    return driver == LOCAL_DRIVER and "device" in options and options.get("type") != "tmpfs"


def class_name(request: ClaimRequest, classes: Iterable[StorageClass]) -> str:
    """Return the name of the class that a claim asks for, empty for none.

    Kubernetes rule: no name means the default class, and an empty one no class at all.
    """
    written = request.spec.storage_class_name
    if written is None:
        written = request.annotations.get(_OLD_CLASS)
    if written is not None:
        return written
    defaults = sorted(one.metadata.name for one in classes if _is_default(one))
    return defaults[0] if defaults else ""


def bind(requests: Sequence[ClaimRequest], storage: Storage) -> dict[str, PersistentVolume]:
    """Choose a PersistentVolume for each claim that gets one, by name of the claim.

    Kubernetes rule: the one that names the claim, else the smallest that is free and has the
    class, the access modes, the labels and the size. Claims choose in the order given, so that
    each command comes to the same answer for the claims of a set. One that names a
    PersistentVolume which it cannot have gets none.
    """
    taken = dict(storage.bound)
    found = {}
    for request in requests:
        chosen = _choose(request, storage, taken)
        if chosen is not None:
            taken[chosen.metadata.name] = (request.namespace, request.name)
            found[request.name] = chosen
    return found


def backing(
    request: ClaimRequest, storage: Storage, volume: PersistentVolume | None = None
) -> Backing:
    """Say what the volume of a claim is made of.

    Args:
        request: The claim.
        storage: What there is.
        volume: The PersistentVolume that it is bound to, from bind.

    Raises:
        ReferenceMissing: The claim names a PersistentVolume or asks for a device, and is not
            bound to one.
    """
    if volume is not None:
        return _from_volume(volume, class_name(request, storage.classes))
    if request.spec.volume_mode == BLOCK:
        raise ReferenceMissing(
            f'the claim "{request.name}" asks for a block device, and no persistentvolume of the '
            f"volumeMode {BLOCK} is free for it",
            hint=f"apply a PersistentVolume with volumeMode: {BLOCK} and the device as local.path",
        )
    if request.spec.volume_name:
        raise ReferenceMissing(
            f'the claim "{request.name}" asks for the persistentvolume '
            f'"{request.spec.volume_name}", which is not there or belongs to another claim',
            hint="minisets get pv",
        )
    return class_backing(request, storage.classes)


def class_backing(request: ClaimRequest, classes: Sequence[StorageClass]) -> Backing:
    """Say what the volume of a claim is made of that is bound to no PersistentVolume."""
    name = class_name(request, classes)
    found = next((one for one in classes if one.metadata.name == name), None)
    if found is None:
        # Clusters bring classes of their own, which no manifest has.
        shortfall = f'there is no StorageClass "{name}": its claims get plain volumes'
        return Backing(storage_class=name, shortfall=shortfall if name else "")
    return _from_class(found, request)


def volume_host_path(volume: PersistentVolume) -> str:
    """Return the directory of the machine that a PersistentVolume is; empty if it is none."""
    source = volume.spec.host_path or volume.spec.local
    return source.path if source is not None else ""


def class_driver(provisioner: str) -> str | None:
    """Return the Docker volume driver that a provisioner names; None if it needs a cluster."""
    if provisioner.startswith(DRIVER_PREFIX):
        return provisioner.removeprefix(DRIVER_PREFIX)
    return LOCAL_DRIVER if provisioner == NO_PROVISIONER else None


def _is_default(item: StorageClass) -> bool:
    return any(item.metadata.annotations.get(key) == "true" for key in _DEFAULT_CLASS)


def _choose(
    request: ClaimRequest, storage: Storage, taken: Mapping[str, tuple[str, str]]
) -> PersistentVolume | None:
    claim = (request.namespace, request.name)
    # Names with numbers in their order, so that pv-2 comes before pv-10 for the third pod.
    ordered = sorted(storage.persistent_volumes, key=lambda one: _natural(one.metadata.name))
    free = [
        one
        for one in ordered
        if taken.get(one.metadata.name, claim) == claim and _owner(one, request) in (None, claim)
    ]
    wanted = request.spec.volume_name
    if wanted:
        return next((one for one in free if one.metadata.name == wanted), None)
    name = class_name(request, storage.classes)
    fitting = [one for one in free if _fits(one, request, name)]
    own = [one for one in fitting if _owner(one, request) == claim or one.metadata.name in taken]
    return next(iter(own or sorted(fitting, key=_capacity)), None)


def _owner(volume: PersistentVolume, request: ClaimRequest) -> tuple[str, str] | None:
    """Return the claim that a PersistentVolume is reserved for."""
    reference = volume.spec.claim_ref
    if not reference:
        return None
    namespace = reference.get("namespace") or request.namespace
    return (str(namespace), str(reference.get("name", "")))


def _fits(volume: PersistentVolume, request: ClaimRequest, name: str) -> bool:
    spec = request.spec
    needed = spec.resources.requests.get("storage", "0")
    return (
        volume.spec.storage_class_name == name
        and volume.spec.volume_mode == spec.volume_mode
        and set(spec.access_modes) <= set(volume.spec.access_modes)
        and _capacity(volume) >= parse_quantity(needed)
        and (spec.selector is None or _selects(spec.selector, volume.metadata.labels))
    )


def _from_volume(volume: PersistentVolume, name: str) -> Backing:
    spec = volume.spec
    options: dict[str, str] = {}
    shortfall = ""
    path = volume_host_path(volume)
    if path:
        options = {"type": "none", "o": "bind", "device": path}
    elif spec.nfs is not None:
        options = nfs_options(
            spec.nfs.server, spec.nfs.path, spec.mount_options, read_only=spec.nfs.read_only
        )
    else:
        shortfall = (
            f"storage of the persistentvolume {volume.metadata.name} needs a cluster: "
            "its claim gets a plain volume"
        )
    return Backing(
        options=options,
        reclaim_policy=_policy(spec.persistent_volume_reclaim_policy),
        storage_class=name,
        persistent_volume=volume.metadata.name,
        # Docker itself looks whether a device is one.
        host_path="" if spec.volume_mode == BLOCK else path,
        # Kubernetes rule: nobody makes the directory of a local volume.
        host_path_type=spec.host_path.type if spec.host_path is not None else "Directory",
        shortfall=shortfall,
    )


def _from_class(found: StorageClass, request: ClaimRequest) -> Backing:
    driver = class_driver(found.provisioner)
    name = found.metadata.name
    policy = _policy(found.reclaim_policy)
    if driver is None:
        return Backing(
            reclaim_policy=policy,
            storage_class=name,
            shortfall=f"the provisioner {found.provisioner} of the class {name} needs a cluster: "
            "its claims get plain volumes",
        )
    options = {
        key: _filled(value, request)
        for key, value in found.parameters.items()
        if not key.startswith(_SIDECAR_PARAMETERS)
    }
    if found.provisioner == NO_PROVISIONER:
        options = {}
    mounted = driver == LOCAL_DRIVER and "type" in options
    if found.mount_options and mounted:
        options["o"] = ",".join(part for part in (options.get("o"), *found.mount_options) if part)
    return Backing(
        driver=driver,
        options=options,
        reclaim_policy=policy,
        storage_class=name,
        host_path=options.get("device", "") if mounted and options["type"] == "none" else "",
        shortfall=_class_shortfall(found, is_mounted=mounted),
    )


def _class_shortfall(found: StorageClass, *, is_mounted: bool) -> str:
    name = found.metadata.name
    if found.provisioner == NO_PROVISIONER:
        return (
            f"no persistentvolume is free for the class {name}, which makes none: its claims get "
            "plain volumes"
        )
    if found.mount_options and not is_mounted:
        return f"the mountOptions of the class {name} are ignored: its driver mounts by itself"
    return ""


def nfs_options(
    server: str, path: str, more: tuple[str, ...] = (), *, read_only: bool = False
) -> dict[str, str]:
    """Return the options of a local volume that is an NFS export."""
    words = (f"addr={server}", *(("ro",) if read_only else ()), *more)
    return {"type": "nfs", "o": ",".join(words), "device": f":{path}"}


def _filled(text: str, request: ClaimRequest) -> str:
    """Replace what NFS provisioners replace: each claim can have a folder of its own."""
    return text.replace("${pvc.metadata.name}", request.name).replace(
        "${pvc.metadata.namespace}", request.namespace
    )


def _policy(written: str) -> str:
    return "Retain" if written == "Retain" else "Delete"


def _capacity(volume: PersistentVolume) -> Decimal:
    return parse_quantity(volume.spec.capacity.get("storage", "0"))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


def _selects(selector: LabelSelector, target: Mapping[str, str]) -> bool:
    if any(target.get(key) != value for key, value in selector.match_labels.items()):
        return False
    return all(_holds(expression, target) for expression in selector.match_expressions)


def _holds(expression: LabelSelectorRequirement, target: Mapping[str, str]) -> bool:
    value = target.get(expression.key)
    match expression.operator:
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "In":
            return value in expression.values
        case _:
            return value not in expression.values
