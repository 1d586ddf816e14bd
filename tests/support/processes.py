"""Starts real processes for tests, on free loopback ports, and ends exactly those."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).resolve().parents[2]

T = TypeVar("T")


# Below the ports that the kernel gives to clients: otherwise a connection could take a port that was
# found free, before its server listens there.
_PORTS = range(12000, 32000)
_given: set[int] = set()
# Not `random` itself, which every test seeds alike.
_random = random.SystemRandom()


def free_port() -> int:
    """A loopback TCP port that nobody listened on a moment ago, never the same one twice."""
    while True:
        port = _random.choice(_PORTS)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def port_is_open(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def wait_for(condition: Callable[[], T], *, what: str, timeout: float = 30) -> T:
    """Poll until `condition` returns something true, and return it.

    Raises AssertionError naming `what` after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError(f"not within {timeout} s: {what}")


def descendants(pid: int) -> set[int]:
    """The processes that this one started, and those that they started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found, queue = set(), [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        found.update(children)
        queue += children
    return found


def still_running(pids: set[int]) -> list[str]:
    """The command lines of those that have not ended. A zombie has ended."""
    left = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if state != "Z":
            left.append(command)
    return left


def processes_with(marker: str) -> list[int]:
    """The processes that have this variable in their environment: `NAME=value`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if marker.encode() in environment.split(b"\0"):
                found.append(int(entry.name))
    return found


@dataclass
class Process:
    """A process that a test started, in a process group of its own."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it has written so far to standard output and standard error."""
        return self.log.read_text(errors="replace")

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.popen.poll() is None

    def wait_for_output(self, text: str, *, timeout: float = 30) -> None:
        """Wait until `text` stands in the output; AssertionError with the output if it never does."""

        def seen() -> bool:
            if text in self.output:
                return True
            assert self.is_running(), f"ended with {self.popen.returncode} before {text!r}:\n{self.output}"
            return False

        try:
            wait_for(seen, what=f"{text!r} in the output", timeout=timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None

    def stop(self, sign: signal.Signals = signal.SIGTERM, *, timeout: float = 10) -> int:
        """Send `sign`, wait, and return the exit code; kill the whole group when it does not end."""
        if self.is_running():
            self.popen.send_signal(sign)
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running {timeout} s after {sign.name}:\n{self.output}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """End what is left of the group."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.popen.wait()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "AWS_"))}


@dataclass
class ProcessStarter:
    """Starts processes; `stop_all` ends the ones that still run."""

    folder: Path
    started: list[Process] = field(default_factory=list)

    def __call__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path = REPOSITORY,
    ) -> Process:
        """Start `command`; output goes to a log file.

        Its environment is the test's own without what would configure a tracer, a function or AWS,
        plus `env`.
        """
        log = self.folder / f"{len(self.started)}-{Path(command[0]).name}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env={**_environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(popen, log)
        self.started.append(process)
        return process

    def stop_all(self) -> None:
        """End what is left, last started first.

        Asked first, for some have processes in other groups to end; killed when they do not listen.
        """
        for process in reversed(self.started):
            if process.is_running():
                process.popen.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.popen.wait(5)
            process.kill()
