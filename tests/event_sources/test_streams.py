"""The records of Kinesis and DynamoDB streams reach the function in order, and are tried again.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from event_sources.arn import Arn
from event_sources.aws import invoke_client
from event_sources.function import Function
from event_sources.mapping import Mapping
from event_sources.settings import Settings
from event_sources.sources.kinesis import Kinesis
from tests.event_sources.conftest import EventSources, FunctionError, InvokeApi, Json, ScriptedFunction
from tests.support.aws import ACCOUNT, REGION, Aws
from tests.support.processes import wait_for

PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


class Stream:
    """A Kinesis stream of the test's own, with one shard."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.client = aws.client("kinesis")
        self.client.create_stream(StreamName=name, ShardCount=1)
        self.name = name
        self.arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"

    def put(self, *data: str, key: str = "key") -> list[str]:
        """Put the records; their sequence numbers."""
        return [
            self.client.put_record(StreamName=self.name, Data=item.encode(), PartitionKey=key)[
                "SequenceNumber"
            ]
            for item in data
        ]


def data(batch: list[Json]) -> str:
    return "".join(b64decode(record["kinesis"]["data"]).decode() for record in batch)


def all_data(function: ScriptedFunction) -> list[str]:
    return [data(batch) for batch in function.batches]


def fail_on(letter: str) -> Any:
    """An answer that raises when the record is in the batch."""

    def answer(event: Json) -> None:
        if letter in data(event["Records"]):
            raise FunctionError(letter)

    return answer


def test_the_event_has_the_shape_of_aws(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    stream = Stream(aws, name)
    (number,) = stream.put('{"a": 1}')
    event_sources({"EventSourceArn": stream.arn, "StartingPosition": "TRIM_HORIZON"})
    (event,) = function.wait_for_events(1)
    arrival = event["Records"][0]["kinesis"].pop("approximateArrivalTimestamp")
    assert isinstance(arrival, float)
    assert event == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "key",
                    "sequenceNumber": number,
                    "data": "eyJhIjogMX0=",
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"shardId-000000000000:{number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/weblog",
                "awsRegion": REGION,
                "eventSourceARN": stream.arn,
            }
        ]
    }


