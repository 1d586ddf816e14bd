"""An extension that dies or hangs is reported and does not stop the function.

Each extension here takes the place of the real one in the image, behind the same supervisor.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.image.containers import EXTENSION, HEALTHCHECK, Container, ContainerStarter, alb_event
from tests.support.processes import wait_for

StartWithExtension = Callable[..., Container]
REAL_EXTENSION = "/opt/datadog/extensions/datadog-agent"

# Registers, asks for {events} events, and then does {then}.
ASKS_AND_THEN = """#!/usr/bin/env -S python3 -I
import http.client, json, os

EVENTS = json.dumps({{"events": ["INVOKE"]}})

def call(method, path, headers, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, "/2020-01-01/extension" + path, body, headers)
    response = connection.getresponse()
    return response, json.loads(response.read())

response, _ = call("POST", "/register", {{"Lambda-Extension-Name": "datadog-agent"}}, EVENTS)
identity = {{"Lambda-Extension-Identifier": response.headers["Lambda-Extension-Identifier"]}}
for _ in range({events}):
    _, event = call("GET", "/event/next", identity)
    print("test extension:", event["eventType"], flush=True)
{then}
"""


@pytest.fixture
def start_with_extension(start_container: ContainerStarter, tmp_path: Path) -> StartWithExtension:
    """Starts a container whose extension is this program."""

    def start(program: str, *, mode: int = 0o755) -> Container:
        path = tmp_path / "datadog-agent"
        path.write_text(program)
        path.chmod(mode)
        # Without an agent the tracer tries for seconds to send each trace: its affair, not tested here.
        return start_container(
            env={"DD_TRACE_ENABLED": "false"}, options=["--volume", f"{path}:{REAL_EXTENSION}:ro"]
        )

    return start


def answers_rightly(container: Container, times: int = 3) -> None:
    for _ in range(times):
        answer = container.post(alb_event("/waf"), timeout=30)
        assert (answer.status_code, answer.json()["statusCode"]) == (200, 200), container.logs


@pytest.mark.parametrize(
    ("program", "mode", "report"),
    [
        ("#!/bin/sh\nexit 3\n", 0o755, "ended with exit code 3; the function goes on without it"),
        ("#!/bin/sh\nkill -SEGV $$\n", 0o755, "ended with exit code -11; the function goes on without it"),
        ("no program at all", 0o644, "cannot be started: [Errno 13] Permission denied"),
    ],
    ids=["exits", "crashes", "not executable"],
)
def test_an_extension_that_never_registers(
    start_with_extension: StartWithExtension, program: str, mode: int, report: str
) -> None:
    container = start_with_extension(program, mode=mode)
    answers_rightly(container)
    assert f"extension supervisor: datadog-agent {report}" in container.logs


def test_an_extension_that_hangs_from_the_start(start_with_extension: StartWithExtension) -> None:
    container = start_with_extension("#!/bin/sh\nexec sleep 600\n")
    answers_rightly(container)
    assert container.logs.count("has not asked for its next event for 5 s and is no longer waited for") == 1
    assert container.stop() == 0


def test_an_extension_that_ends_in_the_middle_of_an_invocation(
    start_with_extension: StartWithExtension,
) -> None:
    container = start_with_extension(ASKS_AND_THEN.format(events=2, then="os._exit(4)"))
    answers_rightly(container)
    assert "test extension: INVOKE" in container.logs
    assert "datadog-agent ended with exit code 4; the function goes on without it" in container.logs


def test_an_extension_that_is_killed_between_two_invocations(start_container: ContainerStarter) -> None:
    container = start_container()
    assert container.invoke(HEALTHCHECK)["status"] == "ok"
    container.signal(signal.SIGKILL, EXTENSION)
    container.wait_for_log("datadog-agent ended with exit code -9; the function goes on without it")
    answers_rightly(container)


def test_an_extension_that_hangs_for_a_while_is_back_afterwards(start_container: ContainerStarter) -> None:
    container = start_container()
    assert container.invoke(HEALTHCHECK)["status"] == "ok"
    container.signal(signal.SIGSTOP, EXTENSION)
    answers_rightly(container)
    assert container.logs.count("is no longer waited for") == 1
    container.signal(signal.SIGCONT, EXTENSION)
    container.wait_for_log("datadog-agent asks for events again")
    answers_rightly(container)
    assert container.stop() == 0
    assert "extension: SHUTDOWN (SandboxTerminated)" in container.logs


def test_without_the_emulator_the_extension_ends_too(start_container: ContainerStarter) -> None:
    """Else it would keep port 8126 from the one that the next emulator starts."""
    container = start_container()
    assert container.invoke(HEALTHCHECK)["status"] == "ok"
    [before] = container.processes(EXTENSION)
    container.signal(signal.SIGKILL, "aws-lambda-rie ")
    wait_for(lambda: before not in container.processes(EXTENSION), what="the end of the extension")
    answers_rightly(container)
    assert container.processes(EXTENSION) != [before]
