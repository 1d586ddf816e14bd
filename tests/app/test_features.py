"""What datadog_lambda does beside the spans: authorizers, payloads, metrics, failures, time-outs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.emulator import INVOCATIONS
from tests.support.function import (
    APPSEC,
    Function,
    Functions,
    Trace,
    function_environment,
    start_function,
)
from tests.support.processes import REPOSITORY, ProcessStarter, free_port, port_is_open, wait_for
from tests.support.samples import sample

pytestmark = pytest.mark.emulator


def without_context(name: str) -> Any:
    """The sample request, sent by a client that is not traced."""
    event = sample(name)
    for key in {"headers", "multiValueHeaders"} & event.keys():
        event[key] = {header: value for header, value in event[key].items() if "datadog" not in header}
    return event


class TestAuthorizer:
    """The policy carries the authorizer's context, and the request that it lets in continues it."""

    def test_a_rest_api(self, functions: Functions) -> None:
        function = functions()
        asked = sample("authorizer-request")
        policy, authorizer = function.traced(asked)
        request = without_context("apigateway-rest")
        request["requestContext"] |= {
            "requestId": asked["requestContext"]["requestId"],
            "authorizer": {
                "principalId": policy["principalId"],
                **policy["context"],
                "integrationLatency": 7,
            },
        }
        # The tracer reckons the authorizer's time with floats; it may come out a little below zero.
        _, traces = function.all_traced(request, may_break=["duration"])
        spans = Trace([span for trace in traces for span in trace.spans])
        inferred, span = spans.one("aws.apigateway"), spans.one("aws.apigateway.authorizer")
        assert {span["trace_id"] for span in spans.spans} == {authorizer.function["trace_id"]}
        assert span["parent_id"] == authorizer.one("aws.apigateway")["span_id"]
        assert inferred["parent_id"] == span["span_id"]
        assert spans.function["parent_id"] == inferred["span_id"]
        assert span["meta"]["_inferred_span.synchronicity"] == "sync"
        assert abs(inferred["start"] - span["start"] - span["duration"]) < 1000

    def test_an_http_api(self, functions: Functions) -> None:
        function = functions()
        asked = sample("authorizer-request-2")
        policy, authorizer = function.traced(asked)
        request = without_context("apigateway-http")
        request["requestContext"] |= {
            "requestId": asked["requestContext"]["requestId"],
            "authorizer": {"lambda": policy["context"]},
        }
        _, trace = function.traced(request)
        assert trace.one("aws.httpapi")["parent_id"] == authorizer.one("aws.httpapi")["span_id"]
        assert not trace.named("aws.apigateway.authorizer"), "an HTTP API has no such span"

    def test_a_policy_from_the_cache(self, functions: Functions) -> None:
        function = functions()
        policy, authorizer = function.traced(sample("authorizer-request"))
        request = without_context("apigateway-rest")
        request["requestContext"]["authorizer"] = {"principalId": "weblog", **policy["context"]}
        # API Gateway sends a policy from its cache with every request: the context is an old one.
        _, trace = function.traced(request, breaks=["context-continued"])
        assert trace.function["trace_id"] != authorizer.function["trace_id"]


class TestPayloads:
    """DD_CAPTURE_LAMBDA_PAYLOAD records event and result, without what must stay secret."""

    @pytest.fixture
    def function(self, functions: Functions) -> Function:
        # With Flask's spans on, Flask itself answers what is blocked.
        return functions.blocking(DD_CAPTURE_LAMBDA_PAYLOAD="true", DD_TRACE_FLASK_ENABLED="false")

    def test_an_event_and_its_result(self, function: Function) -> None:
        _, trace = function.traced(sample("sqs"))
        meta = trace.meta
        assert meta["function.request.Records.0.body.order"] == "1001"
        assert meta["function.request.Records.1.body"] == "a message in plain text"
        assert meta["function.request.Records.0.awsRegion"] == "us-east-1"

    def test_what_is_redacted(self, function: Function) -> None:
        data = {"password": "p", "Token": "t", "authorization": "a", "order": 1001}
        _, trace = function.traced({"weblog": [], "data": data})
        for part in ("request", "response"):
            tags = {name: trace.meta[f"function.{part}.data.{name}"] for name in data}
            assert tags == {
                "password": "redacted",
                "Token": "redacted",
                "authorization": "redacted",
                "order": "1001",
            }

    def test_a_blocked_response(self, function: Function) -> None:
        request = {**sample("apigateway-rest"), "path": "/tag_value/x/418"}
        result, trace = function.traced(request)
        assert result["statusCode"] == 403
        assert trace.meta["function.response.statusCode"] == "403"
        assert trace.meta["function.blocked_response.statusCode"] == "418"
        assert trace.meta["function.blocked_response.body"] == "Value tagged"


