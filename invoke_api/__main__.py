"""`python -m invoke_api`: the command line of the Invoke API; runs it until a signal."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from invoke_api.api import InvokeApi
from invoke_api.asynchronous import AsynchronousInvocations
from invoke_api.emulator_process import EmulatorProcess, StartError
from invoke_api.http_server import InvokeServer
from invoke_api.logs import Logs
from invoke_api.queue import InvocationQueue
from invoke_api.recording import Recording
from invoke_api.report import report
from invoke_api.settings import INVOCATIONS, SettingError, Settings
from invoke_api.view_sender import ViewSender

DESCRIPTION = """\
Serves AWS's Invoke API, POST /2015-03-31/functions/NAME/invocations, in front of the
emulator at EMULATOR_HOST:EMULATOR_PORT. With a command behind --, it starts the emulator
itself, which has to listen there, restarts it when it dies or at SIGHUP, and ends it at
SIGTERM or SIGINT.

settings, from the environment:
  EMULATOR_HOST, EMULATOR_PORT  where the emulator listens (127.0.0.1, 8081)
  EMULATOR_URLS             several emulators instead, that run already:
                            http://host:port,http://host:port
  FUNCTION_NAME, AWS_LAMBDA_FUNCTION_NAME
                            names of the function, beside the name 'function'
  LAMBDA_CONCURRENCY        answer 429 when this many invocations are under way (no limit: they queue)
  LAMBDA_PROXY_QUEUE        how many invocations may wait before the answer is 429 (1000)
  LAMBDA_RETRY_DELAYS       seconds before each retry of an asynchronous invocation (60,120)
  LAMBDA_DEAD_LETTERS       the file for events that failed each time, one a line
                            (lambda-dead-letters.jsonl in the folder for temporary files)
  TRACE_VIEW_URL            tell the trace view here of each invocation, such as http://127.0.0.1:8128 (none)
  ALLOWED_HOSTS             names with a dot by which a client may call this server, or * for all (none)
"""
# After the emulator's end, the last answers have this many seconds to leave.
DRAIN_SECONDS = 0.3


class Stopped(Exception):  # noqa: N818 - not an error
    """A signal asks for the end; raised in the main thread, as KeyboardInterrupt is."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number


def main(arguments: Sequence[str]) -> int:
    """Read the command line and serve; return the exit code: 1 failed, 2 wrong settings."""
    parser = argparse.ArgumentParser(
        prog="python -m invoke_api",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", default=8080, type=int, help="the port to listen on (8080)")
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="the emulator's command")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.read(os.environ)
        if options.command and settings.emulator_urls:
            raise SettingError(
                "EMULATOR_URLS names emulators that run already; it does not go with a command"
            )
        if f"http://{options.host}:{options.port}" in settings.urls():
            raise SettingError(
                f"EMULATOR_PORT is {options.port}, the Invoke API's own port; the emulator needs another"
            )
    except SettingError as error:
        report(str(error))
        return 2
    return run(settings, options.host, options.port, options.command)


def run(settings: Settings, host: str, port: int, command: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)

    view = settings.trace_view
    sender = ViewSender(view, "invoke_api", report) if view else None
    logs = Logs() if command and sender else None
    emulator = (
        EmulatorProcess(command, settings.emulator_host, settings.emulator_port, logs) if command else None
    )
    if emulator:
        # The function's code has changed.
        signal.signal(signal.SIGHUP, lambda _number, _frame: emulator.restart())
    # The emulator knows its function by this name only (R91 of docs/events.md).
    path = INVOCATIONS.format(name="function")
    recording = Recording(sender, logs) if sender else None
    invocations = InvocationQueue(
        [f"{url}{path}" for url in settings.urls()],
        waiting=settings.queue,
        concurrency=settings.concurrency,
        emulator=emulator,
        on_begin=recording.begin if recording else None,
        on_end=recording.end if recording else None,
    )
    asynchronous = AsynchronousInvocations(
        invocations, settings.retry_delays, settings.dead_letters, settings.function_arn
    )
    api = InvokeApi(settings.function_names, invocations, asynchronous)
    try:
        server = InvokeServer(host, port, api, settings.other_sites)
    except OSError as error:
        report(f"cannot listen on {host}:{port}: {error.strerror}")
        return 1
    threading.Thread(target=server.serve_forever, args=(3600,), daemon=True).start()
    try:
        if emulator:
            emulator.start()
        report(f"ready on http://{host}:{server.server_port}")
        _wait_for_a_signal()
    except StartError as error:
        report(str(error))
        return 1
    except Stopped as stopped:
        if emulator:
            emulator.stop(stopped.number)
            _drain(server)
        return 0


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Stopped(signal.Signals(number))


def _wait_for_a_signal() -> NoReturn:
    """Wait until the handler raises Stopped.

    A sleep would go on when another thread gets the signal. Python's C handler writes a byte into
    this socket, whichever thread it runs in.
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
