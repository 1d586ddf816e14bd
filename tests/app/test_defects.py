"""The tracer's defects D2 to D18 of docs/findings.md: each test says what should be, and fails.

When one is mended, its test here says so. D1 is in tests/app/events/triggers/test_open_spans.py, D17 in
tests/trace_checks/test_reproduce.py.
"""

from __future__ import annotations

import hashlib
import json
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from tests.app.events.triggers.test_spans import ancestors, pointers, put_object, updated_item
from tests.support.function import APPSEC, Function, Functions, Span, Trace
from tests.support.samples import base64, sample
from trace_checks.hunt import CLEARING
from trace_checks.reproduce import reproductions

pytestmark = pytest.mark.emulator

TRACE, PARENT = 3142187420091563812, 8206532790016534274
CARRIED = {
    "x-datadog-trace-id": str(TRACE),
    "x-datadog-parent-id": str(PARENT),
    "x-datadog-sampling-priority": "1",
}


def defect(name: str, what: str) -> pytest.MarkDecorator:
    """Marks a test that will pass when the tracer is mended."""
    return pytest.mark.xfail(strict=True, reason=f"{name}: {what}", raises=AssertionError)


@pytest.fixture
def function(functions: Functions) -> Function:
    """The function with AppSec."""
    return functions()


def sent(function: Function, event: Any) -> list[Span]:
    """All spans that the invocation sent; they arrive before its answer."""
    function.agent.clear()
    function.invoke(event)
    return [span for trace in function.agent.traces() for span in trace]


def root(spans: list[Span]) -> Span:
    """The span above all others of the function's trace."""
    return [*ancestors(spans), Trace(spans).function][0]


def log_of(function: Function, event: Any) -> str:
    """What the function logged for this event, up to a mark behind it."""
    before = len(function.process.output)
    function.invoke(event)
    mark = f"mark {before}"
    function.invoke({"weblog": {"do": "log", "message": mark}})
    function.process.wait_for_output(mark)
    return function.process.output[before:]


# D2: no trace, and a traceback of the tracer's own.

LOST: dict[str, Any] = {
    "a payload of Step Functions": sample("step-functions-payload"),
    "a durable execution without a state": {
        **sample("durable-execution"),
        "InitialExecutionState": None,
    },
    "a durable execution without operations": {
        **sample("durable-execution"),
        "InitialExecutionState": {"Operations": None},
    },
    "a number of records": {"Records": 5},
    "an object of records": {"Records": {"a": 1}},
    "logs that are a string": {"awslogs": "hello"},
    "a context that is a number": {"_datadog": 5},
}


@defect("D2", "no trace of the function")
@pytest.mark.parametrize("event", LOST.values(), ids=LOST)
def test_an_event_of_an_odd_shape_has_a_trace(function: Function, event: Any) -> None:
    assert [span["name"] for span in sent(function, event)].count("aws.lambda") == 1


# D3: two traces of one invocation.


def sns_without_context() -> Any:
    event = sample("sqs-sns")
    body = json.loads(event["Records"][0]["body"])
    event["Records"][0]["body"] = json.dumps({**body, "MessageAttributes": {}})
    return event


def eventbridge_with_half_a_context() -> Any:
    event = sample("sqs-eventbridge")
    body = json.loads(event["Records"][0]["body"])
    body["detail"]["_datadog"] = {"x-datadog-trace-id": "1"}
    event["Records"][0]["body"] = json.dumps(body)
    return event


@defect("D3", "the upstream span is in another trace than the function's")
@pytest.mark.parametrize(
    "event", [sns_without_context(), eventbridge_with_half_a_context()], ids=["sns", "bus"]
)
def test_one_invocation_is_one_trace(function: Function, event: Any) -> None:
    assert len({span["trace_id"] for span in sent(function, event)}) == 1


# D4: a character that is not ASCII costs the context.


def kinesis_with(document: str) -> Any:
    event = sample("kinesis")
    event["Records"][0]["kinesis"]["data"] = base64(document)
    return event


def test_an_escaped_character_in_kinesis_data(function: Function) -> None:
    document = json.dumps({"name": "Zoë", "_datadog": CARRIED})
    assert root(sent(function, kinesis_with(document)))["parent_id"] == PARENT


@defect("D4", "the data are decoded as ASCII")
def test_a_raw_character_in_kinesis_data(function: Function) -> None:
    document = json.dumps({"name": "Zoë", "_datadog": CARRIED}, ensure_ascii=False)
    assert root(sent(function, kinesis_with(document))).get("parent_id") == PARENT


