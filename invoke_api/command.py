"""`python -m lambda_proxy invoke-api`: wires the Invoke API together and runs it until a signal."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from invoke_api.api import InvokeApi
from invoke_api.asynchronous import AsynchronousInvocations
from invoke_api.queue import InvocationQueue
from invoke_api.report import report
from invoke_api.server import InvokeServer
from invoke_api.supervisor import StartError, Supervisor
from lambda_proxy.settings import INVOCATIONS, Settings

# After the emulator's end, so much time for the last answers to leave.
DRAIN_SECONDS = 0.3


class Stopped(Exception):  # noqa: N818 - no error
    """A signal asks for the end; raised wherever the main thread is, as KeyboardInterrupt is."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number


def run(settings: Settings, host: str, port: int, command: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)

    supervisor = Supervisor(command, settings.emulator_host, settings.emulator_port) if command else None
    # The emulator knows its function by no other name (R91).
    path = INVOCATIONS.format(name="function")
    invocations = InvocationQueue(
        [f"{url}{path}" for url in settings.urls()],
        waiting=settings.queue,
        concurrency=settings.concurrency,
        keeper=supervisor,
    )
    asynchronous = AsynchronousInvocations(invocations, settings.retry_delays, settings.dead_letters)
    names = frozenset({"function", settings.function_name, *settings.function_names})
    try:
        server = InvokeServer(host, port, InvokeApi(names, invocations, asynchronous))
    except OSError as error:
        report(f"cannot listen on {host}:{port}: {error.strerror}")
        return 1
    threading.Thread(target=server.serve_forever, args=(3600,), daemon=True).start()
    try:
        if supervisor:
            supervisor.start()
        report(f"ready on http://{host}:{server.server_port}")
        _wait_for_a_signal()
    except StartError as error:
        report(str(error))
        return 1
    except Stopped as stopped:
        if supervisor:
            supervisor.stop(stopped.number)
            _drain(server)
        return 0


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Stopped(signal.Signals(number))


def _wait_for_a_signal() -> NoReturn:
    """Wait until the handler raises Stopped.

    A sleep would go on when the signal reaches another thread than this one; Python's C handler
    writes a byte here in whatever thread it runs.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    while True:
        reader.recv(1)


def _drain(server: InvokeServer) -> None:
    """Let the last answers leave."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while server.active and time.monotonic() < deadline:
        time.sleep(0.01)
