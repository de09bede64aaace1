"""How commands name pods: POD, TYPE/NAME or labels; and what they say of a choice of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minisets.core.query.kinds import POD, SERVICE, SET, find_resource
from minisets.errors import InputError

if TYPE_CHECKING:
    from minisets.app.reading.pod_choice import PodRef
    from minisets.cli.progress import Screen

PODS_METAVAR = "POD | TYPE/NAME"
_HOLDERS = (POD, SET, SERVICE)


def parse_pods(word: str) -> PodRef:
    """Return the pods that a word names: ``web-0``, ``pod/web-0``, ``sts/web`` or ``svc/nginx``.

    Raises:
        InputError: It is of a type that has no pods.
    """
    from minisets.app.reading.pod_choice import PodRef

    type_word, slash, name = word.partition("/")
    if not slash:
        return PodRef(name=word)
    if not type_word or not name or "/" in name:
        raise InputError(f'"{word}" is neither POD nor TYPE/NAME', hint="for example sts/web")
    resource = find_resource(type_word, _HOLDERS)
    if resource == SET:
        return PodRef(kind="StatefulSet", name=name)
    return PodRef(kind="Service" if resource == SERVICE else "Pod", name=name)


def tell_default(screen: Screen, name: str, names: tuple[str, ...]) -> None:
    """Say which container was taken, as kubectl does."""
    screen.remark(f'Defaulted container "{name}" out of: {", ".join(names)}')