# D5: half of a Step Functions trace id.


@defect("D5", "the upper half of the trace id is lost")
@pytest.mark.parametrize("name", ["step-functions", "step-functions-nested"])
def test_the_trace_id_of_a_state_machine(function: Function, name: str) -> None:
    event = sample(name)
    execution = event["_datadog"]["RootExecutionId"] if "_datadog" in event else event["Execution"]["Id"]
    digest = hashlib.sha256(execution.encode()).digest()
    upper, lower = (int.from_bytes(part) & (1 << 63) - 1 for part in (digest[:8], digest[8:16]))
    span = root(sent(function, event))
    assert (span["trace_id"], span["meta"].get("_dd.p.tid")) == (lower, f"{upper:x}")


# D6: carried data that are dropped.


@defect("D6", "carried data are dropped")
@pytest.mark.parametrize(
    ("header", "value", "tag", "expected"),
    [
        ("x-datadog-origin", "rum", "_dd.origin", "rum"),
        ("x-datadog-tags", "_dd.p.dm=-4", "_dd.p.dm", "-4"),
        ("x-datadog-tags", "_dd.p.usr=abc", "_dd.p.usr", "abc"),
        ("x-datadog-tags", "_dd.p.ts=02", "_dd.p.ts", "02"),
        ("baggage", "user.id=42", "baggage.user.id", "42"),
    ],
)
def test_carried_data(function: Function, header: str, value: str, tag: str, expected: str) -> None:
    event = sample("authorizer-request")
    event["headers"] |= {header: value}
    assert root(sent(function, event))["meta"].get(tag) == expected


# D7: contexts that are ignored.


def binary_custom() -> Any:
    event = sample("sqs-binary-attribute")
    event["Records"][0]["messageAttributes"]["_datadog"]["dataType"] = "Binary.custom"
    return event


def bus_through_topic() -> Any:
    event = sample("sns")
    event["Records"][0]["Sns"] |= {"Message": json.dumps(sample("eventbridge")), "MessageAttributes": {}}
    return event


def without_priority() -> Any:
    event = sample("authorizer-request")
    for headers in (event["headers"], event["multiValueHeaders"]):
        del headers["x-datadog-sampling-priority"]
    return event


IGNORED = {
    "SQS, Binary.custom": binary_custom(),
    "MSK": sample("msk"),
    "EventBridge through SNS": bus_through_topic(),
    "no priority": without_priority(),
}


@defect("D7", "the context is ignored")
@pytest.mark.parametrize("event", IGNORED.values(), ids=IGNORED)
def test_every_carried_context_is_taken(function: Function, event: Any) -> None:
    assert root(sent(function, event)).get("parent_id") == PARENT


@defect("D7", "only the first record of a batch counts")
def test_the_other_records_of_a_batch_are_linked(function: Function) -> None:
    event = sample("sqs")
    second = {**CARRIED, "x-datadog-trace-id": "77", "x-datadog-parent-id": "78"}
    event["Records"][1]["messageAttributes"] = {
        "_datadog": {"dataType": "String", "stringValue": json.dumps(second)}
    }
    links = [link for span in sent(function, event) for link in span.get("span_links", ())]
    assert [(link["trace_id"], link["span_id"]) for link in links] == [(77, 78)]


# D8: a context of somebody else.


@defect("D8", "the policy has the context of the invocation before")
def test_a_policy_has_no_context_of_another_invocation(function: Function) -> None:
    function.invoke(sample("sqs"))
    policy = function.invoke({**sample("authorizer-token"), "_datadog": 5})
    carried = json.loads(b64decode(policy["context"].get("_datadog", base64("{}"))))
    assert carried.get("x-datadog-trace-id") != str(TRACE)


# D9: span pointers that do not meet.


@defect("D9", "the hash is made of the URL-encoded key")
def test_the_pointer_to_an_object_with_a_blank_in_its_key(function: Function) -> None:
    event = sample("s3")
    item = event["Records"][0]["s3"]["object"]
    item["key"] = "a+b%C3%A9.txt"
    assert pointers(root(sent(function, event))) == [put_object("a bé.txt", item["eTag"])]


@defect("D9", "other partitions than aws have no pointers")
@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_the_pointer_to_an_item_in_another_partition(function: Function, partition: str) -> None:
    event = sample("dynamodb")
    for record in event["Records"]:
        record["eventSourceARN"] = record["eventSourceARN"].replace("arn:aws:", f"arn:{partition}:")
    keys = event["Records"][0]["dynamodb"]["Keys"]
    assert pointers(root(sent(function, event))) == [updated_item(keys)] * 3


