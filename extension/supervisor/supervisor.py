"""Stands between the emulator and the Datadog extension, so that a broken one does not stop the function.

The emulator fails an invocation when an extension crashes in it. It fails every invocation when the
extension exits before it has registered. It waits for the function's timeout when the extension never asks
for the next event. So the emulator gets to know this supervisor instead. The supervisor starts the real
extension and plays the Extensions API to it. When the real one ends or does not come back in time, the
supervisor says so and goes on alone.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html. Standard library only, because
it runs before every cold start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

NAME = "datadog-agent"
PATIENCE = 5.0
"""Seconds that the real extension gets for one event before the function goes on without it."""

REGISTER = "/2020-01-01/extension/register"
NEXT = "/2020-01-01/extension/event/next"


@dataclass(frozen=True)
class Reply:
    """An answer of the Extensions API."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Extension:
    """The real extension as seen from here; one thread waits for it, others answer its requests."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._registration: Reply | None = None
        self._event: Reply | None = None
        self._asks = False
        self._has_ended = False
        self._is_late = False
        self._is_shut_down = False

    def registered(self, registration: Reply) -> None:
        """Take the answer to the supervisor's registration; the real one gets the same."""
        with self._changed:
            self._registration = registration
            self._changed.notify_all()

    def registration(self) -> Reply:
        """Return the answer to its registration, as soon as there is one."""
        with self._changed:
            while self._registration is None:
                self._changed.wait()
            return self._registration

    def next_event(self) -> Reply:
        """Return the next event, as soon as there is one; called when it asks for one."""
        with self._changed:
            if self._is_late:
                _say("asks for events again")
            self._asks, self._is_late = True, False
            self._changed.notify_all()
            while self._event is None:
                self._changed.wait()
            event, self._event, self._asks = self._event, None, False
            return event

    def give(self, event: Reply) -> None:
        """Give it an event. When it is late, it gets the latest event as soon as it asks again."""
        with self._changed:
            self._event, self._asks = event, False
            self._changed.notify_all()

    def wait_until_it_asks(self) -> None:
        """Return when it is done with its last event, has ended, or has had PATIENCE seconds and is late.

        Once late, it is not waited for again until it has asked for an event.
        """
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._asks or self._has_ended, timeout=0 if self._is_late else PATIENCE
            )
            if not done and not self._is_late:
                self._is_late = True
                _say(f"has not asked for its next event for {PATIENCE:g} s and is no longer waited for")

    def shut_down(self) -> None:
        """Note that it is now meant to end."""
        self._is_shut_down = True

    def ended(self, how: str) -> None:
        """Note that it has ended and will never ask again."""
        with self._changed:
            if not self._is_shut_down:
                _say(f"{how}; the function goes on without it")
            self._has_ended = True
            self._changed.notify_all()


def call(address: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    """Call the emulator and wait as long as it takes; raises OSError or HTTPException when it is gone."""
    connection = HTTPConnection(address)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.startswith("Lambda-")}
        return Reply(response.status, kept, response.read())
    finally:
        connection.close()


class Requests(BaseHTTPRequestHandler):
    """Answers the real extension's requests."""

    protocol_version = "HTTP/1.1"
    extension: ClassVar[Extension]
    emulator: ClassVar[str]

    def do_GET(self) -> None:
        """Answer `/event/next` when there is an event; pass everything else on to the emulator."""
        self._reply(self.extension.next_event() if self.path == NEXT else self._forward())

    def do_POST(self) -> None:
        """Answer a registration like the supervisor's own; only print an error that it reports."""
        if self.path == REGISTER:
            self._body()
            self._reply(self.extension.registration())
        elif self.path.endswith(("/init/error", "/exit/error")):
            _say(
                f"reports {self.headers.get('Lambda-Extension-Function-Error-Type')}: {self._body().decode()}"
            )
            self._reply(Reply(202, {}, b'{"status":"OK"}'))
        else:
            self._reply(self._forward())

    do_PUT = do_POST  # noqa: N815 - the name that BaseHTTPRequestHandler looks for

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as in the base class
        """Write no line for each request."""

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _forward(self) -> Reply:
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        return call(self.emulator, self.command, self.path, self._body() or None, headers)

    def _reply(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


def supervise(command: Sequence[str], emulator: str) -> None:
    """Run `command` as the real extension until the emulator says SHUTDOWN or is gone."""
    Requests.extension = extension = Extension()
    Requests.emulator = emulator
    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    process = _start(command, f"127.0.0.1:{server.server_port}", extension)
    try:
        registration = call(
            emulator, "POST", REGISTER, b'{"events":["INVOKE","SHUTDOWN"]}', {"Lambda-Extension-Name": NAME}
        )
        extension.registered(registration)
        identity = {"Lambda-Extension-Identifier": registration.headers["Lambda-Extension-Identifier"]}
        while True:
            extension.wait_until_it_asks()
            event = call(emulator, "GET", NEXT, None, identity)
            content = json.loads(event.body)
            if content["eventType"] == "SHUTDOWN":
                extension.shut_down()
                extension.give(event)
                break
            extension.give(event)
        if process:
            process.wait(max(0.0, content["deadlineMs"] / 1000 - time.time() - 0.1))
    except (OSError, HTTPException):
        extension.shut_down()
        _say("is ended, because the emulator is gone")
    except subprocess.TimeoutExpired:
        _say("has not ended within the time that SHUTDOWN gave it")
    finally:
        if process:
            process.kill()


def _start(command: Sequence[str], address: str, extension: Extension) -> subprocess.Popen[bytes] | None:
    try:
        environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": address}
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - the extension, from argv
    except OSError as error:
        extension.ended(f"cannot be started: {error}")
        return None
    threading.Thread(
        target=lambda: extension.ended(f"ended with exit code {process.wait()}"), daemon=True
    ).start()
    return process


def _say(news: str) -> None:
    sys.stderr.write(f"extension supervisor: {NAME} {news}\n")


if __name__ == "__main__":
    supervise(sys.argv[1:], os.environ["AWS_LAMBDA_RUNTIME_API"])
