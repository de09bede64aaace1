"""Where the program begins and ends: before anything is imported, and after all is closed.

Python's own answer to Ctrl-C is a traceback, here of what is just being imported. So until the
command line is at work, and after it, an interruption ends this process as it ends any other.
"""

import signal

_HAS_CTRL_C = signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _HAS_CTRL_C:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import os  # noqa: E402
import sys  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import NoReturn

_INTERRUPTED = 130


def main() -> "NoReturn":
    """Run minisets."""
    from minisets.cli.main import main as program

    _run(program)


def docker() -> "NoReturn":
    """Run as ``docker minisets``."""
    from minisets.cli.plugin import docker as program

    _run(program)


def _run(program: "Callable[[], object]") -> "NoReturn":
    """Run a program that raises SystemExit, and end as the signal says that has ended it."""
    ended_by: list[int] = []

    def end(number: int, _frame: "FrameType | None") -> None:
        # As Ctrl-C: what is open is closed, and the terminal left tidy. Once more is at once.
        ended_by.append(number)
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    code: object = _INTERRUPTED
    try:
        _open_what_is_closed()
        _listen(end)
        program()
    except SystemExit as error:
        code = error.code
    except KeyboardInterrupt:
        pass
    if _HAS_CTRL_C:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _flush()
    if ended_by:
        os.kill(os.getpid(), ended_by[0])
    if code == _INTERRUPTED:
        # Python would wait for what the Engine is doing in threads, however long that takes.
        os._exit(_INTERRUPTED)
    raise SystemExit(code)


def _open_what_is_closed() -> None:
    """Let standard streams that were closed lead nowhere.

    What is opened first would have their numbers else: a connection, for example.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def _listen(end: "Callable[[int, FrameType | None], None]") -> None:
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What the shell has made deaf, as nohup does, stays so.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)
    if _HAS_CTRL_C:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # Nobody reads it any more.
            continue
