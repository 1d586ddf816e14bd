"""The way round: an HTTP request produces a message, and its consumer is in the same trace."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.event_sources.conftest import EventSources
from tests.support.aws import ACCOUNT, REGION, Aws
from tests.support.events import HttpRequest, rest_api
from tests.support.function import Function, Functions, Span, Trace
from tests.support.processes import wait_for

pytestmark = pytest.mark.emulator


@pytest.fixture
def real_function(functions: Functions, aws: Aws) -> Function:
    """The function of the test's own, which has the AWS endpoint."""
    return functions(
        {
            "DD_APPSEC_ENABLED": "true",
            "DD_LAMBDA_HANDLER": "tests.event_sources.functions.handler",
            **aws.environment,
        }
    )


def make(aws: Aws, source: str, name: str) -> str:
    """Make the resource of that source; its ARN."""
    prefix = f"arn:aws:{source}:{REGION}:{ACCOUNT}"
    client = aws.client("events" if source == "eventbridge" else source)
    if source == "sqs":
        client.create_queue(QueueName=name)
        return f"{prefix}:{name}"
    if source == "sns":
        client.create_topic(Name=name)
        return f"{prefix}:{name}"
    if source == "kinesis":
        client.create_stream(StreamName=name, ShardCount=1)
        return f"{prefix}:stream/{name}"
    if source == "eventbridge":
        return str(client.create_event_bus(Name=name)["EventBusArn"])
    if source == "s3":
        client.create_bucket(Bucket=name)
        return f"arn:aws:s3:::{name}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return f"{prefix}:table/{name}"


def way_round(function: Function, source: str, name: str) -> list[Span]:
    """All spans, after an HTTP request has produced a message and that has been consumed."""
    function.agent.clear()
    assert function.invoke(rest_api(HttpRequest(path=f"/{source}/{name}")))["statusCode"] == 200

    def both() -> list[Span]:
        spans = [span for trace in function.agent.traces() for span in trace]
        return spans if len(Trace(spans).named("aws.lambda")) >= 2 else []

    return wait_for(both, what="the spans of producer and consumer")


def connected(spans: list[Span], last: Span) -> list[str]:
    """The names of the spans from `last` up to the root, where all are one trace with one root."""
    assert len({span["trace_id"] for span in spans}) == 1
    by_id = {span["span_id"]: span for span in spans}
    roots = [span["name"] for span in spans if span.get("parent_id") not in by_id]
    assert roots == ["aws.apigateway"]
    names = [last["name"]]
    while last.get("parent_id") in by_id:
        last = by_id[last["parent_id"]]
        names.append(last["name"])
    return names


@pytest.mark.parametrize("source", ["sqs", "sns", "kinesis", "eventbridge"])
def test_one_connected_trace(
    aws: Aws, name: str, event_sources: EventSources, real_function: Function, source: str
) -> None:
    event_sources({"EventSourceArn": make(aws, source, name)}, port=real_function.port)
    spans = way_round(real_function, source, name)
    assert connected(spans, Trace(spans).one(f"{source}.process")) == [
        f"{source}.process",
        "aws.lambda",
        f"aws.{source}",
        PRODUCER_SPANS[source],
        "aws.lambda",
        "aws.apigateway",
    ]


PRODUCER_SPANS = {
    "sqs": "sqs.command",
    "sns": "sns.command",
    "kinesis": "kinesis.command",
    "eventbridge": "events.command",
}


def pointers(spans: list[Span], direction: str) -> set[str]:
    """The hashes of the span pointers of that direction: `u` of a producer, `d` of a consumer."""
    found: list[Any] = [link for span in spans for link in span.get("span_links") or []]
    marked = [link["attributes"] for link in found if link["attributes"].get("link.kind") == "span-pointer"]
    return {link["ptr.hash"] for link in marked if link["ptr.dir"] == direction}


@pytest.mark.parametrize("source", ["s3", "dynamodb"])
def test_two_traces_with_the_same_span_pointer(
    aws: Aws, name: str, event_sources: EventSources, real_function: Function, source: str
) -> None:
    # These two carry no trace context; the pointers tell that the traces belong together.
    event_sources({"EventSourceArn": make(aws, source, name)}, port=real_function.port)
    spans = way_round(real_function, source, name)
    assert len({span["trace_id"] for span in spans}) == 2
    assert Trace(spans).one(f"aws.{source}")["meta"]["_inferred_span.synchronicity"] == "async"
    (produced,) = pointers(spans, "d")
    (consumed,) = pointers(spans, "u")
    assert re.fullmatch("[0-9a-f]{32}", produced)
    assert produced == consumed