def test_a_shard_keeps_its_order_while_a_batch_is_tried_again(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    def fail_twice(event: Json) -> None:
        if "c" in data(event["Records"]) and len(function.events) < 3:
            raise FunctionError("c")

    function.answer = fail_twice
    stream = Stream(aws, name)
    stream.put(*"abcde")
    event_sources({"EventSourceArn": stream.arn, "BatchSize": 2})
    function.wait_for_events(5)
    assert all_data(function) == ["ab", "cd", "cd", "cd", "e"]


def test_only_the_records_from_the_first_failure_on_come_again(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    def fail_once(event: Json) -> Any:
        records = event["Records"]
        if function.events:
            return None
        return {"batchItemFailures": [{"itemIdentifier": records[1]["kinesis"]["sequenceNumber"]}]}

    function.answer = fail_once
    stream = Stream(aws, name)
    stream.put(*"abc")
    event_sources({"EventSourceArn": stream.arn, **PARTIAL})
    function.wait_for_events(2)
    assert all_data(function) == ["abc", "bc"]


def test_the_starting_position_latest(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    stream = Stream(aws, name)
    stream.put("a")
    event_sources({"EventSourceArn": stream.arn, "StartingPosition": "LATEST"})
    stream.put("b")
    function.wait_for_events(1)
    assert all_data(function) == ["b"]


def test_filters_and_window(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    stream = Stream(aws, name)
    # The window is so long that only the full batch can end it.
    event_sources(
        {
            "EventSourceArn": stream.arn,
            "BatchSize": 2,
            "MaximumBatchingWindowInSeconds": 300,
            "FilterCriteria": {
                "Filters": [{"Pattern": '{"data": {"good": [true]}, "partitionKey": ["key"]}'}]
            },
        }
    )
    stream.put('{"good": true, "n": 1}', '{"good": false, "n": 2}', "no JSON")
    stream.put('{"good": true, "n": 3}', key="other")
    stream.put('{"good": true, "n": 4}')
    function.wait_for_events(1)
    assert all_data(function) == ['{"good": true, "n": 1}{"good": true, "n": 4}']


def test_another_partition_key_does_not_wait(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    function.answer = fail_on("x")
    stream = Stream(aws, name)
    stream.put("x", key="one")
    for number in range(8):
        stream.put(str(number), key=f"key {number}")
    event_sources({"EventSourceArn": stream.arn, "ParallelizationFactor": 10, "BatchSize": 1})

    def come() -> set[str]:
        return {item for item in all_data(function) if item != "x"}

    wait_for(come, what="a record of another key, while x fails for ever")


def failures_queue(aws: Aws, name: str) -> tuple[str, Any]:
    """A queue's ARN, and what gives the JSON of its messages."""
    client = aws.client("sqs")
    url = client.create_queue(QueueName=name)["QueueUrl"]

    def messages() -> list[Json]:
        found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", messages


def test_bisecting_finds_the_bad_record_and_tells_of_it(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    function.answer = fail_on("c")
    stream = Stream(aws, name)
    numbers = stream.put(*"abcd")
    destination, messages = failures_queue(aws, name)
    event_sources(
        {
            "EventSourceArn": stream.arn,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 1,
            "DestinationConfig": {"OnFailure": {"Destination": destination}},
        }
    )
    (record,) = wait_for(messages, what="the record of the failure")
    function.wait_for_events(6)
    assert all_data(function) == ["abcd", "ab", "cd", "c", "c", "d"]
    volatile = [
        record.pop("timestamp"),
        record["requestContext"].pop("requestId"),
        record["KinesisBatchInfo"].pop("approximateArrivalOfFirstRecord"),
        record["KinesisBatchInfo"].pop("approximateArrivalOfLastRecord"),
    ]
    assert all(volatile)
    assert record == {
        "requestContext": {
            "functionArn": "arn:aws:lambda:us-east-1:012345678912:function:function",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 4,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": numbers[2],
            "endSequenceNumber": numbers[2],
            "batchSize": 1,
            "streamArn": stream.arn,
        },
    }


@pytest.mark.parametrize("service", ["sns", "s3"])
def test_other_destinations(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction, service: str
) -> None:
    function.answer = fail_on("a")
    stream = Stream(aws, name)
    stream.put("a")
    queue, messages = failures_queue(aws, name)
    if service == "sns":
        topics = aws.client("sns")
        destination = topics.create_topic(Name=name)["TopicArn"]
        topics.subscribe(TopicArn=destination, Protocol="sqs", Endpoint=queue)
    else:
        buckets = aws.client("s3")
        buckets.create_bucket(Bucket=name)
        destination = f"arn:aws:s3:::{name}"
    event_sources(
        {
            "EventSourceArn": stream.arn,
            "MaximumRetryAttempts": 0,
            "DestinationConfig": {"OnFailure": {"Destination": destination}},
        }
    )
    if service == "sns":
        (message,) = wait_for(messages, what="the record at the topic")
        record = json.loads(message["Message"])
    else:

        def objects() -> list[Json]:
            found: list[Json] = buckets.list_objects_v2(Bucket=name).get("Contents", [])
            return found

        (entry,) = wait_for(objects, what="the record in the bucket")
        assert entry["Key"].startswith("aws/lambda/")
        assert "/shardId-000000000000/" in entry["Key"]
        record = json.loads(buckets.get_object(Bucket=name, Key=entry["Key"])["Body"].read())
        assert json.loads(record["payload"]) == function.events[0]
    assert record["KinesisBatchInfo"]["batchSize"] == 1
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_the_stream_of_a_table(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    tables = aws.client("dynamodb")
    table = tables.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    key = {"id": {"S": "one"}}
    event_sources(
        {"EventSourceArn": table["TableArn"], "BatchSize": 3, "MaximumBatchingWindowInSeconds": 300}
    )
    tables.put_item(TableName=name, Item={**key, "n": {"N": "1.5"}, "bytes": {"B": b"\x00\xff"}})
    tables.put_item(TableName=name, Item={**key, "set": {"BS": [b"\x01"]}})
    tables.delete_item(TableName=name, Key=key)
    (event,) = function.wait_for_events(1)
    first = {**key, "n": {"N": "1.5"}, "bytes": {"B": "AP8="}}
    second = {**key, "set": {"BS": ["AQ=="]}}
    changes: list[tuple[str, Json]] = [
        ("INSERT", {"NewImage": first}),
        ("MODIFY", {"NewImage": second, "OldImage": first}),
        ("REMOVE", {"OldImage": second}),
    ]
    for record in event["Records"]:
        assert isinstance(record["dynamodb"].pop("ApproximateCreationDateTime"), int)
        assert record["dynamodb"].pop("SizeBytes") > 0
        assert record["dynamodb"].pop("SequenceNumber").isdigit()
        assert len(record.pop("eventID")) == 32
    assert event["Records"] == [
        {
            "eventName": name_of_change,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": {"Keys": key, "StreamViewType": "NEW_AND_OLD_IMAGES", **images},
            "eventSourceARN": table["LatestStreamArn"],
        }
        for name_of_change, images in changes
    ]


def test_a_function_that_cannot_be_invoked_costs_no_attempt(
    aws: Aws, name: str, event_sources: EventSources, function: ScriptedFunction
) -> None:
    stream = Stream(aws, name)
    stream.put("a")
    # Port 9 is the discard service, which nobody runs.
    process = event_sources({"EventSourceArn": stream.arn, "MaximumRetryAttempts": 0}, port=9)
    process.wait_for_output("cannot invoke")
    assert "given up" not in process.output
    assert process.stop() == 0


def test_what_was_read_and_not_delivered_is_read_again(
    aws: Aws, name: str, invoke_api: InvokeApi, function: ScriptedFunction
) -> None:
    stream = Stream(aws, name)
    stream.put("a", "b")

    class Stopping:
        """Says that the process ends, once: in the middle of the batch's window."""

        times = 0

        def is_set(self) -> bool:
            return False

        def wait(self, timeout: float) -> bool:
            self.times += 1
            if self.times == 1:
                raise EndpointConnectionError(endpoint_url="the AWS endpoint")
            return True

    settings = Settings(endpoint=aws.url, invoke_api=f"http://127.0.0.1:{invoke_api.port}")
    client = invoke_client(settings)
    mapping = Mapping(Arn.parse(stream.arn), batch_size=3, window=300)
    (poller,) = Kinesis(mapping, settings, Function(client, "function"), Stopping()).pollers()
    with pytest.raises(EndpointConnectionError):
        poller.poll()
    assert function.events == []
    assert poller.poll()
    function.wait_for_events(1)
    assert all_data(function) == ["ab"]
