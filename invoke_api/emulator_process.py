"""Runs the emulator as a child: starts it, passes its output on, restarts it, and ends it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from io import BufferedReader
from typing import BinaryIO

from invoke_api.logs import Logs
from invoke_api.report import report

# The emulator gives extensions two seconds to shut down (R102); with this, all is over in three.
STOP_SECONDS = 2.5
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
GONE_SECONDS = 1.0
LOG_TAIL = 4096


class StartError(Exception):
    """The emulator cannot be started at all; the message says why."""


class EmulatorProcess:
    """The emulator as a child process that listens on `host`:`port`; `logs` gets what the function writes."""

    def __init__(self, command: Sequence[str], host: str, port: int, logs: Logs | None = None) -> None:
        self._command = command
        self._logs = logs
        self._address = (host, port)
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._spawning = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._number = 1
        self._tail: deque[bytes] = deque()
        self._tail_lock = threading.Lock()
        self._tail_size = 0

    def start(self) -> None:
        """Start the emulator and wait for its port; StartError if that never opens."""
        if self._port_is_open():
            raise StartError(f"something else listens on {self._address[0]}:{self._address[1]} already")
        child = self._spawn()
        if not self._wait_for_port(child):
            raise StartError(f"{self._command[0]} ended with {child.wait()} before it listened")
        threading.Thread(target=self._watch, args=(child,), daemon=True).start()

    def wait_until_ready(self) -> int:
        """Wait until the emulator can be invoked; return which one it is, 0 when there will be none again."""
        self._ready.wait()
        return 0 if self._stopping.is_set() else self._number

    def wait_until_gone(self, number: int) -> None:
        """Wait until that emulator is known to have ended: its connection breaks a moment before."""
        deadline = time.monotonic() + GONE_SECONDS
        while self._number == number and time.monotonic() < deadline:
            time.sleep(0.01)

    def restart(self) -> None:
        """Let a new emulator take the place of this one, at once; only an invocation under way fails."""
        # From here on invocations wait.
        self._ready.clear()
        if self._child is not None:
            self._child.terminate()

    def stop(self, number: signal.Signals) -> None:
        """Pass the signal on and wait for the end; all that wait for it are told that it is over."""
        with self._spawning:
            self._stopping.set()
        self._ready.set()
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            report("the emulator does not end; killing it")
            child.kill()
            child.wait()

    def clear_log(self) -> None:
        """Forget the output so far: an invocation begins."""
        with self._tail_lock:
            self._tail.clear()
            self._tail_size = 0

    def log_tail(self) -> bytes:
        """Return the last 4 KB of output since `clear_log`, once the invocation's report is in it."""
        deadline = time.monotonic() + 0.5
        while True:
            with self._tail_lock:
                text = b"".join(self._tail)
            if b"REPORT RequestId" in text or time.monotonic() > deadline:
                return text[-LOG_TAIL:]
            time.sleep(0.005)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self._spawning:
            if self._stopping.is_set():
                raise StartError("it is stopped before it has started")
            try:
                # The command is the user's own.
                child = subprocess.Popen(  # noqa: S603
                    self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
            except OSError as error:
                raise StartError(f"cannot start {self._command[0]}: {error.strerror}") from error
            self._child = child
        # The emulator puts the function's output, of both kinds, into its standard output.
        for source, target, logs in (
            (child.stdout, sys.stdout.buffer, self._logs),
            (child.stderr, sys.stderr.buffer, None),
        ):
            threading.Thread(target=self._pump, args=(source, target, logs), daemon=True).start()
        return child

    def _pump(self, source: BufferedReader, target: BinaryIO, logs: Logs | None) -> None:
        while piece := source.read1(LOG_TAIL):
            # The reader of our output may have gone; the emulator must not block on a full pipe.
            with suppress(OSError):
                target.write(piece)
                target.flush()
            if logs is not None:
                logs.feed(piece)
            with self._tail_lock:
                self._tail.append(piece)
                self._tail_size += len(piece)
                while self._tail_size - len(self._tail[0]) > LOG_TAIL:
                    self._tail_size -= len(self._tail.popleft())

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        pause = FIRST_PAUSE
        while True:
            code = child.wait()
            # Ctrl-C reaches the emulator and this process together: give the handler its turn.
            self._ready.clear()
            self._number += 1
            if self._stopping.wait(pause):
                self._ready.set()
                return
            report(f"the emulator ended with {code}; starting it again")
            try:
                child = self._spawn()
                started = self._wait_for_port(child)
            except StartError as error:
                report(str(error))
                started = False
            pause = FIRST_PAUSE if started else min(2 * pause, LONGEST_PAUSE)

    def _wait_for_port(self, child: subprocess.Popen[bytes]) -> bool:
        while child.poll() is None and not self._stopping.is_set():
            if self._port_is_open():
                self._ready.set()
                return True
            time.sleep(0.005)
        return False

    def _port_is_open(self) -> bool:
        try:
            socket.create_connection(self._address, timeout=1).close()
        except OSError:
            return False
        return True
