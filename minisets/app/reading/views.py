"""What get shows of objects: one type per kind of table, with the whole object beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from minisets.app.reading.pod_parts import PodPart
    from minisets.app.reading.shapes import Object
    from minisets.core.pod.setback import Setback

SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
"""Access modes as tables write them."""


class SetView(msgspec.Struct, frozen=True, kw_only=True):
    """A StatefulSet; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it."""

    namespace: str
    name: str
    ready: int
    replicas: int
    created: float
    containers: tuple[str, ...]
    images: tuple[str, ...]
    object: Object


class PodView(msgspec.Struct, frozen=True, kw_only=True):
    """A pod; times are seconds since the epoch, ``object`` as Kubernetes has it.

    Attributes:
        last_restart: 0.0 if there was none, or nobody knows.
        node: Name of the Engine's machine, where it was asked for.
        parts: Its containers, init containers first.
        places: Where it is to be found from outside.
        is_cut_off: Its sandbox has ended, and with it the network of its containers.
        setback: Why it could not be made or completed, as far as a driving command found out.
        is_unmade: It has no container at all.
    """

    namespace: str
    name: str
    ready: int
    containers: int
    status: str
    restarts: int
    last_restart: float = 0.0
    created: float
    ip: str
    node: str
    revision: str
    object: Object
    parts: tuple[PodPart, ...] = ()
    places: tuple[str, ...] = ()
    is_cut_off: bool = False
    setback: Setback | None = None
    is_unmade: bool = False


class ClaimView(msgspec.Struct, frozen=True, kw_only=True):
    """A claim; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it.

    Attributes:
        used: Bytes that its files take, where they were measured.
    """

    namespace: str
    name: str
    status: str
    volume: str
    capacity: str
    access_modes: str
    storage_class: str
    created: float
    object: Object
    used: int | None = None


class ServiceView(msgspec.Struct, frozen=True, kw_only=True):
    """A Service; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it."""

    namespace: str
    name: str
    type: str
    cluster_ip: str
    external_ip: str
    ports: str
    created: float
    selector: str
    object: Object
    places: tuple[str, ...] = ()


class ObjectView(msgspec.Struct, frozen=True, kw_only=True):
    """An object; ``created`` is seconds since the epoch, ``object`` as Kubernetes has it.

    Attributes:
        namespace: Empty for what is of no namespace.
    """

    kind: str
    namespace: str
    name: str
    created: float
    object: Object


View = SetView | PodView | ClaimView | ServiceView | ObjectView
