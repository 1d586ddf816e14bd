"""Fixtures for event source mappings: an AWS endpoint, a function that answers as told, the process."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws import Aws, start_aws
from tests.support.processes import Process, ProcessStarter, wait_for

Json = dict[str, Any]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """The AWS endpoint of the session; each test makes its own resources there."""
    starter = ProcessStarter(tmp_path_factory.mktemp("aws"))
    yield start_aws(starter)
    starter.stop_all()


@pytest.fixture
def name() -> str:
    """A name for resources that no other test has."""
    return f"test-{uuid.uuid4().hex[:12]}"


class FunctionError(Exception):
    """Raised by a test's answer: the function failed."""


@dataclass
class ScriptedFunction:
    """Stands in for the Invoke API and the function behind it.

    A stand-in, since a test of deliveries has to say for each one whether it fails. The real function
    is in test_traces.py.
    """

    answer: Callable[[Json], Any] = lambda event: None
    events: list[Json] = field(default_factory=list)
    types: list[str] = field(default_factory=list)

    @property
    def batches(self) -> list[list[Json]]:
        """The records of each event."""
        return [event["Records"] for event in list(self.events)]

    def wait_for_events(self, count: int) -> list[Json]:
        """The events, when there are so many at least."""
        wait_for(lambda: len(self.events) >= count, what=f"{count} events, of which came {self.events}")
        return list(self.events)


@dataclass
class InvokeApi:
    """The server in front of a scripted function."""

    function: ScriptedFunction
    port: int


@pytest.fixture
def invoke_api() -> Iterator[InvokeApi]:
    """An Invoke API whose function answers as the test says."""
    function = ScriptedFunction()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            kind = self.headers["X-Amz-Invocation-Type"]
            headers = {}
            try:
                result = json.dumps(function.answer(event)).encode()
            except FunctionError as error:
                headers["X-Amz-Function-Error"] = "Unhandled"
                result = json.dumps({"errorType": "FunctionError", "errorMessage": str(error)}).encode()
            if kind == "Event":
                result = b""
            self.send_response(202 if kind == "Event" else 200)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(result)))
            self.end_headers()
            self.wfile.write(result)
            function.events.append(event)
            function.types.append(kind)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield InvokeApi(function, server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class EventSources:
    """Starts the process with the mappings of the test."""

    start_process: ProcessStarter
    folder: Path
    aws: Aws
    port: int

    def __call__(self, *mappings: Json, port: int | None = None, ready: bool = True) -> Process:
        """Start, and wait until all sources are found, unless told not to."""
        file = self.folder / "mappings.json"
        file.write_text(json.dumps(mappings))
        env = {
            **self.aws.environment,
            "RIE_PORT": str(port or self.port),
            "EVENT_SOURCE_MAPPINGS": str(file),
            "EVENT_SOURCE_RETRY_SECONDS": "0.05",
            "EVENT_SOURCE_IDLE_SECONDS": "0.05",
        }
        process = self.start_process([sys.executable, "-m", "event_sources"], env=env)
        if ready:
            process.wait_for_output("ready: ")
        return process


@pytest.fixture
def event_sources(
    start_process: ProcessStarter, tmp_path: Path, aws: Aws, invoke_api: InvokeApi
) -> EventSources:
    """Event source mappings between the AWS endpoint and the scripted function."""
    return EventSources(start_process, tmp_path, aws, invoke_api.port)


@pytest.fixture
def function(invoke_api: InvokeApi) -> ScriptedFunction:
    """The scripted function."""
    return invoke_api.function
