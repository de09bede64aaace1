"""The user's editor, run on a text of ours."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from minisets.errors import InputError

_VARIABLES = ("KUBE_EDITOR", "VISUAL", "EDITOR")
_USUAL = "notepad" if os.name == "nt" else "vi"


def make_file(name: str, suffix: str) -> Path:
    """Make an empty file that only this user can read, for an edit; it stays until removed."""
    number, path = tempfile.mkstemp(prefix=f"minisets-edit-{name}-", suffix=suffix)
    os.close(number)
    return Path(path)


def edit(file: Path, *, environ: Mapping[str, str] | None = None) -> str:
    """Run the user's editor on a file until it ends, and return what the file holds then.

    Raises:
        InputError: The editor is not there, or ends with an error.
    """
    env = os.environ if environ is None else environ
    command = next((env[name] for name in _VARIABLES if env.get(name)), _USUAL)
    try:
        # An editor may have arguments: "code --wait".
        done = subprocess.run([*shlex.split(command), str(file)], check=False)  # noqa: S603
    except OSError as error:
        raise InputError(
            f"the editor {command!r} cannot be run: {error}",
            hint="set EDITOR to the editor that you use",
        ) from error
    if done.returncode:
        raise InputError(f"the editor {command!r} ended with exit code {done.returncode}")
    return file.read_text(encoding="utf-8")