# D10: AppSec and null containers.


def with_null(name: str, *path: str) -> Any:
    event = holder = sample(name)
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = None
    return event


NULLS = {
    "multiValueHeaders": with_null("application-load-balancer-multi", "multiValueHeaders"),
    "identity": with_null("apigateway-rest", "requestContext", "identity"),
    "http": with_null("function-url", "requestContext", "http"),
    "one header": with_null("application-load-balancer-multi", "multiValueHeaders", "accept"),
    "headers of a WebSocket": with_null("websocket-connect", "multiValueHeaders"),
}


@defect("D10", "a traceback, and the WAF does not see the request")
@pytest.mark.parametrize("event", NULLS.values(), ids=NULLS)
def test_appsec_takes_null_for_nothing(function: Function, event: Any) -> None:
    assert "datadog_lambda/asm.py" not in log_of(function, event)


# D11: AppSec on the inferred span; the table of docs/triggers.md has the health check of an ALB.


@defect("D11", "AppSec is on the inferred span, which has the same service name")
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DD_TRACE_REMOVE_INTEGRATION_SERVICE_NAMES_ENABLED", "true"),
        ("DD_TRACE_AWS_SERVICE_REPRESENTATION_ENABLED", "false"),
        ("DD_SERVICE_MAPPING", "lambda_api_gateway:weblog"),
    ],
)
def test_appsec_is_on_the_functions_span(functions: Functions, setting: str, value: str) -> None:
    function = functions({**APPSEC, setting: value})
    spans = sent(function, sample("apigateway-rest"))
    assert Trace(spans).metrics.get("_dd.appsec.enabled") == 1


# D12: AppSec where no HTTP request is.


@defect("D12", "the authorizer's span has an AppSec context, too")
def test_one_appsec_context_behind_an_authorizer(function: Function) -> None:
    policy = function.invoke(sample("authorizer-request"))
    request = sample("apigateway-rest")
    request["requestContext"]["authorizer"] = {**policy["context"], "integrationLatency": 7}
    spans = sent(function, request)
    with_waf = [span["name"] for span in spans if "_dd.appsec.waf.duration" in span.get("metrics", {})]
    assert with_waf == ["aws.lambda"]


@defect("D12", "the inferred span has an AppSec context")
@pytest.mark.parametrize("name", ["sqs", "sns", "s3", "kinesis", "dynamodb", "eventbridge"])
def test_no_appsec_without_a_request(function: Function, name: str) -> None:
    spans = sent(function, sample(name))
    assert [span["name"] for span in spans if "_dd.appsec.enabled" in span.get("metrics", {})] == []


@defect("D12", "an HTTP endpoint on spans of a queue")
def test_no_endpoint_without_a_request(function: Function) -> None:
    spans = sent(function, sample("sqs"))
    assert [span["name"] for span in spans if "http.endpoint" in span.get("meta", {})] == []


# D13: errors on the wrong span; tests/app/test_features.py has the time-out.


@defect("D13", "a 5xx marks aws.lambda alone")
def test_a_5xx_marks_the_inferred_span_too(function: Function) -> None:
    event = {**sample("apigateway-rest"), "path": "/tag_value/x/500"}
    spans = sent(function, event)
    assert [span.get("error", 0) for span in (root(spans), Trace(spans).function)] == [1, 1]


# D14: tags.


def inferred_url(spans: list[Span]) -> str:
    url: str = root(spans)["meta"]["http.url"]
    return url


def function_meta(tag: str) -> Callable[[list[Span]], Any]:
    return lambda spans: Trace(spans).meta.get(tag)


def root_meta(tag: str) -> Callable[[list[Span]], Any]:
    return lambda spans: root(spans)["meta"].get(tag)


REST_HOST = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
HTTP_HOST = "https://f6g7h8i9j0.execute-api.us-east-1.amazonaws.com"
URL_HOST = "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"
WEB_SOCKET = "w1x2y3z4a5.execute-api.us-east-1.amazonaws.com"
API = "arn:aws:apigateway:us-east-1::/apis"