class TestMetrics:
    """What arrives at the UDP listener."""

    @pytest.fixture
    def function(self, functions: Functions) -> Function:
        return functions()

    def metrics(self, function: Function, event: Any, name: str) -> list[str]:
        """The metrics of that name that came for this event."""
        before = len(function.agent.process.output)
        function.invoke(event)
        return wait_for(lambda: function.agent.metrics(name, since=before), what=f"the metric {name}")

    def test_a_metric_of_ones_own(self, function: Function) -> None:
        action = {"do": "metric", "name": "weblog.orders", "value": 2.5, "tags": {"shop": "north"}}
        (metric,) = self.metrics(function, {"weblog": action}, "weblog.orders")
        assert metric.startswith("weblog.orders:2.5|d|#shop:north,")

    def test_failures_of_a_batch(self, function: Function) -> None:
        event = sample("sqs")
        event["Records"][1]["body"] = '{"weblog": {"do": "fail"}}'
        name = "aws.lambda.enhanced.batch_item_failures"
        (metric,) = self.metrics(function, event, name)
        assert metric.startswith(f"{name}:1|d|#")
        assert "functionname:test_function" in metric

    @pytest.mark.parametrize(
        "event",
        [{"weblog": {"do": "fail"}}, {**sample("apigateway-rest"), "path": "/tag_value/x/500"}],
        ids=["exception", "5xx"],
    )
    def test_errors(self, function: Function, event: Any) -> None:
        (metric,) = self.metrics(function, event, "aws.lambda.enhanced.errors")
        assert metric.startswith("aws.lambda.enhanced.errors:1|d|#")

    def test_an_exception_of_a_request_counts_twice(self, function: Function) -> None:
        request = {**sample("apigateway-rest"), "body": "not base64!", "isBase64Encoded": True}
        name = "aws.lambda.enhanced.errors"
        before = len(function.agent.process.output)
        function.invoke(request)
        wait_for(lambda: len(function.agent.metrics(name, since=before)) == 2, what="two metrics")

    def test_the_kind_of_a_tables_stream(self, function: Function) -> None:
        name = "datadog.serverless.dynamodb.stream.type"
        (metric,) = self.metrics(function, sample("dynamodb"), name)
        assert "streamtype:NEW_AND_OLD_IMAGES" in metric


def test_a_handler_that_cannot_be_imported(
    start_process: ProcessStarter, functions: Functions, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('no settings')\n")
    agent, port = functions.agent, free_port()
    env = {"DD_LAMBDA_HANDLER": "broken.lambda_handler", "PYTHONPATH": os.fspath(tmp_path)}
    start_process(
        [REPOSITORY / "entrypoint.sh"], env={**function_environment(agent.port, port), **APPSEC, **env}
    )
    wait_for(lambda: port_is_open(port), what="the Invoke API's port")
    agent.clear()
    import requests

    answer = requests.post(f"http://127.0.0.1:{port}{INVOCATIONS}", data=b"{}", timeout=60).json()
    assert (answer["errorType"], answer["errorMessage"]) == ("RuntimeError", "no settings")
    spans = wait_for(
        lambda: [span for trace in agent.traces() for span in trace if span["name"] == "aws.lambda"],
        what="the span of the import",
    )
    assert (spans[0]["resource"], spans[0]["error"]) == ("broken", 1)
    assert spans[0]["meta"]["error.type"] == "RuntimeError"
    assert spans[0]["meta"]["error.message"] == "no settings"


class TestTimeOut:
    """Shortly before an invocation times out, its spans are sent, with an error."""

    @pytest.fixture
    def function(self, start_process: ProcessStarter, functions: Functions) -> Function:
        # A function of the test's own: it is started anew after a time-out.
        return start_function(
            start_process, env={**APPSEC, "AWS_LAMBDA_FUNCTION_TIMEOUT": "6"}, agent=functions.agent
        )

    def timed_out(self, function: Function, event: Any) -> Trace:
        function.agent.clear()
        answer = function.post(json.dumps(event).encode())
        assert "timed out after 6.00 seconds" in answer.text
        spans = [span for trace in function.agent.traces() for span in trace]
        return Trace([span for span in spans if span["name"] != "aws.lambda.load"])

    def test_the_functions_span(self, function: Function) -> None:
        trace = self.timed_out(function, {"weblog": {"do": "sleep", "seconds": 60}})
        assert trace.function["error"] == 1
        assert trace.meta["error.type"] == "Impending Timeout"
        assert trace.meta["error.message"] == "Datadog detected an Impending Timeout"
        assert trace.one("custom.process")["parent_id"] == trace.function["span_id"]
        assert function.invoke({"healthcheck": True})["status"] == "ok"

    @pytest.mark.xfail(strict=True, reason="D13: the root is marked, and aws.lambda is not")
    def test_the_functions_span_below_an_inferred_one(self, function: Function) -> None:
        event = sample("sqs")
        event["Records"][1]["body"] = '{"weblog": {"do": "sleep", "seconds": 60}}'
        trace = self.timed_out(function, event)
        assert trace.one("aws.sqs")["meta"]["error.type"] == "Impending Timeout"
        assert trace.meta.get("error.type") == "Impending Timeout"
