"""Kinds of objects by the names that kubectl knows them by, and TYPE NAME or TYPE/NAME words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from minisets.errors import InputError


class Resource(msgspec.Struct, frozen=True):
    """One kind.

    Attributes:
        singular: As kubectl prints it, without the API group.
        group: The API group with its dot, where kubectl prints it.
        aliases: Other words for it; all in small letters.
    """

    kind: str
    singular: str
    plural: str
    group: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def printed(self) -> str:
        """The name as it stands before an object's, such as ``statefulset.apps``."""
        return f"{self.singular}{self.group}"

    @property
    def full(self) -> str:
        """The type as messages write it, such as ``statefulsets.apps``."""
        return f"{self.plural}{self.group}"

    @property
    def words(self) -> tuple[str, ...]:
        """All words for it."""
        grouped = (self.group, f".v1{self.group}") if self.group else ()
        names = (self.singular, self.plural)
        return (*names, *self.aliases, *(name + group for group in grouped for name in names))


SET = Resource("StatefulSet", "statefulset", "statefulsets", ".apps", ("sts", "set", "sets"))
POD = Resource("Pod", "pod", "pods", "", ("po",))
CLAIM = Resource(
    "PersistentVolumeClaim", "persistentvolumeclaim", "persistentvolumeclaims", "", ("pvc", "pvcs")
)
SERVICE = Resource("Service", "service", "services", "", ("svc",))
CONFIG_MAP = Resource("ConfigMap", "configmap", "configmaps", "", ("cm",))
SECRET = Resource("Secret", "secret", "secrets")
NAMESPACE = Resource("Namespace", "namespace", "namespaces", "", ("ns",))
CLASS = Resource("StorageClass", "storageclass", "storageclasses", ".storage.k8s.io", ("sc",))
VOLUME = Resource("PersistentVolume", "persistentvolume", "persistentvolumes", "", ("pv",))
EVENT = Resource("Event", "event", "events", "", ("ev",))
REVISION = Resource("ControllerRevision", "controllerrevision", "controllerrevisions", ".apps")

RESOURCES = (
    SET,
    POD,
    CLAIM,
    SERVICE,
    CONFIG_MAP,
    SECRET,
    NAMESPACE,
    CLASS,
    VOLUME,
    REVISION,
    EVENT,
)
CLUSTER_SCOPED = frozenset({NAMESPACE, CLASS, VOLUME})
READABLE = RESOURCES
DELETABLE = (SET, POD, CLAIM, SERVICE, CONFIG_MAP, SECRET, NAMESPACE, CLASS, VOLUME)

ALL = "all"
_ALL_RESOURCES = (POD, SERVICE, SET)

Wanted = dict[Resource, list[str]]
"""Resource to the names that were given; no names means all of them."""


def of_kind(kind: str) -> Resource:
    """Return the resource of a manifest's kind."""
    return next(resource for resource in RESOURCES if resource.kind == kind)


def find_resource(word: str, allowed: Sequence[Resource]) -> Resource:
    """Return the resource that a word names.

    Raises:
        InputError: There is none, or it is not one of the allowed ones.
    """
    for resource in allowed:
        if word.lower() in resource.words:
            return resource
    raise _no_such_type(word, allowed)


def _no_such_type(word: str, allowed: Sequence[Resource]) -> InputError:
    from minisets.core.query.kubectl import absent_type
    from minisets.core.suggest import did_you_mean

    shorts = [min(resource.words, key=len) for resource in allowed]
    listed = f"the types are: {', '.join(shorts)}"
    if any(word.lower() in resource.words for resource in RESOURCES):
        return InputError(f'there is no resource type "{word}" for this command', hint=listed)
    if absent := absent_type(word):
        message, instead = absent
        return InputError(message, hint=f"minisets {instead}" if instead else listed)
    known = [name for resource in allowed for name in resource.words]
    # Where there is one type only, the word is more likely a name.
    rest = f"did you mean {shorts[0]}/{word}?" if len(shorts) == 1 else listed
    return InputError(
        f'there is no resource type "{word}" here', hint=did_you_mean(word, known) or rest
    )


def parse_words(
    words: Sequence[str], allowed: Sequence[Resource], *, is_all_known: bool = False
) -> Wanted:
    """Parse ``TYPE [NAME...]``, ``TYPE,TYPE`` or ``TYPE/NAME...``.

    Args:
        words: As typed.
        allowed: Resources that the command knows.
        is_all_known: The word ``all`` stands for pods, services and sets.

    Raises:
        InputError: A type is unknown, or the two forms are mixed.
    """
    wanted: Wanted = {}
    if any("/" in word for word in words):
        for word in words:
            resource, name = _split(word, allowed)
            wanted.setdefault(resource, []).append(name)
        return wanted
    for word in words[0].split(","):
        if is_all_known and word == ALL:
            wanted.update({resource: [] for resource in _ALL_RESOURCES})
        else:
            wanted[find_resource(word, allowed)] = list(words[1:])
    return wanted


def parse_names(words: Sequence[str], resource: Resource) -> tuple[str, ...]:
    """Parse ``NAME``, ``TYPE/NAME`` or ``TYPE NAME...`` where only one type makes sense.

    Raises:
        InputError: It is of another type.
    """
    if len(words) > 1 and words[0].lower() in resource.words:
        return tuple(words[1:])
    return tuple(_split(word, (resource,))[1] if "/" in word else word for word in words)


def _split(word: str, allowed: Sequence[Resource]) -> tuple[Resource, str]:
    kind, slash, name = word.partition("/")
    if not slash:
        raise InputError(
            f'"{word}" is not TYPE/NAME, as the other arguments are', hint=f"TYPE/{word}"
        )
    if not name or "/" in name:
        raise InputError(f'"{word}" is not TYPE/NAME', hint="for example sts/web")
    return find_resource(kind, allowed), name
