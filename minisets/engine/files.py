"""Read manifests from files, folders, standard input and URLs.

YAML is read as Kubernetes reads it: YAML 1.1 booleans, but no base-60 numbers and no dates, and a
key may stand only once in a map. Nothing here knows what a manifest means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from minisets.core.input.source import Document
from minisets.core.suggest import nearest
from minisets.engine.yaml_reader import parse_text
from minisets.errors import ManifestError, Problem

SUFFIXES = (".yaml", ".yml", ".json")
STDIN_NAME = "<stdin>"
FETCH_TIMEOUT_SECONDS = 30


def fetch_url(url: str) -> bytes:
    """Download a manifest.

    Raises:
        OSError: The server cannot be reached or does not have it.
    """
    # 25 ms to import, and hardly any command needs it.
    from urllib.request import urlopen

    with urlopen(url, timeout=FETCH_TIMEOUT_SECONDS) as response:  # noqa: S310 - http(s) only
        body: bytes = response.read()
        return body


def read_manifests(
    inputs: Iterable[str],
    *,
    recursive: bool = False,
    stdin: Callable[[], str | bytes] | None = None,
    fetch: Callable[[str], bytes] = fetch_url,
) -> tuple[Document, ...]:
    """Read every object of every input, in the order given; folders are sorted by name.

    Args:
        inputs: Paths of files or folders, ``-`` for standard input, or http(s) URLs.
        recursive: Read the folders inside folders too.
        stdin: Gives the text of standard input.
        fetch: Gives the content behind a URL.

    Raises:
        ManifestError: Something cannot be read or is no YAML, or an input holds no object; every
            problem of every input.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    for given in inputs:
        found, wrong = _read_input(given, recursive=recursive, stdin=stdin, fetch=fetch)
        if not found and not wrong:
            wrong = [Problem(message=f"no objects found in {_display_name(given)}")]
        documents.extend(found)
        problems.extend(wrong)
    if problems:
        raise ManifestError(tuple(problems))
    return tuple(documents)


def parse_manifests(text: str | bytes, file: str) -> tuple[Document, ...]:
    """Read every object of one YAML or JSON text; ``file`` is its name in messages.

    Raises:
        ManifestError: The text is no YAML, or holds something that is no object.
    """
    documents, problems = parse_text(text, file)
    if problems:
        raise ManifestError(tuple(problems))
    return tuple(documents)


def _display_name(given: str) -> str:
    return STDIN_NAME if given == "-" else given


def _read_input(
    given: str,
    *,
    recursive: bool,
    stdin: Callable[[], str | bytes] | None,
    fetch: Callable[[str], bytes],
) -> tuple[list[Document], list[Problem]]:
    name = _display_name(given)
    try:
        if given == "-":
            return parse_text(stdin() if stdin else "", name)
        if given.startswith(("http://", "https://")):
            return parse_text(fetch(given), name)
        path = Path(given)
        if path.is_dir():
            return _read_folder(path, recursive=recursive)
        return parse_text(path.read_bytes(), name)
    except (OSError, ValueError) as error:
        return [], [_unreadable(name, error)]


def _read_folder(folder: Path, *, recursive: bool) -> tuple[list[Document], list[Problem]]:
    candidates = folder.rglob("*") if recursive else folder.iterdir()
    files = sorted(path for path in candidates if path.suffix in SUFFIXES and path.is_file())
    if not files:
        kinds = ", ".join(f"*{suffix}" for suffix in SUFFIXES)
        is_deeper = not recursive and any(path.is_dir() for path in folder.iterdir())
        hint = "-R reads the folders inside it, too" if is_deeper else ""
        message = f"no manifest in this folder ({kinds})"
        return [], [Problem(message=message, file=str(folder), hint=hint)]
    documents: list[Document] = []
    problems: list[Problem] = []
    for path in files:
        try:
            found, wrong = parse_text(path.read_bytes(), str(path))
        except OSError as error:
            found, wrong = [], [_unreadable(str(path), error)]
        documents.extend(found)
        problems.extend(wrong)
    return documents, problems


def _unreadable(name: str, error: OSError | ValueError) -> Problem:
    if isinstance(error, FileNotFoundError):
        return Problem(message=f'the path "{name}" does not exist', hint=_meant(Path(name)))
    # A URL that leads nowhere has the error of the connection inside.
    cause = getattr(error, "reason", None)
    inner = cause if isinstance(cause, OSError) else error
    reason = (inner.strerror if isinstance(inner, OSError) else None) or str(inner)
    return Problem(message=f"cannot be read: {reason}", file=name)


def _meant(path: Path) -> str:
    """Return which file beside a path may have been meant."""
    try:
        beside = [one.name for one in path.parent.iterdir()]
    except OSError:
        return ""
    found = nearest(path.name, beside)
    return f"did you mean {path.with_name(found)!s}?" if found else ""
