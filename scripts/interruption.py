"""Lets a signal end a program at a moment when nothing is lost by it, however many signals come.

SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt inside `interruptible()` only, and only once. Everywhere
else they are noted: so what ends processes, removes folders and writes a report is never cut short.
`./run.sh` has no use for it: its programs end with it by themselves, however it ends.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from scripts.programs import children

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_came = False
_raises = False


def note_signals() -> None:
    """From now on a signal ends nothing outside of `interruptible()`.

    A signal that is ignored at the start (nohup ignores SIGHUP) stays ignored.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _note)
    # While Python ends it would put the system's own handlers back, and the exit code would be lost.
    atexit.register(_ignore_signals)


def _note(number: int, frame: FrameType | None) -> None:
    global _came, _raises
    _came = True
    if _raises:
        _raises = False
        raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, in the main thread, the first signal raises KeyboardInterrupt: also one that was noted before.

    It belongs inside of what ends the processes: `with System(...) as system, interruptible():`.
    """
    global _raises
    try:
        _raises = True
        if _came:
            raise KeyboardInterrupt
        yield
    finally:
        _raises = False


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A part of what is interruptible that is not: a signal that comes inside is raised at its end.

    In other threads it does nothing, because signals do not reach them.
    """
    global _raises
    if not (_raises and threading.current_thread() is threading.main_thread()):
        yield
        return
    _raises = False
    try:
        yield
    finally:
        _raises = True
        if _came:
            _raises = False
            raise KeyboardInterrupt


def run(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - Popen's
    """Run a program as `subprocess.run` does; a signal ends it, and all that it has started."""
    process: subprocess.Popen[str] | None = None
    try:
        with uninterrupted():
            process = subprocess.Popen(command, text=True, **options)  # noqa: S603 - the caller's own command
        output, errors = process.communicate()
    except BaseException:
        with uninterrupted():
            _kill(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _kill(process: subprocess.Popen[str] | None) -> None:
    if process is None:
        return
    # They have no group of their own, because git, which pip starts, may ask at the terminal for a password.
    for pid in list(_descendants(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def _descendants(pid: int) -> Iterator[int]:
    """The process, its children, their children, and so on."""
    yield pid
    for child in children(pid):
        yield from _descendants(child)