TAGS: dict[str, tuple[str, Callable[[list[Span]], Any], Any]] = {
    "status of a policy": ("authorizer-request", function_meta("http.status_code"), None),
    "ARN of an HTTP API": (
        "apigateway-http",
        function_meta("function_trigger.event_source_arn"),
        f"{API}/f6g7h8i9j0/stages/$default",
    ),
    "ARN of a WebSocket API": (
        "websocket-connect",
        function_meta("function_trigger.event_source_arn"),
        f"{API}/w1x2y3z4a5/stages/live",
    ),
    "stage in the URL": ("apigateway-rest", inferred_url, f"{REST_HOST}/live/waf/hello%20world"),
    "URL of an HTTP API": ("apigateway-http", inferred_url, f"{HTTP_HOST}/waf/hello%20world"),
    "URL of a Function URL": ("function-url", inferred_url, f"{URL_HOST}/waf/hello%20world"),
    "URL of a WebSocket": ("websocket-connect", inferred_url, f"https://{WEB_SOCKET}/live"),
    "route of an HTTP API": ("apigateway-http", lambda spans: root(spans)["resource"], "GET $default"),
    "kind of aws.httpapi": ("apigateway-http", root_meta("span.kind"), "server"),
    "kind of aws.lambda.url": ("function-url", root_meta("span.kind"), "server"),
}


@defect("D14", "a wrong tag")
@pytest.mark.parametrize("case", TAGS)
def test_tags(function: Function, case: str) -> None:
    name, tag, expected = TAGS[case]
    assert tag(sent(function, sample(name))) == expected


ECHO = """
def lambda_handler(event, context):
    return event.get("echo", {"status": "ok"})
"""


@pytest.fixture
def echo(functions: Functions) -> Function:
    """A function with AppSec that answers what stands in the event under `echo`."""
    (functions.starter.folder / "echoing.py").write_text(ECHO)
    return functions(PYTHONPATH=str(functions.starter.folder), DD_LAMBDA_HANDLER="echoing.lambda_handler")


@defect("D14", "the status is Python's text of what the result has")
@pytest.mark.parametrize(
    "result", [{"hello": "a body without a status"}, {"statusCode": 200.0}], ids=["bare body", "200.0"]
)
def test_the_status_of_a_result(echo: Function, result: Any) -> None:
    spans = sent(echo, {**sample("function-url"), "echo": result})
    assert Trace(spans).meta.get("http.status_code") == "200"


@defect("D14", "a field that the event has not is the tag None")
@pytest.mark.parametrize(
    ("name", "path", "tag"),
    [
        ("sqs", ("Records", 0, "receiptHandle"), "receipt_handle"),
        ("dynamodb", ("Records", 0, "dynamodb", "SizeBytes"), "size_bytes"),
        ("apigateway-http", ("requestContext", "http", "sourceIp"), "http.source_ip"),
    ],
)
def test_a_field_that_is_not_there(function: Function, name: str, path: Any, tag: str) -> None:
    event = holder = sample(name)
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    assert tag not in root(sent(function, event))["meta"]


@defect("D14", "an API without its id has None in its ARN")
def test_the_arn_of_an_api_without_its_id(function: Function) -> None:
    event = sample("apigateway-rest")
    del event["requestContext"]["apiId"]
    arn = Trace(sent(function, event)).meta.get("function_trigger.event_source_arn")
    assert "None" not in str(arn)


# D15: times.


@defect("D15", "start and duration 0")
def test_a_record_without_its_time(function: Function) -> None:
    event = sample("kinesis")
    del event["Records"][0]["kinesis"]["approximateArrivalTimestamp"]
    span = root(sent(function, event))
    assert span["start"] > 0


@defect("D15", "a negative duration")
def test_an_event_time_after_the_clock(function: Function) -> None:
    event = sample("sqs")
    event["Records"][0]["attributes"]["SentTimestamp"] = str(int((time.time() + 3600) * 1000))
    assert [span["name"] for span in sent(function, event) if span["duration"] < 0] == []


# D16: payloads.


@defect("D16", "null is recorded as None")
def test_null_in_a_captured_payload(functions: Functions) -> None:
    function = functions.blocking(DD_CAPTURE_LAMBDA_PAYLOAD="true", DD_TRACE_FLASK_ENABLED="false")
    spans = sent(function, {"weblog": [], "data": None})
    assert Trace(spans).meta.get("function.request.data") != "None"


# D18: parameters that are not an object.


@defect("D18", "the trace is not sent")
def test_path_parameters_that_are_not_an_object(function: Function) -> None:
    try:
        spans = sent(function, reproductions()["D18"].event)
        assert [span["name"] for span in spans].count("aws.lambda") == 1
    finally:
        # The open spans would keep back what comes after them.
        function.invoke(CLEARING)
