"""Runs several programs side by side: their output behind their names, and one end for all of them.

It knows nothing of what it runs. Standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

START_SECONDS = 30.0
"""How long a program may take until it is up."""
STOP_SECONDS = 2.5
"""How long all programs together may take to end; what is left is killed. So all is over in three seconds."""
STEP_SECONDS = 0.5
"""How long a program may take to end before the next one is asked as well."""

# prctl(2)
_DEATH_SIGNAL, _ADOPT_ORPHANS = 1, 36
_prctl = ctypes.CDLL(None).prctl

_output = threading.Lock()
_own: set[int] = set()
"""The programs' processes, also of other Programs. Of these the exit code is still wanted."""


@dataclass(frozen=True)
class Program:
    """One program: how to start it, and how to see that it is up."""

    name: str
    """Stands before each line of its output."""
    command: Sequence[str]
    environment: Mapping[str, str]
    """The whole environment of the program."""
    is_up: Callable[[], bool]
    """Asked again and again after the start, until it returns True. Must return at once."""
    is_needed: bool = True
    """Whether its end, once all are up, is the end of all."""


class ProgramError(Exception):
    """A program ended or did not come up; the message names it."""


class Stopped(Exception):  # noqa: N818 - not an error
    """A signal asks for the end. Raised wherever the main thread is, as KeyboardInterrupt is."""


def stop_at_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise Stopped, once; further ones do nothing.

    A signal that is ignored at the start (nohup ignores SIGHUP) stays ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    _ignore_signals()
    raise Stopped


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


class Programs:
    """Runs programs for as long as the context lasts. They start together and end in the opposite order."""

    def __init__(
        self, programs: Sequence[Program], shown: Callable[[str], str | None] = lambda line: line
    ) -> None:
        """`shown` gets each line of the programs' output; what it returns is shown, None is nothing."""
        self._programs = programs
        self._shown = shown
        self._running: list[tuple[Program, subprocess.Popen[bytes]]] = []
        self._outputs: list[threading.Thread] = []

    def __enter__(self) -> Programs:
        # What a program leaves behind when it dies becomes a child of this process, which ends it.
        _prctl(_ADOPT_ORPHANS, 1)
        try:
            for program in self._programs:
                self._running.append((program, _start(program)))
                _own.add(self._running[-1][1].pid)
        except BaseException:
            self._end()
            raise
        # Only now, because a process is not forked from one with threads.
        for program, process in self._running:
            output = threading.Thread(
                target=_pass_on, args=(program.name, process.stdout, self._shown), daemon=True
            )
            output.start()
            self._outputs.append(output)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def wait_until_up(self, seconds: float = START_SECONDS) -> None:
        """Return when all are up. Raises ProgramError when one ends, or is not up after so many seconds."""
        deadline = time.monotonic() + seconds
        for program, _ in self._running:
            while not program.is_up():
                self.check()
                if time.monotonic() > deadline:
                    raise ProgramError(f"{program.name} is not up after {seconds:g} seconds")
                time.sleep(0.02)

    def wait(self) -> NoReturn:
        """Wait until a program that is needed ends, and raise ProgramError then."""
        while True:
            self._let_go()
            self.check()
            _bury_orphans()
            time.sleep(0.1)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the program of that name."""
        for program, process in self._running:
            if program.name == name:
                process.send_signal(number)

    def check(self) -> None:
        """Raise ProgramError when a program has ended."""
        for program, process in self._running:
            if process.poll() is not None:
                raise ProgramError(f"{program.name} has ended; what it said stands above")

    def _let_go(self) -> None:
        """Tell of programs that have ended and are not needed, and forget them."""
        for pair in [pair for pair in self._running if not pair[0].is_needed and pair[1].poll() is not None]:
            self._running.remove(pair)
            sys.stderr.write(f"note: {pair[0].name} has ended; all others go on without it\n")

    def _end(self) -> None:
        _ignore_signals()
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in reversed(self._running):
            process.terminate()
            _wait(process, STEP_SECONDS)
        for _, process in self._running:
            _wait(process, deadline - time.monotonic())
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        while orphans := children(os.getpid()):
            for pid in orphans:
                with suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
        # The last words; not for ever, because whoever reads our output may not.
        for output in self._outputs:
            output.join(0.1)


def _start(program: Program) -> subprocess.Popen[bytes]:
    def end_with_parent() -> None:
        # However this process ends: nothing else could end the program after a SIGKILL.
        _prctl(_DEATH_SIGNAL, signal.SIGTERM)

    try:
        return subprocess.Popen(  # noqa: S603 - the caller's own command
            program.command,
            env=program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this process alone, which ends the programs in order.
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    except OSError as error:
        raise ProgramError(f"{program.name} cannot be started: {error}") from error


def _pass_on(name: str, lines: BufferedReader, shown: Callable[[str], str | None]) -> None:
    for line in lines:
        # awslambdaric puts \r between the lines of a traceback; a terminal would write them over each other.
        for part in line.rstrip(b"\r\n").split(b"\r"):
            text = shown(part.decode(errors="surrogateescape"))
            if text is not None:
                write_line(name, text)


def write_line(name: str, text: str) -> None:
    """Write a line behind this name; lines of several programs never mix."""
    # Whoever reads the output may have gone; the program must not block on a full pipe.
    with _output, suppress(OSError, ValueError):
        sys.stdout.buffer.write(f"{name:8}| {text}\n".encode(errors="surrogateescape"))
        sys.stdout.buffer.flush()


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, seconds))


def _bury_orphans() -> None:
    """Let the zombies go that this process has adopted: the emulator waits at its end for all of them."""
    with suppress(ChildProcessError):
        while dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if dead.si_pid in _own:
                # `check` tells of it.
                return
            os.waitpid(dead.si_pid, 0)


def children(parent: int) -> list[int]:
    """The processes that this one has started, or has adopted."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # pid (name) state parent ...; the name may contain anything.
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry.name))
    return found
