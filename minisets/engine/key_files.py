"""Files of this machine as keys and contents: what ConfigMaps and Secrets are created from."""

from __future__ import annotations

from pathlib import Path

from minisets.core.input.validate_names import check_config_key
from minisets.core.records.new_objects import Pair, parse_file_source
from minisets.errors import InputError


def read_sources(sources: tuple[str, ...]) -> list[Pair]:
    """Read ``[KEY=]FILE`` and folders.

    kubectl's rules: a file's key is its name; of a folder the regular files count whose names can
    be keys, those of folders in it do not.

    Raises:
        InputError: A file cannot be read, or a folder was given a key.
    """
    found: list[Pair] = []
    for source in sources:
        key, path = parse_file_source(source)
        place = Path(path)
        if place.is_dir():
            if key:
                raise InputError("cannot give a key name for a directory path")
            found += [
                (file.name, read_bytes(str(file)))
                for file in sorted(place.iterdir())
                if file.is_file() and not any(check_config_key((), file.name))
            ]
        else:
            found.append((key or place.name, read_bytes(path)))
    return found


def read_bytes(path: str) -> bytes:
    """Read a file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"error reading {path}: {error.strerror}") from error


def read_text(path: str) -> str:
    """Read a file of text.

    Raises:
        InputError: It cannot be read, or is no text.
    """
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"env file {path} contains invalid utf-8 bytes") from error
