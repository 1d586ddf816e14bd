"""D1: an event that makes an inferred span fail halfway keeps all following traces from being sent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.function import APPSEC, Function, Functions, start_function
from tests.support.processes import ProcessStarter
from tests.support.samples import base64, sample

pytestmark = pytest.mark.emulator

UNFINISHED = """
from ddtrace.trace import tracer
from app.handler import lambda_handler as answer

def lambda_handler(event, context):
    if event == {"weblog": [], "data": "leave a span open"}:
        tracer.trace("never.finished")
    return answer(event, context)
"""


@pytest.fixture
def function(
    start_process: ProcessStarter, functions: Functions, tmp_path: Path, request: pytest.FixtureRequest
) -> Function:
    """A function of the test's own: what it is sent here spoils whatever comes after it."""
    (tmp_path / "unfinished.py").write_text(UNFINISHED)
    env = {"PYTHONPATH": os.fspath(tmp_path), "DD_LAMBDA_HANDLER": "unfinished.lambda_handler"}
    settings = getattr(request, "param", {})
    return start_function(start_process, env={**APPSEC, **env, **settings}, agent=functions.agent)


def function_url() -> Any:
    event = sample("function-url")
    del event["requestContext"]["timeEpoch"]
    return event


def dynamodb() -> Any:
    event = sample("dynamodb")
    del event["Records"][0]["dynamodb"]["ApproximateCreationDateTime"]
    return event


def http_api() -> Any:
    event = sample("apigateway-http")
    # The authorizer's context is of the client's trace.
    carried = {name: value for name, value in event["headers"].items() if name.startswith("x-datadog-")}
    request_id = event["requestContext"]["requestId"]
    data = {**carried, "x-datadog-authorizing-requestid": request_id}
    event["requestContext"]["authorizer"] = {"lambda": {"_datadog": base64(json.dumps(data))}}
    return event


SPOILING = {
    "Function URL": (function_url(), "the span aws.lambda.url"),
    "DynamoDB Streams": (dynamodb(), "the span aws.dynamodb"),
    "API Gateway HTTP": (http_api(), "the span aws.httpapi"),
    'custom, {"weblog": ...}': ({"weblog": [], "data": "leave a span open"}, "a span of the function"),
}


def sent_behind(function: Function, event: Any) -> int:
    """How many traces come of three invocations behind this event."""
    function.invoke(event)
    function.agent.clear()
    for _ in range(3):
        function.invoke({"healthcheck": True})
    return len(function.agent.traces())


@pytest.mark.parametrize("title", SPOILING)
@pytest.mark.xfail(strict=True, reason="D1: a span that stays open keeps all following traces back")
def test_the_traces_behind_it_are_sent(function: Function, title: str) -> None:
    event, _ = SPOILING[title]
    assert sent_behind(function, event) == 3


@pytest.mark.parametrize("title", SPOILING)
def test_the_log_says_so_once(function: Function, title: str) -> None:
    event, span = SPOILING[title]
    result = function.invoke(event)
    assert "errorType" not in result, "the answer is right all the same"
    for _ in range(3):
        function.invoke({"healthcheck": True})
    said = f"The {title} event before this one left {span} open"
    function.process.wait_for_output(said)
    assert function.process.output.count(" event before this one left ") == 1
    assert "DD_TRACE_MANAGED_SERVICES=false" in function.process.output


@pytest.mark.parametrize("function", [{"DD_TRACE_MANAGED_SERVICES": "false"}], indirect=True)
def test_how_to_avoid_it(function: Function) -> None:
    for event in (function_url(), dynamodb(), http_api()):
        assert sent_behind(function, event) == 3
    assert "event before this one left" not in function.process.output


def test_nothing_is_said_where_nothing_is_open(functions: Functions) -> None:
    function = functions()
    before = len(function.process.output)
    for name in ("sqs", "function-url", "custom", "authorizer-request", "sqs"):
        function.traced(sample(name))
    assert "event before this one left" not in function.process.output[before:]
