"""Starts a function and a trace agent of its own, on free loopback ports, and ends them."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from scripts.extension_folder import extension_folder
from scripts.interruption import uninterrupted
from trace_checks.metrics import Metrics
from trace_checks.record import Record
from trace_checks.recorder import NoAnswerError, Recorder

REPOSITORY = Path(__file__).resolve().parents[1]

QUIET_SECONDS = 0.03
"""After a failure the log is complete when nothing was written for so long."""

# Not the seeded one of a search: two searches at once must not ask for the same ports.
_random = random.SystemRandom()


class StartError(Exception):
    """The function or its agent did not start; the message says why."""


class System:
    """A function under the emulator, and the agent that gets its traces.

    A context manager: at its end both are ended, whatever of them was started. `settings` are further
    environment variables of the function. What the processes write goes to files in `folder`, which exists.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.settings = settings
        self.log = folder / "function.log"
        self._agent_log = folder / "agent.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._starting = threading.Lock()
        self._is_over = False
        self._extension = ExitStack()
        self._has_extension = False
        self._metrics: Metrics | None = None
        self.agent_port = 0
        self.recorder = Recorder("", "")
        self.first: Record | None = None
        """The record of the function's first invocation, its healthcheck."""

    def __enter__(self) -> System:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start both and wait until the function answers. Raises StartError."""
        self.start_agent()
        self.start_function()

    def start_agent(self) -> None:
        """Start the trace agent alone. Raises StartError."""
        self.agent_port, dogstatsd_port = free_ports(2)
        self._start(
            [
                *(sys.executable, "-m", "trace_agent", "--port", str(self.agent_port)),
                *("--dogstatsd-port", str(dogstatsd_port)),
            ],
            # It would send on, to itself, what it gets, if it had the function's settings.
            _inherited(),
            self._agent_log,
        )
        self._wait_for_port(self.agent_port, f"the trace agent ({self._agent_log})")

    def start_function(self) -> None:
        """Start the function, whose agent runs, and wait until it answers. Raises StartError."""
        self._declare_extension()
        self._metrics = self._metrics or Metrics()
        invoke_api, *others = free_ports(4)
        environment = _inherited() | _environment(invoke_api, self.agent_port, others) | dict(self.settings)
        environment["DOGSTATSD_PORT"] = str(self._metrics.port)
        self._start([str(REPOSITORY / "entrypoint.sh")], environment, self.log)
        self._wait_for_port(invoke_api, f"the function ({self.log})")
        self.recorder = Recorder(f"http://127.0.0.1:{invoke_api}", f"http://127.0.0.1:{self.agent_port}")
        try:
            # A cold start may take longer than the function has; the next one finds more of it prepared.
            for _ in range(3):
                self.first = answer = self._record({"healthcheck": True})
                if not answer["function_error"]:
                    return
        except NoAnswerError as error:
            raise StartError(str(error)) from None
        raise StartError(f"the function fails with {_failure(answer['result'])}")

    def restart(self) -> None:
        """End both and start them again."""
        self._end_processes()
        self.start()

    def restart_function(self, settings: Mapping[str, str] | None = None) -> None:
        """End the function, if it runs, and start it, with these settings if given. Raises StartError."""
        self.settings = self.settings if settings is None else settings
        with uninterrupted():
            if len(self._processes) > 1:
                self._end(self._processes.pop())
        self.start_function()

    def cool_down(self) -> None:
        """Let the next invocation be a cold start."""
        self._processes[-1].send_signal(signal.SIGHUP)

    def record(self, event: object) -> Record:
        """The record of an invocation, with the whole log of it and its metrics.

        Where the function died of something, it is started again and asked once more.
        """
        try:
            return self._record(event)
        except NoAnswerError:
            self.restart()
            return self._record(event)

    def _record(self, event: object) -> Record:
        with self.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            self._take_metrics()
            record = self.recorder.record(event)
            # The Invoke API answers with the last 4 KiB of the log, after they were written to the file.
            text = log.read()
            # A long traceback may come in pieces.
            while record["function_error"] and (more := _late(log)):
                text += more
        lines = text.decode(errors="replace").splitlines()
        return {**record, "log": lines, "metrics": self._take_metrics()}

    def _take_metrics(self) -> list[str]:
        return self._metrics.take() if self._metrics else []

    def stop(self) -> None:
        """End both, and undo what was made for them. Whoever still uses the system gets a StartError."""
        with uninterrupted():
            with self._starting:
                self._is_over = True
            self._end_processes()
            if self._metrics:
                self._metrics.close()
                self._metrics = None
            self._extension.close()

    def _start(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        # Another thread may have to do with this system while the main thread ends it: an invocation that
        # has no answer starts the function again.
        with uninterrupted(), self._starting, log.open("ab") as output:
            if self._is_over:
                raise StartError("the system was ended")
            process = subprocess.Popen(  # noqa: S603 - the two programs of this project
                command,
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # So that Ctrl-C reaches the search alone, which ends them in order.
                start_new_session=True,
            )
            self._processes.append(process)

    def _wait_for_port(self, port: int, what: str) -> None:
        def answers() -> bool:
            if self._is_over or self._processes[-1].poll() is not None:
                raise StartError(f"{what} ended at once")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        _wait(answers, f"{what} does not listen")

    def _end_processes(self) -> None:
        with uninterrupted():
            while self._processes:
                self._end(self._processes.pop())

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # Asked first: the emulator's keeper has processes in other groups to end.
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _declare_extension(self) -> None:
        """Let the tracer believe in an extension: then it sends each trace before the result."""
        if self._has_extension:
            return
        with uninterrupted():
            try:
                self._extension.enter_context(extension_folder())
            except OSError as error:
                raise StartError(f"{error.filename} cannot be made: {error.strerror}") from None
        self._has_extension = True


def _failure(result: Any) -> str:  # noqa: ANN401 - any JSON
    """What a function says that fails: the error in the first line, its traceback below."""
    if not isinstance(result, dict):
        return str(result)
    trace = "".join(result.get("stackTrace") or [])
    return f"{result.get('errorType')}: {result.get('errorMessage')}\n{trace}".rstrip()


def _inherited() -> dict[str, str]:
    """The environment of this process, without what would configure a tracer, a function or AWS."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("DD_", "AWS_"))}


