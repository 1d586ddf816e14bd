"""`python -m event_sources sample`: events with one's own body, fresh ids and trace context."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from datetime import datetime, timezone
from typing import Any

import pytest

from event_sources.__main__ import main
from event_sources.sources import SAMPLES
from event_sources.sources.sqs import md5_of_attributes
from tests.support.aws import Aws
from tests.support.function import Function, Functions

TRACE_ID = 0x67C0FFEE000000001234567890ABCDEF
CARRIERS = {
    "sqs": "aws.sqs",
    "sqs-sns": "aws.sns",
    "sqs-eventbridge": "aws.eventbridge",
    "sns": "aws.sns",
    "kinesis": "aws.kinesis",
    "eventbridge": "aws.eventbridge",
}
"""The samples that carry a trace context, each with the inferred span that becomes the context's child."""


def sample(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The event that the command prints."""
    code = main(["sample", *arguments])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("source", sorted(SAMPLES.keys() - {"eventbridge"}))
def test_records_have_ids_of_their_own(capsys: pytest.CaptureFixture[str], source: str) -> None:
    records = sample(capsys, source, "--count", "3")["Records"]
    assert len({json.dumps(record, sort_keys=True) for record in records}) == 3


def test_sqs(capsys: pytest.CaptureFixture[str]) -> None:
    event = sample(capsys, "sqs", "--body", "Zoë", "--attribute", "one=1", "--attribute", "two=a=b")
    (record,) = event["Records"]
    assert record["body"] == "Zoë"
    assert record["md5OfBody"] == hashlib.md5("Zoë".encode()).hexdigest()
    assert {name: value["stringValue"] for name, value in record["messageAttributes"].items()} == {
        "one": "1",
        "two": "a=b",
    }
    sent = datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, timezone.utc)
    assert sent.date() >= datetime(2026, 1, 1, tzinfo=timezone.utc).date()


@pytest.mark.parametrize(
    "attributes",
    [
        {"one": {"DataType": "String", "StringValue": "Zoë"}},
        {
            "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
            "a": {"DataType": "Number.int", "StringValue": "12"},
        },
    ],
)
def test_the_digest_of_attributes_is_that_of_sqs(aws: Aws, name: str, attributes: Any) -> None:
    client = aws.client("sqs")
    url = client.create_queue(QueueName=name)["QueueUrl"]
    sent = client.send_message(QueueUrl=url, MessageBody="a", MessageAttributes=attributes)
    assert md5_of_attributes(attributes) == sent["MD5OfMessageAttributes"]


def test_kinesis(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = sample(capsys, "kinesis", "--body", "no JSON")["Records"]
    assert b64decode(record["kinesis"]["data"]) == b"no JSON"


def test_dynamodb(capsys: pytest.CaptureFixture[str]) -> None:
    body = '{"id": "one", "price": 1.5, "tags": ["a"], "deep": {"none": null}}'
    (record,) = sample(capsys, "dynamodb", "--body", body)["Records"]
    assert record["dynamodb"]["Keys"] == {"id": {"S": "one"}}
    assert record["dynamodb"]["NewImage"] == {
        "id": {"S": "one"},
        "price": {"N": "1.5"},
        "tags": {"L": [{"S": "a"}]},
        "deep": {"M": {"none": {"NULL": True}}},
    }


def test_s3(capsys: pytest.CaptureFixture[str]) -> None:
    (record,) = sample(capsys, "s3", "--body", "hello", "--key", "a b.txt")["Records"]
    assert record["s3"]["object"].pop("sequencer")
    assert record["s3"]["object"] == {
        "key": "a+b.txt",
        "size": 5,
        "eTag": hashlib.md5(b"hello").hexdigest(),
    }


def test_eventbridge(capsys: pytest.CaptureFixture[str]) -> None:
    assert sample(capsys, "eventbridge", "--body", '{"a": 1}')["detail"] == {"a": 1}


@pytest.mark.emulator
@pytest.mark.parametrize("source", CARRIERS)
@pytest.mark.parametrize("trace_id", [f"{TRACE_ID:032x}", "1234567890"])
def test_the_tracer_finds_the_trace_context(
    capsys: pytest.CaptureFixture[str], sample_function: Function, source: str, trace_id: str
) -> None:
    event = sample(capsys, source, "--trace-id", trace_id, "--parent-id", "4242")
    _, trace = sample_function.traced(event)
    inferred = trace.one(CARRIERS[source])
    assert inferred["parent_id"] == 4242
    low, high = (TRACE_ID % 2**64, f"{TRACE_ID >> 64:016x}") if len(trace_id) == 32 else (1234567890, None)
    assert {span["trace_id"] for span in trace.spans} == {low}
    assert inferred["meta"].get("_dd.p.tid") == high


@pytest.fixture
def sample_function(functions: Functions, aws: Aws) -> Function:
    """The same function as in test_traces.py."""
    return functions(
        {
            "DD_APPSEC_ENABLED": "true",
            "DD_LAMBDA_HANDLER": "tests.event_sources.functions.handler",
            **aws.environment,
        }
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sqs", "--attribute", "one"], "--attribute is 'one'; valid is NAME=VALUE"),
        (["sqs", "--count", "0"], "--count is 0; valid are whole numbers from 1 to 10000"),
        (
            ["sqs", "--trace-id", "x"],
            "--trace-id is 'x'; valid is a decimal number, or 32 hexadecimal digits",
        ),
        (["sqs", "--trace-id", "0"], "--trace-id is '0'"),
        (["sqs", "--trace-id", "1", "--parent-id", str(2**64)], "of 64 bits at most"),
        (["sqs", "--parent-id", "1"], "--parent-id goes with --trace-id"),
        (["s3", "--trace-id", "1"], "--trace-id: an event of s3 carries no trace context"),
        (["dynamodb", "--trace-id", "1"], "--trace-id: an event of dynamodb carries no trace context"),
        (["dynamodb", "--body", "text"], "--body is 'text'; an item is a JSON object"),
        (["dynamodb", "--body", '{"id": 1}'], "the item's key id is 1; valid is a string"),
        (["kinesis", "--body", "[]", "--trace-id", "1"], "with --trace-id the data is a JSON object"),
        (["kinesis", "--attribute", "a=b"], "--attribute: an event of kinesis has no message attributes"),
        (["eventbridge", "--body", "1"], "the detail is a JSON object"),
        (["eventbridge", "--count", "2"], "--count: an event of eventbridge is a single one"),
    ],
)
def test_a_sample_that_cannot_be_made(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code = main(["sample", *arguments])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("event_sources: ")
    assert said in err
    assert err.count("\n") == 1
