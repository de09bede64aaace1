"""Runs the program in forks of one process that has imported it: a start costs ten times more.

Each command line still is a process of its own, with its own environment, streams and exit code.
That every command also starts by itself is shown by tests/unit/test_start.py.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from pkgutil import iter_modules
from subprocess import CompletedProcess, TimeoutExpired

import minisets

PROGRAM = Path(sys.executable).parent / "minisets"
_FOLDERS = ("cli", "app", "core", "engine")

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    [
        __name__,
        "docker",
        "jsonschema_rs",
        *(
            f"minisets.{folder}.{module.name}"
            for folder in _FOLDERS
            for module in iter_modules([str(Path(minisets.__file__).parent / folder)])
        ),
    ]
)


def run(
    args: Sequence[str], *, stdin: str, environ: Mapping[str, str], timeout: float
) -> CompletedProcess[str]:
    """Run a command line of minisets, as ``subprocess.run`` would.

    Raises:
        TimeoutExpired: It ran for so long, and was killed.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("in", "out", "err")]
        streams[0].write_text(stdin)
        process = _forks.Process(
            target=_main,
            args=(tuple(args), tuple(map(str, streams)), dict(environ), str(Path.cwd())),
        )
        process.start()
        process.join(timeout)
        is_late = process.is_alive()
        if is_late:
            process.kill()
            process.join()
        out, err = (path.read_text() if path.exists() else "" for path in streams[1:])
        code = process.exitcode
        process.close()
    if is_late:
        raise TimeoutExpired(list(args), timeout, out, err)
    assert code is not None
    return CompletedProcess(list(args), code, out, err)


def _main(
    args: tuple[str, ...], streams: tuple[str, ...], environ: dict[str, str], folder: str
) -> None:
    for number, path in enumerate(streams):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.argv = [str(PROGRAM), *args]
    # The server of the forks has none of its own.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - lives as long as the process
    from minisets.cli.main import main

    main()