def _environment(invoke_api: int, agent: int, others: Sequence[int]) -> dict[str, str]:
    """What entrypoint.sh needs to run beside other programs on this machine."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
        "RIE_PORT": str(invoke_api),
        "EMULATOR_PORT": str(others[0]),
        "RUNTIME_API_PORT": str(others[1]),
        "AGENT_RELAY_PORT": str(others[2]),
        "AGENT_PORT": str(agent),
        "DD_TRACE_AGENT_URL": f"http://127.0.0.1:{agent}",
        "DD_SERVICE": "weblog",
        # On a busy machine, too, every rule is evaluated and every request is sampled.
        "DD_APPSEC_WAF_TIMEOUT": "10000000",
        "DD_API_SECURITY_SAMPLE_DELAY": "0",
        "DD_TRACE_RATE_LIMIT": "10000",
        "DD_COLD_START_TRACING": "false",
    }


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on.

    Below those that the kernel gives to clients, so that no connection takes one before its server does.
    """
    free: set[int] = set()
    while len(free) < count:
        port = _random.choice(range(12000, 32000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            free.add(port)
    return list(free)


def _late(log: BinaryIO) -> bytes:
    """What is written a moment later."""
    time.sleep(QUIET_SECONDS)
    return log.read()


def _wait(condition: Callable[[], bool], otherwise: str, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise StartError(f"not within {timeout:.0f} s: {otherwise}")
        time.sleep(0.02)
