"""Every error that minisets raises on purpose, as one tree with its exit codes.

MinisetsError
├── InputError            2   what the user gave is wrong; nothing was touched
│   └── ManifestError     2   all problems of all files at once, each with file, line and path
├── NotFound              1   the named object is not there
├── EngineError           3   the Engine refused, or could not be reached
│   ├── EngineUnreachable
│   ├── EngineConflict        a name, address or port is taken by somebody else
│   │   ├── AddressTaken      the fixed address is: another one will do
│   │   └── PortTaken         a port of the host is
│   ├── EngineMissing         the Engine does not know the object (any more)
│   ├── ImageError        4   an image cannot be had: its pods would never get ready
│   └── Overtaken             another command changed the object meanwhile
└── NotConverged          4   the wait ended before everything was ready

``str(error)`` is the message for a person; ``hint`` is what to type or do next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar


class MinisetsError(Exception):
    """Base of all errors that are part of the product.

    Args:
        message: What happened to which object, one sentence, no final full stop needed.
        hint: What to do next, usually a command.
    """

    exit_code: ClassVar[int] = 70
    reference: ClassVar[str] = "internal"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(MinisetsError):
    """A flag, an argument or a manifest is wrong. Nothing was touched."""

    exit_code = 2
    reference = "bad-input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a manifest.

    Attributes:
        message: The reason, in Kubernetes' words where Kubernetes has them.
        path: Field path such as ``spec.containers[0].image``; empty for a whole file.
        file: File name as given, ``<stdin>`` for ``-``; empty if unknown.
        line: Line in the file, from 1; 0 if unknown.
        column: Column in the line, from 1; 0 if unknown.
        hint: The remedy, if there is one to tell.
        quote: The line as it was written; empty if unknown.
    """

    message: str
    path: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
    quote: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        """Render as ``file:line:column: path: message (hint)``, without what is unknown."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{text} ({self.hint})" if self.hint else text


class ManifestError(InputError):
    """One or more manifests are wrong; carries every problem found."""

    reference = "bad-manifest"

    def __init__(self, problems: tuple[Problem, ...], *, hint: str | None = None) -> None:
        super().__init__("\n".join(str(problem) for problem in problems), hint=hint)
        self.problems = problems


class NotFound(MinisetsError):
    """The object that the command names does not exist."""

    exit_code = 1
    reference = "not-found"


class EngineError(MinisetsError):
    """The Docker Engine refused a request, or failed at it.

    Attributes:
        was_created: It refused to start a container that it had created, and that is gone again.
    """

    exit_code = 3
    reference = "engine-refused"
    was_created: bool = False


class EngineUnreachable(EngineError):
    """No Docker Engine answers at the endpoint."""

    reference = "engine-unreachable"


class EngineConflict(EngineError):
    """A name, an address or a port is in use by something else."""

    reference = "engine-conflict"


class AddressTaken(EngineConflict):
    """The fixed address of a pod is in use by another container of the network."""

    reference = "address-taken"


class PortTaken(EngineConflict):
    """A port of the host that a pod publishes is in use, or not to be had.

    Args:
        port: The port; 0 if the Engine does not tell.
    """

    reference = "port-taken"

    def __init__(self, message: str, *, hint: str | None = None, port: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.port = port


class Contended(EngineConflict):
    """What is in the way is likely another command's work of this moment: look again later."""

    reference = "contended"


class EngineMissing(EngineError):
    """The Engine does not know the object, for example because it was removed meanwhile."""

    reference = "engine-missing"


class ImageError(EngineError):
    """An image is not there and cannot be had: its pods can never get ready.

    Args:
        reason: Kubernetes' word for it, as a pod's status has it.
        image: Its name; empty where nobody knows it.
    """

    exit_code = 4
    reference = "image"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        reason: str = "ErrImagePull",
        image: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.image = image


class Overtaken(EngineError):
    """Another command changed the same object; this one stops instead of fighting."""

    reference = "overtaken"


class NotConverged(MinisetsError):
    """The wait ended (time-out, crash loop, bad image) before everything was ready."""

    exit_code = 4
    reference = "not-converged"


class ReferenceMissing(NotConverged):
    """A pod refers to a ConfigMap, a Secret or a key of one that is not there."""

    reference = "reference-missing"


def joined(errors: Sequence[MinisetsError]) -> MinisetsError:
    """Return the gravest of several errors, by its exit code, with what all of them have to say.

    Hints that differ stand behind their own messages.
    """
    gravest = max(errors, key=lambda error: error.exit_code)
    hints = {error.hint for error in errors}
    if len(hints) > 1:
        messages = [f"{one.message} ({one.hint})" if one.hint else one.message for one in errors]
        gravest.hint = None
    else:
        messages = [error.message for error in errors]
    gravest.message = "\n".join(dict.fromkeys(messages))
    gravest.args = (gravest.message,)
    return gravest
