"""Commands in messages, as this user types them: by the program's name, and where they act.

Messages name commands as ``minisets VERB ...``, with `` -n NAMESPACE`` where it may be another one
than that of the running command. What goes without saying is taken out here, and what is needed is
put in.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from minisets.core.query import kinds

if TYPE_CHECKING:
    from minisets.cli.progress import Screen
    from minisets.core.events import Progress

PROGRAM = "minisets"

_START = re.compile(r"(?<![\w./-])minisets (?=(--help|[a-z][a-z-]*)(?![\w-]))")
_WORD = re.compile(r" (?:'[^']*'|\"[^\"]*\"|[^\s'\"])+")
_NAMESPACE = re.compile(r" (?:-n[ =]?|--namespace[ =])([a-z0-9][a-z0-9-]*)(?= |$)")
_ENDS = ",;).`"
# They ask no Engine, or all of it.
_EVERYWHERE = frozenset(
    {"api-resources", "completion", "doctor", "explain", "help", "options", "version"}
)
_NO_ENGINE = _EVERYWHERE - {"doctor", "version"}
# All others need an object to be a command and not only its name.
_ALONE = frozenset({"doctor", "events", "start", "stop", "version", "watch"})


class Advice:
    """Rewrites the commands in a text.

    Args:
        program: As it was called, such as ``docker minisets``.
        namespace: Of the running command.
        usual: The namespace in which commands work if nothing is said.
        context: The Docker context that was given; None if none was.
    """

    def __init__(self, *, program: str, namespace: str, usual: str, context: str | None) -> None:
        self._program = program
        self._namespace = namespace
        self._usual = usual
        self._context = context

    def __call__(self, text: str) -> str:
        """Return the text with its commands as they are to be typed."""
        if f"{PROGRAM} " not in text:
            return text
        # It is imported already: it has the running command.
        from minisets.cli.main import COMMANDS

        done, at = "", 0
        while (found := _START.search(text, at)) is not None:
            done += text[at : found.start()]
            at = found.start()
            is_ours = done.endswith(("docker ", "kubectl "))
            verb = found[1]
            if is_ours or (verb not in COMMANDS and verb != "--help"):
                done, at = done + found[0], found.end()
                continue
            end = _end_of(text, at)
            body = text[at + len(PROGRAM) : end]
            if not done.endswith("`"):
                body = self._placed(verb, body)
            done, at = f"{done}{self._program}{body}", end
        return done + text[at:]

    def _placed(self, verb: str, body: str) -> str:
        """Return what stands behind the program's name, with its place."""
        words = body.split()[1:]
        if "--help" in (verb, *words) or (not words and verb not in _ALONE):
            return body
        flags = ""
        given = _NAMESPACE.search(body)
        if given is not None and given[1] == self._usual:
            body = body[: given.start()] + body[given.end() :]
        elif given is None and self._namespace != self._usual and _is_placed(verb, words):
            flags = f" -n {self._namespace}"
        if self._context and "--context" not in body and verb not in _NO_ENGINE:
            flags += f" --context {shlex.quote(self._context)}"
        # What follows the dashes is a command of its own.
        head, *rest = re.split(r"(?= --(?: |$))", body, maxsplit=1)
        return f"{head}{flags}{''.join(rest)}"


class AdvisingScreen:
    """A screen whose messages name commands as this user types them."""

    def __init__(self, screen: Screen, advice: Advice) -> None:
        self._screen = screen
        self._advice = advice

    def progress(self, step: Progress) -> None:
        """Show a step."""
        self._screen.progress(step)

    def notice(self, text: str) -> None:
        """Show a notice."""
        self._screen.notice(self._advice(text))

    def trace(self, method: str, path: str) -> None:
        """Show an answer of the Engine."""
        self._screen.trace(method, path)

    def remark(self, text: str) -> None:
        """Show a remark."""
        self._screen.remark(self._advice(text))

    def result(self, text: str) -> None:
        """Print a result: it is not ours to change."""
        self._screen.result(text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._screen.close()


def _end_of(text: str, at: int) -> int:
    """Return where the command that begins there ends: at a mark, a pipe or the line's end."""
    at += len(PROGRAM)
    while (word := _WORD.match(text, at)) is not None and word[0] != " |":
        bare = word[0].rstrip(_ENDS)
        at += len(bare)
        if bare != word[0] and len(bare) > 1:
            break
        at = word.end()
    return at


def _is_placed(verb: str, words: list[str]) -> bool:
    """Say whether a command works in one namespace."""
    if verb in _EVERYWHERE or {"-A", "--all-namespaces"} & set(words):
        return False
    kind = words[0].partition("/")[0].lower() if words else ""
    return all(kind not in resource.words for resource in kinds.CLUSTER_SCOPED)
