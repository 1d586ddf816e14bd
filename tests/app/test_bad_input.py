"""Bad input through the real emulator: a clear answer, and the same process serves the next event."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.emulator import INVOCATIONS
from tests.support.events import EVENT_TYPES, EventType, HttpRequest
from tests.support.function import Agent, Function, Functions, start_function
from tests.support.processes import ProcessStarter, free_port

pytestmark = pytest.mark.emulator

REST = EVENT_TYPES[0]


@pytest.fixture
def function(functions: Functions) -> Iterator[Function]:
    """The function with AppSec, which must still be up after the test, in the same process as before."""
    running = functions()
    assert running.process.output.count("INIT START") == 1
    yield running
    assert running.invoke({"healthcheck": True})["status"] == "ok"
    assert running.process.output.count("INIT START") == 1


@pytest.mark.parametrize("payload", [b"{", b"\xff", b'{"a": 1} trailing'])
def test_no_json(function: Function, payload: bytes) -> None:
    answer = function.post(payload)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "InvalidRequestContentException")
    assert "Could not parse payload into json" in answer.json()["message"]


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"1", b'"text"', b"{}", b'{"healthcheck": false}'])
def test_no_known_event(function: Function, payload: bytes) -> None:
    answer = function.post(payload)
    assert (answer.status_code, answer.headers["X-Amz-Function-Error"]) == (200, "Unhandled")
    error = answer.json()
    assert error["errorType"] == "UnknownEvent"
    assert "known: API Gateway REST" in error["errorMessage"]


def test_a_broken_event(function: Function, event_type: EventType) -> None:
    event = event_type.event(HttpRequest()) | {"body": "*", "isBase64Encoded": True}
    error = function.invoke(event)
    assert error["errorType"] == "InvalidEvent"
    assert "`body` is not valid base64" in error["errorMessage"]


def test_a_body_of_5_megabytes(function: Function, event_type: EventType) -> None:
    headers = (("Content-Type", "text/plain"),)
    event = event_type.event(HttpRequest(method="POST", path="/waf", headers=headers, body=b"x" * 5_000_000))
    assert event_type.response(function.invoke(event)).status == 200


@pytest.mark.parametrize("length", [0, 5, 10_000_000])
def test_a_content_length_header_that_lies(function: Function, event_type: EventType, length: int) -> None:
    headers = (("Content-Length", str(length)), ("Content-Type", "application/json"))
    path = "/tag_value/payload_in_response_body/200"
    response, _ = function.request(event_type, method="POST", path=path, headers=headers, body=b'{"a": 1}')
    assert response.json == {"payload": {"a": 1}}


def test_a_client_that_hangs_up_amid_its_event(function: Function) -> None:
    with socket.create_connection(("127.0.0.1", function.port)) as client:
        client.sendall(f"POST {INVOCATIONS} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())


def test_strange_paths_queries_and_cookies(function: Function, event_type: EventType) -> None:
    assert function.request(event_type, path="/%00")[0].status == 404
    assert function.request(event_type, path="/waf/%00%ff%zz")[0].status == 200
    query = "&".join(f"key{number}=%ff{number}" for number in range(1000))
    assert function.request(event_type, path="/waf", query=query)[0].status == 200
    assert function.request(event_type, path="/waf", cookies=("a=" + "x" * 8192,))[0].status == 200


def test_a_handler_that_raises(start_process: ProcessStarter, functions: Functions, tmp_path: Path) -> None:
    # A view that raises is one of the user's: this is the weblog with one more endpoint.
    (tmp_path / "raising.py").write_text(
        "from app.handler import app, lambda_handler\napp.add_url_rule('/raise', view_func=lambda: 1 / 0)\n"
    )
    function = start_function(
        start_process,
        agent=functions.agent,
        env={"PYTHONPATH": str(tmp_path), "DD_LAMBDA_HANDLER": "raising.lambda_handler"},
    )
    for event_type in EVENT_TYPES:
        error, trace = function.traced(event_type.event(HttpRequest(path="/raise")))
        assert (error["errorType"], error["errorMessage"]) == ("ZeroDivisionError", "division by zero")
        assert trace.function["error"] == 1
        assert trace.meta["error.type"] == "builtins.ZeroDivisionError"
        assert trace.meta["http.status_code"] == "502"
        assert function.request(event_type, path="/")[0].status == 200


def test_without_a_trace_agent(start_process: ProcessStarter, functions: Functions) -> None:
    nobody = Agent(functions.agent.process, free_port(), 0)
    function = start_function(start_process, agent=nobody)
    result = function.invoke(REST.event(HttpRequest(path="/headers")))
    assert REST.response(result).status == 200
