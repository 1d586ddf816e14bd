"""Starts other processes: a command, or a copy of this one.

No other process may run on in the runtime's loop, which fetches events: a child always ends here.
"""

from __future__ import annotations

import signal
import sys

# What a child does that was not forked. It has a tracer of its own, as an instrumented program has.
_CHILD = """
import ddtrace.auto
import os, signal, sys, time
time.sleep(float(sys.argv[1]))
if sys.argv[2] == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
"""


def spawn_child(seconds: int, *, crash: bool, fork: bool) -> str:
    """Start a child, which sleeps and ends or crashes, and wait for it; how it ended."""
    status = _forked_child(seconds, crash) if fork else _executed_child(seconds, crash)
    if status < 0:
        return f"the child ended by {signal.Signals(-status).name}"
    return f"the child ended with status {status}"


def _executed_child(seconds: int, crash: bool) -> int:
    import subprocess

    arguments = [sys.executable, "-c", _CHILD, str(seconds), "crash" if crash else "exit"]
    return subprocess.run(arguments, stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603


def _forked_child(seconds: int, crash: bool) -> int:
    # It forks, runs the function and leaves with `os._exit`, whatever the function raises. So the child
    # cannot return into the runtime's loop.
    from multiprocessing import get_context

    child = get_context("fork").Process(target=_sleep, args=(seconds, crash))
    child.start()
    child.join()
    status = child.exitcode or 0
    child.close()
    return status


def _sleep(seconds: int, crash: bool) -> None:
    import os
    import time

    time.sleep(seconds)
    if crash:
        os.kill(os.getpid(), signal.SIGSEGV)


def execute(command: str, arguments: str | list[str], *, shell: bool) -> str:
    """Run the command and wait for it, for ten seconds at the most; how it ended.

    Arguments in one string are split at blanks, or are the rest of the shell's command line. The
    output goes nowhere, so that the tracer sees a start and one wait and nothing else.
    """
    import shlex
    import subprocess

    line: str | list[str]
    try:
        if shell:
            line = " ".join([command, *([arguments] if isinstance(arguments, str) else arguments)])
        else:
            line = [command, *(shlex.split(arguments) if isinstance(arguments, str) else arguments)]
        process = subprocess.Popen(  # noqa: S603 - runs what the caller wants, on purpose
            line, shell=shell, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        return f"not started: {error}"
    try:
        return f"status {process.wait(timeout=10)}"
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "ended after ten seconds"
