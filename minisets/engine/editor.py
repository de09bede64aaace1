"""The user's editor, run on a text of ours."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from minisets.errors import InputError

_VARIABLES = ("KUBE_EDITOR", "VISUAL", "EDITOR")
_USUAL = "notepad" if os.name == "nt" else "vi"


class Draft:
    """A text to be edited, in a file of a folder that only this user can look into.

    Whatever an editor writes beside it, as a backup, lies there too.

    Args:
        name: Of the file, without its suffix.
        suffix: With the dot; editors go by it.
    """

    def __init__(self, name: str, suffix: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="minisets-edit-"))
        self.path = self._folder / f"{name}{suffix}"
        self._write("")

    def edit(self, text: str, *, environ: Mapping[str, str] | None = None) -> str:
        """Run the user's editor on a text until it ends, and return what was saved.

        Raises:
            InputError: The editor is not there, or ends with an error.
        """
        env = os.environ if environ is None else environ
        command = next((env[name] for name in _VARIABLES if env.get(name)), _USUAL)
        self._write(text)
        try:
            # An editor may have arguments: "code --wait".
            words = [*shlex.split(command), str(self.path)]
            with _ctrl_c_is_the_editors():
                done = subprocess.run(words, check=False)  # noqa: S603
        except (OSError, ValueError) as error:
            raise InputError(
                f"the editor {command!r} cannot be run: {error}",
                hint="set EDITOR to the editor that you use",
            ) from error
        if done.returncode:
            raise InputError(f"the editor {command!r} ended with exit code {done.returncode}")
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError(
                f"what the editor {command!r} saved cannot be read: {error}"
            ) from error

    def saved(self) -> str:
        """Return what is in the file now; nothing if it cannot be read."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def keep(self) -> None:
        """Leave the file, and nothing else of the folder, for this user alone."""
        for path in self._folder.iterdir():
            if path != self.path and not path.is_dir():
                path.unlink()
        self.path.chmod(0o600)

    def discard(self) -> None:
        """Remove the file, with its folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, text: str) -> None:
        number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)


@contextmanager
def _ctrl_c_is_the_editors() -> Iterator[None]:
    """Let Ctrl-C be a key of the editor, which the terminal sends to this process, too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Not ignored: the editor would inherit that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
