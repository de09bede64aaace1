"""The database schema: every label key that minisets writes, and what its value is.

Labels of containers, volumes and networks are the only store there is, and they can never be
changed after creation; facts that change live in records (minisets.core.records.record).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from minisets.errors import EngineError

Json = Any
"""A value as JSON has it."""

PREFIX = "minisets.io/"

SCHEMA = "minisets.io/schema"
"""Number of this schema, on everything that is ours; a newer one than ours is refused."""
SCHEMA_NUMBER = 1

KIND = "minisets.io/kind"
"""What the object is: one of the values below."""
KIND_POD = "pod"
KIND_CLAIM = "claim"
KIND_POD_VOLUME = "pod-volume"
KIND_RECORD = "record"
KIND_FILES = "files"
KIND_NETWORK = "network"
KIND_PORTER = "porter"

NAMESPACE = "minisets.io/namespace"
"""Kubernetes namespace of the object."""
SET = "minisets.io/set"
"""Name of the StatefulSet that a pod or a claim belongs to."""
SET_UID = "minisets.io/set-uid"
"""Identity of the StatefulSet that created a pod; another set of the same name has another one."""
CONTAINER = "minisets.io/container"
"""Name of the container in the pod's template."""
ROLE = "minisets.io/role"
"""What a container is to its pod: ``sandbox``, ``init`` or ``sidecar``; absent for the others."""
PLACE = "minisets.io/place"
"""Place of a container in the order in which those of its pod start; absent for the first."""
NEW_CLAIMS = "minisets.io/new-claims"
"""Claims that were new when the pod was created, comma-separated: to be made writable."""
FIXED = "minisets.io/fixed"
"""Hash of what was fixed at creation beside the template: mounts."""
NAMES = "minisets.io/names"
"""Hash of the DNS names that the pod was created with."""
PORTS = "minisets.io/ports"
"""Ports of the host that the pod was created with, as ``127.0.0.1:8080:80/tcp,…``."""
SPEC = "minisets.io/spec"
"""The set's spec, compressed (see pack), so that a lost record can be rebuilt from its pods."""

CLAIM = "minisets.io/claim"
"""Name of the claim template that a volume was made from."""
ORDINAL = "minisets.io/ordinal"
"""Ordinal of the pod that a volume was made for."""
STORAGE = "minisets.io/storage"
"""Storage that the claim asks for, as written: recorded, not enforced."""
STORAGE_CLASS = "minisets.io/storage-class"
"""Name of the claim's storage class; absent if it names none."""
PERSISTENT_VOLUME = "minisets.io/persistent-volume"
"""Name of the PersistentVolume that the claim is bound to; absent if there is none."""
POD_VOLUME = "minisets.io/pod-volume"
"""Name in the pod's template of a volume that lives and dies with the pod."""
RECLAIM_POLICY = "minisets.io/reclaim-policy"
"""``Retain`` if the volume may never be removed, else ``Delete``."""
FS_GROUP = "minisets.io/fs-group"
"""The group that a claim was given to when it was made; absent if it was given to everybody."""
VOLUME_MODE = "minisets.io/volume-mode"
"""``Block`` for a claim that is a device; absent for one that is a directory."""
ACCESS_MODES = "minisets.io/access-modes"
"""Access modes of the claim, comma-separated."""
APPLIED_FROM = "minisets.io/applied-from"
"""The file that the claim's set was applied from when the volume was made."""

CREATED = "minisets.io/created"
"""When a claim was made: the Engine's own date of a volume is that of its last file."""

RECORD_KIND = "minisets.io/record-kind"
"""Kind of the object that a record holds, for example ``StatefulSet``."""
RECORD_NAME = "minisets.io/record-name"
"""Name of the object that a record holds."""
GENERATION = "minisets.io/generation"
"""Number of the record; the highest one is the truth."""
FILES = "minisets.io/files"
"""The volume with what of a record is not to be seen in labels: the values of a Secret."""
NONCE = "minisets.io/nonce"
"""Random text that tells writers of the same generation apart."""
DATA = "minisets.io/data"
"""The record itself, as JSON."""

POD_NAME = "statefulset.kubernetes.io/pod-name"
"""Kubernetes' own label: name of the pod."""
POD_INDEX = "apps.kubernetes.io/pod-index"
"""Kubernetes' own label: ordinal of the pod."""
REVISION = "controller-revision-hash"
"""Kubernetes' own label: name of the revision that the pod was made from."""


def base(kind: str, namespace: str) -> dict[str, str]:
    """Return the labels that everything of ours carries."""
    return {SCHEMA: str(SCHEMA_NUMBER), KIND: kind, NAMESPACE: namespace}


def is_ours(labels: Mapping[str, str]) -> bool:
    """Say whether minisets made the object.

    Raises:
        EngineError: A newer minisets made it, with a schema that this one cannot read.
    """
    number = labels.get(SCHEMA)
    if number is None:
        return False
    if not number.isdecimal() or int(number) > SCHEMA_NUMBER:
        raise EngineError(
            f"this Engine holds objects of a newer minisets (schema {number}, "
            f"this one reads up to {SCHEMA_NUMBER})",
            hint="pip install --upgrade minisets",
        )
    return True


def pack(value: Json) -> str:
    """Compress a JSON value into label text."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def unpack(text: str) -> Json:
    """Restore what pack compressed."""
    return json.loads(zlib.decompress(base64.b64decode(text)))
