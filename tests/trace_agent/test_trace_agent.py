"""`python -m trace_agent`: what it takes, what it tells the trace view, and what it refuses of a browser."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Mapping

import pytest
import requests

from invoke_api.access_log import mark
from tests.support.function import Agent, start_agent
from tests.support.processes import REPOSITORY, ProcessStarter, free_port, port_is_open, wait_for

pytestmark = pytest.mark.emulator

# One span, as a tracer sends it.
SPAN = {"trace_id": 1, "span_id": 2, "parent_id": 0, "service": "s", "name": "n", "resource": "r", "meta": {}}

LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def agent(start_process: ProcessStarter) -> Agent:
    return start_agent(start_process)


def get(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status and body."""
    answer = requests.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=30)
    return answer.status_code, answer.text


def test_a_trace_comes_back(agent: Agent) -> None:
    answer = requests.put(
        f"http://127.0.0.1:{agent.port}/v0.4/traces",
        json=[[SPAN]],
        headers={"X-Datadog-Trace-Count": "1"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert [[span["name"] for span in trace] for trace in agent.traces()] == [["n"]]


HANGS = """
import sys
from invoke_api import view_sender
from trace_agent.__main__ import main

view_sender.TIMEOUT_SECONDS = 600
main(sys.argv[1:])
"""


def test_the_access_log_goes_on_when_the_view_hangs(start_process: ProcessStarter) -> None:
    port = free_port()

    def send(request_id: str) -> None:
        tid = {"_dd.p.tid": "6a0000"}
        meta = {"request_id": request_id, "function_trigger.event_source": "sqs"}
        trace = [{**SPAN, "meta": tid}, {**SPAN, "span_id": 3, "name": "aws.lambda", "meta": meta}]
        requests.put(f"http://127.0.0.1:{port}/v0.4/traces", json=[trace], timeout=30)
        told: dict[str, object] = {
            "teller": "trace",
            "request_id": request_id,
            "trace_id": "6a00000000000000000001",
        }
        told |= {"source": "sqs", "source_arn": None}
        process.wait_for_output(f"{mark('word')}{json.dumps(told)}\n")

    with socket.socket() as view:
        view.bind(("127.0.0.1", 0))
        view.listen()
        env = {"TRACE_VIEW_URL": f"http://127.0.0.1:{view.getsockname()[1]}", "ACCESS_LOG": "word"}
        options = ("--port", str(port), "--dogstatsd-port", str(free_port()))
        process = start_process([sys.executable, "-c", HANGS, *options], env=env)
        wait_for(lambda: port_is_open(port), what="the trace agent's port")
        send("first")
        with view.accept()[0] as connection:
            # From here on the sender waits for the view's answer.
            assert connection.recv(1)
            send("second")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (
            {"Sec-Fetch-Site": "cross-site"},
            "a page of another site sent this request (Sec-Fetch-Site: cross-site)",
        ),
        (
            {"Sec-Fetch-Site": "same-site"},
            "a page of another site sent this request (Sec-Fetch-Site: same-site)",
        ),
        (
            {"Origin": "http://example.com"},
            "a page of another site sent this request (Origin: http://example.com)",
        ),
        (
            {"Host": "example.com"},
            "the Host 'example.com' is not allowed; to allow it, set ALLOWED_HOSTS=example.com",
        ),
    ],
)
def test_other_sites_are_refused(agent: Agent, headers: dict[str, str], reason: str) -> None:
    assert get(agent.port, "/test/session/traces", headers) == (403, f"{reason}\n")
    assert f"refused GET /test/session/traces: {reason}\n" in agent.process.output


def test_a_link_on_another_site_opens_nothing(agent: Agent) -> None:
    assert get(agent.port, "/test/session/clear", LINK)[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Host": "trace-agent:8126"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Host": "localhost:8126", "Origin": "http://localhost:8126"},
    ],
)
def test_everybody_else_notices_nothing(agent: Agent, headers: dict[str, str]) -> None:
    assert get(agent.port, "/test/session/traces", headers) == (200, "[]")


def test_a_host_can_be_allowed(start_process: ProcessStarter) -> None:
    port = free_port()
    settings = {"AGENT_PORT": port, "DOGSTATSD_PORT": free_port()}
    env = {name: str(value) for name, value in settings.items()}
    process = start_process([sys.executable, "-m", "trace_agent"], env={**env, "ALLOWED_HOSTS": "a.test"})
    process.wait_for_output("Press CTRL+C")
    assert get(port, "/", {"Host": "a.test"})[0] != 403
    assert get(port, "/", {"Host": "b.test"})[0] == 403


def test_its_errors() -> None:
    def error(*arguments: str, **env: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "trace_agent", *arguments],
            cwd=REPOSITORY,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, "")
        return done.stderr

    assert error(AGENT_PORT="x") == "error: AGENT_PORT is 'x'; valid are whole numbers from 1 to 65535\n"
    assert error(TRACE_VIEW_URL="x") == (
        "error: TRACE_VIEW_URL is 'x'; valid is an address such as http://127.0.0.1:8128\n"
    )
    assert "cannot be listened on: " in error("--host", "192.0.2.1")


def test_metrics_are_printed(start_process: ProcessStarter) -> None:
    port = free_port()
    process = start_process(
        [
            *(sys.executable, "-m", "trace_agent", "--dogstatsd-port", str(port)),
            *("--port", str(free_port())),
        ]
    )
    process.wait_for_output("Press CTRL+C")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"one:1|c\ntwo:2|d", ("127.0.0.1", port))
    wait_for(lambda: "dogstatsd: two:2|d\n" in process.output, what="the metric in the output")
    assert "dogstatsd: one:1|c\n" in process.output
